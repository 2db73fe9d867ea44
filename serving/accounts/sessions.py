"""Sessions as signed cookies, and the tokens that forms of ours send back.

1. A session's cookie says whose it is, of which epoch, when it began, and a random text of its own.
   The server keeps nothing of it: whether it is still good is a look at the account.
2. A browser's cookie holds a random text, and marks of who signed in from it. It outlives
   sessions and opens nothing: tries to sign in are counted apart for browsers that an account has
   signed in from, so that whoever guesses passwords at the same address slows nobody down.
3. A form's token is an HMAC of the random text of the session, or before there is one of the
   browser's, with a salt of its own each time, so that the size of a packed page tells nothing.

The secret is made once and stays in the workspace, its owner's alone. Without the file everybody
signs in again.

Source:
    OWASP, Cross-Site Request Forgery Prevention (signed double-submit) and Session Management Cheat
    Sheets; OWASP, Slow Down Online Guessing Attacks with Device Cookies; BREACH (CVE-2013-3587).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from forewatch.durable import OWNER_ONLY, write_file
from forewatch.errors import SettingsError
from forewatch.locks import hold_lock

if TYPE_CHECKING:  # commands need none of it
    from itsdangerous import URLSafeSerializer

    from serving.accounts.account import Account

SECRET = "sessions.key"  # noqa: S105 - the name of the file
_SECRET_BYTES = 32
_NONCE_BYTES = 16
_SALT_BYTES = 8
_MARK_BYTES = 8
_MOST_COOKIE_LETTERS = 1000
_MOST_ACCOUNTS = 5  # of one browser, the latest
_AHEAD = timedelta(minutes=1)  # by which clocks of two machines of one service may differ


class Session(NamedTuple):
    """What a session's cookie says."""

    account_id: int
    epoch: int
    nonce: str


class Browser(NamedTuple):
    """What a browser's cookie says: a random text, and marks of who signed in from it."""

    nonce: str
    marks: tuple[str, ...] = ()


class Sessions:
    """Writes and reads the cookies of one workspace."""

    def __init__(self, root: Path, life: timedelta, clock: Callable[[], datetime]) -> None:
        """Remember the workspace's folder; the secret is made when it is first needed.

        Args:
            root: folder of the workspace.
            life: after which a session is over.
            clock: gives the present instant, UTC.
        """
        self._path = root / SECRET
        self.life = life
        self._clock = clock
        self._read: tuple[tuple[int, ...], _Seals] | None = None

    def cookie(self, account: Account) -> str:
        """Return the cookie of a new session."""
        began = int(self._clock().timestamp())
        said = [account.id, account.epoch, began, secrets.token_urlsafe(_NONCE_BYTES)]
        return str(self._seals().sessions.dumps(said))

    def session(self, cookie: str) -> Session | None:
        """Return what a cookie says; None for one that is forged, over, or from the future."""
        said = _loaded(self._seals().sessions, cookie)
        if not (isinstance(said, list) and [type(each) for each in said] == [int, int, int, str]):
            return None
        account_id, epoch, began, nonce = said
        age = self._clock() - datetime.fromtimestamp(began, UTC)
        return Session(account_id, epoch, nonce) if -_AHEAD <= age < self.life else None

    def new_browser(self) -> Browser:
        """Return a browser that nobody has signed in from."""
        return Browser(secrets.token_urlsafe(_NONCE_BYTES))

    def browser_cookie(self, browser: Browser) -> str:
        """Return the cookie of a browser."""
        return str(self._seals().browsers.dumps([browser.nonce, *browser.marks]))

    def browser(self, cookie: str) -> Browser | None:
        """Return what a browser's cookie says; None for one that is forged."""
        said = _loaded(self._seals().browsers, cookie)
        is_one = isinstance(said, list) and said and isinstance(said[0], str)
        return Browser(said[0], tuple(said[1:])) if is_one else None

    def has_signed_in(self, browser: Browser, name: str) -> bool:
        """Return whether the account of a name signed in from a browser before."""
        return self._mark(name) in browser.marks

    def with_sign_in(self, browser: Browser, name: str) -> Browser:
        """Return a browser from which one more account signed in."""
        mark = self._mark(name)
        others = (each for each in browser.marks if each != mark)
        return Browser(browser.nonce, (mark, *others)[:_MOST_ACCOUNTS])

    def _mark(self, name: str) -> str:
        """Return what stands for an account's name; who reads the cookie learns no name."""
        text = name.strip().casefold().encode()
        return hmac.digest(self._seals().marks, text, "sha256")[:_MARK_BYTES].hex()

    def form_token(self, nonce: str) -> str:
        """Return a token for a form, of a session's or a browser's random text."""
        return self._form_token(nonce, secrets.token_urlsafe(_SALT_BYTES))

    def is_form_token(self, token: str, nonce: str) -> bool:
        """Return whether a token is one that a form was given for this random text."""
        salt, _, _ = token[:_MOST_COOKIE_LETTERS].partition(".")
        return hmac.compare_digest(self._form_token(nonce, salt).encode(), token.encode())

    def _form_token(self, nonce: str, salt: str) -> str:
        digest = hmac.digest(self._seals().forms, f"{salt} {nonce}".encode(), "sha256")
        return f"{salt}.{digest.hex()}"

    def _seals(self) -> _Seals:
        """Return what signs with the secret of the file, as it is now."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            self._make()
            there = self._path.stat()
        signature = (there.st_mtime_ns, there.st_ino, there.st_size)
        if self._read is None or self._read[0] != signature:
            secret = self._path.read_bytes()
            if len(secret) < _SECRET_BYTES:
                raise SettingsError(
                    f"{self._path.name} is damaged; remove it: everybody then signs in again"
                )
            self._read = signature, _Seals(secret)
        return self._read[1]

    def _make(self) -> None:
        with hold_lock(self._path.parent / ".locks" / "sessions.lock"):
            if not self._path.exists():  # nobody else made it meanwhile
                write_file(self._path, secrets.token_bytes(_SECRET_BYTES), OWNER_ONLY)


class _Seals:
    """What signs with one secret, each kind of thing with a key of its own."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.forms = hmac.digest(secret, b"forewatch forms", "sha256")
        self.marks = hmac.digest(secret, b"forewatch marks", "sha256")

    @cached_property
    def sessions(self) -> URLSafeSerializer:
        """Of sessions."""
        return self._serializer("forewatch sessions")

    @cached_property
    def browsers(self) -> URLSafeSerializer:
        """Of browsers."""
        return self._serializer("forewatch browsers")

    def _serializer(self, salt: str) -> URLSafeSerializer:
        from itsdangerous import URLSafeSerializer  # noqa: PLC0415

        how = {"key_derivation": "hmac", "digest_method": sha256}
        return URLSafeSerializer(self._secret, salt=salt, signer_kwargs=how)


def _loaded(serializer: URLSafeSerializer, cookie: str) -> Any:  # noqa: ANN401 - JSON
    from itsdangerous import BadData  # noqa: PLC0415

    if len(cookie) > _MOST_COOKIE_LETTERS:
        return None
    try:
        return serializer.loads(cookie)
    except BadData:
        return None
