"""What stands around a view, made from what it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planning.questions import ALL
from serving.page.addresses import BOARDS
from serving.page.page_frame import Choice, Link, Option, PageFrame
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion, weeks_reached
from serving.page.page_words import day_and_time, sentence, week_text

# Paths of the views in the order of the navigation, with their names.
NAVIGATION = {
    "/week": "Week",
    "/worries": "Worries",
    "/accuracy": "Accuracy",
    "/missing": "Missing persons",
    "/events": "Events",
    BOARDS: "Boards",
}
_MOST_NOTES = 12


def page_frame(
    asked: PageQuestion,
    job: PageJob,
    choices: Sequence[str] = ("week", "area", "call_type", "grade"),
) -> PageFrame:
    """Return what stands around a view.

    Args:
        asked: by its address.
        job: of the view: how the issue stands, and why a newer one isn't shown.
        choices: names of the parameters that the view has.
    """
    issue = asked.issue
    made = {"week": _weeks, "area": _areas, "call_type": _call_types, "grade": _grades}
    offered = [made[name](asked) for name in choices]
    chosen = tuple(each for each in offered if len(each.options) > 1)
    told = {each.name for each in chosen}
    return PageFrame(
        force=issue.profile.force.name,
        where=asked.area_name,
        when=week_text(asked.monday),
        navigation=tuple(
            Link(text, asked.address(path), path == asked.path) for path, text in NAVIGATION.items()
        ),
        path=asked.path,
        choices=chosen,
        others=tuple(each for each in asked.state.items() if each[0] not in told),
        complaints=asked.complaints,
        warnings=tuple(_warnings(asked, job)),
        source=tuple(_source(asked)),
        notes=tuple(asked.reach.notes(issue.tree, issue.notes)[:_MOST_NOTES]),
    )


def _warnings(asked: PageQuestion, job: PageJob) -> Iterator[str]:
    issue = asked.issue
    if asked.why_stale:
        yield f"Stale: {asked.why_stale}."
    for line in asked.reach.standing(issue.tree, job.standing).lines(issue.number):
        yield sentence(line)
    if job.damage:
        yield (
            f"A newer issue can't be read; this is issue {issue.number}, the last good one. "
            "Whoever keeps Forewatch at your force finds the reason with 'forewatch check'."
        )


def _source(asked: PageQuestion) -> Iterator[str]:
    issue, zone = asked.issue, asked.zone
    yield (
        f"Issue {issue.number}, published {day_and_time(issue.published_at, zone)}, made from "
        f"calls until {day_and_time(issue.forecast.data_until, zone)}."
    )
    models = ", ".join(f"{name} {version}" for name, version in issue.models.items())
    yield f"Model version {issue.model_version}{f' ({models})' if models else ''}."
    starts = f"{issue.profile.force.day_starts_at:%H:%M}"
    yield (
        f"Times are local ({zone}); a day runs from {starts} to {starts}, and is named after its "
        "beginning."
    )


def _weeks(asked: PageQuestion) -> Choice:
    weeks = weeks_reached(asked.issue) or (asked.week,)
    options = [
        Option(week, week_text(asked.clock.week(week)), week == asked.week) for week in weeks
    ]
    return Choice("week", "Week", tuple(options))


def _areas(asked: PageQuestion) -> Choice:
    """Return the area, those above and below it, and the highest ones with what is below them."""
    tree = asked.issue.tree
    seen = asked.reach.seen(tree)
    tops = asked.reach.tops(tree)
    near = {*tops, *tree.upwards(asked.area), asked.area}
    parents = [top for top in tops if len(tops) == 1] + [*tree.upwards(asked.area), asked.area]
    below = {each.id for each in tree.areas if each.parent in parents}
    shown = [area for area in seen if area in near or area in below]
    depth = {area: sum(up in seen for up in tree.upwards(area)) for area in shown}
    least = min(depth.values())
    options = [
        Option(area, f"{'– ' * (depth[area] - least)}{tree.area(area).name}", area == asked.area)
        for area in shown
    ]
    return Choice("area", "Area", tuple(options))


def _call_types(asked: PageQuestion) -> Choice:
    known = {each.id: each.name for each in asked.issue.profile.call_types}
    kinds = {kind: known.get(kind, kind) for kind in asked.issue.forecast.rates.call_types}
    return _kinds("call_type", "Call type", "all call types", kinds, asked.call_type)


def _grades(asked: PageQuestion) -> Choice:
    names = {grade: grade.replace("_", " ") for grade in asked.issue.forecast.rates.grades}
    return _kinds("grade", "Grade", "all grades", names, asked.grade)


def _kinds(name: str, label: str, every: str, names: dict[str, str], chosen: str) -> Choice:
    """Return a choice among kinds of calls; of one alone there is nothing to choose."""
    options = [Option(kind, text, kind == chosen) for kind, text in names.items()]
    first = [Option("", every, chosen == ALL)] if len(options) > 1 else []
    return Choice(name, label, (*first, *options))
