"""A mapping file says one thing, or says why it can't be used."""

from pathlib import Path

import pytest

from forewatch.errors import SettingsError
from forewatch.profile import Profile
from sources.mapping import Filter, call_mapping

PROFILE = Profile.model_validate(
    {
        "force": {"id": "f", "name": "Force", "zone": "Europe/London"},
        "levels": {"names": ["force", "beat"], "modelled": "beat"},
        "areas": [{"id": "f", "name": "Force"}, {"id": "north", "name": "North", "parent": "f"}],
        "call_types": [{"id": "violence", "name": "Violence"}, {"id": "theft", "name": "Theft"}],
        "grades": ["immediate", "routine"],
    }
)
COLUMNS = """
[columns]
reference = "ref"
received_at = "at"
area = "beat"
call_type = "code"
"""


def read(folder: Path, text: str) -> object:
    file = folder / "map.toml"
    file.write_text(text, encoding="utf-8")
    return call_mapping(file, PROFILE, PROFILE.tree())


def test_a_mapping_reads_dates_filters_and_constants(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        'ignore = ["district"]'
        + COLUMNS
        + """
        [constants]
        grade = "routine"
        [observed]
        from = 2026-01-01
        [[crosswalk.call_type]]
        to = "violence"
        codes = ["V"]
        from = 2026-01-01
        [[filters]]
        reason = "test"
        column = "status"
        values = ["T"]
        """,
    )
    assert getattr(found, "used", None) == ("ref", "at", "beat", "code", "status")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            COLUMNS,
            r"grade needs exactly one of \[columns\], \[constants\], or \[grade_by_call_type\]",
        ),
        (COLUMNS + 'grade = "g"\n[constants]\ngrade = "routine"', "grade needs exactly one of"),
        ('refuse = ["beat"]' + COLUMNS + 'grade = "g"', "beat can't be both read and refused"),
        ("surprise = 1" + COLUMNS + 'grade = "g"', "surprise: Extra inputs are not permitted"),
        (COLUMNS + 'grade = "g"\n[time]\nzone = "Europe/Lundon"', "no time zone 'Europe/Lundon'"),
        (
            COLUMNS + 'grade = "g"\n[[filters]]\nreason = "test"\ncolumn = "s"',
            "a filter has exactly one of values, equals, patterns",
        ),
        (
            COLUMNS + 'grade = "g"\n[[filters]]\nreason = "test"\ncolumn = "s"\npatterns = ["("]',
            r"no pattern '\('",
        ),
        (
            COLUMNS + 'grade = "g"\n[[crosswalk.grade]]\nto = "routine"\ncodes = ["4"]\n'
            "from = 2026-02-01\nuntil = 2026-01-01",
            "until = 2026-01-01 is not after from = 2026-02-01",
        ),
        (
            COLUMNS + 'grade = "g"\n[areas]\nN = "nord"',
            r"the mapping leads to unknown areas nord \(the force's are north\)",
        ),
        (
            COLUMNS + '[grade_by_call_type]\nviolence = "immediate"',
            r"\[grade_by_call_type\] has no grade for theft; give every call type one",
        ),
        ("[columns", "map.toml is no TOML"),
    ],
)
def test_what_a_mapping_cannot_mean_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("rule", "fits", "passes"),
    [
        ({"values": ["Officer", "patrol"]}, ["officer", "PATROL"], ["", "officers", "999"]),
        ({"equals": True}, ["True", "yes", "Y", "1", "t"], ["False", "no", "0", "", "maybe"]),
        ({"equals": False}, ["False", "0", "no"], ["True", "1", ""]),
        ({"patterns": ["^TEST", "DUMMY$"]}, ["TEST CALL", "A DUMMY"], ["A TEST", "", "test"]),
    ],
)
def test_a_filter_fits_what_it_says(
    rule: dict[str, object], fits: list[str], passes: list[str]
) -> None:
    found = Filter.model_validate({"reason": "other", "column": "c", **rule})
    assert [text for text in [*fits, *passes] if found.fits(text)] == fits
