"""Commands that publish a forecast, ask for one, and ask what it is made of."""

from __future__ import annotations

import typing
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from planning.uses import USES
from serving.cli.group import Function, workspace_of

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from planning.tables import Table
    from serving.queries import ViewQuery

_FORMS = ("table", "json", "csv", "parquet")
TABLE_FORMS = ("table", "json", "csv", "xlsx")
_NO_TEXT = ("parquet", "xlsx")


class QuestionCommand(click.Command):
    """A command that asks, with the options of its questions' model.

    They are made when they are looked at: reading the models takes longer than a call for help.
    """

    arguments: tuple[click.Parameter, ...] = ()
    forms: tuple[str, ...] = _FORMS
    _made: list[click.Parameter] | None = None

    def question(self) -> type[ViewQuery]:
        """Return the model of the questions."""
        from serving.queries import QUERIES

        return QUERIES[str(self.name)]

    @property
    def params(self) -> list[click.Parameter]:
        """The options: what may be asked, and how the answer is written."""
        if self._made is None:
            from serving.queries import OVER_THE_NET

            fields = self.question().model_fields
            asked = [_option(n, field) for n, field in fields.items() if n not in OVER_THE_NET]
            self._made = [*self.arguments, *asked, *_write(self.forms)]
        return self._made

    @params.setter
    def params(self, _: list[click.Parameter]) -> None:
        """Take none: click's constructor sets them."""


class ViewCommand(QuestionCommand):
    """The same of a view: its name, and what may be said beside it."""

    arguments = (click.Argument(["view_id"], required=False, metavar="[VIEW]"),)

    def question(self) -> type[ViewQuery]:
        """Return the model of what may be said."""
        from serving.queries import ViewQuery

        return ViewQuery


def _option(name: str, field: FieldInfo) -> click.Option:
    """Return the option for a field of a question."""
    is_list = typing.get_origin(field.annotation) is list
    kinds = typing.get_args(field.annotation)
    is_choice = typing.get_origin(field.annotation) is Literal
    about = field.description or ""
    return click.Option(
        [f"--{(field.alias or name).replace('_', '-')}", name],
        type=click.Choice(kinds) if is_choice else int if name == "issue" else str,
        multiple=is_list,
        default=field.default if is_choice else None,
        show_default=is_choice,
        metavar=None if is_choice else "N" if name == "issue" else "TEXT",
        help=f"{about[:1].upper()}{about[1:]}{'; may be repeated' if is_list else ''}.",
    )


def form_options(*forms: str) -> Callable[[Function], Function]:
    """Return what adds the options that say how an answer is written, and where to.

    Args:
        forms: that there are, the default first; `form_and_file` reads what was chosen.
    """
    form = click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help="How the answer is written.",
    )
    out = click.option(
        "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write."
    )
    return lambda function: form(out(function))


def _write(forms: tuple[str, ...]) -> list[click.Parameter]:
    return click.command(form_options(*forms)(lambda: None)).params


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
    from serving.progress import progress_bar

    with progress_bar() as progress:
        published = issuing.publish_issue(
            workspace_of(root), origin=origin, days=days, progress=progress, is_published=publish
        )
    click.echo(issuing.issue_text(published))


@click.command(cls=QuestionCommand)
@click.pass_obj
def forecast(root: Path, /, **asked: Any) -> None:  # noqa: ANN401 - options of the model
    """Ask an issue for a forecast: of next week, if no time is given.

    Spans are half-open. A date is a force-day, a time without zone the force's local time.
    """
    _answer("forecast", root, asked)


@click.command(cls=QuestionCommand)
@click.pass_obj
def explain(root: Path, /, **asked: Any) -> None:  # noqa: ANN401 - options of the model
    """Ask an issue what its expected calls are made of: next week's, if no time is given.

    Parts in calls that add up to the mean: the long-run level, time of week, season, holidays,
    tourism, events, recent trend, and what else the forecast holds. A part may be negative.
    """
    _answer("explain", root, asked)


@click.command(cls=QuestionCommand, epilog=USES)
@click.pass_obj
def missing(root: Path, /, **asked: Any) -> None:  # noqa: ANN401 - options of the model
    """Ask an issue for missing-person demand: reports and officer-hours, by default of next week.

    Areas and times only, in the order asked: never persons, never a ranking. Beside expected
    reports stand the chance of at least k and the hours that land after earlier reports too; with
    hours kept free, whether they are likely enough.
    """
    _answer("missing", root, asked)


@click.command(cls=ViewCommand)
@click.pass_obj
def view(root: Path, /, view_id: str | None, **asked: Any) -> None:  # noqa: ANN401 - of the model
    """Ask a view of the force by its name; without one, list them.

    A view is a question with a title and columns of its own, written under [[views]] in
    forewatch.toml. It is asked as it stands: only time, issue and format are for you to say, and
    where neither you nor the view says a time, it is next week.
    """
    from serving.view_answers import view_answer, view_list

    workspace = workspace_of(root)
    if view_id is not None:
        form, out = form_and_file(asked)
        write_answer((view_answer(workspace, view_id, asked),), form, out)
        return
    if given := [option for option, value in asked.items() if value not in (None, "table")]:
        raise click.UsageError(f"--{given[0].rstrip('_')} needs the name of a view")
    views = view_list(workspace)
    if not views["view"]:
        click.echo("no views; write [[views]] into forewatch.toml, see docs/guides/views.md")
        return
    from serving.printing import echo_table

    echo_table(views)


@click.command()
@click.option("--week", default="", metavar="TEXT", help="ISO week, this or next.  [default: next]")
@click.option(
    "--area", default="", metavar="TEXT", help="Area by id or name.  [default: the force]"
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE.pdf",
    help="File to write.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@click.pass_obj
def brief(root: Path, *, week: str, area: str, out: Path, force: bool) -> None:
    """Write the brief of a week: one sheet of A4 as an accessible PDF.

    How busy, when, how sure, whether officers are enough, what is special, missing persons, where,
    and whether such forecasts came true: what /brief.pdf gives, without a running service.
    """
    from serving.briefing import BriefOrder, write_brief

    order = BriefOrder(out, week, area, replaces=force)
    click.echo(write_brief(workspace_of(root), order), err=True)


def _answer(name: str, root: Path, options: dict[str, Any]) -> None:
    """Print or write what a question, in the names of the options, is answered with."""
    from serving.answers import answer

    form, out = form_and_file(options)
    tables = answer(workspace_of(root), name, options, beside=form == "table")
    write_answer(tables, form, out)


def form_and_file(options: dict[str, Any]) -> tuple[str, Path | None]:
    """Take out of options how the answer is written, and where to."""
    form, out = options.pop("form"), options.pop("out")
    if form in _NO_TEXT and out is None:
        raise click.UsageError(f"--format {form} needs --out FILE.{form}")
    return form, out


def write_answer(tables: tuple[Table, ...], form: str, out: Path | None) -> None:
    """Print tables in a form, or write them to a file."""
    if out is not None:
        _write_to(out, _file(tables, form))
        click.echo(f"wrote {len(tables[0]):,} rows to {out}", err=True)
    elif form == "table":
        from serving.writers import terminal

        for n, table in enumerate(tables):
            click.echo("\n" * (n > 0), nl=False)
            terminal.echo(table)
    else:
        click.echo(_file(tables, form), nl=False)


def write_bytes(content: bytes, out: Path | None) -> None:
    """Print what a form with a writer of its own came to, or write it to a file."""
    if out is None:
        click.echo(content, nl=False)
    else:
        _write_to(out, content)
        click.echo(f"wrote {out}", err=True)


def _write_to(out: Path, content: bytes) -> None:
    """Write a file in place, which may be a pipe; its folder is made, as for other files."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(content)


def _file(tables: tuple[Table, ...], form: str) -> bytes:
    """Return what is written to a file; of several tables the others stand below in a text."""
    if form == "json":
        from serving.writers.json_document import json_document

        return json_document(tables[0]) + b"\n"
    if form == "csv":
        from serving.writers.csv_file import csv_file

        return csv_file(tables[0])
    if form == "parquet":
        from serving.writers.parquet_file import parquet_file

        return parquet_file(tables[0])
    if form == "xlsx":
        from serving.writers.workbook import workbook

        return workbook(tables[0])
    from serving.writers import terminal

    return "\n\n".join(map(terminal.table_text, tables)).encode() + b"\n"
