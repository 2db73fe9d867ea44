"""Cookies of sessions and browsers, and tokens of forms: only ours, only of today."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.errors import SettingsError
from serving.accounts.account import Account
from serving.accounts.sessions import SECRET, Browser, Sessions

LIFE = timedelta(hours=12)
START = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
ANN = Account(7, "ann", "viewer", None, None, 3, START, None, None)


@dataclass
class Desk:
    """Sessions under a clock that tests set."""

    root: Path
    now: datetime = START
    sessions: Sessions = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.root, LIFE, lambda: self.now)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_session_says_whose_it_is_and_no_two_are_alike(desk: Desk) -> None:
    first, second = desk.sessions.cookie(ANN), desk.sessions.cookie(ANN)
    read = desk.sessions.session(first)
    assert read is not None
    assert (read.account_id, read.epoch) == (7, 3)
    assert first != second


def test_a_session_lasts_as_long_as_it_says_and_none_begins_in_the_future(desk: Desk) -> None:
    cookie = desk.sessions.cookie(ANN)
    for after, is_on in (
        (timedelta(seconds=-61), False),
        (timedelta(seconds=-30), True),  # another machine's clock
        (LIFE - timedelta(seconds=1), True),
        (LIFE, False),
        (timedelta(days=4000), False),
    ):
        desk.now = START + after
        assert (desk.sessions.session(cookie) is not None) == is_on, after


def test_a_cookie_of_another_secret_or_kind_or_with_a_letter_changed_is_none(
    desk: Desk, tmp_path: Path
) -> None:
    cookie = desk.sessions.cookie(ANN)
    browser = desk.sessions.browser_cookie(desk.sessions.new_browser())
    foreign = Desk(tmp_path / "other").sessions
    assert foreign.session(cookie) is None
    assert foreign.browser(browser) is None
    assert desk.sessions.session(browser) is None
    assert desk.sessions.browser(cookie) is None
    for place in range(len(cookie)):
        other = "A" if cookie[place] != "A" else "Q"
        # the last letters of a signature hold bits that are not used
        forged = desk.sessions.session(f"{cookie[:place]}{other}{cookie[place + 1 :]}")
        assert forged is None or forged == desk.sessions.session(cookie)
    assert desk.sessions.session("x" * 100_000) is None


@given(st.text(max_size=300))
def test_no_text_of_others_is_a_session_a_browser_or_a_token(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    sessions = Sessions(tmp_path_factory.getbasetemp() / "texts", LIFE, lambda: START)
    assert sessions.session(text) is None
    assert sessions.browser(text) is None
    assert not sessions.is_form_token(text, "nonce")


def test_a_token_is_of_one_random_text_and_never_the_same_twice(desk: Desk) -> None:
    first, second = desk.sessions.form_token("one"), desk.sessions.form_token("one")
    assert first != second
    for token in (first, second):
        assert desk.sessions.is_form_token(token, "one")
        assert not desk.sessions.is_form_token(token, "two")
        assert not desk.sessions.is_form_token(f"x{token}", "one")
    assert not desk.sessions.is_form_token("", "one")


def test_a_browser_remembers_the_last_accounts_without_their_names(desk: Desk) -> None:
    browser = desk.sessions.new_browser()
    for name in ("ann", "bob", "cat", "dan", "eve", "fay", "Bob "):
        browser = desk.sessions.with_sign_in(browser, name)
    known = ["bob", "fay", "eve", "dan", "cat"]
    cookie = desk.sessions.browser_cookie(browser)
    read = desk.sessions.browser(cookie)
    assert read == browser
    names = ("ann", *known, "who")
    assert [name for name in names if desk.sessions.has_signed_in(browser, name)] == known
    assert len(browser.marks) == 5
    assert not desk.sessions.has_signed_in(Browser(browser.nonce), "bob")


def test_the_secret_is_made_once_for_its_owner_alone(desk: Desk) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(Desk(desk.root).sessions.cookie(ANN)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(desk.sessions.session(cookie) is not None for cookie in found)
    assert len(found) == 8
    assert (desk.root / SECRET).stat().st_mode & 0o777 == 0o600


def test_without_the_secret_everybody_signs_in_again_and_a_damaged_one_says_so(desk: Desk) -> None:
    cookie = desk.sessions.cookie(ANN)
    (desk.root / SECRET).unlink()
    assert desk.sessions.session(cookie) is None
    assert desk.sessions.session(desk.sessions.cookie(ANN)) is not None
    (desk.root / SECRET).write_bytes(b"x")
    with pytest.raises(SettingsError, match=r"sessions\.key is damaged; remove it"):
        desk.sessions.session(cookie)
