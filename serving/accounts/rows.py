"""Accounts, sign-in links and ended sessions as rows of the workspace's database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from serving.accounts.account import Account
from serving.database.tables import ACCOUNTS, ENDED_SESSIONS, SIGN_IN_LINKS


class AccountRows:
    """The rows as one connection sees and writes them, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Remember the connection."""
        self._connection = connection

    def accounts(self) -> tuple[Account, ...]:
        """Return every account in the order of making."""
        rows = self._connection.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.id)).mappings()
        return tuple(_account(row) for row in rows)

    def account(self, **by: object) -> Account | None:
        """Return the account with a value in a column, `id` or `name`; None if there is none."""
        found = self._connection.execute(select(ACCOUNTS).filter_by(**by)).mappings()
        row = found.one_or_none()
        return None if row is None else _account(row)

    def add(self, **values: object) -> None:
        """Add an account."""
        self._connection.execute(insert(ACCOUNTS).values(**values))

    def update(self, account_id: int, **values: object) -> None:
        """Give columns of an account other values."""
        changed = update(ACCOUNTS).where(ACCOUNTS.c.id == account_id)
        self._connection.execute(changed.values(**values))

    def add_link(self, digest: str, account_id: int, until: datetime) -> None:
        """Add a link by the digest of its secret."""
        values = {"sha256": digest, "account_id": account_id, "until": until}
        self._connection.execute(insert(SIGN_IN_LINKS).values(**values))

    def take_link(self, digest: str, now: datetime) -> int | None:
        """Return the account of a link and delete it, with all that are over; None if none."""
        links = SIGN_IN_LINKS
        self._connection.execute(delete(links).where(links.c.until <= now))
        used = delete(links).where(links.c.sha256 == digest).returning(links.c.account_id)
        return self._connection.execute(used).scalar()

    def forget_links(self, account_id: int) -> None:
        """Delete the links of an account."""
        gone = delete(SIGN_IN_LINKS).where(SIGN_IN_LINKS.c.account_id == account_id)
        self._connection.execute(gone)

    def is_ended(self, nonce: str) -> bool:
        """Return whether a session was ended before its time."""
        found = select(ENDED_SESSIONS.c.nonce).filter_by(nonce=nonce)
        return self._connection.execute(found).one_or_none() is not None

    def end_session(self, nonce: str, until: datetime, now: datetime) -> None:
        """Note a session as ended until it would be over; forget those that would be by now."""
        ended = ENDED_SESSIONS
        self._connection.execute(delete(ended).where(ended.c.until <= now))
        if not self.is_ended(nonce):
            self._connection.execute(insert(ended).values(nonce=nonce, until=until))


def _account(row: RowMapping) -> Account:
    held: dict[str, Any] = dict(row)
    areas = held["areas"]
    return Account(**held | {"areas": None if areas is None else tuple(areas)})
