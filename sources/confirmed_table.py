"""A small table of the lake for a service, read without the table library.

That library takes 45 MB of memory, and reading by it as much again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from sources.confirmed import log_names, read_confirmed, verify


def confirmed_table(root: Path, table: str, texts: Iterable[str]) -> pd.DataFrame | None:
    """Return a table as it is confirmed, None if nothing is.

    Args:
        root: of the lake.
        table: one without partitions.
        texts: its columns of texts, which become categories.

    Raises:
        DamagedHistory: if a file is not what was confirmed.
    """
    held = read_confirmed(root, table)
    if held is None:
        return None
    names = sorted(set(held.files) - set(log_names(held)))
    verify(root, table, held, names)
    parts = [
        parquet.ParquetFile(root / table / name, read_dictionary=[*texts]).read(use_threads=False)
        for name in names
    ]
    found: pd.DataFrame = pa.concat_tables(parts).unify_dictionaries().to_pandas()
    del parts
    pa.default_memory_pool().release_unused()
    return found
