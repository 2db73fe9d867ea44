"""Columns about persons are refused by name, and columns about places and codes are not."""

import pytest

from forewatch.errors import PersonalData
from sources.personal import about_persons, refuse_persons


@pytest.mark.parametrize(
    "name",
    [
        "name", "Name", "caller_name", "CallerName", "dob", "Date of Birth", "DATEOFBIRTH", "age",
        "sex", "Gender", "ethnicity", "phone", "Phone Number", "address", "street", "Street Name",
        "postcode", "Post-Code", "notes", "Remarks", "description", "narrative", "disposition",
        "vehicle_reg", "VehicleReg", "email", "nationality", "religion", "health", "officer_name",
        "OfficerID", "collar number", "surname", "victim_age", "person name", "log text",
        "free_text", "mental_health_flag", "caller_type_name", "age_group", "AgeBand",
        "health_status", "health_code", "condition_type", "misper_risk_grade", "misper reference",
        "vulnerability", "child_name", "hair colour", "postal_code", "what3words", "home_address",
    ],
)  # fmt: skip
def test_a_column_about_persons_is_known_by_its_name(name: str) -> None:
    assert about_persons(name)


@pytest.mark.parametrize(
    "name",
    [
        "call_id", "received_at", "area", "category", "subcategory", "priority", "lat", "lon",
        "officer_initiated_guess", "beat_name", "type_description", "health_board", "event name",
        "grade", "updated_at", "status", "source", "district", "message", "stage", "Essex",
        "sexual_offence_count", "nature_text", "village", "missing_person", "number_of_people",
        "risk_area", "file_age", "reference", "reserved_hours", "relative_error",
    ],
)  # fmt: skip
def test_a_column_about_places_codes_and_times_passes(name: str) -> None:
    assert not about_persons(name)


def test_a_mapping_that_reads_a_personal_column_is_refused() -> None:
    with pytest.raises(PersonalData) as error:
        refuse_persons("calls.csv", ["ref", "street"], ["ref", "street"], ["street"])
    assert str(error.value) == (
        "the mapping reads street: columns about persons or free text are never taken in; map "
        "another column, or strip these at the source"
    )


def test_a_file_that_carries_a_personal_column_says_how_to_go_on() -> None:
    with pytest.raises(PersonalData) as error:
        refuse_persons("calls.csv", ["ref", "street", "DOB"], ["ref"], [])
    assert str(error.value) == (
        "calls.csv carries columns about persons or free text: DOB, street; strip them at the "
        'source, or write refuse = ["DOB", "street"] into the mapping: they are then never read'
    )


def test_refused_and_allowed_columns_pass() -> None:
    refuse_persons("calls.csv", ["ref", "street"], ["ref"], ["street"])
    refuse_persons("events.csv", ["name", "area"], ["name", "area"], [], allowed=["name"])
