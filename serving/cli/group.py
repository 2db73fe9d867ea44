"""What all commands share: how they end on an error, and how they reach the workspace."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from forewatch.errors import ForewatchError

if TYPE_CHECKING:
    from serving.workspace import Workspace

MUST_BE_MENDED = 1  # exit code of a check that found something
REFUSED = 2  # of a mistake in what was asked or given; click's own for a wrong option
UNEXPECTED = 70  # of a fault in Forewatch. Source: sysexits(3), EX_SOFTWARE

Function = TypeVar("Function", bound=Callable[..., Any])


class Commands(click.Group):
    """A group in the order of its commands, whose mistakes end with a sentence, not a trace."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a new force needs them."""
        del ctx
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run the command; say what went wrong on stderr."""
        try:
            return super().invoke(ctx)
        except ForewatchError as error:
            click.echo(f"forewatch: {error}", err=True)
            ctx.exit(REFUSED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            click.echo(
                f"forewatch: unexpected {type(error).__name__}: {error}\n"
                "This is a fault in Forewatch; 'forewatch --debug …' shows where it arose.",
                err=True,
            )
            ctx.exit(UNEXPECTED)


def workspace_of(root: Path) -> Workspace:
    """Return the workspace of a folder."""
    from serving.workspace import Workspace

    return Workspace(root)


def decider(function: Function) -> Function:
    """Add the option that names who decides about a model."""
    return click.option(
        "--by",
        default=_user,
        show_default="the user who is logged in",
        help="Who decides; recorded with the decision.",
    )(function)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process without a user of the system, as in some containers
        return "unknown"


def jobs_option(function: Function) -> Function:
    """Add the option that says how many processes work at once."""
    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        default=None,
        show_default="one a core",
        help="Processes that work at once.",
    )(function)
