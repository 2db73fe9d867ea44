"""The commands of the walk-throughs, run as a user runs them, with a recipe quick to train."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from serving.cli import cli

QUICK = """
[training]
members = ["same_weekday_8", "same_weekday_26", "same_weekday_52", "loglinear"]
[training.origins]
folds = 4
horizon_days = 35
"""

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def workspace_of(
    root: Path, tmp_path_factory: pytest.TempPathFactory, migrated_store: Path
) -> Callable[[str], tuple[Path, Run]]:
    """Return a maker of workspaces from the examples, and of what runs commands in them."""

    def made(example: str) -> tuple[Path, Run]:
        folder = tmp_path_factory.mktemp(example)
        for file in (root / "examples" / example).iterdir():
            shutil.copy(file, folder / file.name)
        (folder / "mlruns").mkdir()
        shutil.copy(migrated_store, folder / "mlruns" / "mlflow.db")
        with (folder / "forewatch.toml").open("a", encoding="utf-8") as settings:
            settings.write(QUICK)

        def run(*words: str | Path) -> Result:
            done = CliRunner().invoke(cli, ["-w", str(folder), *map(str, words)])
            assert done.exit_code == 0, f"{words}: {done.output}\n{done.exception}"
            return done

        return folder, run

    return made
