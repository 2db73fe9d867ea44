"""What all commands share: how they end on an error, and how they reach the workspace."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from forewatch.errors import ForewatchError, GateClosed
from serving.cli.machine_errors import is_closed_pipe, machine_refusal

if TYPE_CHECKING:
    from models.subject import Subject
    from serving.workspace import Workspace

MUST_BE_MENDED = 1  # exit code of a check that found something
REFUSED = 2  # of a mistake in what was asked or given; click's own for a wrong option
GATE_CLOSED = 4  # of a promotion that the gate refused: no mistake in what was asked
CLOSED_PIPE = 141  # whoever read the output went away. Source: shells, 128 + SIGPIPE
UNEXPECTED = 70  # of a fault in Forewatch. Source: sysexits(3), EX_SOFTWARE

Function = TypeVar("Function", bound=Callable[..., Any])


class Commands(click.Group):
    """A group in the order of its commands, whose mistakes end with a sentence, not a trace."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a new force needs them."""
        del ctx
        return list(self.commands)

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as click has it
        """Run the command line; help and versions, too, may meet a full disk or a closed pipe."""
        try:
            return super().main(*args, **kwargs)
        except (OSError, MemoryError) as error:
            if (refusal := machine_refusal(error)) is None:
                raise
            _say(f"forewatch: {refusal}")
            _drop_output()
            sys.exit(REFUSED)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run the command; say what went wrong on stderr."""
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:  # None where it was closed from the start
                sys.stdout.flush()  # a pipe may be closed, a disk full: say so here, not at exit
        except ForewatchError as error:
            _say(f"forewatch: {error}")
            ctx.exit(GATE_CLOSED if isinstance(error, GateClosed) else REFUSED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt):
            raise
        except Exception as error:
            if is_closed_pipe(error) and _reader_is_gone():
                _drop_output()
                ctx.exit(CLOSED_PIPE)
            if ctx.params.get("debug"):
                raise
            ctx.exit(_explain_error(error))
        else:
            return result


def _explain_error(error: Exception) -> int:
    """Say what went wrong and return the exit code: whether the machine refused, or we erred."""
    if refusal := machine_refusal(error):
        _say(f"forewatch: {refusal}")
        _drop_output()
        return REFUSED
    _say(
        f"forewatch: unexpected {type(error).__name__}: {error}\n"
        "This is a fault in Forewatch; 'forewatch --debug …' shows where it arose."
    )
    return UNEXPECTED


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # stderr itself may be closed or on a full disk
        click.echo(text, err=True)


def _reader_is_gone() -> bool:
    """Return whether nobody reads our output: the pipe that broke may also be another one."""
    streams = [stream for stream in (sys.stdout, sys.stderr) if stream is not None]
    try:
        poll = select.poll()
        for stream in streams:
            poll.register(stream.fileno(), select.POLLOUT)
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (AttributeError, OSError, ValueError):  # no poll here, or a stream that is no file
        return False


def _drop_output() -> None:
    """Let what is still to be written go nowhere: the interpreter would try again as it ends."""
    with contextlib.suppress(AttributeError, OSError, ValueError):  # a stream that is no file
        output = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, output)
        os.close(nowhere)


def workspace_of(root: Path) -> Workspace:
    """Return the workspace of a folder."""
    from serving.workspace import Workspace

    return Workspace(root)


class SubjectName(click.ParamType[Any]):
    """The name of a subject; which there are is looked up when one is given, or help is asked."""

    name = "subject"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the names."""
        del param, ctx
        from serving.subjects import NAMES

        return f"[{'|'.join(NAMES)}]"

    def convert(
        self, value: str | Subject, param: click.Parameter | None, ctx: click.Context | None
    ) -> Subject:
        """Return the subject of a name."""
        from serving.subjects import NAMES, subject_named

        if not isinstance(value, str):
            return value
        try:
            if value in NAMES or ctx is None:
                return subject_named(value)
            packages = workspace_of(ctx.find_root().obj).profile.extensions.packages
            return subject_named(value, packages)
        except ForewatchError as error:
            self.fail(str(error), param, ctx)


def subject_option(
    default: str | None = "demand", show_default: str | bool = True
) -> Callable[[Function], Function]:
    """Return what adds the option that says what is forecast."""
    return click.option(
        "--subject",
        type=SubjectName(),
        default=default,
        show_default=show_default,
        help="What is forecast.",
    )


def decider(function: Function) -> Function:
    """Add the option that names who decides about a model or an issue."""
    return click.option(
        "--by",
        default=_user,
        show_default="the user who is logged in",
        help="Who decides; recorded with the decision.",
    )(function)


def _user() -> str:
    from serving.changes import system_user

    return system_user()


def jobs_option(function: Function) -> Function:
    """Add the option that says how many processes work at once."""
    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        default=None,
        show_default="one a core",
        help="Processes that work at once.",
    )(function)
