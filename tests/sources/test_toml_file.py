"""A TOML file is read in UTF-8, with or without its mark; anything else is said in words."""

import os
from pathlib import Path

import pytest

from forewatch.errors import SettingsError
from sources.table_mapping import TableMapping, read_mapping
from sources.toml_file import parse_toml, read_toml

TEXT = 'plaats = "Łódź"\nnumber = 1\n'


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "map.toml"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_utf_8_is_read_with_and_without_its_mark(tmp_path: Path, coding: str, ends: str) -> None:
    found = read_toml(saved(tmp_path, TEXT.replace("\n", ends).encode(coding)))
    assert found == {"plaats": "Łódź", "number": 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (TEXT.encode("utf-16"), 'map.toml is written in UTF-16; save it as "UTF-8" in the editor'),
        (TEXT.encode("utf-16-le"), "map.toml is written in UTF-16"),
        (TEXT.encode("utf-16-be"), "map.toml is written in UTF-16"),
        (TEXT.encode("utf-32"), "map.toml is written in UTF-32"),
        (TEXT.encode("utf-32-le"), "map.toml is written in UTF-32"),
        (TEXT.encode("utf-32-be"), "map.toml is written in UTF-32"),
        (b"a = 1\n\xef\xbb\xbfb = 2\n", "map.toml is no TOML"),
        (b'a = 1\nb = "caf\xe9"\n', "byte 0xE9 was found in line 2; save it as"),
        (b'a = "b\0c"\n', "NUL bytes were found in it"),
        (b"PAR1\x00\x12\x34\x00\x00\x99\x01\x02\x03\x04\x05\x06", "NUL bytes were found in it"),
        (b"\x1f\x8b\x08\x01", "not written in UTF-8: byte 0x8B was found in line 1"),
        (b"a = [", "map.toml is no TOML"),
        (b"a = 1\na = 2\n", "map.toml is no TOML"),
        (b"day = 2026-02-30\n", "map.toml is no TOML"),
        (b"a = " + b"1" * 5000, "mend that value"),
        (b"a = " + b"[" * 100_000, "map.toml is nested too deeply"),
    ],
)
def test_what_is_no_toml_in_utf_8_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_toml(saved(tmp_path, content))
    assert said in str(error.value)


def test_a_path_without_a_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no file gone\.toml at the path given"):
        read_toml(tmp_path / "gone.toml")
    with pytest.raises(SettingsError, match="is a folder, not a TOML file"):
        read_toml(tmp_path)
    with pytest.raises(SettingsError, match="can't be read"):
        read_toml(saved(tmp_path, b"") / "below.toml")
    with pytest.raises(SettingsError, match="can't be read"):
        read_toml(tmp_path / ("x" * 300))
    with pytest.raises(SettingsError, match="can't be read"):
        read_toml(Path("a\0b"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    path = saved(tmp_path, b"a = 1\n")
    path.chmod(0)
    with pytest.raises(SettingsError, match="may not be read by this user"):
        read_toml(path)


def test_a_text_of_toml_is_read_by_itself() -> None:
    assert parse_toml("a = 1", "here") == {"a": 1}


def test_a_mapping_shows_what_it_found_cut_short_and_no_address(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        read_mapping(saved(tmp_path, b'refuse = "' + b"x" * 900 + b'"'), TableMapping)
    assert str(error.value).startswith("map.toml can't be used; refuse: ")
    assert len(str(error.value)) < 200
    assert "http" not in str(error.value)
