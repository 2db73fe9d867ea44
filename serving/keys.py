"""API keys: shown once, kept as digests, each good for the scopes and areas it was made for.

A key reads `fw_<id>_<secret>`. The secret has 256 random bits, so its digest needs no slow hash and
no salt: those protect guessable passwords, and nobody guesses 256 bits, however fast a try is. A
fast hash keeps a request cheap, and a stranger's requests can't be used to burn our time.

A key may end on a day. Rotation gives it a new secret under the same id; the secret before stays
good for a stated time, so that nothing stops while clients take the new one.

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
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError

from forewatch.durable import OWNER_ONLY, write_file
from forewatch.errors import AccessError, MissingScope, SettingsError
from forewatch.frozen import Frozen
from forewatch.locks import hold_lock
from serving.key_use import KeyUse
from serving.reach import Reach

Scope = Literal[
    "forecasts:read",
    "rota:read",
    "plan:write",
    "models:read",
    "metrics:read",
    "rota:calendar",
    "screen:read",
]
# These open the one thing whose address the key is part of, and nothing else: the calendar feed of
# one area, or one board on a screen.
CALENDAR: Scope = "rota:calendar"
SCREEN: Scope = "screen:read"
IN_ADDRESSES: tuple[Scope, ...] = (CALENDAR, SCREEN)
SCOPES: tuple[Scope, ...] = tuple(each for each in get_args(Scope) if each not in IN_ADDRESSES)
# What the others open tells of the whole force: how it is forecast, judged and served.
SCOPES_WITHIN_AREAS: tuple[Scope, ...] = ("forecasts:read", "rota:read", "plan:write")
_PREFIX = "fw"
_ID_BYTES = 4
_SECRET_BYTES = 32
_MAX_TOKEN_LENGTH = 200
_NO_DIGEST = "0" * 64  # compared with for an unknown id, so that it takes as long as a known one


class FormerSecret(Frozen):
    """A secret that rotation replaced, good until an instant (UTC)."""

    sha256: str
    until: datetime


class Key(Frozen):
    """What is kept of a key; instants in UTC."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    sha256: str
    created_at: datetime
    revoked_at: datetime | None = None
    expires_at: datetime | None = None
    areas: tuple[str, ...] | None = Field(default=None, min_length=1)
    board: str | None = None
    former: tuple[FormerSecret, ...] = ()

    @property
    def reach(self) -> Reach:
        """The areas that it sees."""
        return Reach(self.areas)

    def has_expired(self, now: datetime) -> bool:
        """Return whether its last day is over."""
        return self.expires_at is not None and now >= self.expires_at

    def refuse_beyond(self, scope: Scope) -> None:
        """Raise MissingScope unless the key is good for a scope."""
        if scope not in self.scopes:
            raise MissingScope(
                f"the API key {self.name!r} lacks the scope {scope}; it has "
                f"{', '.join(self.scopes)}"
            )

    def digests(self, now: datetime) -> tuple[str, ...]:
        """Return the digests of the secrets that are good, expiry and revocation left aside."""
        return (self.sha256, *(each.sha256 for each in self.former if now < each.until))


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
        self._use = KeyUse(path.with_name(f"{path.stem}-used.json"))

    def create(
        self,
        name: str,
        scopes: tuple[Scope, ...] = ("forecasts:read",),
        *,
        areas: tuple[str, ...] | None = None,
        expires_at: datetime | None = None,
        board: str | None = None,
    ) -> str:
        """Return a new key in plain text; it can't be shown again.

        Args:
            name: who uses it.
            scopes: what it opens.
            areas: ids of the areas that it sees, with what lies below them; None: all.
            expires_at: the instant from which it opens nothing, UTC; None: it doesn't end.
            board: id of the view that a screen shows; None: the usual one.

        Raises:
            SettingsError: if there is no name, no scope, an unknown one, one that a key for some
                areas can't have, or an end that is over.
        """
        known = get_args(Scope)
        if unknown := [scope for scope in scopes if scope not in known]:
            raise SettingsError(f"no scope {unknown[0]!r}; the scopes are {', '.join(known)}")
        if not name.strip() or not scopes:
            raise SettingsError("a key needs a name and at least one scope; say who will use it")
        if address := [scope for scope in scopes if scope in IN_ADDRESSES]:
            _refuse_wide_address(address[0], areas, scopes)
        elif areas is not None:
            _refuse_beyond(areas, scopes)
        if board is not None and SCREEN not in scopes:
            raise SettingsError(f"a board is what a screen shows; make the key with {SCREEN}")
        self._refuse_past(expires_at)
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
                expires_at=expires_at,
                areas=areas if areas is None else tuple(dict.fromkeys(areas)),
                board=board,
            )
        return f"{_PREFIX}_{key_id}_{secret}"

    def rotate(
        self, key_id: str, overlap: timedelta, expires_at: datetime | None = None
    ) -> tuple[str, datetime]:
        """Return the key with a new secret, in plain text, and until when the one before is good.

        Args:
            key_id: which key.
            overlap: how long the present secret stays good; never beyond the end it had.
            expires_at: a new end, UTC; None: the end stays what it is.

        Raises:
            AccessError: if there is no such key, or it was revoked.
            SettingsError: if the key has ended and no new end is given, or that one is over.
        """
        self._refuse_past(expires_at)
        secret, now = secrets.token_urlsafe(_SECRET_BYTES), self._clock()
        with self._changing() as keys:
            key = _find_key(keys, key_id)
            if key.revoked_at is not None:
                raise AccessError(f"key {key_id} ({key.name}) was revoked; create a new one")
            if key.has_expired(now) and expires_at is None:
                raise SettingsError(f"key {key_id} ({key.name}) has ended; give it a new --expires")
            until = min(now + overlap, key.expires_at or datetime.max.replace(tzinfo=UTC))
            former = (*key.former, FormerSecret(sha256=key.sha256, until=until))
            keys[key_id] = key.model_copy(
                update={
                    "sha256": _digest(secret),
                    "former": tuple(each for each in former if now < each.until),
                    "expires_at": expires_at or key.expires_at,
                }
            )
        return f"{_PREFIX}_{key_id}_{secret}", until

    def list(self) -> tuple[Key, ...]:
        """Return every key, revoked ones too, in the order of making."""
        return tuple(self._keys().values())

    def revoke(self, key_id: str) -> Key:
        """Return the key, which opens nothing from now on; revoking twice changes nothing.

        Raises:
            AccessError: if there is no such key.
        """
        with self._changing() as keys:
            _find_key(keys, key_id)
            if keys[key_id].revoked_at is None:
                keys[key_id] = keys[key_id].model_copy(update={"revoked_at": self._clock()})
        return keys[key_id]

    def check(self, token: str, scope: Scope) -> Key:
        """Return the key that a token is, if it is good for the scope; raises as both steps do."""
        key = self.known(token)
        key.refuse_beyond(scope)
        return key

    def known(self, token: str) -> Key:
        """Return the key that a token in plain text is.

        Raises:
            AccessError: if it is unknown, wrong or revoked (the message doesn't say which), or has
                expired, which only who has the secret is told.
        """
        key_id, secret = _parts(token)
        key, now, digest = self._keys().get(key_id), self._clock(), _digest(secret)
        # Every digest is compared, whichever fits.
        fits = [hmac.compare_digest(digest, d) for d in (key.digests(now) if key else [_NO_DIGEST])]
        if key is None or not any(fits) or key.revoked_at is not None:
            raise AccessError("the API key is not known here, or was revoked; ask for a new one")
        if key.expires_at is not None and key.has_expired(now):
            raise AccessError(
                f"the API key ended on {last_day(key.expires_at)}; ask for a new one, or for this "
                "one to be rotated"
            )
        return key

    def is_use_due(self, key: Key) -> bool:
        """Return whether `note_use` has something to write, true once a day and key."""
        return self._use.is_due(key.id, self._clock())

    def note_use(self, key: Key) -> None:
        """Write that a key was used today."""
        self._use.note(key.id, self._clock())

    def last_used(self) -> dict[str, date]:
        """Return the last day (UTC) on which each key was used, without those that never were."""
        return self._use.days()

    def _refuse_past(self, expires_at: datetime | None) -> None:
        if expires_at is not None and expires_at <= self._clock():
            raise SettingsError(f"{last_day(expires_at)} is over; give a later day to --expires")

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
        with hold_lock(self.path.with_suffix(".lock")):
            keys = dict(self._loaded()) if self.path.exists() else {}
            yield keys
            self._save(keys)

    def _save(self, keys: dict[str, Key]) -> None:
        content = json.dumps([key.model_dump(mode="json") for key in keys.values()], indent=1)
        write_file(self.path, content.encode(), OWNER_ONLY)


def last_day(expires_at: datetime) -> date:
    """Return the last day (UTC) on which a key that ends at an instant is good."""
    return (expires_at - timedelta(microseconds=1)).date()


def _refuse_beyond(areas: tuple[str, ...], scopes: tuple[Scope, ...]) -> None:
    if not areas:
        raise SettingsError("a key for some areas needs one at least; leave --areas out for all")
    if beyond := [scope for scope in scopes if scope not in SCOPES_WITHIN_AREAS]:
        raise SettingsError(
            f"a key for some areas can't have the scope {beyond[0]}, which tells of the whole "
            "force; make a key of its own for it"
        )


def _refuse_wide_address(
    address: Scope, areas: tuple[str, ...] | None, scopes: tuple[Scope, ...]
) -> None:
    """Stop where what stands in an address would open more than the one thing that it is for."""
    is_alone = set(scopes) == {address}
    if address == CALENDAR and not (is_alone and areas is not None and len(set(areas)) == 1):
        raise SettingsError(
            f"the key of a calendar feed stands in its address: it has the scope {CALENDAR} alone, "
            "and one area; make one with --scope rota:calendar --areas AREA"
        )
    if not is_alone or areas == ():
        raise SettingsError(
            f"the key of a screen stands in its address: it has the scope {SCREEN} alone, and one "
            "area at least or no --areas for all; make one with --scope screen:read"
        )


def _find_key(keys: dict[str, Key], key_id: str) -> Key:
    if key_id not in keys:
        known = ", ".join(keys) or "none"
        raise AccessError(f"no key with id {key_id!r}; the ids are: {known}")
    return keys[key_id]


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _parts(token: str) -> tuple[str, str]:
    """Return id and secret; a secret may hold underscores itself."""
    prefix, _, rest = token[:_MAX_TOKEN_LENGTH].partition("_")
    key_id, _, secret = rest.partition("_")
    return (key_id, secret) if prefix == _PREFIX else ("", "")
