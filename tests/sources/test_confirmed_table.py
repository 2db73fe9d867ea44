from pathlib import Path

import pandas as pd
import pytest

from forewatch.errors import DamagedHistory
from sources.confirmed_table import confirmed_table
from sources.lake import Lake


def test_a_small_table_is_read_without_the_table_library(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert confirmed_table(tmp_path, "shapes", ("area",)) is None
    rows = pd.DataFrame({"area": ["b", "a", "b"], "lon": [1.5, 2.5, 3.5]})
    lake.replace("shapes", rows, {})
    lake.replace("shapes", rows.iloc[:2], {})
    found = confirmed_table(tmp_path, "shapes", ("area",))
    assert found is not None
    pd.testing.assert_frame_equal(found.astype({"area": "str"}), rows.iloc[:2])
    for file in (tmp_path / "shapes").glob("*.parquet"):
        file.write_bytes(b"damaged")
    with pytest.raises(DamagedHistory, match="is not what was written"):
        confirmed_table(tmp_path, "shapes", ("area",))
