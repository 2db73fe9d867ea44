import xml.etree.ElementTree as ET

from models.demand.training import DemandTraining
from models.gate import GateEvidence, judge
from models.verdict import Rule


def test_the_report_tells_verdict_scores_weights_and_shocks(trained: DemandTraining) -> None:
    verdict = judge(GateEvidence(trained.scores), None, Rule())
    files = trained.report().texts(verdict, trained.notes)
    text = files["report.md"]
    assert f"The gate says {'yes' if verdict.passed else 'no'}" in text
    for reason in verdict.reasons:
        assert reason in text
    row = trained.scores.iloc[0]
    line = next(line for line in text.splitlines() if line.startswith("| force | 1-7"))
    assert f"{row['crps']:.3g}" in line
    assert f"{row['coverage_80']:.1%}" in line
    assert "loglinear" in text
    assert "dispersion" in text
    for name in files:
        assert name == "report.md" or f"({name})" in text


def test_pictures_are_whole_and_the_same_each_time(trained: DemandTraining) -> None:
    verdict = judge(GateEvidence(trained.scores), None, Rule())
    first, second = (trained.report().texts(verdict) for _ in range(2))
    assert first == second
    for name in ("skill.svg", "coverage.svg", "fan.svg"):
        assert ET.fromstring(first[name]).tag.endswith("svg")  # noqa: S314 - our own text
