"""Names of the arrays that every room passes on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]  # positions, counts, and instants in microseconds since 1970
Mask = NDArray[np.bool_]
