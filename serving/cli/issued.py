"""Commands for the issues that were published."""

from __future__ import annotations

from pathlib import Path

import click

from serving.cli.group import Function, decider, workspace_of

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
