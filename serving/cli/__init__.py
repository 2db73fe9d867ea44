"""The command line: `forewatch`. Commands are thin; the use cases stand beside this package.

Commands import what they use when they are called, so that `forewatch --help` answers at once.
"""

from __future__ import annotations

from pathlib import Path

import click

from forewatch import __version__
from serving.cli.asking import brief, explain, forecast, issue, missing, view
from serving.cli.data import case_hours, import_, service_times
from serving.cli.duty import plan, shifts, staffing
from serving.cli.group import Commands
from serving.cli.history import check, history_, pools
from serving.cli.issued import export_, issues
from serving.cli.learning import backtest, train
from serving.cli.people import users
from serving.cli.registered import models
from serving.cli.running import keys, serve
from serving.cli.starting import demo, init


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--workspace",
    "-w",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    envvar="FOREWATCH_WORKSPACE",
    show_default="the present folder",
    help="Folder of the force (or FOREWATCH_WORKSPACE in the environment).",
)
@click.option("--debug", is_flag=True, help="Show where in the code an unexpected error arose.")
@click.version_option(__version__)
@click.pass_context
def cli(context: click.Context, workspace: Path, debug: bool) -> None:
    """Forecast police demand by place and hour, with honest uncertainty.

    A workspace is a folder with forewatch.toml in it: 'forewatch init' writes one, 'forewatch demo'
    shows the whole way on an openly synthetic force. Mistakes end with exit code 2 and say what to
    do; 'forewatch check' ends with 1 where something must be mended, a promotion that the gate
    refuses with 4.
    """
    del debug  # read by Commands, which catches the errors
    context.obj = workspace


for command in (
    init,
    import_,
    check,
    history_,
    pools,
    case_hours,
    service_times,
    train,
    models,
    issue,
    issues,
    export_,
    forecast,
    explain,
    missing,
    view,
    brief,
    staffing,
    plan,
    shifts,
    backtest,
    serve,
    keys,
    users,
    demo,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line."""
    cli(prog_name="forewatch")
