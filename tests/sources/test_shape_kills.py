"""An import of outlines that is killed, wherever it touches the disk, leaves the last good ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.sources.test_shapes import BEATS, NORTH, feature, written

# Each child is killed one step later than the last, by the interpreter's audit events, or around
# the commits of the lake's library, which tells the interpreter nothing. What is left is read in
# processes of their own too: threads of the library don't outlive a fork.
_KILLED = """
import json, os, shutil, sys
from pathlib import Path
import sources.lake
from forewatch.errors import ForewatchError
from serving.map_records import MapRecords
from sources.lake import Lake
from sources.shapes import import_shapes
from tests.sources.test_shapes import AT, TREE

template, used, said = (Path(each) for each in sys.argv[1:])
WRITES = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "shutil.rmtree")

def apart(act):
    child = os.fork()
    if child == 0:
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def bring(step=None):
    def count():
        nonlocal step
        if step == 0:
            os._exit(9)
        step -= 1
    def watch(event, arguments):
        is_read = event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if event in WRITES and str(used) in str(arguments[0]) and not is_read:
            count()
    def around(call):
        def watched(*args, **kwargs):
            count()
            found = call(*args, **kwargs)
            count()
            return found
        return watched
    if step is not None:
        for owner, name in ((sources.lake, "write_deltalake"), (sources.lake, "confirm"),
                            (sources.lake.DeltaTable, "create_write_transaction")):
            setattr(owner, name, around(getattr(owner, name)))
        sys.addaudithook(watch)
    import_shapes(Lake(used / "history"), TREE, used / "shapes.geojson", None, id_column=None,
                  imported_at=AT, quarantine=used / "quarantine")

def look(again):
    found = []
    for turn in range(1 + again):  # as it was left, and after the import was simply run again
        maps = MapRecords(used / "history").area_map(TREE, ("n1", "n2", "s1", "s2"))
        Lake(used / "history").verify()
        rows = Lake(used / "history").table("shapes")
        found.append([sorted(rows["area"].unique()), repr(maps), rows.to_csv()])
        if turn < again:
            bring()
    said.write_text(json.dumps(found))

for step in range(500):
    shutil.rmtree(used, ignore_errors=True)
    shutil.copytree(template, used)
    code = apart(lambda: bring(step))
    assert apart(lambda: look(step % 10 == 0)) == 0
    print(json.dumps([code, json.loads(said.read_text())]))
    if code == 0:
        break
"""


def test_an_import_of_outlines_killed_anywhere_leaves_the_old_or_the_new(
    tmp_path: Path, root: Path
) -> None:
    template = tmp_path / "template"
    template.mkdir()
    first = written(template, feature(NORTH, area="n1"))
    make = (
        "import sys; from pathlib import Path; from sources.lake import Lake; "
        "from sources.shapes import import_shapes; from tests.sources.test_shapes import AT, TREE; "
        "at = Path(sys.argv[1]); import_shapes(Lake(at / 'history'), TREE, at / 'shapes.geojson', "
        "None, id_column=None, imported_at=AT, quarantine=at / 'quarantine')"
    )
    env = os.environ | {"PYTHONPATH": str(root), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", make, str(template)], env=env, check=False,
        cwd=root, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert first.exists()
    broken = feature({"type": "Point", "coordinates": [0, 0]}, area="north")
    written(template, *(feature(shape, area=area) for area, shape in BEATS.items()), broken)
    arguments = [str(template), str(tmp_path / "used"), str(tmp_path / "said")]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _KILLED, *arguments], env=env, check=False,
        cwd=root, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) > 10
    assert [code for code, _ in lines] == [9] * (len(lines) - 1) + [0]
    before, after = lines[0][1][0], lines[-1][1][0]
    assert before[0] == ["n1"]
    assert after[0] == ["n1", "n2", "north", "s1", "s2", "shire", "south"]
    for _, (left, *again) in lines:
        assert left in (before, after)
        assert again in ([], [after])
