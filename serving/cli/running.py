"""Commands that run the service and hand out its keys."""

from __future__ import annotations

from pathlib import Path

import click

from serving.cli.group import workspace_of


@click.command()
@click.option("--host", help="Address to listen on.  [default: the settings', 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port.  [default: the settings', 8000]")
@click.pass_obj
def serve(root: Path, host: str | None, port: int | None) -> None:
    """Serve the REST API until stopped.

    A new issue, key or champion is picked up without a restart.
    """
    from serving.running import serve_workspace as run
    from serving.view_answers import view_faults

    workspace = workspace_of(root)
    for fault in view_faults(workspace):
        click.echo(f"forewatch: {fault}", err=True)
    run(workspace, host, port)


@click.group()
def keys() -> None:
    """Create, rotate, list and revoke the keys of the REST API."""


_EXPIRES = click.option(
    "--expires",
    metavar="DAY",
    help="Last day on which it is good, in UTC: 2027-06-30, or 90d for 90 days from now.",
)


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    multiple=True,
    default=("forecasts:read",),
    show_default=True,
    help="forecasts:read, rota:read, plan:write, models:read, metrics:read; or alone rota:calendar "
    "or screen:read; may be repeated.",
)
@click.option(
    "--areas",
    multiple=True,
    metavar="AREA,…",
    help="Areas that it sees, with all below them; may be repeated.  [default: the whole force]",
)
@_EXPIRES
@click.option(
    "--board",
    metavar="VIEW",
    help="View that a screen shows, with --scope screen:read.  [default: the usual screen]",
)
@click.pass_obj
def create(
    root: Path,
    name: str,
    scope: tuple[str, ...],
    areas: tuple[str, ...],
    expires: str | None,
    board: str | None,
) -> None:
    """Create a key and print it, once: only a digest is kept."""
    from serving.keys import SCREEN
    from serving.running import create_key

    listed = [area.strip() for part in areas for area in part.split(",")]
    key = create_key(workspace_of(root), name, scope, listed, expires, board)
    click.echo(key)
    if SCREEN in scope:
        click.echo(
            f"The screen opens at /screen/{key} of the service, without signing in.", err=True
        )


@keys.command()
@click.argument("key_id")
@click.option(
    "--overlap-days",
    type=click.FloatRange(min=0, max=90),
    default=7,
    show_default=True,
    help="How long the secret of before stays good.",
)
@_EXPIRES
@click.pass_obj
def rotate(root: Path, key_id: str, overlap_days: float, expires: str | None) -> None:
    """Give a key a new secret and print it, once; the one before stays good for a while."""
    from serving.running import rotate_key

    token, until = rotate_key(workspace_of(root), key_id, overlap_days, expires)
    click.echo(token)
    click.echo(f"The secret before is good until {until:%Y-%m-%d %H:%M} UTC.", err=True)


@keys.command(name="list")
@click.pass_obj
def list_keys(root: Path) -> None:
    """List the keys, without their secrets; days and times are those of UTC."""
    from serving.printing import echo_table
    from serving.running import listed_keys

    echo_table(listed_keys(workspace_of(root)))


@keys.command()
@click.argument("key_id")
@click.pass_obj
def revoke(root: Path, key_id: str) -> None:
    """Revoke a key by its id; it opens nothing from now on."""
    from serving.running import revoke_key

    key = revoke_key(workspace_of(root), key_id)
    click.echo(f"key {key.id} ({key.name}) is revoked")
