from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from forewatch.profile import Missing
from serving.cli import cli


def test_what_is_printed_belongs_into_the_profile(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    variance = np.log1p(1.2**2)
    hours = rng.lognormal(np.log(10) - variance / 2, np.sqrt(variance), 4000)
    file = tmp_path / "cases.csv"
    file.write_text("officer_hours,age\n" + "".join(f"{each:.2f},9\n" for each in hours))
    said = CliRunner().invoke(cli, ["case-hours", str(file), "--refuse", "age"])
    assert said.exit_code == 0, said.output
    found = Missing.model_validate(tomllib.loads(said.stdout)["missing"])
    assert found.mean_hours == pytest.approx(10, rel=0.08)
    assert found.hours_cv == pytest.approx(1.2, rel=0.08)
    assert found.hours_shape == "lognormal"


def test_columns_about_persons_stop_it_unless_they_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("officer_hours,age\n3,9\n")
    said = CliRunner().invoke(cli, ["case-hours", str(file)])
    assert said.exit_code == 2
    assert "columns about persons or free text: age" in said.stderr


def test_too_few_cases_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("officer_hours\n" + "3\n" * 29)
    said = CliRunner().invoke(cli, ["case-hours", str(file), "--shape", "gamma"])
    assert said.exit_code == 2
    assert said.stderr.startswith("forewatch: 29 cases say too little of how long one takes")
