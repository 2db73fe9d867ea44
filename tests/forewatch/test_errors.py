import inspect

import pytest

from forewatch import errors
from forewatch.errors import ForewatchError, UnknownArea, UnknownCallType, UnknownGrade


def test_every_error_is_in_the_one_tree() -> None:
    found = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, Exception)]
    assert len(found) > 15
    assert all(issubclass(c, ForewatchError) for c in found)


@pytest.mark.parametrize(
    ("kind", "what"),
    [(UnknownArea, "area"), (UnknownCallType, "call type"), (UnknownGrade, "grade")],
)
def test_an_unknown_name_offers_the_near_ones_first(kind: type[UnknownArea], what: str) -> None:
    found = kind("Violense", ["theft", "violence", "burglary"])
    assert found.near[0] == "violence"
    assert str(found).startswith(f"no {what} 'Violense'; near names: violence")
    assert found.name == "Violense"


def test_without_a_near_name_some_names_are_offered() -> None:
    assert UnknownArea("zzz", ["north", "south", "east", "west"]).near == ("north", "south", "east")
