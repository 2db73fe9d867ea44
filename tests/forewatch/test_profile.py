import numpy as np
import pytest
from pydantic import ValidationError

from forewatch.errors import SettingsError
from forewatch.profile import (
    AreaEntry,
    CallType,
    Force,
    Levels,
    Missing,
    Profile,
    Publication,
)
from forewatch.shifts import Shift

FORCE = {"id": "test", "name": "Test", "zone": "Europe/London"}


def profile(**changes: object) -> Profile:
    """A profile of one area and one call type."""
    plain = {
        "force": FORCE,
        "levels": {"names": ["force"], "modelled": "force"},
        "areas": [{"id": "all-of-it", "name": "All"}],
        "call_types": [{"id": "theft", "name": "Theft"}],
        "grades": ["immediate"],
    }
    return Profile.model_validate(plain | changes)


def test_a_small_profile_has_its_tree_and_types() -> None:
    found = profile()
    assert found.tree().root == "all-of-it"
    assert found.call_type_ids == ("theft",)
    assert found.force.day_starts_at.hour == 7


def test_an_area_with_a_reserved_id_is_refused_by_the_profiles_tree() -> None:
    with pytest.raises(SettingsError, match="no area may have the id each"):
        profile(areas=[{"id": "each", "name": "Each"}]).tree()
    assert profile(areas=[{"id": "force", "name": "F"}]).tree().root == "force"


def test_a_written_profile_reads_back_the_same() -> None:
    found = profile(shifts=[{"id": "night", "name": "Night", "start": "21:30", "end": "07:30"}])
    assert Profile.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"zone": "x"}, "Extra inputs are not permitted"),
        ({"force": FORCE | {"zone": "Europe/Bristol"}}, "no time zone 'Europe/Bristol'"),
        ({"force": FORCE | {"id": "No Capitals"}}, "should match pattern"),
        ({"levels": {"names": ["force"], "modelled": "beat"}}, "modelled = 'beat' is not one of"),
        (
            {"grades": ["urgent"]},
            "'urgent' is none of the standard grades .* as a table",
        ),
        ({"grades": ["routine", "routine"]}, "grades holds an id twice"),
        ({"grades": []}, "grades is empty"),
        ({"area_kinds": ["hilly"]}, "'hilly' is none of the standard area_kinds"),
        ({"area_kinds": ["coast", "coast"]}, "area_kinds holds an id twice"),
        (
            {"areas": [{"id": "a", "name": "A", "kind": "hilly"}]},
            "areas: a is of kind 'hilly', which is none of urban, rural, coast, mixed; mend it",
        ),
        (
            {"grades": [{"id": "all", "name": "A", "work": "urgent"}]},
            "no grade may have the id all: .* give the grade another id",
        ),
        ({"call_types": []}, "at least 1 item"),
        ({"call_types": [{"id": "a", "name": "A"}] * 2}, "call_types holds an id twice"),
        ({"call_types": [{"id": "all", "name": "A"}]}, "no call type may have the id all"),
        ({"call_types": [{"id": "each", "name": "A"}]}, "no call type may have the id each"),
        (
            {"call_types": [{"id": "exclude", "name": "A"}]},
            "may have the id exclude: .* another id",
        ),
        ({"call_types": [{"id": "force", "name": "A"}]}, "no call type may have the id force"),
        ({"levels": {"names": ["all"], "modelled": "all"}}, "no level may be named all"),
        ({"levels": {"names": ["a", "a"], "modelled": "a"}}, "names holds a level twice: a, a"),
        ({"publication": {"percentiles": [0]}}, "greater than or equal to 1"),
        ({"publication": {"horizon_days": 900}}, "less than or equal to 400"),
    ],
)
def test_what_can_not_be_meant_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        profile(**changes)


def test_models_are_frozen_and_defaults_stand() -> None:
    found = profile()
    with pytest.raises(ValidationError, match="frozen"):
        found.grades = ()
    assert Publication().percentiles == (5, 10, 25, 50, 75, 90, 95)
    assert Levels().modelled == "district"
    assert AreaEntry(id="a", name="A").kind == "mixed"
    assert CallType(id="a", name="A").id == "a"
    assert Force.model_validate(FORCE).holiday_country is None
    assert Shift(id="n", name="N", start="21:30", end="07:30").end.hour == 7  # type: ignore[arg-type]


def test_missing_person_types_are_those_named_or_the_one_of_that_name() -> None:
    theft, missing, absent = (
        {"id": i, "name": i} for i in ("theft", "missing_person", "absent_person")
    )
    assert profile().missing_call_types == ()
    assert profile(call_types=[theft, missing]).missing_call_types == ("missing_person",)
    both = {"call_types": ["missing_person", "absent_person"]}
    found = profile(call_types=[theft, missing, absent], missing=both)
    assert found.missing_call_types == ("missing_person", "absent_person")


def test_the_default_release_follows_the_published_shares_found() -> None:
    first, second, *later = Missing().release
    assert first == pytest.approx(0.4 * 0.79 + 0.6 * 0.76)
    assert first + second == pytest.approx(0.4 * 0.90 + 0.6 * 0.86)
    # The share of the second day in what was left, day by day, over the rest.
    pace = second / (1 - first)
    fall = (1 - pace) ** np.arange(5)
    assert later == pytest.approx((1 - first - second) * fall / fall.sum(), abs=6e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"release": [0.5, 0.4]}, "release adds up to 0.9; its shares make 1"),
        ({"may_be_short": 0.6}, "may_be_short = 0.6 is above short = 0.5"),
        ({"call_types": ["lost"]}, "missing.call_types: lost is no call type"),
        (
            {"reserved": [{"area": "all-of-it", "period": "noon", "hours": 3}]},
            "period noon; want one of day, week",
        ),
        ({"names": ["x"]}, "Extra inputs are not permitted"),
    ],
)
def test_missing_person_settings_that_can_not_be_meant_are_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        profile(missing=changes)


ANY_SHIFT = "or another one (shifts may start at any minute)"
WRITE_LOCAL = "write the local time, such as 07:30, and the zone under zone"


@pytest.mark.parametrize(
    ("opens", "message"),
    [
        ("07:05", f"= 07:05:00 is not at a quarter of an hour; use 07:00 {ANY_SHIFT}"),
        ("07:30:20", f"= 07:30:20 is not at a quarter of an hour; use 07:30 {ANY_SHIFT}"),
        ("07:30Z", f"= 07:30:00+00:00 has a time zone; {WRITE_LOCAL}"),
    ],
)
def test_a_day_starts_at_a_quarter_of_an_hour_by_local_time(opens: str, message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        profile(force=FORCE | {"day_starts_at": opens})
    assert [error["msg"] for error in raised.value.errors()] == [
        f"Value error, day_starts_at {message}"
    ]
    assert profile(force=FORCE | {"day_starts_at": "23:45"}).force.day_starts_at.minute == 45
    shift = {"id": "odd", "name": "Odd", "start": "06:50", "end": "14:25"}
    assert profile(shifts=[shift]).shifts[0].start.minute == 50


def covariate(**more: object) -> dict[str, object]:
    return {"id": "hot-days", "name": "Hot days", "known": "measured", **more}


def test_a_covariate_feeds_a_part_named_as_its_id_or_as_it_says() -> None:
    found = profile(
        covariates=[
            covariate(),
            covariate(id="rain", name="Rain", part="weather"),
            covariate(id="wind", name="Wind", part="weather"),
            covariate(id="terms", name="Terms", part="holiday"),
        ]
    )
    assert [each.its_part for each in found.covariates][:2] == ["hot_days", "weather"]
    assert found.own_parts == {"hot_days": "Hot days", "weather": "Rain, Wind"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (covariate(level="beat"), "hot-days has level 'beat'; want force"),
        (covariate(part="level"), "hot-days can't feed 'level', which is something else"),
        (covariate(id="mean"), "mean can't feed 'mean'"),
        (covariate(known="guessed"), "'announced', 'measured' or 'forecast'"),
        (covariate(step=0), "greater than 0"),
    ],
)
def test_a_covariate_that_cant_be_is_refused(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        profile(covariates=[given])
    with pytest.raises(ValidationError, match="covariates holds an id twice"):
        profile(covariates=[covariate(), covariate()])
