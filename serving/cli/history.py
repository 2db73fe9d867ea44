"""Commands that look at what was imported: the check, and the counts as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from serving.cli.group import MUST_BE_MENDED, workspace_of

if TYPE_CHECKING:
    from forewatch.history import Step

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Cut no list, leave no leaf area out.")
@click.option(
    "--gaps",
    "gaps_file",
    type=_FILE,
    metavar="FILE",
    help="Write every gap to a new CSV file, as 'forewatch import unobserved' takes it.",
)
@click.option(
    "--deep",
    is_flag=True,
    help="Also read every file of history, issues and models, and compare it with its digest.",
)
@click.pass_context
def check(context: click.Context, everything: bool, gaps_file: Path | None, deep: bool) -> None:
    """Report on what was imported.

    Ends with exit code 1 where something must be mended.
    """
    from serving.checking import check_report as look

    if deep:
        from serving.verifying import damage, damage_text

        lines, damaged = damage_text(damage(workspace_of(context.obj)))
        click.echo(f"{lines}\n")
        if damaged:
            context.exit(MUST_BE_MENDED)
    report = look(workspace_of(context.obj), everything=everything, gaps_file=gaps_file)
    click.echo(report.text)
    if gaps_file is not None:
        then = f"; look through them, then run 'forewatch import unobserved {gaps_file}'"
        n = len(report.gaps)
        click.echo(f"wrote {n:,} windows to {gaps_file}" + then * bool(n), err=True)
    if report.must_be_mended:
        context.exit(MUST_BE_MENDED)


@click.command()
@click.pass_obj
def pools(root: Path) -> None:
    """Tell which small areas are pooled, by year and call type.

    Of their reports only the sum is learned, so that nothing published tells more of one of them.
    """
    from serving.pooling import pooling_text

    click.echo(pooling_text(workspace_of(root)))


@click.group(name="history")
def history_() -> None:
    """Take the counts of the history out again."""


@history_.command()
@click.option(
    "--by",
    type=click.Choice(["day", "hour"]),
    default="day",
    show_default=True,
    help="By force-day, or by the hours of force-days.",
)
@click.option(
    "--out",
    type=_FILE,
    required=True,
    help="File to write; its name ends with .csv, .csv.gz or .parquet.",
)
@click.option("--from", "start", metavar="T", help="First time.  [default: all that was observed]")
@click.option("--to", "end", metavar="T", help="Last time, not in it.  [default: all]")
@click.option("--zeros", is_flag=True, help="Write every cell, those without a call too.")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@click.pass_obj
def export(
    root: Path,
    *,
    by: Step,
    out: Path,
    start: str | None,
    end: str | None,
    zeros: bool,
    force: bool,
) -> None:
    """Write the calls counted by interval, leaf area, call type and grade.

    Columns: start (UTC), force_day (local date), area, call_type, grade, count, observed. A call
    counts once, as it is known by now. Cells without a call are left out: an absent cell is an
    observed zero, unless its interval and area have a row with observed = false. Such a row has no
    call type, grade or count: nothing is known there, which is not zero. With --zeros every cell is
    a row.
    """
    from serving import exporting

    wanted = exporting.ExportQuery(
        by=by, out=out, start=start, end=end, zeros=zeros, replaces=force
    )
    click.echo(exporting.export_counts(workspace_of(root), wanted), err=True)
