import pandas as pd
import pytest

from models.gate import judge
from models.verdict import Rule, Verdict


def judged(challenger: pd.DataFrame, champion: pd.DataFrame | None) -> Verdict:
    return judge(challenger, champion, Rule())


def scores(**changes: float) -> pd.DataFrame:
    """Scores 10 % below the baseline everywhere; changes go to the districts' first block."""
    rows = [
        {"level": level, "block": block, "n": 100.0}
        | {f"{loss}": 0.9 for loss in ("crps", "mae")}
        | {f"baseline_{loss}": 1.0 for loss in ("crps", "mae")}
        | {f"{loss}_vs_baseline_low": -0.2 for loss in ("crps", "mae")}
        for level in ("force", "district")
        for block in ("1-7", "8-28")
    ]
    rows[2] |= changes
    return pd.DataFrame(rows)


def test_better_everywhere_passes_with_its_reasons() -> None:
    verdict = judged(scores(), None)
    assert verdict.passed
    assert verdict.reasons[0] == "CRPS of the whole force is 10.0% below the 8-week baseline's"


@pytest.mark.parametrize("loss", ["crps", "mae"])
def test_surely_worse_by_more_than_one_percent_at_one_place_is_refused(loss: str) -> None:
    verdict = judged(scores(**{loss: 1.02, f"{loss}_vs_baseline_low": 0.001}), None)
    assert not verdict.passed
    assert verdict.reasons == (
        f"level district, days 1-7: {loss} 2.0% worse than the 8-week baseline",
    )


def test_within_one_percent_passes_and_so_does_what_can_not_be_told_from_chance() -> None:
    assert judged(scores(crps=1.009, crps_vs_baseline_low=0.005), None).passed
    assert judged(scores(crps=1.03, crps_vs_baseline_low=-0.02), None).passed


def test_five_percent_is_refused_whatever_the_evidence() -> None:
    assert not judged(scores(crps=1.06, crps_vs_baseline_low=-0.02), None).passed


def test_the_whole_force_has_to_be_better_than_the_baseline() -> None:
    tied = scores()
    tied.loc[tied["level"] == "force", "crps"] = 1.0
    verdict = judged(tied, None)
    assert not verdict.passed
    assert verdict.reasons == (
        "whole force, all leads: CRPS 1.000 is not below the 8-week baseline's 1.000",
    )


def test_a_tie_with_the_champion_passes_and_a_loss_is_refused() -> None:
    champion = scores()
    assert judged(scores(), champion).passed
    better = champion.assign(crps=0.85)
    verdict = judged(scores(), better)
    assert not verdict.passed
    assert "level force, days 1-7: crps 5.9% worse than the champion" in verdict.reasons
    assert verdict.reasons[-1].startswith("whole force, all leads: CRPS 0.900 is above")


def test_a_champion_judged_at_more_levels_stays() -> None:
    verdict = judged(scores().query("level == 'force'"), scores())
    assert verdict.reasons == ("the champion is judged at district, the challenger is not",)
