r"""What an export of a whole issue takes, table by table.

    python -m benchmarks.exports WORKSPACE [--format csv]

Writes each table of the latest issue (`forewatch demo --no-serve` makes one) to nowhere, in one
thread, and prints its rows, its bytes, the processor seconds, and the most memory that the process
ever had. The zip file takes that and a little for packing; ask a running service for it:

    curl -s -o /dev/null -w '%{time_starttransfer} %{time_total} %{size_download}\n' \
        -H "X-API-Key: $KEY" "http://localhost:8000/v1/issues/latest/export?format=csv"
"""

from __future__ import annotations

import argparse
import io
import resource
from pathlib import Path
from time import process_time

import pandas as pd
from threadpoolctl import threadpool_limits

from serving.duty_records import duty_record
from serving.export_tables import IssueExport, table_sources
from serving.reach import Reach
from serving.workspace import Workspace
from serving.writers.table_blocks import BLOCK_WRITERS


class _Nowhere(io.RawIOBase):
    """Counts what is written to it."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        length = memoryview(content).nbytes  # type: ignore[arg-type] # bytes of any kind
        self.size += length
        return length


def main() -> None:
    """Measure each table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--format", choices=[*BLOCK_WRITERS], default="parquet")
    arguments = parser.parse_args()
    workspace, now = Workspace(arguments.workspace), pd.Timestamp.now("UTC").as_unit("us")
    store = workspace.issues()
    issue = store.latest()
    record = duty_record(workspace.history(counted=False), now)
    export = IssueExport(issue, store.standing(issue.number), Reach(), now, record)
    with threadpool_limits(1):
        for source in table_sources(export):
            began, file = process_time(), _Nowhere()
            rows = sum(BLOCK_WRITERS[arguments.format](file, source.blocks(lambda: None)))
            took = process_time() - began
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"{source.name:20} {rows:9,} rows {file.size:12,} B {took:6.2f} s {most:5} MiB")


if __name__ == "__main__":
    main()
