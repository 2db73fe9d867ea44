"""TOML files as people save them: UTF-8 with or without its mark; anything else said in words."""

from __future__ import annotations

import codecs
import tomllib
from pathlib import Path
from typing import Any

from forewatch.errors import SettingsError

# The marks at the start of a text, the longest first: that of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_HEAD_BYTES = 64  # enough of a text to see where its zeros are
_SAVE_AS = 'save it as "UTF-8" in the editor'


def read_toml(file: Path) -> dict[str, Any]:
    """Return what a TOML file holds.

    Raises:
        SettingsError: if there is no such file, it can't be read, is no text in UTF-8 or no TOML;
            the message says what was found and what to do.
    """
    name = file.name
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise SettingsError(f"no file {name} at the path given; check the path") from error
    except IsADirectoryError as error:
        raise SettingsError(f"{name} is a folder, not a TOML file; name the file in it") from error
    except PermissionError as error:
        raise SettingsError(
            f"{name} may not be read by this user; change its permissions"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise SettingsError(f"{name} can't be read ({error}); check the path") from error
    return parse_toml(_text(content, name), name)


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Return what a TOML text holds.

    Args:
        text: the text, without a byte-order mark.
        name: of its file, for the message.

    Raises:
        SettingsError: if it is no TOML, with the line to mend.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name} is no TOML: {error}; mend that line") from error
    except ValueError as error:  # a number of thousands of digits
        raise SettingsError(f"{name} is no TOML: {error}; mend that value") from error
    except RecursionError as error:
        raise SettingsError(
            f"{name} is nested too deeply to be read; write it with fewer brackets"
        ) from error


def _text(content: bytes, name: str) -> str:
    for mark, coding in _MARKS:
        if content.startswith(mark):
            raise SettingsError(f"{name} is written in {coding}; {_SAVE_AS}")
    if b"\0" in content:
        if wide := _wide_coding(content[:_HEAD_BYTES]):
            raise SettingsError(f"{name} is written in {wide}; {_SAVE_AS}")
        raise SettingsError(
            f"{name} is no text: NUL bytes were found in it; name a TOML file, or write it anew"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{name} is not written in UTF-8: byte 0x{content[error.start]:02X} was found in line "
            f"{line}; {_SAVE_AS}"
        ) from error


def _wide_coding(head: bytes) -> str | None:
    """Return the coding of a text whose letters take two or four bytes, by where its zeros are."""
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if half and even + odd > half:  # of a Latin letter's four bytes three are zero
        return "UTF-32"
    if min(even, odd) == 0 and 2 * max(even, odd) >= half:
        return "UTF-16"
    return None
