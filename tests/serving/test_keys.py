from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from forewatch.errors import AccessError, MissingScope, SettingsError
from serving.cli import cli
from serving.keys import CALENDAR, SCOPES, KeyRing, Scope
from serving.reach import Reach

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


# Ends, rotation, last use, areas


def test_a_key_ends_when_its_last_day_is_over(tmp_path: Path) -> None:
    now = THEN
    ring = KeyRing(tmp_path / "keys.json", clock=lambda: now)
    token = ring.create("rota", expires_at=THEN + timedelta(days=1))
    now = THEN + timedelta(hours=23, minutes=59)
    ring.check(token, "forecasts:read")
    now = THEN + timedelta(days=1)
    with pytest.raises(AccessError, match=r"the API key ended on 2026-12-01; ask for a new one"):
        ring.check(token, "forecasts:read")
    with pytest.raises(AccessError, match="not known here"):  # a stranger isn't told of its end
        ring.check(token + "x", "forecasts:read")


def test_an_end_in_the_past_is_refused(ring: KeyRing) -> None:
    with pytest.raises(SettingsError, match="2026-11-29 is over; give a later day to --expires"):
        ring.create("rota", expires_at=datetime(2026, 11, 30, tzinfo=UTC))
    assert ring.list() == ()


def test_the_secret_before_a_rotation_stays_good_for_its_time(tmp_path: Path) -> None:
    now = THEN
    ring = KeyRing(tmp_path / "keys.json", clock=lambda: now)
    first = ring.create("rota")
    key_id = first.split("_")[1]
    second, until = ring.rotate(key_id, timedelta(days=7))
    third, _ = ring.rotate(key_id, timedelta(days=1))
    assert until == THEN + timedelta(days=7)
    assert {token.split("_")[1] for token in (first, second, third)} == {key_id}
    assert len({ring.check(token, "forecasts:read").id for token in (first, second, third)}) == 1
    for past, good in ((timedelta(days=1), (first, third)), (timedelta(days=7), (third,))):
        now = THEN + past
        for token in (first, second, third):
            if token in good:
                ring.check(token, "forecasts:read")
            else:
                with pytest.raises(AccessError, match="not known here, or was revoked"):
                    ring.check(token, "forecasts:read")
    ring.revoke(key_id)
    with pytest.raises(AccessError, match="revoked"):
        ring.check(third, "forecasts:read")
    with pytest.raises(AccessError, match=r"key .* \(rota\) was revoked; create a new one"):
        ring.rotate(key_id, timedelta(0))


def test_rotation_never_lengthens_the_life_of_the_secret_before(tmp_path: Path) -> None:
    now = THEN
    ring = KeyRing(tmp_path / "keys.json", clock=lambda: now)
    first = ring.create("rota", expires_at=THEN + timedelta(days=2))
    key_id = first.split("_")[1]
    second, until = ring.rotate(key_id, timedelta(days=7), THEN + timedelta(days=90))
    assert until == THEN + timedelta(days=2)
    now = THEN + timedelta(days=3)
    ring.check(second, "forecasts:read")
    with pytest.raises(AccessError):
        ring.check(first, "forecasts:read")
    now = THEN + timedelta(days=91)
    with pytest.raises(SettingsError, match="has ended; give it a new --expires"):
        ring.rotate(key_id, timedelta(days=7))
    third, _ = ring.rotate(key_id, timedelta(days=7), THEN + timedelta(days=100))
    ring.check(third, "forecasts:read")
    with pytest.raises(AccessError):  # it had ended, and a new end is not for it
        ring.check(second, "forecasts:read")
    assert ring.list()[0].former == ()  # secrets that are over are not kept


def test_a_key_for_some_areas_has_no_scope_that_tells_of_all(ring: KeyRing) -> None:
    with pytest.raises(SettingsError, match="can't have the scope models:read, which tells of the"):
        ring.create("rota", ("forecasts:read", "models:read"), areas=("north",))
    with pytest.raises(SettingsError, match="needs one at least; leave --areas out for all"):
        ring.create("rota", areas=())
    token = ring.create("rota", areas=("north", "south-1", "north"))
    assert ring.check(token, "forecasts:read").reach == Reach(("north", "south-1"))
    assert ring.check(ring.create("all"), "forecasts:read").reach.is_whole


def test_keys_of_the_time_before_areas_are_read(ring: KeyRing) -> None:
    token = ring.create("rota")
    old = {"id", "name", "scopes", "sha256", "created_at", "revoked_at"}
    kept = json.loads(ring.path.read_bytes())
    ring.path.write_text(json.dumps([{name: key[name] for name in old} for key in kept]))
    key = ring.check(token, "forecasts:read")
    assert (key.reach.is_whole, key.expires_at, key.former) == (True, None, ())


def test_the_last_day_of_use_is_written_once_a_day(tmp_path: Path) -> None:
    now = THEN
    ring = KeyRing(tmp_path / "keys.json", clock=lambda: now)
    key = ring.check(ring.create("rota"), "forecasts:read")
    assert ring.last_used() == {}
    assert [ring.is_use_due(key) for _ in range(3)] == [True, False, False]
    ring.note_use(key)
    assert ring.last_used() == {key.id: THEN.date()}
    assert (tmp_path / "keys-used.json").stat().st_mode & 0o777 == 0o600
    now = THEN + timedelta(hours=17)  # the next day begins
    assert [ring.is_use_due(key) for _ in range(2)] == [True, False]
    ring.note_use(key)
    assert ring.last_used() == {key.id: THEN.date() + timedelta(days=1)}


def test_a_late_process_never_puts_an_earlier_day_back(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    early, late = KeyRing(path, lambda: THEN), KeyRing(path, lambda: THEN + timedelta(days=1))
    key = early.check(early.create("rota"), "forecasts:read")
    late.note_use(key)
    early.note_use(key)
    assert early.last_used() == {key.id: THEN.date() + timedelta(days=1)}


def test_a_use_that_can_not_be_written_stops_nobody_and_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = THEN
    ring = KeyRing(tmp_path / "keys.json", clock=lambda: now)
    key = ring.check(ring.create("rota"), "forecasts:read")
    (tmp_path / "keys-used.json").mkdir()  # a folder where the file should be
    assert ring.is_use_due(key)
    ring.note_use(key)
    assert f"the last use of key {key.id} can't be written" in caplog.text
    assert not ring.is_use_due(key)
    (tmp_path / "keys-used.json").rmdir()
    now = THEN + timedelta(minutes=10)
    assert ring.is_use_due(key)
    ring.note_use(key)
    assert ring.last_used() == {key.id: THEN.date()}


def test_spoilt_last_uses_are_noted_anew(ring: KeyRing) -> None:
    key = ring.check(ring.create("rota"), "forecasts:read")
    ring.path.with_name("keys-used.json").write_text("{spoilt")
    assert ring.last_used() == {}
    ring.note_use(key)
    assert ring.last_used() == {key.id: THEN.date()}


def test_processes_that_note_uses_at_the_same_time_lose_none(ring: KeyRing, root: Path) -> None:
    keys = [ring.check(ring.create(f"k{i}"), "forecasts:read") for i in range(12)]
    script = (
        "import sys; from pathlib import Path; from serving.keys import KeyRing\n"
        "ring = KeyRing(Path(sys.argv[1]))\n"
        "for key in ring.list()[int(sys.argv[2])::2]: ring.note_use(key)"
    )
    noting = [
        subprocess.Popen([sys.executable, "-c", script, str(ring.path), part], cwd=root)
        for part in "01"
    ]
    assert [each.wait() for each in noting] == [0, 0]
    assert set(ring.last_used()) == {key.id for key in keys}


def test_the_help_of_the_command_names_every_scope() -> None:
    text = CliRunner().invoke(cli, ["keys", "create", "--help"]).output
    assert all(scope in text for scope in (*SCOPES, CALENDAR))
