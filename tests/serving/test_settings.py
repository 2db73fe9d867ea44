"""Settings: read whole or refused, each mistake named by its key."""

from pathlib import Path

import pytest

from forewatch.errors import SettingsError
from forewatch.profile import Profile
from models.recipe import Recipe
from serving.settings import load, parse
from serving.subjects import FIRST, subject_named
from serving.workspace import Workspace

MISSING = subject_named("missing")

GOOD = """
grades = ["immediate", "routine"]
[force]
id = "town"
name = "Town"
zone = "Europe/London"
[[call_types]]
id = "violence"
name = "Violence"
"""


def test_the_profile_is_what_a_profile_alone_would_be() -> None:
    settings = parse(GOOD + "[training]\nseed = 7\n[serving]\nport = 9000\n")
    assert type(settings.profile) is Profile
    assert settings.profile.force.day_starts_at.hour == 7
    assert (settings.recipe(FIRST), settings.serving.port) == (Recipe(seed=7), 9000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "day_start = 7\n" + GOOD,
            "day_start: no such key; known here: area_kinds, areas, calendar",
        ),
        (GOOD + "[trainin]\nseed = 1\n", "trainin: no such key; did you mean training?"),
        (GOOD + "[training]\nsede = 1\n", "training.sede: no such key; did you mean seed?"),
        (
            GOOD + '[[shifts]]\nid = "a"\nname = "A"\nstart = "07:00"\nends = "17:00"\n',
            "shifts no. 1.ends: no such key; did you mean end?",
        ),
        (GOOD.replace("Europe/London", "Europe/Lodnon"), "force.zone: no time zone"),
        (GOOD.replace('id = "town"\n', ""), "force.id: missing; add it"),
        (GOOD + '[serving]\nport = "x"\n', "serving.port: input should be a valid integer"),
        ("grades = [", "forewatch.toml is no TOML"),
    ],
)
def test_a_mistake_is_named_by_its_key(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text)
    assert said in str(caught.value)


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse("x = 1")
    lines = [line.strip().partition(":")[0] for line in str(caught.value).splitlines()[1:]]
    assert lines == ["force", "call_types", "x"]


def test_a_folder_without_settings_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no forewatch.toml in .* 'forewatch init"):
        Workspace(tmp_path).settings()


def test_settings_saved_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "forewatch.toml").write_bytes(GOOD.encode("utf-8-sig"))
    assert load(tmp_path / "forewatch.toml").force.id == "town"


def test_settings_in_another_coding_say_how_to_save_them(tmp_path: Path) -> None:
    (tmp_path / "forewatch.toml").write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(SettingsError, match='written in UTF-16; save it as "UTF-8"'):
        Workspace(tmp_path).settings()


def test_a_long_value_is_shown_short_and_nothing_of_a_library_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        parse(GOOD.replace('id = "town"', f'id = "{"X" * 500}"'))
    assert len(str(caught.value)) < 300
    assert "X…" in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_hours_reserved_by_a_word_of_two_meanings_are_refused() -> None:
    shift = '[[shifts]]\nid = "day"\nname = "Days"\nstart = "07:00"\nend = "19:00"\n'
    reserved = '[[missing.reserved]]\narea = "town"\nperiod = "day"\nhours = 4\n'
    parse(GOOD + shift)
    parse(GOOD + reserved)
    with pytest.raises(SettingsError, match="period day is both a whole day and the id of a shift"):
        parse(GOOD + shift + reserved)


def test_a_key_of_a_nested_table_changes_that_key_alone() -> None:
    plain, found = (
        recipe.boosting
        for text in ("", "\n[training.boosting.far]\nleaves = 5\n")
        if isinstance(recipe := parse(GOOD + text).recipe(FIRST), Recipe)
    )
    assert plain.far != type(plain.far)()  # its defaults there are not the model's own
    assert found.far == plain.far.model_copy(update={"leaves": 5})
    assert found.model_copy(update={"far": plain.far}) == plain
    folds = parse(GOOD + "\n[missing_training.origins]\nfolds = 3\n").recipe(MISSING).origins
    assert folds == parse(GOOD).recipe(MISSING).origins.model_copy(update={"folds": 3})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[training]\nweight_power = inf", "training.weight_power: input should be a finite"),
        ("[missing]\nmean_hours = nan", "missing.mean_hours: input should be a finite"),
        ("[training.loglinear]\nlevel_half_life_days = inf", "level_half_life_days: .* finite"),
        ("[publication]\npercentiles = [5, 50, 5]", "percentiles holds a number twice: 5, 50, 5"),
        ("[missing]\nat_least = [1, 2, 1]", "at_least holds a number twice"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        parse(f"{GOOD}\n{text}\n")


_OFFICERS = """
[force]
id = "test"
name = "Test"
zone = "Europe/London"
[[call_types]]
id = "theft"
name = "Theft"
[staffing]
"""


def test_a_half_hour_without_a_shift_is_a_mistake_of_the_file() -> None:
    shift = '[[staffing.shifts]]\nid = "d"\nname = "D"\nstart = "07:00"\nend = "06:30"\n'
    with pytest.raises(SettingsError, match="covers Tuesday 06:30–07:00, Wednesday"):
        parse(_OFFICERS + shift)
    parse(_OFFICERS + shift.replace("06:30", "07:00"))
    of_imported = shift + 'areas = ["north"]\n'  # checked where the areas are known
    parse(_OFFICERS + of_imported)


def test_a_near_key_is_told_as_the_file_has_it() -> None:
    with pytest.raises(SettingsError, match="did you mean from"):
        parse(_OFFICERS + "[[staffing.abstraction]]\nshare = 0.1\nfrm = 2027-01-01\n")
