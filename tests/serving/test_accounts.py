"""Accounts: who may sign in, and what ends their sessions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from forewatch.errors import MissingRole, SettingsError, UnknownAccount
from serving.accounts.account import Account
from serving.accounts.accounts import LINK_LIFE, Accounts
from serving.accounts.roles import ROLES, Role
from serving.accounts.sessions import Session
from serving.accounts.viewers import Viewer
from serving.database.store import DATABASE
from serving.reach import Reach

PASSWORD = "four words none relate"  # noqa: S105 - of tests
OTHER = "entirely other words here"


@dataclass
class Office:
    """Accounts under a clock that tests set."""

    root: Path
    now: datetime = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    accounts: Accounts = field(init=False)

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.root, lambda: self.now)

    def is_on(self, account: Account, nonce: str = "n") -> bool:
        return self.accounts.in_session(Session(account.id, account.epoch, nonce)) is not None


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_an_account_is_what_it_was_made_as(office: Office) -> None:
    made = office.accounts.create(
        " Ann.Lee ", "planner", areas=("north", "north"), password=PASSWORD
    )
    assert (made.name, made.role, made.areas, made.epoch) == ("ann.lee", "planner", ("north",), 1)
    assert (made.created_at, made.signed_in_on, made.is_good) == (office.now, None, True)
    assert made.viewer == Viewer("account:1", "ann.lee", Reach(("north",)), "planner")
    assert office.accounts.list() == (made,)
    content = b"".join(path.read_bytes() for path in office.root.iterdir() if path.is_file())
    assert PASSWORD.encode() not in content


@pytest.mark.parametrize(
    ("name", "role", "areas", "password", "said"),
    [
        ("", "viewer", None, None, "no name for an account: ''"),
        ("ann lee", "viewer", None, None, "no name for an account"),
        ("<b>", "viewer", None, None, "no name for an account"),
        ("x" * 64, "viewer", None, None, "no name for an account"),
        ("\u202eann", "viewer", None, None, "no name for an account"),
        ("bob", "chief", None, None, "no role 'chief'; the roles are viewer, planner, analyst"),
        ("bob", "viewer", (), None, "needs one at least"),
        ("bob", "viewer", None, "short", "has 5 characters"),
        ("ANN", "viewer", None, None, "there is an account 'ann' already"),
    ],
)
def test_an_account_that_can_not_be_is_refused(
    office: Office,
    name: str,
    role: str,
    areas: tuple[str, ...] | None,
    password: str | None,
    said: str,
) -> None:
    office.accounts.create("ann", "viewer")
    with pytest.raises(SettingsError, match=said):
        office.accounts.create(name, role, areas=areas, password=password)
    assert len(office.accounts.list()) == 1


def test_a_password_opens_its_good_account_alone(office: Office) -> None:
    office.accounts.create("ann", "viewer", password=PASSWORD)
    office.accounts.create("bob", "viewer")
    opened = office.accounts.by_password(" Ann ", PASSWORD)
    assert opened.opens
    assert office.accounts.list()[0].signed_in_on == date(2026, 10, 25)
    for name, password in (("ann", OTHER), ("ann", ""), ("bob", ""), ("bob", PASSWORD), ("", "")):
        assert not office.accounts.by_password(name, password).opens
    office.accounts.change("ann", is_enabled=False)
    assert not office.accounts.by_password("ann", PASSWORD).opens
    office.accounts.change("ann", is_enabled=True)
    assert office.accounts.by_password("ann", PASSWORD).opens


def test_every_try_costs_one_digest_whoever_it_is_for(office: Office, tmp_path: Path) -> None:
    office.accounts.create("ann", "viewer", password=PASSWORD)
    office.accounts.create("bob", "viewer")
    office.accounts.create("off", "viewer", password=PASSWORD)
    office.accounts.change("off", is_enabled=False)
    nobody = Accounts(tmp_path / "empty")
    for accounts, name in (
        (office.accounts, "ann"),
        (office.accounts, "bob"),
        (office.accounts, "off"),
        (office.accounts, "who"),
        (nobody, "ann"),
    ):
        before = accounts.digests.computed
        assert not accounts.by_password(name, OTHER).opens
        assert accounts.digests.computed == before + 1, name


def test_a_digest_of_former_parameters_is_renewed_by_signing_in(office: Office) -> None:
    before = office.accounts.create("ann", "viewer", password=PASSWORD)
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    connection = sqlite3.connect(office.root / DATABASE)
    connection.execute("UPDATE accounts SET password = ?", (weak,))
    connection.commit()
    connection.close()
    assert office.accounts.by_password("ann", PASSWORD).opens
    (after,) = office.accounts.list()
    assert after.password not in (weak, None)
    assert after.epoch == before.epoch  # sessions go on
    assert office.accounts.by_password("ann", PASSWORD).opens


def test_sessions_end_with_whatever_makes_the_account_another(office: Office) -> None:
    accounts = office.accounts
    accounts.create("ann", "viewer", areas=("north",), password=PASSWORD)
    changes: tuple[Callable[[], Account], ...] = (
        lambda: accounts.change("ann", role="planner"),
        lambda: accounts.change("ann", areas=("south",)),
        lambda: accounts.change("ann", sees_all=True),
        lambda: accounts.set_password("ann", OTHER),
        lambda: accounts.change("ann", is_enabled=False),
    )
    for change in changes:
        (before,) = accounts.list()
        assert office.is_on(before)
        after = change()
        assert after.epoch == before.epoch + 1
        assert not office.is_on(before)
        assert office.is_on(after) == after.is_good
    assert not office.is_on(accounts.list()[0])  # disabled, though the epoch is today's


def test_a_change_that_changes_nothing_ends_nothing(office: Office) -> None:
    made = office.accounts.create("ann", "viewer", areas=("north",))
    assert office.accounts.change("ann") == made
    assert office.accounts.change("ann", role="viewer", areas=("north",), is_enabled=True) == made


def test_a_session_that_was_signed_out_of_is_over_and_others_go_on(office: Office) -> None:
    made = office.accounts.create("ann", "viewer")
    life = timedelta(hours=12)
    office.accounts.end_session(Session(made.id, made.epoch, "one"), life)
    office.accounts.end_session(Session(made.id, made.epoch, "one"), life)  # twice is once
    assert [office.is_on(made, nonce) for nonce in ("one", "two")] == [False, True]
    office.now += life
    office.accounts.end_session(Session(made.id, made.epoch, "two"), life)
    connection = sqlite3.connect(office.root / DATABASE)
    assert connection.execute("SELECT nonce FROM ended_sessions").fetchall() == [("two",)]
    connection.close()


def test_a_link_works_once_and_for_a_while_and_only_its_digest_is_kept(office: Office) -> None:
    made = office.accounts.create("ann", "viewer")
    link = office.accounts.sign_in_link("ann")
    content = b"".join(path.read_bytes() for path in office.root.iterdir() if path.is_file())
    assert link.encode() not in content
    found = office.accounts.by_link(link)
    assert found is not None
    assert found.id == made.id
    assert office.accounts.by_link(link) is None
    late = office.accounts.sign_in_link("ann")
    office.now += LINK_LIFE
    assert office.accounts.by_link(late) is None
    assert office.accounts.by_link("x" * 43) is None
    assert office.accounts.by_link("x" * 10_000) is None


def test_links_end_with_the_account_as_it_was(office: Office) -> None:
    office.accounts.create("ann", "viewer", password=PASSWORD)
    changes: tuple[Callable[[], Account], ...] = (
        lambda: office.accounts.change("ann", role="planner"),
        lambda: office.accounts.set_password("ann", OTHER),
        lambda: office.accounts.change("ann", is_enabled=False),
    )
    for change in changes:
        link = office.accounts.sign_in_link("ann")
        change()
        assert office.accounts.by_link(link) is None
    with pytest.raises(SettingsError, match="'ann' is disabled; enable it first"):
        office.accounts.sign_in_link("ann")


def test_an_unknown_account_is_told_with_the_near_ones(office: Office) -> None:
    with pytest.raises(UnknownAccount, match="no account 'ann'; there is none"):
        office.accounts.change("ann", role="planner")
    office.accounts.create("anna", "viewer")
    changes: tuple[Callable[[], object], ...] = (
        lambda: office.accounts.change("ann", role="planner"),
        lambda: office.accounts.set_password("ann", PASSWORD),
        lambda: office.accounts.sign_in_link("ann"),
    )
    for change in changes:
        with pytest.raises(UnknownAccount, match="no account 'ann'; near names: anna"):
            change()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_those_before_it_may(role: Role) -> None:
    viewer = Viewer("1", "ann", Reach(), role)
    may = [each for each in ROLES if viewer.has_role(each)]
    assert may == [*ROLES[: ROLES.index(role) + 1]]
    for each in ROLES:
        if each in may:
            viewer.refuse_below(each)
        else:
            with pytest.raises(MissingRole, match=f"for the role {each}, and 'ann' has the role"):
                viewer.refuse_below(each)
