"""Commands for the beginning: an empty workspace, and the demo force."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--template",
    default="minimal",
    show_default=True,
    help="Profile to begin with: minimal, or avon-and-somerset.",
)
@click.pass_obj
def init(root: Path, template: str) -> None:
    """Write forewatch.toml, a profile to edit."""
    from serving.starting import write_profile as write

    path = write(root, template)
    click.echo(f"Wrote {path}. Edit it, then import calls: forewatch import calls --help")


@click.command()
@click.option(
    "--workspace",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    show_default="demo, in the present folder",
    help="Folder to build the demo force in.",
)
@click.option("--no-serve", is_flag=True, help="End after the table; serve nothing.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--scale",
    type=click.FloatRange(min=0.01, max=10),
    default=1.0,
    show_default=True,
    help="Size of the force, in times of 17,000 calls a week.",
)
@click.option(
    "--years",
    type=click.FloatRange(min=0.5, max=12),
    default=3.0,
    show_default=True,
    help="Length of its history.",
)
@click.option(
    "--until",
    default="",
    metavar="DATE",
    show_default="the last Monday",
    help="Force-day at whose start its history ends.",
)
@click.option(
    "--hot-weekends",
    type=click.FloatRange(min=0, max=0.2),
    default=0.0,
    show_default=True,
    metavar="GROWTH",
    help="Growth of calls a degree above 24 °C at weekends, with a file of the weather; 0: none.",
)
@click.pass_context
def demo(
    context: click.Context,
    *,
    folder: Path | None,
    no_serve: bool,
    port: int,
    scale: float,
    years: float,
    until: str,
    hot_weekends: float,
) -> None:
    """Go the whole way on a synthetic force.

    It builds, imports, trains, promotes, publishes, shows next week's forecast and serves it.
    """
    from serving import demo as show
    from serving.progress import progress_bar

    given = context.find_root().get_parameter_source("workspace")
    chosen = given is not None and given.name != "DEFAULT"
    root = folder or (Path(context.obj) if chosen else Path("demo"))
    with progress_bar() as progress:
        built = show.build(root, show.DemoSize(scale, years, until, hot_weekends), progress)
    click.echo(built.text)
    click.echo(show.curl(built, port))
    if not no_serve:
        click.echo(show.sign_in_lines(built, port))
        from serving.running import serve_workspace

        serve_workspace(built.workspace, "127.0.0.1", port)
