"""The tables of the workspace's database, as its migrations make them.

A test compares the two. Instants are UTC, to the microsecond.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcInstant(TypeDecorator[datetime]):
    """An instant with its zone; what is stored is the time in UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what is stored."""
        del dialect
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant that was stored."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(63), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("areas", JSON(none_as_null=True)),  # ids; NULL: the whole force
    Column("password", String(200)),  # Argon2's text; NULL: none, so no sign-in by password
    Column("epoch", Integer, nullable=False),  # sessions of an earlier one have ended
    Column("created_at", UtcInstant, nullable=False),
    Column("disabled_at", UtcInstant),
    Column("signed_in_on", Date),  # the last time, a day of UTC
    sqlite_autoincrement=True,  # an id is never given again: sessions and judgements name it
)

SIGN_IN_LINKS = Table(
    "sign_in_links",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("account_id", Integer, ForeignKey(ACCOUNTS.c.id), nullable=False),
    Column("until", UtcInstant, nullable=False),
)

ENDED_SESSIONS = Table(
    "ended_sessions",
    METADATA,
    Column("nonce", String(64), primary_key=True),
    Column("until", UtcInstant, nullable=False),  # it would have been over by then
)
