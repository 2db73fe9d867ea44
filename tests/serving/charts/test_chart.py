from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.charts.chart import Chart, plain_text
from serving.charts.look import Look
from tests.serving.charts.conftest import example_charts


@pytest.mark.parametrize("name", example_charts())
def test_a_job_is_the_chart_and_the_look_again(name: str) -> None:
    chart, look = example_charts()[name], Look("dark", 360)
    found, form = Chart.of_job(chart.job(look))
    assert (found, form) == (chart, look)
    assert found.job(form) == chart.job(look)


def test_what_is_not_known_is_null_in_a_job_and_never_a_number() -> None:
    rows = json.loads(example_charts()["hours"].job(Look()))["chart"]["rows"]
    assert rows[-2]["mean"] is None
    assert rows[-2]["q90"] is None


@given(st.text())
def test_plain_text_has_one_line_and_closes_what_it_opens(text: str) -> None:
    found = plain_text(text)
    assert (
        found.count("\u2068") - text.count("\u2068") == found.count("\u2069") - text.count("\u2069")
        or len(text) > 60
    )
    assert not any(each in found for each in "\n\r\t\0\x1b\x7f")
    assert len(found) <= 62


def test_no_number_is_cut_in_half() -> None:
    text = "Christmas market, 300,000 to 450,000 visitors expected"
    assert plain_text(text, text.index("450") + 6) == "Christmas market, 300,000 to…"
    assert plain_text(text, text.index("450") + 8) == "Christmas market, 300,000 to 450,000…"
    assert plain_text("7" * 50, 10) == f"{'7' * 9}…"
