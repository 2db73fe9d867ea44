"""A commit counts once it is on the disk for good; damage to one that counts stops by name."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forewatch.errors import DamagedHistory, SettingsError
from sources.confirmed import FOLDER
from sources.lake import Lake

MONTHS = ("2026-01", "2026-02")


def months(value: int) -> pd.DataFrame:
    return pd.DataFrame({"value": [value] * 4, "month": [*MONTHS, *MONTHS]})


def area(name: str) -> pd.DataFrame:
    return pd.DataFrame({"id": [name], "name": [name.title()]})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    found = Lake(tmp_path / "history")
    found.append("calls", months(1), {"file": "one.csv", "imported_at": "2026-02-01T00:00:00"})
    found.replace("areas", area("north"), {"file": "areas.csv", "imported_at": "2026-02-02"})
    return found


def values(lake: Lake) -> list[int]:
    found = Lake(lake.root).table("calls")
    assert found is not None
    return sorted(found["value"])


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() and path.name != ".lock")


def test_every_file_and_folder_of_an_import_is_flushed_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: set[Path] = set()
    real = os.fsync

    def noted(descriptor: int) -> None:
        # of a file that is still beside its place, the name that it will have
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        flushed.add(path.parent / FOLDER if path.name.startswith(".tmp") else path)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    root = tmp_path / "history"
    Lake(root).append("calls", months(1), {})
    Lake(root).replace("areas", area("north"), {})
    data = [path for path in files(root) if FOLDER not in path.parts]
    assert len(data) == 5  # two months, one table of areas, two commits
    assert set(data) <= flushed
    assert {
        above for path in data for above in path.parents if root in (above, *above.parents)
    } <= (flushed)
    assert root / FOLDER in flushed  # the names of the ledgers, after their content


def test_a_commit_that_nothing_confirms_is_not_there_and_is_taken_back(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sources.lake.confirm", cut)
    with pytest.raises(KeyboardInterrupt):
        lake.append("calls", months(2), {})
    with pytest.raises(KeyboardInterrupt):
        lake.replace("holidays", area("south"), {})
    assert lake.notes == ["an unfinished import into calls was taken back"]
    monkeypatch.undo()
    assert values(lake) == [1, 1, 1, 1]
    assert Lake(lake.root).names() == ("calls", "areas")
    after = Lake(lake.root)
    after.append("calls", months(3), {})
    assert values(lake) == [1, 1, 1, 1, 3, 3, 3, 3]
    assert after.notes == ["an unfinished first import into holidays was taken back"]


def test_a_commit_that_nothing_confirms_is_not_among_the_imports(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_args: object) -> None:
        raise KeyboardInterrupt

    lake.append("calls", months(2), {"file": "two.csv"})
    monkeypatch.setattr("sources.lake.confirm", cut)
    with pytest.raises(KeyboardInterrupt):
        lake.append("calls", months(3), {"file": "three.csv"})
    monkeypatch.undo()
    # the observed span is read from them: it would hold days of which no call is there
    found = [each["file"] for each in Lake(lake.root).imports("calls")]
    assert found == ["one.csv", "two.csv"]
    staged = lake.root / "calls" / "_delta_log" / f"{9:020d}.json#1"
    staged.write_text("{")
    Lake(lake.root).append("calls", months(4), {"file": "four.csv"})
    found = [each["file"] for each in Lake(lake.root).imports("calls")]
    assert found == ["one.csv", "two.csv", "four.csv"]
    assert not staged.exists()


def test_a_half_written_commit_is_taken_back(lake: Lake) -> None:
    (lake.root / "calls" / "_delta_log" / f"{1:020d}.json").write_text('{"add": {"pa')
    assert values(lake) == [1, 1, 1, 1]
    Lake(lake.root).append("calls", months(2), {})
    assert values(lake) == [1, 1, 1, 1, 2, 2, 2, 2]


def test_any_flipped_bit_is_found_and_its_import_named(lake: Lake) -> None:
    rng, found = np.random.default_rng(7), 0
    for path in files(lake.root):
        whole = path.read_bytes()
        for at in rng.integers(0, len(whole), 6):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << int(rng.integers(0, 8))
            path.write_bytes(damaged)
            with pytest.raises(DamagedHistory, match=r"of the history is not what was written"):
                Lake(lake.root).verify()
            with pytest.raises(DamagedHistory):
                [Lake(lake.root).table(name) for name in ("calls", "areas")]
            found += 1
        path.write_bytes(whole)
    Lake(lake.root).verify()
    assert found == 6 * 7
    month = next(path for path in files(lake.root) if MONTHS[0] in str(path))
    month.unlink()
    with pytest.raises(DamagedHistory, match=r"is missing; .* import of one.csv \(2026"):
        lake.table("calls")


def test_damage_to_what_is_confirmed_is_never_taken_back(lake: Lake) -> None:
    log = lake.root / "calls" / "_delta_log" / f"{0:020d}.json"
    log.write_bytes(log.read_bytes()[:-9])
    before = {path: path.read_bytes() for path in files(lake.root)}
    with pytest.raises(DamagedHistory, match=r"calls/_delta_log/0+.json"):
        Lake(lake.root).append("calls", months(2), {})
    assert {path: path.read_bytes() for path in files(lake.root) if path in before} == before


def test_a_lake_of_before_is_read_as_it_is_and_confirmed_by_the_next_import(lake: Lake) -> None:
    for path in (lake.root / FOLDER).iterdir():
        path.unlink()
    (lake.root / FOLDER).rmdir()
    assert values(lake) == [1, 1, 1, 1]
    Lake(lake.root).append("calls", months(2), {})
    assert values(lake) == [1, 1, 1, 1, 2, 2, 2, 2]
    held = json.loads((lake.root / FOLDER / "areas.json").read_text())
    assert held["version"] == 0


def test_files_that_nothing_names_go_after_a_day_and_those_of_a_failed_write_at_once(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lake.root / "calls" / f"month={MONTHS[0]}"
    for name, age_days in (("old", 2), ("new", 0)):
        path = folder / f"{name}.parquet"
        path.write_bytes(b"x")
        os.utime(path, (path.stat().st_mtime - age_days * 86_400,) * 2)

    def full(*_args: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sources.lake.DeltaTable.create_write_transaction", full)
    with pytest.raises(OSError, match="No space left"):
        lake.append("calls", months(2), {})
    # the new one is as young as the failed write's own files
    assert [path.name for path in folder.iterdir() if not path.name.startswith("part-")] == []
    assert len(list(folder.iterdir())) == 1
    assert values(lake) == [1, 1, 1, 1]


@pytest.mark.parametrize("name", ["a b", "a#b", "a%b", "é", "a'b", "a&b=c", "a;b+c", "a%2"])
def test_a_lake_lives_in_a_folder_of_any_name_that_is_read_as_written(
    tmp_path: Path, name: str
) -> None:
    root = tmp_path / name / "history"
    Lake(root).append("calls", months(1), {})
    assert values(Lake(root)) == [1, 1, 1, 1]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a?b", "a%20b", "[a]", "a^b", "a|b", "a\\b", "%C3%A9"])
def test_a_folder_that_would_be_taken_for_another_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="which a library takes for something else"):
        Lake(tmp_path / name / "history")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_table_of_pools_came_with_no_file_and_is_never_read_as_none(lake: Lake) -> None:
    lake.replace("pools", area("north"), {"decided": 2026})
    (file,) = (lake.root / "pools").glob("*.parquet")
    file.unlink()
    with pytest.raises(DamagedHistory, match="is missing; it came with the decision on pools: "):
        Lake(lake.root).table("pools")
