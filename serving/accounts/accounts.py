"""The accounts of a workspace: who may look at the page, as what, and how much of it.

An account's *epoch* counts what ends its sessions: a new password, another role or other areas,
being disabled. A session names the epoch that it began in, and is over once that has moved.

A sign-in link holds 256 random bits, of which a digest is kept (as of API keys, `serving.keys`): it
works once, for a short while, and is deleted with its use.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from forewatch.errors import SettingsError, UnknownAccount
from serving.accounts.account import Account
from serving.accounts.passwords import PasswordDigests, check_password
from serving.accounts.roles import ROLES, Role
from serving.accounts.sessions import Session
from serving.database.store import Database

if TYPE_CHECKING:  # a service without accounts doesn't import SQLAlchemy to find none
    from serving.accounts.rows import AccountRows

LINK_LIFE = timedelta(minutes=15)
_LINK_BYTES = 32
_MOST_LETTERS = 100  # of a name or a link that is looked up
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,62}")


class PasswordTry(NamedTuple):
    """What came of a try to sign in; only the audit file is told whether there is such an account.

    Args:
        account: of that name; None if there is none.
        opens: whether the password is its, and it is good.
    """

    account: Account | None
    opens: bool


def _now() -> datetime:
    return datetime.now(UTC)


class Accounts:
    """The accounts of one workspace; safe in several threads and processes."""

    def __init__(self, root: Path, clock: Callable[[], datetime] = _now) -> None:
        """Remember where they are; the database is made with the first.

        Args:
            root: folder of the workspace.
            clock: gives the present instant, UTC.
        """
        self._database = Database(root)
        self._clock = clock
        self.digests = PasswordDigests()

    def create(
        self,
        name: str,
        role: str,
        *,
        areas: tuple[str, ...] | None = None,
        password: str | None = None,
    ) -> Account:
        """Return a new account.

        Args:
            name: to sign in with; small and capital letters are the same.
            role: one of `ROLES`.
            areas: ids of the areas that they see; None: the whole force.
            password: theirs; None: they sign in by links alone.

        Raises:
            SettingsError: if the name can't be one or is taken, or role, areas or password can't
                be used.
        """
        folded = _folded(name)
        if not _NAME.fullmatch(folded):
            raise SettingsError(
                f"no name for an account: {name!r}; it has 1 to 63 letters from a to z, digits and "
                ". _ @ + -, and begins with a letter or a digit"
            )
        values = {"role": _role(role), "areas": _area_list(areas)}
        if password is not None:
            check_password(password, folded)
            values["password"] = self.digests.digest(password)
        with self._writing() as rows:
            if rows.account(name=folded) is not None:
                raise SettingsError(f"there is an account {folded!r} already; take another name")
            rows.add(name=folded, epoch=1, created_at=self._clock(), **values)
            return _known(rows, folded)

    def list(self) -> tuple[Account, ...]:
        """Return every account, disabled ones too, in the order of making."""
        if not self._database.is_there:
            return ()
        with self._reading() as rows:
            return rows.accounts()

    def in_session(self, session: Session) -> Account | None:
        """Return the good account that a session is of; None if it is over."""
        if not self._database.is_there:
            return None
        with self._reading() as rows:
            found = rows.account(id=session.account_id)
            is_on = found is not None and found.is_good and found.epoch == session.epoch
            return found if is_on and not rows.is_ended(session.nonce) else None

    def end_session(self, session: Session, life: timedelta) -> None:
        """End a session that somebody signed out of.

        Args:
            session: which.
            life: after which every session is over.
        """
        if self._database.is_there:
            now = self._clock()
            with self._writing() as rows:
                rows.end_session(session.nonce, now + life, now)

    def change(
        self,
        name: str,
        *,
        role: str | None = None,
        areas: tuple[str, ...] | None = None,
        sees_all: bool = False,
        is_enabled: bool | None = None,
    ) -> Account:
        """Return an account with something changed; where anything was, its sessions are over.

        Args:
            name: whose.
            role: a new one; None: as it is.
            areas: new ones; None: as they are.
            sees_all: whether they see the whole force from now on.
            is_enabled: whether they may sign in; None: as it is.

        Raises:
            UnknownAccount: if there is none of that name.
            SettingsError: if role or areas can't be used.
        """
        with self._writing() as rows:
            before = _known(rows, name)
            held = {"role": before.role, "areas": _area_list(before.areas)}
            held["disabled_at"] = before.disabled_at
            values = dict(held)
            if role is not None:
                values["role"] = _role(role)
            if areas is not None or sees_all:
                values["areas"] = None if sees_all else _area_list(areas)
            if is_enabled is not None and is_enabled != before.is_good:
                values["disabled_at"] = None if is_enabled else self._clock()
            if values != held:
                rows.update(before.id, epoch=before.epoch + 1, **values)
                rows.forget_links(before.id)
            return _known(rows, name)

    def set_password(self, name: str, password: str) -> Account:
        """Return an account with a new password; its sessions and links are over.

        Raises:
            UnknownAccount: if there is none of that name.
            SettingsError: if the password can't be one.
        """
        with self._writing() as rows:
            found = _known(rows, name)
        check_password(password, found.name)
        digest = self.digests.digest(password)  # while nobody waits to write: it takes its time
        with self._writing() as rows:
            rows.update(found.id, epoch=_known(rows, name).epoch + 1, password=digest)
            rows.forget_links(found.id)
            return _known(rows, name)

    def by_password(self, name: str, password: str) -> PasswordTry:
        """Return what a name and a password open.

        It takes the same work whether there is such an account or not.
        """
        found = None
        if self._database.is_there:
            with self._reading() as rows:
                found = rows.account(name=_folded(name))
        digest = None if found is None else found.password
        fits = self.digests.fits(digest, password)
        if found is None or digest is None or not (fits and found.is_good):
            return PasswordTry(found, opens=False)
        renewed = {}
        if self.digests.is_outdated(digest):
            renewed["password"] = self.digests.digest(password)
        with self._writing() as rows:
            now = rows.account(id=found.id)
            if now is None or now.epoch != found.epoch:  # changed since it was looked at
                return PasswordTry(found, opens=False)
            rows.update(found.id, signed_in_on=self._clock().date(), **renewed)
        return PasswordTry(now, opens=True)

    def sign_in_link(self, name: str, life: timedelta = LINK_LIFE) -> str:
        """Return the secret of a new link that signs an account in once.

        Raises:
            UnknownAccount: if there is none of that name.
            SettingsError: if it is disabled.
        """
        secret = secrets.token_urlsafe(_LINK_BYTES)
        with self._writing() as rows:
            account = _known(rows, name)
            if not account.is_good:
                raise SettingsError(f"the account {account.name!r} is disabled; enable it first")
            rows.add_link(_digest(secret), account.id, self._clock() + life)
        return secret

    def by_link(self, secret: str) -> Account | None:
        """Return the good account of a link, which is used up by this; None if there is none."""
        if not self._database.is_there or len(secret) > _MOST_LETTERS:
            return None
        now = self._clock()
        with self._writing() as rows:
            account_id = rows.take_link(_digest(secret), now)
            found = None if account_id is None else rows.account(id=account_id)
            if found is None or not found.is_good:
                return None
            rows.update(found.id, signed_in_on=now.date())
        return found

    @contextmanager
    def _reading(self) -> Iterator[AccountRows]:
        from serving.accounts.rows import AccountRows  # noqa: PLC0415

        with self._database.reading() as connection:
            yield AccountRows(connection)

    @contextmanager
    def _writing(self) -> Iterator[AccountRows]:
        from serving.accounts.rows import AccountRows  # noqa: PLC0415

        with self._database.writing() as connection:
            yield AccountRows(connection)


def _known(rows: AccountRows, name: str) -> Account:
    found = rows.account(name=_folded(name))
    if found is None:
        raise UnknownAccount(name, [each.name for each in rows.accounts()])
    return found


def _folded(name: str) -> str:
    return name[:_MOST_LETTERS].strip().casefold()


def _role(text: str) -> Role:
    if text not in ROLES:
        raise SettingsError(f"no role {text!r}; the roles are {', '.join(ROLES)}")
    return text


def _area_list(areas: tuple[str, ...] | None) -> Any:  # noqa: ANN401 - as JSON has it
    if areas == ():
        raise SettingsError("an account for some areas needs one at least; leave them out for all")
    return None if areas is None else [*dict.fromkeys(areas)]


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
