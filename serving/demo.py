"""Use case: the whole way on the demo force, by the same use cases that a force goes by.

1. An openly synthetic force is drawn and written as the files that a force would send.
2. They are imported and checked, and what calls take is learned from them; a model is trained,
   promoted, and an issue published.
3. A plan of duty is imported: what the mean week needs, so that there is something to judge.
4. Next week's forecast is shown, with a key to ask for it over HTTP.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, time
from pathlib import Path

import pandas as pd

from forewatch.clock import Clock
from forewatch.durable import write_file
from forewatch.errors import SettingsError
from forewatch.progress import Progress
from serving import (
    checking,
    importing,
    issuing,
    modelling,
    people,
    service_times,
    training,
)
from serving.answers import answer
from serving.demo_plan import plan_csv
from serving.pooling import settle_pools
from serving.running import create_key
from serving.subjects import subjects_of
from serving.workspace import SETTINGS, Workspace
from serving.writers import terminal
from sources import synthetic
from sources.synthetic import plan
from sources.synthetic.files import SHAPES_FILE, TABLE_FILES

_MARK = "demo.json"
_EXTRACT = "extract"
_PLAN_FILE = "plan.csv"
_KEY = "demo"
_ACCOUNT = "demo"
_VIEWS = """
[[views]]
id = "control-room"
title = "Calls by shift, for the force and each district"
answer = "forecast"
question = { area = ["force", "district"], by = "shift" }
columns = ["area_name", "period", "start_local", "mean", "q10", "q90"]

[[views]]
id = "coast"
title = "What visitors and events bring to the coast, day by day"
answer = "explain"
question = { area = ["north-somerset", "sedgemoor", "west-somerset"] }
columns = ["area_name", "start_local", "mean", "season", "tourism", "events"]
"""


@dataclass(frozen=True)
class DemoSize:
    """What demo force is built; until is the force-day at whose start its history ends.

    hot_weekends: growth of calls a degree of heat at weekends, see `sources.synthetic.weather`.
    """

    scale: float = 1.0
    years: float = 3.0
    until: str = ""
    hot_weekends: float = 0.0


@dataclass(frozen=True)
class Built:
    """A demo workspace that is ready to be asked."""

    workspace: Workspace
    week: str
    key: str
    text: str


def build(root: Path, size: DemoSize, progress: Progress, now: pd.Timestamp | None = None) -> Built:
    """Make the demo workspace, or take it up where it was made before.

    Args:
        root: folder of the workspace.
        size: what demo force is built.
        progress: is told what is being done.
        now: instant (UTC) after which the week that is shown begins; the present if None.

    Raises:
        SettingsError: if the folder holds another workspace, or a demo of another size.
    """
    workspace = Workspace(root)
    if not (root / _MARK).exists():
        _draw(workspace, size, progress)
    marked = json.loads((root / _MARK).read_text(encoding="utf-8"))
    asked = asdict(size) | ({} if size.until else {"until": marked["until"]})
    if marked != asked:
        raise SettingsError(
            f"{root} holds a demo of another size ({marked}); delete it, or choose another folder "
            "with --workspace"
        )
    if not workspace.issues().numbers():
        _import(workspace, marked["until"], progress)
        workspace = Workspace(root)  # its settings have the service times now
        _publish(workspace, progress)
    week = _next_week(workspace, pd.Timestamp.now("UTC") if now is None else now)
    return Built(workspace, week, _key(workspace), _text(workspace, week))


def curl(built: Built, port: int) -> str:
    """Return lines that fetch next week's forecast from the running service."""
    url = f"http://127.0.0.1:{port}/v1/forecasts?week={built.week}&area=district&by=day"
    return f'curl -H "Authorization: Bearer {built.key}" \\\n  "{url}"'


def sign_in_lines(built: Built, port: int) -> str:
    """Return lines with a new address that signs the demo's account in, once."""
    accounts = built.workspace.accounts()
    if all(each.name != _ACCOUNT for each in accounts.list()):
        people.create_account(built.workspace, _ACCOUNT, "analyst")
    address = people.sign_in_address(built.workspace, _ACCOUNT, f"http://127.0.0.1:{port}")
    return (
        f"The page, for the one who opens this address within {people.LINK_MINUTES} minutes, once:"
        f"\n{address}\nAnother: forewatch -w {built.workspace.root} users link {_ACCOUNT}"
    )


def last_monday(clock: Clock, now: pd.Timestamp) -> date:
    """Return the latest Monday whose force-day has begun.

    >>> from datetime import time
    >>> clock = Clock("Europe/London", time(7))
    >>> last_monday(clock, pd.Timestamp("2026-11-23T06:59Z")).isoformat()
    '2026-11-16'
    """
    day = clock.force_day(pd.DatetimeIndex([now]))[0]
    return (day - pd.Timedelta(days=day.weekday())).date()


def _draw(workspace: Workspace, size: DemoSize, progress: Progress) -> None:
    """Write the force's files; the mark comes last, so that a half-drawn force is drawn anew."""
    root = workspace.root
    if (root / SETTINGS).exists() and not (root / _EXTRACT).exists():
        raise SettingsError(f"{root} holds a workspace that is no demo; choose another folder")
    progress("drawing the demo force", 0, 0)
    until = date.fromisoformat(size.until) if size.until else None
    if until is None:
        clock = Clock(plan.ZONE, time(plan.DAY_STARTS_AT_HOUR))
        until = last_monday(clock, pd.Timestamp.now("UTC"))
    force = synthetic.demo_force(
        scale=size.scale, years=size.years, until=until, hot_weekends=size.hot_weekends
    )
    progress("writing its files", 0, 0)
    (root / _EXTRACT).mkdir(parents=True, exist_ok=True)
    synthetic.write(force, root / _EXTRACT)
    write_file(root / SETTINGS, (root / _EXTRACT / SETTINGS).read_bytes() + _VIEWS.encode())
    mark = asdict(size) | {"until": until.isoformat()}
    write_file(root / _MARK, json.dumps(mark).encode())


def _import(workspace: Workspace, until: str, progress: Progress) -> None:
    """Import the force's files and stop where the check finds something to mend."""
    extract = workspace.root / _EXTRACT
    there = {name: file for name, file in TABLE_FILES.items() if (extract / file).exists()}
    for number, (name, file) in enumerate(there.items()):
        progress("importing tables", number, len(TABLE_FILES))
        importing.import_table_file(workspace, name, extract / file, None)
    if (shapes := extract / SHAPES_FILE).exists():  # not of demos that were drawn before
        importing.import_shape_file(workspace, shapes, None, None)
    progress("importing tables", len(TABLE_FILES), len(TABLE_FILES))
    importing.import_call_log(
        workspace, extract / "calls.csv", extract / "mapping.toml", until, progress
    )
    progress("checking", 0, 0)
    if mend := checking.check_report(workspace).must_be_mended:
        raise SettingsError(f"the demo force must be mended: {'; '.join(map(str, mend))}")
    progress("learning service times", 0, 0)
    service_times.save_service_times(workspace, service_times.learn_service_times(workspace))


def _publish(workspace: Workspace, progress: Progress) -> None:
    """Train, promote and publish. What the gate refuses is promoted all the same, and says so."""
    progress("reading the history", 0, 0)
    history = settle_pools(workspace)
    for subject in subjects_of(workspace.profile):
        done = training.train_challenger(
            workspace, history, subject, until=None, jobs=None, progress=progress
        )
        version = done.version
        reason = "" if version.passed else "the demo shows a forecast whatever the gate says"
        modelling.promote_version(workspace, subject, version.version, "demo", reason, force=True)
    made = issuing.publish_issue(workspace, origin=None, days=None, progress=progress)
    progress(f"publishing the forecast of version {made.model_version}", 1, 1)
    _tell_plan(workspace, progress)


def _tell_plan(workspace: Workspace, progress: Progress) -> None:
    """Import a plan of duty, where the force has hours to judge it by."""
    issue = workspace.issues().latest()
    if issue.forecast.rates.step == "day":
        return
    progress("planning officers for the mean week", 0, 0)
    file = workspace.root / _EXTRACT / _PLAN_FILE
    write_file(file, plan_csv(issue).encode())
    importing.import_table_file(workspace, "plan", file, None)


def _next_week(workspace: Workspace, now: pd.Timestamp) -> str:
    """Return the label of the first whole ISO week of the latest issue that is still ahead."""
    issue = workspace.issues().latest()
    clock = Clock.of(issue.profile)
    days, edges = issue.forecast.rates.force_days, issue.forecast.rates.day_edges
    # Of an old demo nothing is ahead any more: its last whole week then.
    after = min(now, edges[-1] - pd.Timedelta(days=14))
    ahead = days[(days.day_of_week == 0) & (edges[:-1] >= after)]
    return clock.week_label(ahead[0])


def _key(workspace: Workspace) -> str:
    """Return a new key for the demo; the one of an earlier run is revoked."""
    ring = workspace.keys()
    for key in ring.list():
        if key.name == _KEY and key.revoked_at is None:
            ring.revoke(key.id)
    return create_key(workspace, _KEY, ("forecasts:read", "models:read"))


def _text(workspace: Workspace, week: str) -> str:
    """Return the week's forecast for the force by day, and by district for the whole week.

    The second says what missing-person demand each district has to expect.
    """
    tables = (
        *answer(workspace, "forecast", {"week": week}),
        *answer(
            workspace,
            "forecast",
            {"week": week, "area": ("district",), "by": "week"},
            beside=True,
        ),
    )
    return "\n\n".join(map(terminal.table_text, tables)) + "\n"
