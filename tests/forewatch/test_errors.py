import inspect
import pickle

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


def test_an_error_is_the_same_in_another_process() -> None:
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass)]
    kinds: list[type[ForewatchError]] = [c for c in classes if issubclass(c, ForewatchError)]
    found = UnknownArea("brstol", ["bristol", "bath"])
    again = pickle.loads(pickle.dumps(found))  # noqa: S301 - its own
    assert (type(again), str(again), again.near) == (UnknownArea, str(found), found.near)
    for kind in kinds:
        one = Exception.__new__(kind, "what was found")
        one.__dict__["beside"] = 1
        back = pickle.loads(pickle.dumps(one))  # noqa: S301 - its own
        assert (type(back), str(back), back.beside) == (kind, "what was found", 1)
