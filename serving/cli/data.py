"""Commands that take records in and look at what is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from forewatch.doubts import ACCEPTABLE, Acceptable
from forewatch.tables import SHAPES, TABLES
from serving.cli.asking import (
    TABLE_FORMS,
    form_and_file,
    form_options,
    write_answer,
    write_bytes,
)
from serving.cli.group import workspace_of

if TYPE_CHECKING:
    from forewatch.profile import HoursShape
    from sources.import_options import ImportOptions

Function = TypeVar("Function", bound=Callable[..., Any])

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(name="import")
def import_() -> None:
    """Take files of records in.

    CSV, CSV.gz and Parquet are read, of most tables also workbooks. Importing the same file twice
    changes nothing. What can't be taken goes to the workspace's quarantine folder with its reason;
    a code without a mapping stops the import, and so does a result that can hardly be meant.
    """


def _import_options(function: Function) -> Function:
    """Add the options that every import has."""
    accept = click.option(
        "--accept",
        type=click.Choice(ACCEPTABLE),
        multiple=True,
        help="Import although: many rows go to quarantine; corrections move calls by days; day and "
        "month look swapped (dates); numbers can be no counts.",
    )
    dry_run = click.option("--dry-run", is_flag=True, help="Show the receipt; write nothing.")
    return accept(dry_run(function))


def _options(accept: tuple[Acceptable, ...], dry_run: bool) -> ImportOptions:
    from sources.import_options import ImportOptions

    return ImportOptions(frozenset(accept), dry_run)


@import_.command()
@click.argument("file", type=_FILE)
@click.option("--mapping", type=_FILE, required=True, help="How to read the file (TOML).")
@click.option(
    "--extracted-at",
    metavar="T",
    help="When the file was drawn from its source; later rows are refused.  [default: now]",
)
@_import_options
@click.pass_obj
def calls(
    root: Path,
    file: Path,
    mapping: Path,
    extracted_at: str | None,
    accept: tuple[Acceptable, ...],
    dry_run: bool,
) -> None:
    """Import a call log, one row a call."""
    from serving import importing
    from serving.progress import progress_bar

    with progress_bar() as progress:
        receipt = importing.import_call_log(
            workspace_of(root),
            file,
            mapping,
            extracted_at,
            progress,
            options=_options(accept, dry_run),
        )
    click.echo(receipt.text)


def _table_command(table: str, about: str) -> click.Command:
    @click.command(name=table, help=about)
    @click.argument("file", type=_FILE)
    @click.option("--mapping", type=_FILE, help="How to read the file (TOML), if not as it is.")
    @_import_options
    @click.pass_obj
    def command(
        root: Path,
        file: Path,
        mapping: Path | None,
        accept: tuple[Acceptable, ...],
        dry_run: bool,
    ) -> None:
        from serving import importing

        options = _options(accept, dry_run)
        click.echo(
            importing.import_table_file(workspace_of(root), table, file, mapping, options).text
        )

    return command


for _table in TABLES:
    if _table.summary and _table is not SHAPES:
        import_.add_command(_table_command(_table.name, f"Import {_table.summary}."))


@import_.command(help=f"Import {SHAPES.summary}.")
@click.argument("file", type=_FILE)
@click.option(
    "--id",
    "id_column",
    metavar="COLUMN",
    help="The property that holds ids or names of areas.  [default: area, id or name]",
)
@click.option("--mapping", type=_FILE, help="What the file's codes mean (TOML), if not as it is.")
@_import_options
@click.pass_obj
def shapes(
    root: Path,
    file: Path,
    id_column: str | None,
    mapping: Path | None,
    accept: tuple[Acceptable, ...],
    dry_run: bool,
) -> None:
    """Keep the outlines that maps are drawn of."""  # the help stands in the declaration
    from serving import importing

    receipt = importing.import_shape_file(
        workspace_of(root), file, mapping, id_column, _options(accept, dry_run)
    )
    click.echo(receipt.text)


@click.command()
@click.argument("file", type=_FILE)
@click.option(
    "--column", default="officer_hours", show_default=True, help="The column of officer-hours."
)
@click.option("--shape", type=click.Choice(["lognormal", "gamma"]), default="lognormal")
@click.option(
    "--refuse", multiple=True, metavar="COLUMN", help="A column about persons, never read."
)
def case_hours(file: Path, column: str, shape: HoursShape, refuse: tuple[str, ...]) -> None:
    """Learn how long a missing-person case takes.

    FILE has one row for each closed case. Only the column of hours is read and nothing is kept;
    what is printed belongs into forewatch.toml.
    """
    from serving.case_lengths import case_lengths

    click.echo(case_lengths(file, column, shape, refuse))


@click.command(name="service-times")
@click.option("--until", metavar="T", help="Use what was known before T only.  [default: all]")
@click.option("--save", is_flag=True, help="Write it into forewatch.toml.")
@form_options("toml", *TABLE_FORMS)
@click.pass_obj
def service_times(
    root: Path,
    /,
    *,
    until: str | None,
    save: bool,
    **written: Any,  # noqa: ANN401 - how the answer is
) -> None:
    """Learn officers, minutes and share attended by call type and grade.

    The log must have the columns officers and attended_minutes. What is printed belongs into
    forewatch.toml; --save puts it there, in the place of what was learned before.
    """
    from serving.service_times import (
        learn_service_times,
        save_service_times,
        service_time_table,
        service_times_toml,
    )

    form, out = form_and_file(written)
    if save and (form != "toml" or out is not None):
        raise click.UsageError("--save writes forewatch.toml; leave --format and --out out")
    workspace = workspace_of(root)
    learned = learn_service_times(workspace, until)
    if form != "toml":
        write_answer((service_time_table(learned, workspace.profile),), form, out)
        return
    if not save:
        write_bytes(service_times_toml(learned).encode(), out)
        return
    given = save_service_times(workspace, learned)
    click.echo(
        f"{len(learned.services)} call types and grades written into forewatch.toml; they "
        "are used from the next 'forewatch issue' on"
    )
    if given:
        click.echo(f"as they were given there: {', '.join(given)}")
