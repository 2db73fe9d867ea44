"""Use case: what calls take, learned from the log, and written into forewatch.toml.

What is learned stands at the end of the file between two lines of comment, in the place of what was
learned before. What a person wrote elsewhere in the file stays as it is and comes first: a figure
that stands there is not written a second time.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from forewatch.clock import Clock
from forewatch.durable import write_file
from forewatch.errors import SettingsError
from forewatch.profile import Profile
from planning.service_time_tables import SERVICE_TIME_COLUMNS, service_time_values
from planning.service_times import LearnedService, ServiceTimes, service_times
from planning.tables import Table, column_descriptions
from serving.spans import instant
from serving.workspace import SETTINGS, Workspace
from sources.attended_calls import attended_calls

_BEGIN = "# --- what calls take, learned by 'forewatch service-times --save' ---"
_END = "# --- end of what was learned ---"
_FIGURES = ("officers", "minutes", "cv", "attended")


def learn_service_times(workspace: Workspace, until: str | None = None) -> ServiceTimes:
    """Return what calls take, by the log.

    Args:
        workspace: the force's.
        until: as a person writes a time; what was not known or not over by then is not used. None:
            everything is.

    Raises:
        NotEnoughHistory: if there are no figures, or too few days of them.
        BadQuestion: if *until* is no time.
    """
    profile = workspace.profile
    at = None if until is None else instant(Clock.of(profile), until)
    sums = attended_calls(workspace.lake(), profile, workspace.tree(), at)
    missing = profile.missing_call_types
    return service_times(sums, profile.call_type_ids, profile.grade_ids, missing)


def service_times_toml(learned: ServiceTimes, given: Mapping[str, Any] | None = None) -> str:
    """Return what was learned as settings, each line with the calls it comes from.

    Args:
        learned: what was learned.
        given: the table [staffing.services] as a person wrote it; its figures are left out.
    """
    head = (
        f"# {learned.days} force-days from {learned.first:%Y-%m-%d} to {learned.last:%Y-%m-%d}; "
        f"{learned.open_days} more were left out whole, as cases of them are still open.\n"
        "# Few calls lean on those of their type (attended: of their grade). Hours of missing "
        "persons stand under [missing].\n"
    )
    return head + "".join(_tables(learned, given or {}))


def service_time_table(learned: ServiceTimes, profile: Profile) -> Table:
    """Return what was learned as a table.

    Args:
        learned: what was learned.
        profile: of the force, whose call types are named.
    """
    names = {each.id: each.name for each in profile.call_types}
    about = {
        "force": profile.force.name,
        "from_force_day": f"{learned.first:%Y-%m-%d}",
        "to_force_day": f"{learned.last:%Y-%m-%d}",
        "force_days": learned.days,
        "force_days_left_out": learned.open_days,
        "columns": column_descriptions(SERVICE_TIME_COLUMNS),
    }
    span = f"{about['from_force_day']} to {about['to_force_day']}"
    heading = (
        f"{profile.force.name}, {learned.days} force-days from {span}",
        f"{learned.open_days} more left out whole: cases of them are still open",
    )
    values = service_time_values(learned, names.__getitem__)
    return Table(SERVICE_TIME_COLUMNS, values, about, heading)


def save_service_times(workspace: Workspace, learned: ServiceTimes) -> tuple[str, ...]:
    """Write what was learned into forewatch.toml and return the figures that a person gave there.

    Raises:
        SettingsError: if the file would no longer be read; nothing is written then.
    """
    from serving.settings import parse  # noqa: PLC0415 - its models cost half a second

    file = workspace.root / SETTINGS
    own = _without_block(file.read_text(encoding="utf-8"))
    given = tomllib.loads(own).get("staffing", {}).get("services", {})
    block = service_times_toml(learned, given)
    text = f"{own.rstrip()}\n\n{_BEGIN}\n{block.strip()}\n{_END}\n"
    try:
        parse(text, SETTINGS)
    except SettingsError as error:
        raise SettingsError(
            f"what was learned can't be added to {SETTINGS}; nothing was written. Put it there by "
            f"hand, or write [staffing.services.TYPE.grades.GRADE] tables instead of inline ones: "
            f"{error}"
        ) from error
    target = file.resolve()  # a link stays one
    write_file(target, text.encode(), target.stat().st_mode & 0o777)
    return tuple(_given_figures(learned, given))


def _tables(learned: ServiceTimes, given: Mapping[str, Any]) -> Iterator[str]:
    for call_type in dict.fromkeys(each.call_type for each in learned.services):
        of_type = given.get(call_type, {})
        services = [each for each in learned.services if each.call_type == call_type]
        lines = [_line(each, of_type) for each in services]
        told = [line for line in lines if line]
        if not told:
            continue
        yield f"\n[staffing.services.{call_type}.grades]\n" + "".join(told)


def _line(service: LearnedService, of_type: Mapping[str, Any]) -> str:
    """Return the line of a grade; "" where a person gave its table, or all of its figures."""
    if service.grade in of_type.get("grades", {}):
        return ""
    figures = {
        name: getattr(service, name)
        for name in _FIGURES
        if name not in of_type and getattr(service, name) is not None
    }
    if not figures:
        return ""
    inside = ", ".join(f"{name} = {value}" for name, value in figures.items())
    return (
        f"{service.grade} = {{ {inside} }} # {service.calls:,} calls, {service.sent:,} attended\n"
    )


def _given_figures(learned: ServiceTimes, given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of the figures that a person gave and that were learned too."""
    for call_type in dict.fromkeys(each.call_type for each in learned.services):
        of_type = given.get(call_type, {})
        yield from (f"{call_type}.{name}" for name in _FIGURES if name in of_type)
        for service in learned.services:
            if service.call_type == call_type and service.grade in of_type.get("grades", {}):
                yield f"{call_type}.grades.{service.grade}"


def _without_block(text: str) -> str:
    """Return a file's text without what was learned before.

    Raises:
        SettingsError: if only one of the two lines around it is there.
    """
    before, begin, rest = text.partition(_BEGIN)
    if not begin and _END not in text:
        return text
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise SettingsError(
            f"{SETTINGS} has only one of the lines {_BEGIN!r} and {_END!r}; what stands between "
            "them is replaced, so put the other one back, or remove both with what was learned"
        )
    return before.rstrip() + "\n" + after.lstrip("\n")
