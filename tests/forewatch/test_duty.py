from datetime import date
from typing import Any

import pytest

from forewatch.duty import (
    abstraction_share,
    assumed_figures,
    break_minutes,
    duty_shifts,
    minimum_officers,
    officer_hour_cost,
    productive_hours,
    service_of,
    services,
    stop_at_uncovered,
    stop_at_unusable_staffing,
)
from forewatch.errors import SettingsError, UnknownCallType, UnknownGrade, UnknownRole
from forewatch.profile import Profile
from forewatch.staffing import OnShift, PayRates, Staffing

THREE = [
    {"id": "early", "name": "Early", "start": "07:00", "end": "17:00"},
    {"id": "late", "name": "Late", "start": "14:00", "end": "00:00"},
    {"id": "night", "name": "Night", "start": "21:30", "end": "07:30"},
]


def force(staffing: dict[str, Any] | None = None, **changes: object) -> Profile:
    """A force of two districts, one of them with a beat."""
    return Profile.model_validate(
        {
            "force": {"id": "test", "name": "Test", "zone": "Europe/London"},
            "areas": [
                {"id": "f", "name": "F"},
                {"id": "north", "name": "North", "parent": "f"},
                {"id": "north-1", "name": "North 1", "parent": "north"},
                {"id": "south", "name": "South", "parent": "f"},
            ],
            "call_types": [
                {"id": "theft", "name": "Theft"},
                {"id": "missing_person", "name": "Missing"},
            ],
            "staffing": staffing or {},
            **changes,
        }
    )


def test_figures_of_a_grade_come_before_those_of_its_type_and_both_before_defaults() -> None:
    profile = force(
        {"services": {"theft": {"minutes": 40, "grades": {"routine": {"minutes": 25, "cv": 0.7}}}}}
    )
    routine = service_of(profile, "theft", "routine")
    assert (routine.minutes, routine.cv, routine.officers, routine.urgent) == (25, 0.7, 1, False)
    assert routine.assumed == ("officers", "attended")
    immediate = service_of(profile, "theft", "immediate")
    assert (immediate.minutes, immediate.officers, immediate.urgent) == (40, 2, True)
    assert immediate.assumed == ("officers", "cv", "attended")


def test_an_urgent_call_of_a_deferrable_grade_has_the_defaults_of_urgent_ones() -> None:
    found = service_of(force({"services": {"theft": {"urgent": True}}}), "theft", "routine")
    assert (found.urgent, found.officers, found.minutes) == (True, 2, 72)
    assert found.officer_hours == pytest.approx(0.5 * 2 * 1.2)


def test_nobody_is_sent_to_calls_without_deployment_unless_somebody_says_so() -> None:
    found = service_of(force(), "theft", "no_deployment")
    assert (found.officer_hours, found.assumed) == (0, ("attended",))
    said = force({"services": {"theft": {"grades": {"no_deployment": {"attended": 0.1}}}}})
    assert service_of(said, "theft", "no_deployment").attended == 0.1


def test_grades_of_the_forces_own_have_defaults_by_their_work() -> None:
    profile = force(grades=[{"id": "p1", "name": "1", "work": "urgent"}, "routine"])
    assert service_of(profile, "theft", "p1").attended == 0.9


def test_a_missing_person_takes_the_hours_of_its_own_table() -> None:
    found = service_of(force(), "missing_person", "priority")
    assert found.officer_hours == 13
    assert found.cv == 1.5
    assert sum(found.release) == pytest.approx(1)
    assert found.assumed == ("minutes", "cv", "release")
    measured = force(missing={"mean_hours": 9.5})
    assert service_of(measured, "missing_person", "priority").officer_hours == 9.5
    assert service_of(measured, "missing_person", "priority").assumed == ("cv", "release")


def test_what_the_force_does_not_have_is_told_with_near_names() -> None:
    with pytest.raises(UnknownCallType, match="no call type 'thefd'; near names: theft"):
        service_of(force(), "thefd", "routine")
    with pytest.raises(UnknownGrade, match="no grade 'rutine'; near names: routine"):
        service_of(force(), "theft", "rutine")
    with pytest.raises(UnknownRole, match="no role 'custody'; near names: response"):
        services(force(), "custody")


def test_services_are_their_roles_and_a_role_without_any_has_none() -> None:
    roles = [{"id": "response", "name": "R"}, {"id": "cid", "name": "C"}, {"id": "x", "name": "X"}]
    profile = force(
        {"roles": roles, "services": {"theft": {"grades": {"routine": {"role": "cid"}}}}}
    )
    assert [(each.call_type, each.grade) for each in services(profile, "cid")] == [
        ("theft", "routine")
    ]
    assert len(services(profile, "response")) == 2 * 5 - 1
    assert services(profile, "x") == ()


def test_shifts_of_an_area_are_those_that_name_it_or_one_above_it() -> None:
    own = {"id": "super", "name": "Super", "start": "18:00", "end": "04:00", "areas": ["north"]}
    profile = force({"shifts": [*THREE, own]})
    tree = profile.tree()
    names = {a: [s.id for s in duty_shifts(profile, tree, a, "response")] for a in tree.ids}
    assert names["north-1"] == names["north"] == ["early", "late", "night", "super"]
    assert names["south"] == names["f"] == ["early", "late", "night"]


def test_without_shifts_of_their_own_officers_work_those_of_questions_or_standard_ones() -> None:
    asked = force(shifts=[{"id": "d", "name": "D", "start": "07:00", "end": "19:00"}])
    assert [each.id for each in duty_shifts(asked, asked.tree(), "f", "response")] == ["d"]
    assert "staffing.shifts" not in assumed_figures(asked, asked.tree(), "f", "response")
    found = duty_shifts(force(), force().tree(), "f", "response")
    assert [each.id for each in found] == ["early", "late", "night"]
    assert "staffing.shifts" in assumed_figures(force(), force().tree(), "f", "response")


def test_a_half_hour_that_no_shift_of_an_area_covers_is_named() -> None:
    late = THREE[1] | {"areas": ["south"]}
    profile = force({"shifts": [THREE[0], late, THREE[2]]})
    stop_at_uncovered(profile, profile.tree(), "south", "response")
    with pytest.raises(SettingsError) as stopped:
        stop_at_unusable_staffing(profile, profile.tree())
    assert str(stopped.value) == (
        "staffing.shifts: no shift of north-1 (role response) covers Monday 17:00–21:30, Tuesday "
        "17:00–21:30, Wednesday 17:00–21:30 and 4 more; add a shift, lengthen one, or mend the "
        "weekdays, areas and roles of those there are"
    )


def test_a_role_whose_work_can_wait_needs_nobody_at_night() -> None:
    roles = [{"id": "response", "name": "R"}, {"id": "desk", "name": "D"}]
    day = {"id": "desk", "name": "D", "start": "08:00", "end": "16:00", "roles": ["desk"]}
    three = [each | {"roles": ["response"]} for each in THREE]
    figures = {"grades": {"routine": {"role": "desk"}}}
    can_wait = force({"roles": roles, "shifts": [*three, day], "services": {"theft": figures}})
    stop_at_unusable_staffing(can_wait, can_wait.tree())
    minimums = [{"area": "south", "officers": 1, "role": "desk"}]
    one = can_wait.staffing.model_dump() | {"minimums": minimums}
    with pytest.raises(SettingsError, match=r"no shift of south \(role desk\) covers Monday 07"):
        stop_at_unusable_staffing(force(one), can_wait.tree())


@pytest.mark.parametrize(
    ("part", "entry"),
    [
        ("minimums", {"area": "nord", "officers": 1}),
        ("shifts", THREE[0] | {"areas": ["nord"]}),
        ("abstraction", {"share": 0.1, "areas": ["nord"]}),
        ("bases", {"id": "b", "name": "B", "areas": ["nord"]}),
    ],
)
def test_an_area_that_the_force_lacks_is_told_with_near_names(
    part: str, entry: dict[str, Any]
) -> None:
    profile = force({part: [entry]})
    with pytest.raises(SettingsError, match=f"staffing.{part}: no area 'nord'; near names: north"):
        stop_at_unusable_staffing(profile, profile.tree())


def test_minimums_hold_for_their_area_and_the_first_role_alone_has_one_by_default() -> None:
    roles = [{"id": "response", "name": "R"}, {"id": "cid", "name": "C"}]
    minimums = [
        {"area": "north", "officers": 6},
        {"area": "north", "officers": 1, "role": "cid"},
    ]
    profile = force({"roles": roles, "minimum": 3, "minimums": minimums})
    found = {
        (area, role): minimum_officers(profile, area, role)
        for area in ("north", "south")
        for role in ("response", "cid")
    }
    assert found == {
        ("north", "response"): 6,
        ("north", "cid"): 1,
        ("south", "response"): 3,
        ("south", "cid"): 0,
    }
    assert minimum_officers(force(), "south", "response") == 2


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [(5.99, 30), (6, 35), (6.99, 35), (7, 40), (8, 45), (9, 50), (9.99, 50), (10, 60), (24, 60)],
)
def test_breaks_grow_with_the_shift(hours: float, minutes: int) -> None:
    assert break_minutes(hours) == minutes


def test_an_officer_has_for_calls_what_breaks_briefing_and_paperwork_leave() -> None:
    assert productive_hours(OnShift(), 9) == pytest.approx((9 - 50 / 60 - 0.25) * 0.8)
    assert productive_hours(OnShift(), 11) == pytest.approx((11 - 1 - 0.25) * 0.8)
    assert productive_hours(OnShift(share=0.7), 9) == pytest.approx(6.3)
    assert productive_hours(OnShift(briefing_minutes=0, paperwork=0), 8) == pytest.approx(7.25)
    with pytest.raises(SettingsError, match=r"a shift of 0.5 h has no time for calls"):
        productive_hours(OnShift(), 0.5)


def test_shares_away_add_up_where_and_when_they_hold() -> None:
    staffing = Staffing.model_validate(
        {
            "abstraction": [
                {"share": 0.15, "reason": "leave"},
                {"share": 0.05, "areas": ["north"]},
                {"share": 0.2, "from": "2027-06-20", "until": "2027-06-28", "areas": ["south"]},
            ]
        }
    )
    tree = force().tree()

    def away(area: str, day: str) -> float:
        return abstraction_share(staffing, tree, area, date.fromisoformat(day))

    assert away("north-1", "2027-06-20") == pytest.approx(0.20)
    assert away("south", "2027-06-19") == pytest.approx(0.15)
    assert away("south", "2027-06-20") == away("south", "2027-06-27") == pytest.approx(0.35)
    assert away("south", "2027-06-28") == pytest.approx(0.15)


def test_an_event_alone_leaves_the_ordinary_share_assumed() -> None:
    profile = force({"abstraction": [{"share": 0.1, "from": "2027-06-20"}]})
    tree = profile.tree()
    assert abstraction_share(profile.staffing, tree, "f", date(2027, 6, 20)) == pytest.approx(0.29)
    assert "staffing.abstraction" in assumed_figures(profile, tree, "f", "response")


def test_more_officers_away_than_there_are_is_refused() -> None:
    shares = [{"share": 0.6}, {"share": 0.5, "from": "2027-01-01"}]
    profile = force({"abstraction": shares})
    with pytest.raises(SettingsError, match=r"110% of the officers of .* away on 2027-01-01"):
        stop_at_unusable_staffing(profile, profile.tree())


def test_what_nobody_gave_is_named_and_what_somebody_gave_is_not() -> None:
    tree = force().tree()
    every = assumed_figures(force(), tree, "south", "response")
    assert every[:6] == (
        "staffing.minimum",
        "staffing.shifts",
        "staffing.on_shift.briefing_minutes",
        "staffing.on_shift.paperwork",
        "staffing.abstraction",
        "staffing.rates.officer_hour",
    )
    assert every[6] == ("staffing.services.theft.grades.immediate: officers, minutes, cv, attended")
    figures = {"officers": 1, "minutes": 30, "cv": 1, "attended": 0.5}
    given = force(
        {
            "minimum": 2,
            "shifts": THREE,
            "services": {"theft": figures},
            "on_shift": {"share": 0.7},
            "abstraction": [{"share": 0.19}],
            "rates": {"officer_hour": 40},
        },
        missing={"mean_hours": 12, "hours_cv": 1.2, "release": [0.8, 0.2]},
    )
    assert assumed_figures(given, tree, "south", "response") == ()
    assert officer_hour_cost(given.staffing) == 40
    assert officer_hour_cost(Staffing(rates=PayRates())) == 32
