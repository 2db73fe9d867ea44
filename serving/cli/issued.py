"""Commands for the issues that were published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from serving.cli.group import Function, decider, workspace_of

if TYPE_CHECKING:
    from serving.issue_exports import ExportForm

_NUMBER = click.argument("number", type=click.IntRange(min=1))


def _reason(function: Function) -> Function:
    return click.option(
        "--reason", required=True, help="Why; told with every answer from the issue."
    )(function)


@click.group()
def issues() -> None:
    """List issues, take one out of service and back into it."""


@issues.command(name="list")
@click.pass_obj
def list_issues(root: Path) -> None:
    """List every issue, the newest first, and say which is served."""
    from serving import issues as published
    from serving.printing import echo_table

    echo_table(published.issue_list(workspace_of(root)))


@issues.command()
@_NUMBER
@_reason
@decider
@click.pass_obj
def withdraw(root: Path, *, number: int, reason: str, by: str) -> None:
    """Take issue NUMBER out of service.

    It stays readable by its number, and every answer from it says that it was withdrawn and why. If
    it was the one in service, the one before is served again.
    """
    from serving import issues as published

    click.echo(published.decide(workspace_of(root), "withdraw", number, by, reason))


@issues.command()
@_NUMBER
@_reason
@decider
@click.pass_obj
def restore(root: Path, *, number: int, reason: str, by: str) -> None:
    """Take back the withdrawal of issue NUMBER."""
    from serving import issues as published

    click.echo(published.decide(workspace_of(root), "restore", number, by, reason))


class IssueName(click.ParamType[int | None]):
    """The number of an issue, or "latest": None."""

    name = "issue"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return how it is written."""
        del param, ctx
        return "[latest|N]"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Return the number, None for the latest."""
        text = str(value)
        if text == "latest":
            return None
        if not (text.isascii() and text.isdecimal() and int(text)):
            self.fail(f"no issue {text!r}; write its number, or latest", param, ctx)
        return int(text)


@click.command(name="export")
@click.option(
    "--issue", "number", type=IssueName(), default="latest", show_default=True, help="Which issue."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder to write; made, whole or not at all.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="How tables are written.",
)
@click.option("--force", is_flag=True, help="Replace an earlier export in the folder.")
@click.pass_obj
def export_(root: Path, *, number: int | None, out: Path, form: ExportForm, force: bool) -> None:
    """Write a whole issue into a folder, as tables for other tools.

    A file for each table: calls by district, type and hour or day, by smallest area and day, totals
    with their own bands, reasons, missing-person demand, officers by shift beside the plan, areas,
    call types, notes. manifest.json says where they come from, what each column is, and what was
    left out and why.
    """
    from serving.issue_exports import ExportOrder, export_issue

    order = ExportOrder(out, form, number, replaces=force)
    click.echo(export_issue(workspace_of(root), order), err=True)
