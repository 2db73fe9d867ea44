from __future__ import annotations

import json
from typing import Any

import pytest

from forewatch import errors
from serving import problems


def every_error() -> list[type[errors.ForewatchError]]:
    found: list[type[errors.ForewatchError]] = [errors.ForewatchError]
    for each in found:
        found.extend(each.__subclasses__())
    return [each for each in found if each.__module__ == "forewatch.errors"]


def example(of: Any) -> errors.ForewatchError:
    if of is errors.UnknownName:
        return errors.UnknownName("thing", "x", ["y"])
    made: errors.ForewatchError = (
        of("x", ["y"]) if issubclass(of, errors.UnknownName) else of("what is wrong; what to do")
    )
    return made


@pytest.mark.parametrize("of", every_error(), ids=lambda of: of.__name__)
def test_every_error_of_the_tree_has_a_status_and_keeps_its_message(
    of: type[errors.ForewatchError],
) -> None:
    error = example(of)
    said = problems.problem_of(error)
    assert 400 <= said["status"] < 600
    assert said["detail"] == str(error)
    assert said["type"].startswith("urn:forewatch:problem:")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UnknownArea("x", ["y"]), 404),
        (errors.UnknownCallType("x", ["y"]), 404),
        (errors.UnknownIssue("x"), 404),
        (errors.BadQuestion("x"), 422),
        (errors.AccessError("x"), 401),
        (errors.MissingScope("x"), 403),
        (errors.NoIssue("x"), 503),
        (errors.DamagedIssue("x"), 503),
        (errors.ForewatchError("x"), 500),
    ],
)
def test_what_the_asker_can_mend_is_theirs_and_the_rest_is_ours(
    error: errors.ForewatchError, status: int
) -> None:
    assert problems.problem_of(error)["status"] == status


def test_near_names_stand_beside_the_message() -> None:
    said = problems.problem_of(errors.UnknownArea("nort", ["north", "east"]))
    assert said["near"] == ["north"]
    weeks = errors.UnknownWeek("no week 'x'", ["2026-W49"])
    assert problems.problem_of(weeks) == {
        "type": "urn:forewatch:problem:bad-question",
        "title": "The question can't be answered",
        "status": 422,
        "detail": "no week 'x'; near: 2026-W49",
        "near": ["2026-W49"],
    }


def test_a_refused_key_is_told_how_to_present_one() -> None:
    unknown = problems.response(problems.problem_of(errors.AccessError("x")))
    narrow = problems.response(problems.problem_of(errors.MissingScope("x")))
    assert unknown.headers["www-authenticate"] == 'Bearer realm="forewatch"'
    assert narrow.headers["www-authenticate"].endswith('error="insufficient_scope"')
    assert json.loads(bytes(unknown.body))["status"] == unknown.status_code == 401
    assert unknown.headers["content-type"] == "application/problem+json"
