"""Commands that publish a forecast and ask for one."""

from __future__ import annotations

from pathlib import Path

import click

from serving.cli.group import workspace_of


@click.command()
@click.option("--from", "origin", metavar="T", help="Origin.  [default: the data cut-off]")
@click.option(
    "--days",
    type=click.IntRange(1, 400),
    default=None,
    show_default="the profile's horizon_days",
    help="Force-days to forecast.",
)
@click.pass_obj
def issue(root: Path, origin: str | None, days: int | None) -> None:
    """Publish the champion's forecast.

    The new issue gets the next number and is never changed.
    """
    from serving import issuing
    from serving.progress import shown

    with shown() as progress:
        published = issuing.issue(workspace_of(root), origin=origin, days=days, progress=progress)
    click.echo(issuing.text(published))


@click.command()
@click.option("--week", metavar="W", help="ISO week, such as 2026-W49.")
@click.option("--from", "start", metavar="T", help="First instant or force-day.")
@click.option("--to", "end", metavar="T", help="The instant or force-day before which to end.")
@click.option("--area", multiple=True, help="Area or level of areas; may be repeated.")
@click.option("--call-type", multiple=True, help="Call type, 'each' or 'all'; may be repeated.")
@click.option("--grade", multiple=True, help="Grade, 'each' or 'all'; may be repeated.")
@click.option(
    "--by",
    type=click.Choice(["hour", "shift", "day", "week"]),
    default="day",
    show_default=True,
)
@click.option("--quantile", type=float, multiple=True, help="Between 0 and 1; may be repeated.")
@click.option("--issue", "number", type=int, help="Number of the issue.  [default: the latest]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "parquet"]),
    default="table",
    show_default=True,
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.pass_obj
def forecast(
    root: Path,
    *,
    week: str | None,
    start: str | None,
    end: str | None,
    area: tuple[str, ...],
    call_type: tuple[str, ...],
    grade: tuple[str, ...],
    by: str,
    quantile: tuple[float, ...],
    number: int | None,
    form: str,
    out: Path | None,
) -> None:
    """Ask an issue for a forecast.

    Spans are half-open. A date is a force-day, a time without zone the force's local time.
    """
    from serving import forecasting

    if form == "parquet" and out is None:
        raise click.UsageError("--format parquet needs --out FILE.parquet")
    asked = forecasting.Asked(
        week=week,
        start=start,
        end=end,
        areas=area,
        call_types=call_type,
        grades=grade,
        by=by,
        quantiles=quantile,
        issue=number,
    )
    said = forecasting.forecast(workspace_of(root), asked)
    if out is not None:
        out.write_bytes(forecasting.rendered(said, form))
        click.echo(f"wrote {len(said.frame):,} rows to {out}", err=True)
    elif form == "table":
        from serving.printing import echo_table

        click.echo(forecasting.heading(said))
        echo_table(forecasting.readable(said))
    else:
        click.echo(forecasting.rendered(said, form), nl=False)
