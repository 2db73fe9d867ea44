from typing import Any

import pytest
from pydantic import ValidationError

from forewatch.profile import Profile
from forewatch.staffing import PayRates, Staffing

THREE = [
    {"id": "early", "name": "Early", "start": "07:00", "end": "17:00"},
    {"id": "late", "name": "Late", "start": "14:00", "end": "00:00"},
    {"id": "night", "name": "Night", "start": "21:30", "end": "07:30"},
]


def force(staffing: dict[str, Any], **changes: object) -> Profile:
    """A force of two districts and two call types, one of them missing persons."""
    return Profile.model_validate(
        {
            "force": {"id": "test", "name": "Test", "zone": "Europe/London"},
            "areas": [
                {"id": "f", "name": "F"},
                {"id": "north", "name": "North", "parent": "f"},
                {"id": "south", "name": "South", "parent": "f"},
            ],
            "call_types": [
                {"id": "theft", "name": "Theft"},
                {"id": "missing_person", "name": "Missing"},
            ],
            "staffing": staffing,
            **changes,
        }
    )


def test_a_force_that_says_nothing_of_its_officers_has_defaults_that_read_as_such() -> None:
    found = force({}).staffing
    assert found == Staffing()
    assert (found.percentile, found.minimum, found.role_ids) == (80, None, ("response",))
    assert PayRates().officer_hour is None


def test_what_a_force_says_of_its_officers_reads_back_the_same_from_json() -> None:
    profile = force(
        {
            "shifts": THREE,
            "services": {"theft": {"officers": 1.5, "grades": {"routine": {"minutes": 30}}}},
            "abstraction": [{"share": 0.1, "from": "2027-06-20", "until": "2027-06-28"}],
            "bases": [{"id": "b", "name": "B", "areas": ["north", "south"]}],
        }
    )
    assert Profile.model_validate_json(profile.model_dump_json()) == profile
    assert profile.staffing.services["theft"].grades["routine"].minutes == 30


@pytest.mark.parametrize(
    ("staffing", "message"),
    [
        ({"minimum": -1}, "greater than or equal to 0"),
        ({"minimum": 2.5}, "valid integer"),
        ({"minimum": 2.0}, "valid integer"),
        ({"minimum": "2"}, "valid integer"),
        ({"minimum": True}, "valid integer"),
        ({"minimum": 1_000_000}, "less than or equal to 10000"),
        ({"percentile": 100}, "less than or equal to 99"),
        ({"percentile": 0.8}, "valid integer"),
        ({"roles": []}, "at least 1 item"),
        ({"roles": [{"id": "a", "name": "A"}] * 2}, "a stands twice; give each its own id"),
        ({"shifts": [THREE[0]] * 2}, "early stands twice"),
        (
            {"shifts": [each | {"code": "X"} for each in THREE]},
            r"the code 'X' stands twice \(early, late, night\)",
        ),
        ({"shifts": [THREE[0] | {"most": 0}]}, "greater than or equal to 1"),
        ({"shifts": [THREE[0] | {"start": "07:00:30"}]}, "07:00:30 is no time of a shift"),
        ({"shifts": [THREE[0] | {"end": "17:00Z"}]}, "without a zone, such as 17:00"),
        ({"shifts": [THREE[0] | {"weekdays": ["mon", "mon"]}]}, "weekdays holds a day twice"),
        ({"shifts": [THREE[0] | {"weekdays": []}]}, "at least 1 item"),
        (
            {"shifts": [THREE[0] | {"roles": ["respons"]}]},
            "shifts: early: no role 'respons'",
        ),
        (
            {"services": {"thef": {}}},
            "staffing.services.thef: no call type 'thef'; near",
        ),
        (
            {"services": {"theft": {"grades": {"imediate": {}}}}},
            "no grade 'imediate'; near names: immediate",
        ),
        ({"services": {"theft": {"role": "x"}}}, "services.theft: no role 'x'"),
        (
            {"services": {"theft": {"grades": {"routine": {"role": "x"}}}}},
            "grades.routine: no role",
        ),
        ({"services": {"theft": {"officers": 0.5}}}, "greater than or equal to 1"),
        ({"services": {"theft": {"minutes": 0}}}, "greater than 0"),
        ({"services": {"theft": {"minutes": 1e9}}}, "less than or equal to 20160"),
        ({"services": {"theft": {"attended": 1.01}}}, "less than or equal to 1"),
        ({"services": {"theft": {"urgent": "yes"}}}, "valid boolean"),
        (
            {"services": {"missing_person": {"minutes": 60}}},
            r"services.missing_person: minutes is said of missing persons, whose hours stand under",
        ),
        ({"on_shift": {"share": 0.7, "paperwork": 0.1}}, "give it alone, or briefing_minutes"),
        ({"on_shift": {"share": 0}}, "greater than 0"),
        ({"abstraction": [{"share": 1}]}, "less than 1"),
        (
            {"abstraction": [{"share": 0.1, "from": "2027-06-20", "until": "2027-06-20"}]},
            "until = 2027-06-20 is not after from = 2027-06-20",
        ),
        (
            {"minimums": [{"area": "north", "officers": 3}] * 2},
            "north has two of the role",
        ),
        (
            {"bases": [{"id": i, "name": i, "areas": ["north"]} for i in "ab"]},
            "bases: north stands in two; an area has one base",
        ),
        ({"rates": {"currency": "pounds"}}, "should match pattern"),
        ({"rates": {"rest_day_factor": 0.5}}, "greater than or equal to 1"),
        ({"shift": []}, "Extra inputs are not permitted"),
    ],
)
def test_what_can_not_be_meant_of_officers_is_refused(
    staffing: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        force(staffing)
