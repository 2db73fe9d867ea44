"""API keys: shown once, kept as digests, each good for the scopes it was made for.

A key reads `fw_<id>_<secret>`. The secret has 256 random bits, so its digest needs no slow hash and
no salt: those protect guessable passwords, and nobody guesses 256 bits, however fast a try is. A
fast hash keeps a request cheap, and a stranger's requests can't be used to burn our time.

Source:
    OWASP, Password Storage Cheat Sheet (slow hashes are for passwords); NIST SP 800-63B-4, section
    3.1.2 (look-up secrets of at least 112 bits may be hashed with a one-way function alone).
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

from pydantic import TypeAdapter, ValidationError

from forewatch.durable import OWNER_ONLY, write_file
from forewatch.errors import AccessError, MissingScope, SettingsError
from forewatch.profile import Frozen
from serving.locks import locked

Scope = Literal["forecasts:read", "models:read", "metrics:read"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_PREFIX = "fw"
_ID_BYTES = 4
_SECRET_BYTES = 32
_MAX_TOKEN_LENGTH = 200
_NO_DIGEST = "0" * 64  # compared with for an unknown id, so that it takes as long as a known one


class Key(Frozen):
    """What is kept of a key; instants in UTC."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    sha256: str
    created_at: datetime
    revoked_at: datetime | None = None


_KEYS = TypeAdapter(tuple[Key, ...])


def _now() -> datetime:
    return datetime.now(UTC)


class KeyRing:
    """The keys of a workspace, in one file that is replaced whole and re-read when it changes."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = _now) -> None:
        """Remember the file; it is made with the first key.

        Args:
            path: the file of keys.
            clock: gives the present instant, UTC.
        """
        self.path = path
        self._clock = clock
        # One attribute, replaced in one step: a reader in another thread sees the old or the new.
        self._read: tuple[tuple[int, ...], dict[str, Key]] = ((), {})

    def create(self, name: str, scopes: tuple[Scope, ...] = ("forecasts:read",)) -> str:
        """Return a new key in plain text; it can't be shown again.

        Raises:
            SettingsError: if there is no name, no scope, or an unknown one.
        """
        if unknown := [scope for scope in scopes if scope not in SCOPES]:
            raise SettingsError(f"no scope {unknown[0]!r}; the scopes are {', '.join(SCOPES)}")
        if not name.strip() or not scopes:
            raise SettingsError("a key needs a name and at least one scope; say who will use it")
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._changing() as keys:
            key_id = secrets.token_hex(_ID_BYTES)
            while key_id in keys:
                key_id = secrets.token_hex(_ID_BYTES)
            keys[key_id] = Key(
                id=key_id,
                name=name.strip(),
                scopes=tuple(dict.fromkeys(scopes)),
                sha256=_digest(secret),
                created_at=self._clock(),
            )
        return f"{_PREFIX}_{key_id}_{secret}"

    def list(self) -> tuple[Key, ...]:
        """Return every key, revoked ones too, in the order of making."""
        return tuple(self._keys().values())

    def revoke(self, key_id: str) -> Key:
        """Return the key, which opens nothing from now on; revoking twice changes nothing.

        Raises:
            AccessError: if there is no such key.
        """
        with self._changing() as keys:
            if key_id not in keys:
                known = ", ".join(keys) or "none"
                raise AccessError(f"no key with id {key_id!r}; the ids are: {known}")
            if keys[key_id].revoked_at is None:
                keys[key_id] = keys[key_id].model_copy(update={"revoked_at": self._clock()})
        return keys[key_id]

    def check(self, token: str, scope: Scope) -> Key:
        """Return the key that a token in plain text is, if it is good for the scope.

        Raises:
            AccessError: if it is unknown, wrong or revoked; the message doesn't say which.
            MissingScope: if it is good, but not for this.
        """
        key_id, secret = _parts(token)
        key = self._keys().get(key_id)
        matches = hmac.compare_digest(_digest(secret), key.sha256 if key else _NO_DIGEST)
        if key is None or not matches or key.revoked_at is not None:
            raise AccessError("the API key is not known here, or was revoked; ask for a new one")
        if scope not in key.scopes:
            raise MissingScope(
                f"the API key {key.name!r} lacks the scope {scope}; it has {', '.join(key.scopes)}"
            )
        return key

    def _keys(self) -> dict[str, Key]:
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return {}
        signature = (there.st_mtime_ns, there.st_ino, there.st_size)
        seen, keys = self._read
        if seen != signature:
            keys = self._loaded()
            self._read = (signature, keys)
        return keys

    def _loaded(self) -> dict[str, Key]:
        try:
            return {key.id: key for key in _KEYS.validate_json(self.path.read_bytes())}
        except (OSError, ValidationError) as error:
            # pydantic's own message would repeat the digests that it could not read
            raise SettingsError(
                f"{self.path.name} can't be read; restore it, or remove it and create new keys"
            ) from (error if isinstance(error, OSError) else None)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Key]]:
        """Give the keys to change, with nobody else changing them, and save what became of them."""
        with locked(self.path.with_suffix(".lock")):
            keys = dict(self._loaded()) if self.path.exists() else {}
            yield keys
            self._save(keys)

    def _save(self, keys: dict[str, Key]) -> None:
        content = json.dumps([key.model_dump(mode="json") for key in keys.values()], indent=1)
        write_file(self.path, content.encode(), OWNER_ONLY)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _parts(token: str) -> tuple[str, str]:
    """Return id and secret; a secret may hold underscores itself."""
    prefix, _, rest = token[:_MAX_TOKEN_LENGTH].partition("_")
    key_id, _, secret = rest.partition("_")
    return (key_id, secret) if prefix == _PREFIX else ("", "")
