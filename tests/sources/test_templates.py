"""Templates are profiles that read back, and any profile can be written as one."""

import tomllib

import pytest

from forewatch.errors import SettingsError
from forewatch.profile import Profile
from sources import templates
from sources.synthetic import DemoForce, demo_force


@pytest.mark.parametrize("name", templates.NAMES)
def test_a_template_is_a_valid_profile(name: str) -> None:
    profile = Profile(**tomllib.loads(templates.text(name)))
    assert profile.tree().leaves
    assert profile.shifts


def test_the_forces_template_has_its_published_scale() -> None:
    profile = Profile(**tomllib.loads(templates.text("avon-and-somerset")))
    tree = profile.tree()
    assert len(tree.at_level("district")) == 9
    assert len(tree.leaves) == 62
    assert {tree.area(i).kind for i in tree.at_level("district")} == {"urban", "rural", "coast"}
    assert tree.area(tree.root).population == 1_741_000
    demo = demo_force(weeks=1, scale=0.01).profile
    assert demo.areas == profile.areas
    assert demo.call_types == profile.call_types


def test_a_rendered_profile_reads_back_as_itself(town: DemoForce) -> None:
    assert Profile(**tomllib.loads(templates.profile_toml(town.profile))) == town.profile


def test_whatever_a_profile_says_is_written_and_reads_back() -> None:
    text = templates.text("minimal").replace("percentile = 80", "percentile = 90")
    content = tomllib.loads(text + _OF_OFFICERS)
    found = Profile(**content)
    assert found.staffing.percentile == 90
    assert found.staffing.services["other_incident"].grades["routine"].cv == 0.5
    assert Profile(**tomllib.loads(templates.profile_toml(found))) == found


_OF_OFFICERS = """
[missing]
mean_hours = 9
[[missing.reserved]]
area = "north"
period = "day"
hours = 5
[privacy]
call_types = []
[extensions]
packages = ["forewatch-theta"]
[[staffing.shifts]]
id = "whole"
name = "Whole"
start = 07:00:00
end = 07:00:00
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
[staffing.services.other_incident.grades.routine]
cv = 0.5
[[staffing.abstraction]]
share = 0.1
from = 2027-06-20
[staffing.rates]
public_holiday_day_off = false
"""


def test_an_unknown_template_names_those_there_are() -> None:
    with pytest.raises(SettingsError) as caught:
        templates.text("devon")
    assert str(caught.value) == "no template 'devon'; take one of avon-and-somerset, minimal"
