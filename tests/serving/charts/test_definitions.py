from __future__ import annotations

import subprocess
import sys

import pytest

from serving.charts.chart import KINDS, Chart
from serving.charts.definitions import LAYERS, altair_chart
from serving.charts.look import Look
from tests.serving.charts.conftest import example_charts


@pytest.mark.parametrize("name", example_charts())
def test_a_definition_is_right_by_altairs_schema_and_loads_nothing(
    charts: dict[str, Chart], name: str
) -> None:
    found = altair_chart(charts[name], Look("dark", 360)).to_dict()  # checks it
    assert found["width"] == Look("dark", 360).width
    assert "title" not in found
    assert '"url"' not in str(found).replace("'", '"')


def test_every_kind_of_chart_has_a_definition_and_an_example() -> None:
    assert set(LAYERS) == set(KINDS) == {each.kind for each in example_charts().values()}


def test_what_requests_ask_for_imports_nothing_that_draws() -> None:
    code = (
        "import sys, pkgutil, importlib, serving.charts as c, serving.drawing\n"
        "for m in pkgutil.iter_modules(c.__path__):\n"
        "    m.ispkg or importlib.import_module('serving.charts.' + m.name)\n"
        "print(sorted({'altair', 'vl_convert', 'jsonschema'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
