"""A file is replaced whole or stays as it was, and is on the disk when that is said."""

import os
from pathlib import Path

import pytest

from forewatch.durable import OWNER_ONLY, sync_files, whole_file, whole_folder, write_file


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "models.json"
    write_file(path, b"one")
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert [found.name for found in path.parent.iterdir()] == ["models.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    write_file(path, b"old")
    with pytest.raises(TypeError):
        write_file(path, "a text where bytes belong")  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError), whole_file(path) as beside:
        beside.unlink()
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [
        ("models.json", b"old")
    ]


def test_a_file_has_the_permissions_asked_for(tmp_path: Path) -> None:
    write_file(tmp_path / "keys.json", b"", OWNER_ONLY)
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_files_and_every_folder_above_them_are_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"x")
    flushed: list[Path] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{descriptor}").resolve())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    sync_files([tmp_path / "a" / "b" / "file"], tmp_path)
    assert flushed == [
        tmp_path / "a" / "b" / "file", tmp_path / "a" / "b", tmp_path / "a", tmp_path
    ]  # fmt: skip
    flushed.clear()
    write_file(tmp_path / "c", b"y")
    assert flushed[-1] == tmp_path  # the name, after the content
    assert len(flushed) == 2


def test_a_folder_is_put_in_place_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "issue"
    with whole_folder(path) as beside:
        (beside / "a").write_bytes(b"one")
        assert not path.exists()
    with pytest.raises(OSError, match="not empty"), whole_folder(path) as beside:
        (beside / "a").write_bytes(b"two")
    with pytest.raises(FileNotFoundError), whole_folder(path, replaces=True) as beside:
        (beside / "not there" / "a").write_bytes(b"three")
    assert (path / "a").read_bytes() == b"one"
    with whole_folder(path, replaces=True) as beside:
        (beside / "b").write_bytes(b"four")
    assert [(each.name, each.read_bytes()) for each in path.iterdir()] == [("b", b"four")]
    assert [each.name for each in path.parent.iterdir()] == ["issue"]
    assert path.stat().st_mode & 0o777 == 0o755


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "issue"
    path.mkdir()
    (path / "a").write_bytes(b"old")
    whole = Path.replace

    def refused(self: Path, target: Path) -> Path:
        if target == path:
            raise PermissionError
        return whole(self, target)

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(PermissionError), whole_folder(path, replaces=True) as beside:
        (beside / "a").write_bytes(b"new")
    assert (path / "a").read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["issue"]
