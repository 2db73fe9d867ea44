"""Columns about persons are refused by name, and columns about places and codes are not."""

import tomllib
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.errors import PersonalData
from sources.personal import about_persons, columns_text, quote_text, refuse_persons

NAMES = tomllib.loads((Path(__file__).parent / "column_names.toml").read_text(encoding="utf-8"))


def each(names: dict[str, str]) -> list[str]:
    return sorted({name for listed in names.values() for name in listed.split()})


@pytest.mark.parametrize("name", each(NAMES["about_persons"]))
def test_a_name_about_persons_is_refused_in_nine_languages_and_disguises(name: str) -> None:
    assert about_persons(name)


@pytest.mark.parametrize("name", each(NAMES["ordinary"]))
def test_an_ordinary_name_of_a_call_log_passes(name: str) -> None:
    assert not about_persons(name)


def test_the_lists_are_long_enough_to_mean_something() -> None:
    assert len(each(NAMES["about_persons"])) >= 220
    assert len(each(NAMES["ordinary"])) >= 150


@given(st.sampled_from(["surname", "telephone", "geburtsdatum", "nazwisko"]), st.data())
def test_no_sign_that_cannot_be_seen_hides_a_word(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word)))
    sign = data.draw(st.sampled_from("\u200b\u200d\u00ad\ufeff\u2060\u034f_ -.1"))
    assert about_persons(word[:at] + sign + word[at:])


@given(st.text(max_size=80))
def test_every_text_has_an_answer(name: str) -> None:
    assert about_persons(name) in (True, False)


def test_a_name_of_any_length_is_answered_at_once() -> None:
    assert about_persons("call_" * 20_000 + "surname")
    assert not about_persons("x" * 200_000)


def test_every_word_is_listed_once_for_a_language_and_use() -> None:
    text = resources.files("sources").joinpath("personal_words.toml").read_text(encoding="utf-8")
    for language, uses in tomllib.loads(text).items():
        for use, groups in uses.items():
            lists = groups.values() if isinstance(groups, dict) else [groups]
            words = [word for listed in lists for word in listed.split()]
            assert sorted(words) == sorted(set(words)), (language, use)


@pytest.mark.parametrize(
    "name",
    [
        "name", "Name", "caller_name", "CallerName", "dob", "Date of Birth", "DATEOFBIRTH", "age",
        "sex", "Gender", "ethnicity", "phone", "Phone Number", "address", "street", "Street Name",
        "postcode", "Post-Code", "notes", "Remarks", "description", "narrative", "disposition",
        "vehicle_reg", "VehicleReg", "email", "nationality", "religion", "health", "officer_name",
        "OfficerID", "collar number", "PIN", "officer pin", "surname", "victim_age", "person name",
        "log text", "shoulder", "shoulder_no", "Shoulder Number", "Force Number", "force_number",
        "officer fin", "who", "Who", "Resource Name", "free_text", "mental_health_flag",
        "caller_type_name", "age_group", "AgeBand",
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
        "grade", "updated_at", "status", "source", "district", "message_id", "stage", "Essex",
        "sexual_offence_count", "nature_text", "village", "missing_person", "number_of_people",
        "risk_area", "file_age", "hard_shoulder", "force", "force_id", "resource", "resource_type",
        "resource_count", "fin", "fin_intervention", "reference", "reserved_hours",
        "relative_error",
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


def test_strange_and_long_names_are_shown_short_and_few() -> None:
    names = [f"note\u200b{i:02}" for i in range(25)] + ["name_" + "x" * 90]
    with pytest.raises(PersonalData) as error:
        refuse_persons("calls.csv", ["ref", *names, 'phone"\n'], ["ref"], [])
    said = str(error.value)
    assert "\u200b" not in said
    assert "note\\u200b00" in said
    assert "note\\u200b18" in said
    assert "note\\u200b19" not in said
    assert said.count(" and 7 more") == 2
    assert all(len(word) < 60 for word in said.split(" "))


def test_a_row_in_place_of_a_header_is_not_quoted() -> None:
    cells = ["4711", "2026-05-01 10:00", "note about Jane", "north"]
    with pytest.raises(PersonalData) as error:
        refuse_persons("calls.csv", cells, ["ref"], [])
    assert str(error.value) == (
        "calls.csv begins with a first line that looks like a row, not like a header, and some of "
        "it reads like names of columns about persons; give the file a header, and strip what is "
        "about persons"
    )


@pytest.mark.parametrize(
    "names",
    [
        ["17", "north", "theft"],
        ["2026-05-01T10:00:00", "north", "theft"],
        ["01/05/2026", "x", "y"],
        ["07:35", "x", "y"],
        ["jane@example.org", "north", "theft"],
        ["-1.25e", "+44 20 7946 0958", "north"],
        ["BS1 4ST", "north", "theft"],
        ["a man is lying in the road", "north", "theft"],
        ["12,5"],
    ],
)
def test_cells_are_never_listed_as_names(names: list[str]) -> None:
    assert columns_text(names) == "a first line that looks like a row, not like a header"


def test_names_are_listed_as_they_stand() -> None:
    assert columns_text(["ref", "received_at"]) == "ref, received_at"
    assert columns_text(["2024", "ref", "area", "type"]) == "2024, ref, area, type"
    assert columns_text([]) == ""
    assert columns_text(map(str, "abcdefghijklmnopqrstuvwxyz")).endswith("s, t and 6 more")
    assert columns_text(["a" * 60]) == "a" * 39 + "…"
    assert quote_text("a\x00b") == "'a\\u0000b'"
