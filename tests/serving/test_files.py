"""A file is replaced whole or stays as it was."""

from pathlib import Path

import pytest

from serving.files import replace


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "models.json"
    replace(path, b"one")
    replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert [found.name for found in path.parent.iterdir()] == ["models.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    replace(path, b"old")
    with pytest.raises(TypeError):
        replace(path, "a text where bytes belong")  # type: ignore[arg-type]
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [
        ("models.json", b"old")
    ]
