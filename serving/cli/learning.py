"""Commands that fit models: training, and backtests for independent scoring."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from serving.cli.group import decider, jobs_option, subject_option, workspace_of

if TYPE_CHECKING:
    from forewatch.history import History
    from models.register import Version
    from models.subject import Subject
    from serving.workspace import Workspace


@click.command()
@click.option("--until", metavar="T", help="Use what was known before T only.  [default: all]")
@jobs_option
@click.option("--promote", is_flag=True, help="Promote a new version if the gate passes it.")
@subject_option(default=None, show_default="each that the force has calls of")
@decider
@click.pass_obj
def train(
    root: Path,
    *,
    until: str | None,
    jobs: int | None,
    promote: bool,
    subject: Subject | None,
    by: str,
) -> None:
    """Fit and judge the models, keep a new version of each.

    The gate says whether it is better than the champion and than the honest baseline.
    """
    from serving.pooling import settle_pools
    from serving.progress import progress_bar
    from serving.subjects import FIRST, subjects_of

    workspace = workspace_of(root)
    with progress_bar() as progress:
        progress("reading the history", 0, 0)
        history = settle_pools(workspace)
    for each in subjects_of(workspace.profile) if subject is None else (subject,):
        version = _train_subject(workspace, history, each, until=until, jobs=jobs)
        # beside the first a refusal is no mistake: its champion, or its baseline, stays
        if promote and (version.passed or each in (subject, FIRST)):
            _promote_challenger(workspace, each, by)
        elif not version.passed and each is not FIRST:
            click.echo("not promoted; without a champion, issues hold its baseline, marked as such")


def _train_subject(
    workspace: Workspace, history: History, subject: Subject, *, until: str | None, jobs: int | None
) -> Version:
    """Train the model of a subject and say how it went."""
    from serving import modelling
    from serving.printing import echo_table
    from serving.progress import progress_bar
    from serving.training import train_challenger

    with progress_bar() as progress:
        done = train_challenger(
            workspace, history, subject, until=until, jobs=jobs, progress=progress
        )
    echo_table(modelling.summary(done.training.scores.to_dict("records"), subject))
    for note in done.training.notes:
        click.echo(f"note: {note}")
    click.echo(f"version {done.version.version} of {done.model}; report: {done.report}")
    click.echo("the gate: " + ("passed" if done.version.passed else "refused"))
    for reason in done.version.reasons:
        click.echo(f"  {reason}")
    return done.version


def _promote_challenger(workspace: Workspace, subject: Subject, by: str) -> None:
    """Promote the version that was just trained."""
    from serving import modelling

    version = modelling.promote_version(workspace, subject, "challenger", by)
    click.echo(f"version {version.version} is the champion of {subject.title}")


@click.command()
@subject_option()
@click.option("--first-origin", metavar="T", required=True, help="The earliest origin.")
@click.option("--every", default="42d", show_default=True, help="Days between origins.")
@click.option("--folds", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--horizon", default="84d", show_default=True, help="Days forecast from each origin.")
@click.option(
    "--step",
    type=click.Choice(["1d", "1h", "shift"]),
    default="1d",
    show_default=True,
    help="A row for each force-day, each hour, or each shift of the profile.",
)
@click.option(
    "--retrain",
    default="84d",
    show_default=True,
    help="Days after which weights and shocks are found anew; never: at the first origin only.",
)
@click.option(
    "--levels",
    default="",
    help="Levels to write, with commas between: total, call_type, cell, bottom, and the area "
    "levels.  [default: all that fit]",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Parquet file to write.",
)
@jobs_option
@click.pass_obj
def backtest(root: Path, /, out: Path, jobs: int | None, **asked: Any) -> None:  # noqa: ANN401
    """Forecast the past from many origins.

    The members are fitted again at each origin, weights and shocks every so often, with data before
    it only. The file has one row per origin, start, area, call type and grade, with mean and q05 to
    q95; see docs/guides/backtest-file.md.
    """
    from serving import backtesting
    from serving.progress import progress_bar

    request = backtesting.BacktestRequest(**asked)
    with progress_bar() as progress:
        rows = backtesting.write_backtest(
            workspace_of(root), request, out, jobs=jobs, progress=progress
        )
    click.echo(f"wrote {rows:,} rows to {out}")
