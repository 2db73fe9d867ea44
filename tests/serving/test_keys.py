from __future__ import annotations

import logging
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from forewatch.errors import AccessError, MissingScope, SettingsError
from serving.keys import KeyRing, Scope

THEN = datetime(2026, 11, 30, 7, tzinfo=UTC)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys.json", clock=lambda: THEN)


def test_a_key_opens_what_it_was_made_for(ring: KeyRing) -> None:
    token = ring.create("rota", ("forecasts:read",))
    assert ring.check(token, "forecasts:read").name == "rota"
    with pytest.raises(
        MissingScope, match="'rota' lacks the scope models:read; it has forecasts:read"
    ):
        ring.check(token, "models:read")


def test_the_file_holds_the_digest_and_never_the_secret(ring: KeyRing) -> None:
    token = ring.create("rota")
    prefix, key_id, secret = token.split("_", 2)
    kept = ring.path.read_text()
    assert prefix == "fw"
    assert secret not in kept
    assert sha256(secret.encode()).hexdigest() in kept
    assert ring.path.stat().st_mode & 0o777 == 0o600
    assert [(key.id, key.created_at, key.revoked_at) for key in ring.list()] == [
        (key_id, THEN, None)
    ]


def test_secrets_have_256_bits_and_differ(ring: KeyRing) -> None:
    secrets = {ring.create("rota").split("_", 2)[2] for _ in range(20)}
    assert len(secrets) == 20
    assert {len(secret) for secret in secrets} == {43}  # 32 bytes in base 64


def test_a_wrong_token_opens_nothing(ring: KeyRing) -> None:
    token = ring.create("rota")
    secret = token.split("_", 2)[2]
    wrong = [
        token[:-1],
        token + "x",
        token.replace("fw_", "fx_"),
        f"fw_00000000_{secret}",
        secret,
        token.upper(),
        "",
        "fw_",
        "fw__",
        "\udcff\xff",
        "x" * 100_000,
    ]
    for spoilt in wrong:
        with pytest.raises(AccessError, match="not known here, or was revoked") as found:
            ring.check(spoilt, "forecasts:read")
        assert not isinstance(found.value, MissingScope)


def test_a_revoked_key_opens_nothing_at_once_for_a_ring_that_knew_it(ring: KeyRing) -> None:
    token, other = ring.create("rota"), ring.create("other")
    serving = KeyRing(ring.path)
    serving.check(token, "forecasts:read")
    assert ring.revoke(token.split("_")[1]).revoked_at == THEN
    with pytest.raises(AccessError, match="revoked"):
        serving.check(token, "forecasts:read")
    serving.check(other, "forecasts:read")
    assert ring.revoke(token.split("_")[1]).revoked_at == THEN


def test_a_new_key_is_good_at_once_for_a_ring_that_was_empty(ring: KeyRing) -> None:
    serving = KeyRing(ring.path)
    assert serving.list() == ()
    serving.check(ring.create("rota"), "forecasts:read")


@pytest.mark.parametrize(
    ("name", "scopes", "message"),
    [
        ("rota", ("forecast:read",), "no scope 'forecast:read'; the scopes are forecasts:read, "),
        (" ", ("forecasts:read",), "a key needs a name and at least one scope"),
        ("rota", (), "a key needs a name and at least one scope"),
    ],
)
def test_a_key_needs_a_name_and_known_scopes(
    ring: KeyRing, name: str, scopes: tuple[Scope, ...], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        ring.create(name, scopes)
    assert ring.list() == ()


def test_an_unknown_key_cannot_be_revoked(ring: KeyRing) -> None:
    key_id = ring.create("rota").split("_")[1]
    with pytest.raises(AccessError, match=f"no key with id 'x'; the ids are: {key_id}"):
        ring.revoke("x")


def test_a_spoilt_file_is_an_error_without_its_digests(ring: KeyRing) -> None:
    ring.create("rota")
    digest = ring.list()[0].sha256
    ring.path.write_text(ring.path.read_text().replace('"name"', '"nome"'))
    with pytest.raises(SettingsError, match=r"keys\.json can't be read; restore it") as found:
        ring.list()
    assert digest not in repr((found.value, found.value.__cause__))


def test_processes_that_make_keys_at_the_same_time_lose_none(ring: KeyRing, root: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from serving.keys import KeyRing\n"
        "for i in range(10): print(KeyRing(Path(sys.argv[1])).create(f'{sys.argv[2]}-{i}'))"
    )
    command = [sys.executable, "-c", script, str(ring.path)]
    makers = [
        subprocess.Popen([*command, name], cwd=root, stdout=subprocess.PIPE, text=True)
        for name in "ab"
    ]
    tokens = [token for maker in makers for token in maker.communicate()[0].split()]
    assert sorted(key.name for key in ring.list()) == sorted(
        f"{name}-{i}" for name in "ab" for i in range(10)
    )
    assert {ring.check(token, "forecasts:read").id for token in tokens} == {
        key.id for key in ring.list()
    }


def test_no_secret_is_logged(ring: KeyRing, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        secret = ring.create("rota").split("_", 2)[2]
        with pytest.raises(AccessError):
            ring.check(f"fw_00000000_{secret}", "forecasts:read")
    assert secret not in caplog.text
