"""What is confirmed outlives a kill before any change of the disk, and a cut of the power after it.

A tenth of `python -m benchmarks.kills`, on the parts that write alone. Kills of the register are in
tests/models/test_registry.py, of issues in tests/serving/test_issue_store.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kills.watching import compiler, library

# Runs in a process that has loaded the watching library; prints what it found as JSON.
_WATCHED = """
import json, sqlite3, sys
from pathlib import Path
import numpy as np, pandas as pd
from benchmarks.kills import watching
from benchmarks.kills.powercut import Disk, copy
from forewatch.durable import sync_file, write_file
from forewatch.errors import ForewatchError
from serving.keys import KeyRing
from sources.lake import Lake

top = Path(sys.argv[1])
rng = np.random.default_rng(11)
rows = pd.DataFrame({"value": [1] * 4, "month": ["2026-01", "2026-02"] * 2})

def apart(look):
    # in a process of its own: the libraries' threads don't outlive a fork
    file = top / "said.json"
    end = watching.run(
        lambda: file.write_text(json.dumps(look())) and 0, top / "none", top / "looks"
    )
    assert end.code == 0, (top / "looks" / "output").read_text()
    return json.loads(file.read_text())

def kept_in(root):
    return apart(lambda: held(root))

def held(root):
    lake, base = Lake(root / "history"), sqlite3.connect(root / "held.db")
    try:
        lake.verify()
        table = lake.table("calls")
        values = 0 if table is None else len(table)
        keys = len(KeyRing(root / "keys.json").list())
        rows_of_base = base.execute("SELECT count(*) FROM held").fetchone()[0]
    except ForewatchError as error:
        return str(error)
    finally:
        base.close()
    file = root / "file.txt"
    return {"rows": values, "keys": keys, "base": rows_of_base,
            "file": file.read_text() if file.exists() else None}

def insert(root):
    base = sqlite3.connect(root / "held.db")
    base.execute("INSERT INTO held VALUES (1)")
    base.commit()
    base.close()

def insert_and_flush(root):
    insert(root)
    sync_file(root)

ACTS = {
    "unflushed file": lambda root: (root / "file.txt").write_text("new"),
    "whole file": lambda root: write_file(root / "file.txt", b"new"),
    "import": lambda root: Lake(root / "history").append("calls", rows, {}),
    "key": lambda root: KeyRing(root / "keys.json").create("rota"),
    "database": insert,
    "database and folder": insert_and_flush,
}
template = top / "template"

def make():
    template.mkdir()
    Lake(template / "history").append("calls", rows, {})
    write_file(template / "file.txt", b"old")
    base = sqlite3.connect(template / "held.db")
    base.execute("CREATE TABLE held (value)")
    base.commit()
    base.close()

apart(make)
found = {"before": kept_in(copy(template, top / "looked"))}
for name, act in ACTS.items():
    root, before = copy(template, top / "used"), copy(template, top / "before")
    disk = Disk(root, before, top / "beside" / "aside")
    whole = watching.run(lambda: act(root) and 0 or 0, root, top / "beside")
    disk.replay(top / "beside" / "log")
    disk.cut(top / f"left {name}", rng, worst=True)
    killed = []
    for at in sorted(set(rng.integers(1, whole.changes + 1, 6).tolist())):
        root = copy(template, top / "used")
        end = watching.run(lambda: act(root) and 0 or 0, root, top / "beside", kill_before=at)
        killed.append([end.code, kept_in(root)])
    found[name] = {"code": whole.code, "unseen": disk.unseen() if not killed else [],
                   "cut": kept_in(top / f"left {name}"), "killed": killed}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, root: Path) -> dict[str, Any]:
    if compiler() is None or sys.platform != "linux":
        pytest.skip("needs Linux and a C compiler, to build benchmarks/kills/watch.c")
    folder = tmp_path_factory.mktemp("kills")
    loaded = {"LD_PRELOAD": str(library(folder)), "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, str(folder)],
        env=os.environ | loaded,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    held: dict[str, Any] = json.loads(done.stdout)
    return held


BEFORE = {"rows": 4, "keys": 0, "base": 0, "file": "old"}
AFTER = {
    "unflushed file": BEFORE | {"file": ""},  # neither the old text nor the new: why we flush
    "whole file": BEFORE | {"file": "new"},
    "import": BEFORE | {"rows": 8},
    "key": BEFORE | {"keys": 1},
    "database": BEFORE,  # its journal is back, and takes the commit back
    "database and folder": BEFORE | {"base": 1},
}


@pytest.mark.parametrize("act", AFTER)
def test_what_a_power_cut_leaves_is_what_was_flushed(found: dict[str, Any], act: str) -> None:
    assert found["before"] == BEFORE
    assert found[act]["code"] == 0
    assert found[act]["cut"] == AFTER[act]


@pytest.mark.parametrize("act", ["whole file", "import", "key", "database", "database and folder"])
def test_a_kill_before_any_change_leaves_all_or_nothing(found: dict[str, Any], act: str) -> None:
    done = BEFORE | {"base": 1} if act == "database" else AFTER[act]
    assert len(found[act]["killed"]) >= 3
    for code, kept in found[act]["killed"]:
        assert code == -9
        assert kept in (BEFORE, done)
