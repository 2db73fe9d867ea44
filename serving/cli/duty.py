"""Commands of the plan of duty, and of sets of shifts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from serving.cli.asking import (
    TABLE_FORMS,
    QuestionCommand,
    form_and_file,
    form_options,
    write_answer,
    write_bytes,
)
from serving.cli.group import Function, jobs_option, workspace_of

if TYPE_CHECKING:
    from serving.queries import ViewQuery

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FEWEST_PATTERNS = 2
_CALENDAR_FORMS = (*TABLE_FORMS, "ics")


def _question_options(function: Function) -> Function:
    """Add the options of questions about officers."""
    for option in (
        click.option("--issue", type=click.IntRange(min=1), help="Number of an earlier issue."),
        click.option(
            "--percentile", type=click.IntRange(1, 99), help="Covered.  [default: the profile's]"
        ),
        click.option("--role", metavar="ROLE", help="Id of the role.  [default: the first]"),
        click.option(
            "--area",
            "areas",
            multiple=True,
            metavar="AREA",
            help="Ids or names of areas, or names of levels; none: the whole force; may be "
            "repeated.",
        ),
        click.option(
            "--week",
            default="next",
            show_default=True,
            metavar="WEEK",
            help="ISO week like 2026-W49, or this, or next.",
        ),
    ):
        function = option(function)
    return function


class StaffingCommand(QuestionCommand):
    """A command that asks for officers."""

    forms = _CALENDAR_FORMS

    def question(self) -> type[ViewQuery]:
        """Return the model of the questions."""
        from serving.queries import StaffingQuery

        return StaffingQuery


@click.command(cls=StaffingCommand)
@click.pass_obj
def staffing(root: Path, /, **asked: Any) -> None:  # noqa: ANN401 - options of the model
    """Ask an issue how many officers each shift needs: next week, if no time is given.

    Officers on duty and on the roster that cover every half-hour and hold each force-day's work,
    and how short they are. Where a plan was imported, what it says stands beside them, with the gap
    and the notice that a change needs. What can't be covered is told above the table.
    """
    import pandas as pd

    from serving.answers import read_query
    from serving.queries import StaffingQuery
    from serving.staffing_answers import staffing_answer

    form, out = form_and_file(asked)
    query, now = read_query(StaffingQuery, asked), pd.Timestamp.now("UTC").as_unit("us")
    if form == "ics" and query.by == "half-hour":
        raise click.UsageError("a calendar has shifts; leave --by half-hour out, or write csv")
    table = staffing_answer(workspace_of(root), query, now)
    if form != "ics":
        write_answer((table,), form, out)
        return
    from serving.rota_document import table_feed

    feed = table_feed(table, now)
    write_bytes(feed, out)


@click.group(invoke_without_command=True)
@_question_options
@click.option("--decide", is_flag=True, help="The shifts to decide on now, the dearest first.")
@click.option(
    "--chance",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="P",
    help="With --decide: probability from which a shift is short.  [default: 0.5]",
)
@click.option(
    "--moves",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="The fewest changes of the plan that mend it, N officer-shifts at most.",
)
@click.option(
    "--on",
    "noticed_on",
    metavar="T",
    help="When notice is given, and as of when the plan is known; a date alone: when that day "
    "begins, of today now.  [default: now]",
)
@form_options(*_CALENDAR_FORMS)
@click.pass_context
def plan(
    context: click.Context,
    /,
    *,
    decide: bool,
    chance: float | None,
    moves: int | None,
    noticed_on: str | None,
    **asked: Any,  # noqa: ANN401 - of the question, and how it is written
) -> None:
    """Show the plan of duty beside what a week needs, by shift.

    With --decide only the shifts that are probably short and whose change costs nothing for at most
    a week more. With --moves what to change: a duty moved to another shift, or another area of the
    same duty base, or one more officer asked for. A calendar (ics) has the shifts that are short,
    with --decide those to decide on.
    """
    if context.invoked_subcommand is not None:
        return
    from serving.duty_plans import PlanQuestion, notice_instant, week_plans

    if decide and moves:
        raise click.UsageError("--decide and --moves are two questions; ask one of them")
    if chance is not None and not decide:
        raise click.UsageError("--chance says what --decide lists; ask --decide with it")
    form, out = form_and_file(asked)
    if form == "ics" and moves:
        raise click.UsageError("a calendar has shifts, not moves between them; write csv or xlsx")
    workspace = workspace_of(context.obj)
    found = week_plans(workspace, PlanQuestion(**asked), notice_instant(workspace, noticed_on))
    if decide:
        table = found.decide_table() if chance is None else found.decide_table(chance)
    else:
        table = found.moves_table(moves) if moves else found.plan_table()
    if form != "ics":
        write_answer((table,), form, out)
        return
    import pandas as pd

    from serving.rota_document import plan_feed

    title = "Shifts to decide on" if decide else "Short shifts"
    write_bytes(plan_feed(title, table, pd.Timestamp.now("UTC").as_unit("us")), out)


@plan.command(name="replay")
@click.option(
    "--weeks",
    type=click.IntRange(1, 520),
    default=26,
    show_default=True,
    help="The last whole weeks, so many.",
)
@click.option("--until", metavar="T", help="Weeks that end by then.  [default: the data cut-off]")
@click.option(
    "--lead",
    "leads_days",
    multiple=True,
    type=click.IntRange(0, 300),
    metavar="DAYS",
    default=(7, 14, 28),
    show_default=True,
    help="Days before a week at which it was said; may be repeated.",
)
@click.option(
    "--area",
    "areas",
    multiple=True,
    metavar="AREA",
    help="Ids or names of areas, or names of levels; none: the whole force; may be repeated.",
)
@click.option("--role", metavar="ROLE", help="Id of the role.  [default: the first]")
@click.option(
    "--percentile",
    type=click.IntRange(1, 99),
    help="Covered where no plan was told.  [default: the profile's]",
)
@click.option(
    "--only-published",
    is_flag=True,
    help="Leave weeks out that no issue of the time reaches; else one is made as of then.",
)
@jobs_option
@form_options(*TABLE_FORMS)
@click.pass_obj
def replay_plan(
    root: Path,
    /,
    *,
    jobs: int | None,
    **asked: Any,  # noqa: ANN401 - of the question, and how it is written
) -> None:
    """Hold what was said of past weeks against the work that came.

    For each week and lead the issue and the plan of that time are looked up, and the three figures
    of how short its officers were said to be stand beside how short they were. Where no issue of
    the time is there, one is made as of then: its model is fitted on what was known then, which
    takes as long as a training every twelve weeks.
    """
    from serving.progress import progress_bar
    from serving.replaying import ReplayQuestion, replay

    form, out = form_and_file(asked)
    with progress_bar() as progress:
        table = replay(workspace_of(root), ReplayQuestion(**asked), jobs=jobs, progress=progress)
    write_answer((table,), form, out)


@click.group()
def shifts() -> None:
    """Look at sets of shifts."""


@shifts.command(name="compare")
@click.argument("files", type=_FILE, nargs=-1, required=True)
@_question_options
@click.option("--year", is_flag=True, help="All days that the issue reaches, up to 52 weeks.")
@form_options(*TABLE_FORMS)
@click.pass_obj
def compare_shifts(
    root: Path,
    /,
    files: tuple[Path, ...],
    *,
    year: bool,
    **asked: Any,  # noqa: ANN401 - of the question, and how it is written
) -> None:
    """Compare sets of shifts on the same forecast.

    Each of FILES is TOML with [[shifts]] as under [[staffing.shifts]]; the first set is the one
    compared with. For each area: officer-hours for the same percentile, the share of time that is
    short with them and with as many officer-hours as the first set takes, and the officer-hours
    held over after the ends of shifts.
    """
    from serving.duty_plans import PlanQuestion
    from serving.pattern_files import pattern_comparison

    form, out = form_and_file(asked)
    if len(files) < _FEWEST_PATTERNS:
        raise click.UsageError("give two files of shifts at least, the first to compare with")
    question = PlanQuestion(**asked)
    table = pattern_comparison(workspace_of(root), files, question, is_year=year)
    write_answer((table,), form, out)


@shifts.command(name="curve")
@click.argument("shift_id")
@click.option("--issue", type=click.IntRange(min=1), help="Number of an earlier issue.")
@click.option("--percentile", type=click.IntRange(1, 99), help="Covered.  [default: the profile's]")
@form_options(*TABLE_FORMS)
@click.pass_obj
def curve_of_shift(
    root: Path,
    /,
    shift_id: str,
    *,
    issue: int | None,
    percentile: int | None,
    **asked: Any,  # noqa: ANN401 - how it is written
) -> None:
    """Show what one more officer buys in one shift.

    SHIFT_ID is area/role/force-day/shift, as 'forewatch staffing --format csv' has it. For every
    number of officers from the minimum to half as many again as are needed: how short the shift is,
    with all others as they are needed.
    """
    import pandas as pd

    from serving.shift_curves import shift_curve

    form, out = form_and_file(asked)
    now = pd.Timestamp.now("UTC").as_unit("us")
    table = shift_curve(workspace_of(root), shift_id, now, percentile, issue)
    write_answer((table,), form, out)
