"""The key that makes the hashes of references a lake's own.

References of calls are numbers in a row: anybody could hash them all and look one up. Under a key
that stays in the lake's folder they can't be looked up from a copy of the table alone.
"""

from __future__ import annotations

import re
import secrets

from forewatch.durable import OWNER_ONLY, write_file
from forewatch.errors import DataError
from sources.lake import Lake

_FILE = "reference.key"
_BYTES = 12  # sixteen letters, as SipHash wants


def reference_key(lake: Lake, *, is_kept: bool = True) -> str:
    """Return the lake's key of sixteen letters; the first import makes it.

    Args:
        lake: the lake.
        is_kept: whether one that is made is written down; else it is of no use later.

    Raises:
        DataError: if the lake holds calls and the key is gone.
    """
    if key := _stored_key(lake):
        return key
    _stop_if_lost(lake)
    key = secrets.token_urlsafe(_BYTES)
    if is_kept:
        write_file(lake.root / _FILE, key.encode("ascii"), OWNER_ONLY)
    return key


def _stored_key(lake: Lake) -> str | None:
    """Return the key that is kept; None if there is none."""
    file = lake.root / _FILE
    if not file.is_file():
        return None
    content = file.read_bytes()
    if not re.fullmatch(rb"[\w-]{16}", content):
        raise DataError(
            f"{_FILE} of the history is not what was written ({len(content)} bytes, where 16 "
            "belong), and without it known calls would come in twice; restore it from a backup, or "
            "start a new history and import every file again"
        )
    return content.decode("ascii")


def _stop_if_lost(lake: Lake) -> None:
    if "calls" in lake.names():
        raise DataError(
            f"{_FILE} is gone from the history, and without it known calls would come in twice; "
            "put it back, or start a new history and import every file again"
        )
