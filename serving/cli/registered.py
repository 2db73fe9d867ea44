"""Commands for the register of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from serving.cli.group import decider, subject_option, workspace_of

if TYPE_CHECKING:
    from models.subject import Subject


@click.group()
def models() -> None:
    """List, compare and promote models."""


@models.command(name="list")
@subject_option()
@click.pass_obj
def list_models(root: Path, subject: Subject) -> None:
    """List every version with its state."""
    from serving import modelling
    from serving.printing import echo_table

    echo_table(modelling.version_list(workspace_of(root), subject))
    if note := modelling.outside_note(workspace_of(root), subject):
        click.echo(f"note: {note}")


@models.command()
@click.argument("version", default="champion")
@subject_option()
@click.pass_obj
def show(root: Path, version: str, subject: Subject) -> None:
    """Show a version: scores, settings, gate, decisions. VERSION is a number or an alias."""
    from serving import modelling
    from serving.printing import echo_table

    shown = modelling.version_page(workspace_of(root), subject, version)
    click.echo(shown.text)
    echo_table(shown.scores)


@models.command()
@click.argument("version", default="challenger")
@click.argument("other", default="champion")
@subject_option()
@click.pass_obj
def compare(root: Path, version: str, other: str, subject: Subject) -> None:
    """Compare two versions on the same past origins: by default the challenger and the champion.

    Mean CRPS by level and days ahead, the change, and whether chance explains it.
    """
    from serving import comparing, modelling
    from serving.printing import echo_table

    found = comparing.compare_versions(workspace_of(root), subject, version, other)
    click.echo(found.text)
    echo_table(found.table)
    for note in modelling.notes(workspace_of(root), subject, version, other):
        click.echo(note)


@models.command()
@click.argument("version", default="challenger")
@click.option("--force", is_flag=True, help="Promote what the gate refused; needs --reason.")
@click.option("--reason", default="", help="Why; recorded with the decision.")
@subject_option()
@decider
@click.pass_obj
def promote(
    root: Path, *, version: str, force: bool, reason: str, subject: Subject, by: str
) -> None:
    """Make a version the champion, if the gate let it through."""
    from serving import modelling

    if force and not reason.strip():
        raise click.UsageError("--force needs --reason 'why'")
    chosen = modelling.promote_version(
        workspace_of(root), subject, version, by, reason, force=force
    )
    click.echo(f"version {chosen.version} is the champion")


@models.command()
@click.option("--reason", required=True, help="Why; recorded with the decision.")
@subject_option()
@decider
@click.pass_obj
def rollback(root: Path, reason: str, subject: Subject, by: str) -> None:
    """Make the champion before the present one champion again."""
    from serving import modelling

    chosen = modelling.restore_champion(workspace_of(root), subject, by, reason)
    click.echo(f"version {chosen.version} is the champion again")


@models.command()
@click.argument("version")
@click.option("--reason", required=True, help="Why; recorded with the decision.")
@subject_option()
@decider
@click.pass_obj
def retire(root: Path, version: str, reason: str, subject: Subject, by: str) -> None:
    """Take a version out of use for good."""
    from serving import modelling

    retired = modelling.retire_version(workspace_of(root), subject, version, by, reason)
    click.echo(f"version {retired.version} is retired")


@models.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@click.pass_obj
def ui(root: Path, host: str, port: int) -> None:
    """Open MLflow's own page on the right store, until stopped."""
    from serving import modelling

    click.echo(f"MLflow's page: http://{host}:{port} (stop with Ctrl-C)")
    modelling.open_store_page(workspace_of(root), host, port)
