"""Commands that publish a forecast, ask for one, and ask what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from planning.uses import USES
from serving.cli.group import Function, workspace_of

if TYPE_CHECKING:
    import pandas as pd

    from serving.forecasting import Asked, Said
    from serving.workspace import Workspace


class Answer(Protocol):
    """What a question was answered with."""

    @property
    def frame(self) -> pd.DataFrame:
        """Its rows."""


Shown_contra = TypeVar("Shown_contra", bound=Answer, contravariant=True)


class Ways(Protocol[Shown_contra]):
    """How an answer reads: the functions of the use case that gave it."""

    def heading(self, said: Shown_contra, /) -> str:
        """Return what stands above the table."""

    def readable(self, said: Shown_contra, /) -> pd.DataFrame:
        """Return the table for a person."""

    def footing(self, said: Shown_contra, /) -> str:
        """Return what stands below the table, "" for nothing."""

    def rendered(self, said: Shown_contra, form: str, /) -> bytes:
        """Return a file of the form."""


@click.command()
@click.option("--from", "origin", metavar="T", help="Origin.  [default: the data cut-off]")
@click.option(
    "--days",
    type=click.IntRange(1, 400),
    default=None,
    show_default="the profile's horizon_days",
    help="Force-days to forecast.",
)
@click.option(
    "--publish", is_flag=True, help="Serve it though its origin lies before the data cut-off."
)
@click.pass_obj
def issue(root: Path, origin: str | None, days: int | None, *, publish: bool) -> None:
    """Publish the champion's forecast.

    The new issue gets the next number and is never changed. From an origin before the data cut-off
    it is a draft: listed, answered from by its number, and never served as the latest.
    """
    from serving import issuing
    from serving.progress import shown

    with shown() as progress:
        published = issuing.issue(
            workspace_of(root), origin=origin, days=days, progress=progress, is_published=publish
        )
    click.echo(issuing.text(published))


_SPAN = (
    click.option("--week", metavar="W", help="ISO week, such as 2026-W49."),
    click.option("--from", "start", metavar="T", help="First instant or force-day."),
    click.option("--to", "end", metavar="T", help="The instant or force-day before which to end."),
    click.option("--area", multiple=True, help="Area or level of areas; may be repeated."),
)
_QUESTION = (
    *_SPAN,
    click.option("--call-type", multiple=True, help="Call type, 'each' or 'all'; may be repeated."),
    click.option("--grade", multiple=True, help="Grade, 'each' or 'all'; may be repeated."),
    click.option(
        "--by",
        type=click.Choice(["hour", "shift", "day", "week"]),
        default="day",
        show_default=True,
    ),
)
_ANSWER = (
    click.option("--issue", "number", type=int, help="Number of the issue.  [default: the latest]"),
    click.option(
        "--format",
        "form",
        type=click.Choice(["table", "json", "csv", "parquet"]),
        default="table",
        show_default=True,
    ),
    click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write."),
)


def _with(options: tuple[Callable[[Function], Function], ...]) -> Callable[[Function], Function]:
    """Return a decorator that adds options in their order."""

    def added(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return added


@click.command()
@_with(_QUESTION)
@click.option("--quantile", type=float, multiple=True, help="Between 0 and 1; may be repeated.")
@_with(_ANSWER)
@click.pass_obj
def forecast(root: Path, /, **asked: Any) -> None:  # noqa: ANN401 - the options above
    """Ask an issue for a forecast.

    Spans are half-open. A date is a force-day, a time without zone the force's local time.
    """
    from serving import forecasting

    _answer(forecasting.forecast, root, asked)


@click.command()
@_with(_QUESTION)
@_with(_ANSWER)
@click.pass_obj
def explain(root: Path, /, **asked: Any) -> None:  # noqa: ANN401 - the options above
    """Ask an issue what its expected calls are made of.

    Parts in calls that add up to the mean: the long-run level, time of week, season, holidays,
    tourism, events, recent trend, and what else the forecast holds. A part may be negative.
    """
    from serving import forecasting

    _answer(forecasting.explanation, root, asked)


@click.command(epilog=USES)
@_with(_SPAN)
@click.option("--by", type=click.Choice(["shift", "day", "week"]), default="day", show_default=True)
@click.option(
    "--at-least",
    type=click.IntRange(min=1),
    multiple=True,
    help="Number of reports k for P(at least k); may be repeated.  [default: the force's]",
)
@click.option(
    "--reserved",
    multiple=True,
    metavar="HOURS",
    help="Officer-hours kept free in each period: 40 for all areas asked, or north:40, repeated.  "
    "[default: the force's]",
)
@_with(_ANSWER)
@click.pass_obj
def missing(root: Path, /, **asked: Any) -> None:  # noqa: ANN401 - the options above
    """Ask an issue for missing-person demand: reports and officer-hours.

    Areas and times only, in the order asked: never persons, never a ranking. Beside expected
    reports stand the chance of at least k and the hours that land after earlier reports too; with
    hours kept free, whether they are likely enough.
    """
    from serving import missing_demand

    _whole(asked)
    said = missing_demand.demand(
        workspace_of(root),
        missing_demand.Asked(
            week=asked["week"],
            start=asked["start"],
            end=asked["end"],
            areas=asked["area"],
            by=asked["by"],
            at_least=asked["at_least"],
            reserved=asked["reserved"],
            issue=asked["number"],
        ),
    )
    _give(said, missing_demand, asked)


def _answer(
    answered: Callable[[Workspace, Asked], Said], root: Path, options: dict[str, Any]
) -> None:
    """Print or write what a question, in the names of the options, is answered with."""
    from serving import forecasting

    _whole(options)
    asked = forecasting.Asked(
        week=options["week"],
        start=options["start"],
        end=options["end"],
        areas=options["area"],
        call_types=options["call_type"],
        grades=options["grade"],
        by=options["by"],
        quantiles=options.get("quantile", ()),
        issue=options["number"],
    )
    said = answered(workspace_of(root), asked)
    _give(said, forecasting, options)


def _whole(options: dict[str, Any]) -> None:
    """Stop at options that don't go together."""
    if options["form"] == "parquet" and options["out"] is None:
        raise click.UsageError("--format parquet needs --out FILE.parquet")


def _give(said: Shown_contra, ways: Ways[Shown_contra], options: dict[str, Any]) -> None:
    """Print or write an answer, in the ways of the use case that gave it."""
    form, out = options["form"], options["out"]
    if out is not None:
        out.write_bytes(ways.rendered(said, form))
        click.echo(f"wrote {len(said.frame):,} rows to {out}", err=True)
    elif form == "table":
        from serving.printing import echo_table

        click.echo(ways.heading(said))
        echo_table(ways.readable(said))
        if below := ways.footing(said):
            click.echo(f"\n{below}")
    else:
        click.echo(ways.rendered(said, form), nl=False)
