"""Commands that keep the accounts of the page."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from serving.cli.group import workspace_of


@click.group()
def users() -> None:
    """Create, list, change and disable the accounts of the page.

    Roles: a viewer looks; a planner also records plans and judgements; an analyst also looks into
    the models. What ends an account's sessions at once: a new password, another role, other areas,
    being disabled.
    """


_ROLES = ("viewer", "planner", "analyst")
_AREAS = click.option(
    "--areas",
    multiple=True,
    metavar="AREA,…",
    help="Areas that it sees, with all below them; may be repeated.",
)


@users.command(name="create")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), default="viewer", show_default=True)
@_AREAS
@click.option(
    "--without-password", is_flag=True, help="It signs in by links of 'users link' alone."
)
@click.pass_obj
def create_user(
    root: Path, name: str, role: str, areas: tuple[str, ...], without_password: bool
) -> None:
    """Create an account; the password is asked for, or read from a pipe's first line.

    Without --areas it sees the whole force.
    """
    from serving.people import create_account

    password = None if without_password else _password()
    made = create_account(workspace_of(root), name, role, _listed(areas), password)
    click.echo(f"account {made.name} is made: role {made.role}, {_seen(made.areas)}")


@users.command(name="list")
@click.pass_obj
def list_users(root: Path) -> None:
    """List the accounts; days and times are those of UTC."""
    from serving.people import listed_accounts
    from serving.printing import echo_table

    echo_table(listed_accounts(workspace_of(root)))


@users.command()
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), help="Its new role.")
@_AREAS
@click.option("--all-areas", is_flag=True, help="It sees the whole force.")
@click.pass_obj
def change(
    root: Path, name: str, role: str | None, areas: tuple[str, ...], all_areas: bool
) -> None:
    """Give an account another role or other areas; its sessions end."""
    from serving.people import change_account

    if all_areas and areas:
        raise click.UsageError("give --areas or --all-areas, not both")
    if not (role or areas or all_areas):
        raise click.UsageError("nothing to change; give --role, --areas or --all-areas")
    changed = change_account(
        workspace_of(root), name, role=role, areas=_listed(areas), sees_all=all_areas
    )
    click.echo(f"account {changed.name} now has: role {changed.role}, {_seen(changed.areas)}")


@users.command()
@click.argument("name")
@click.pass_obj
def disable(root: Path, name: str) -> None:
    """Disable an account: its sessions end, and nobody signs in with it."""
    from serving.people import enable_account

    click.echo(
        f"account {enable_account(workspace_of(root), name, is_enabled=False).name} is disabled"
    )


@users.command()
@click.argument("name")
@click.pass_obj
def enable(root: Path, name: str) -> None:
    """Enable a disabled account."""
    from serving.people import enable_account

    click.echo(
        f"account {enable_account(workspace_of(root), name, is_enabled=True).name} is enabled"
    )


@users.command()
@click.argument("name")
@click.pass_obj
def password(root: Path, name: str) -> None:
    """Give an account a new password, asked for or read from a pipe; its sessions end."""
    from serving.people import change_password

    changed = change_password(workspace_of(root), name, _password())
    click.echo(f"account {changed.name} has a new password; its sessions are over")


@users.command()
@click.argument("name")
@click.option(
    "--site",
    default="",
    metavar="ADDRESS",
    help="Address of the service for browsers, https://forecast.example.  [default: where it "
    "listens by the settings]",
)
@click.pass_obj
def link(root: Path, name: str, site: str) -> None:
    """Print an address that signs an account in, once, within 15 minutes."""
    from serving.people import sign_in_address

    click.echo(sign_in_address(workspace_of(root), name, site))


def _password() -> str:
    """Return a password: asked for twice on a terminal, from the first line of a pipe otherwise."""
    if sys.stdin is None:
        raise click.UsageError("no password can be read; give it through a pipe")
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _listed(areas: tuple[str, ...]) -> list[str]:
    return [area.strip() for part in areas for area in part.split(",")]


def _seen(areas: tuple[str, ...] | None) -> str:
    return "the whole force" if areas is None else ", ".join(areas)
