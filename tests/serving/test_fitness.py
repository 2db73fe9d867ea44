"""What the settings say now and the issue in service was not made with is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from forewatch.errors import SettingsError
from forewatch.freshness import Behind, ObservationEnd
from forewatch.profile import Profile
from planning.issues import Issue
from serving.fitness import settings_changes, settings_notes, unfit

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

MakeIssue = Callable[..., Issue]
WEEK = {"week": "2026-W43"}


def changed(profile: Profile, **values: Any) -> Profile:
    """The profile with a table's values changed: force={"zone": …}."""
    tables = profile.model_dump()
    return Profile.model_validate(
        {**tables, **{name: {**tables[name], **value} for name, value in values.items()}}
    )


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"force": {"zone": "Europe/Stockholm"}}, "force.zone"),
        ({"force": {"day_starts_at": time(6)}}, "force.day_starts_at"),
        ({"publication": {"stale_after_days": 3}}, "publication.stale_after_days"),
        ({"missing": {"mean_hours": 20.0}}, "missing.mean_hours"),
        ({"levels": {"modelled": "beat"}}, "levels.modelled"),
    ],
)
def test_each_setting_that_changes_what_answers_mean_is_named(
    make_issue: MakeIssue, values: dict[str, Any], name: str
) -> None:
    issue = make_issue()
    assert settings_changes(issue, issue.profile) == ()
    (note,) = settings_changes(issue, changed(issue.profile, **values))
    assert f"answers don't reflect it: {name};" in note


def test_lists_are_compared_whole_and_many_changes_are_counted(make_issue: MakeIssue) -> None:
    issue = make_issue()
    fewer = issue.profile.model_copy(update={"shifts": issue.profile.shifts[:2]})
    (note,) = settings_changes(issue, fewer)
    assert ": shifts;" in note
    missing = {"mean_hours": 20.0, "hours_cv": 2.0, "may_be_short": 0.1, "short": 0.9}
    publication = {"stale_after_days": 3, "horizon_days": 7}
    (note,) = settings_changes(
        issue, changed(fewer, missing=missing, publication=publication, force={"name": "X"})
    )
    assert note.split(": ")[1].split(";")[0].endswith(" and 2 more")


def test_of_settings_that_cant_be_used_nothing_is_repeated_to_strangers(
    make_issue: MakeIssue,
) -> None:
    def read() -> Profile:
        raise SettingsError("forewatch.toml: no area 'secret-place'")

    (note,) = settings_notes(make_issue(), read)
    assert note.startswith("the settings can't be used as they stand")
    assert "secret-place" not in note


def test_readiness_tells_it_whether_ready_or_not(bench: Bench) -> None:
    assert bench.get("/health/ready")["notes"] == []
    bench.profile = changed(bench.profile, force={"zone": "Europe/Stockholm"})
    (note,) = bench.get("/health/ready")["notes"]
    assert "force.zone" in note
    bench.now += pd.Timedelta(days=30)
    assert bench.refused("/health/ready", 503)["notes"] == [note]


def test_a_clock_before_the_data_is_not_ready_and_every_row_says_why(bench: Bench) -> None:
    bench.now -= pd.Timedelta(days=3)
    (reason,) = bench.refused("/health/ready", 503)["reasons"]
    assert "the clock stands before the end of the data" in reason
    for path in ("/v1/forecasts", "/v1/explanations"):
        rows = bench.get(path, **WEEK)["rows"]
        assert {row["state"] for row in rows} == {"stale"}
        assert all(row["reason"].startswith("the clock stands before") for row in rows)


def test_an_area_that_is_behind_is_stale_on_every_route_and_the_issue_lists_it(
    bench: Bench, make_issue: MakeIssue
) -> None:
    made = make_issue()
    until = made.forecast.data_until - pd.Timedelta(days=21)
    observed = ObservationEnd(
        made.forecast.data_until, (Behind("north", "", until, "no call since"),)
    )
    bench.issues().publish(replace(made, observed=observed))
    for path in ("/v1/forecasts", "/v1/explanations"):
        rows = bench.get(path, **WEEK, area=["north", "south"], by="week")["rows"]
        assert [(row["area"], row["state"]) for row in rows] == [
            ("north", "stale"),
            ("south", "forecast"),
        ]
        assert rows[0]["observed_until"] == "2026-09-21T06:00:00Z"
    (listed,) = bench.get("/v1/issues/2")["observed"]["behind"]
    assert listed == {
        "area": "north",
        "call_type": "all",
        "observed_until": "2026-09-21T06:00:00Z",
        "why": "no call since",
    }
    assert "forewatch_areas_and_types_behind 1.0" in bench.client.get("/metrics").text


def test_a_fresh_issue_on_disk_is_fit(make_issue: MakeIssue) -> None:
    issue = make_issue().numbered(3)
    now = issue.published_at + pd.Timedelta(hours=1)
    assert unfit(issue, (1, 3), now) == ()
    (gone,) = unfit(issue, (1,), now)
    assert gone.startswith("the folder of issue 3")
