import pandas as pd
import pytest

from models.comparison import weekly
from models.gate import GateEvidence, judge
from models.verdict import Rule, Verdict

ORIGINS = pd.date_range("2026-01-05T07:00Z", periods=8, freq="28D")


def judged(
    challenger: pd.DataFrame,
    champion: pd.DataFrame | None,
    losses: pd.DataFrame | None = None,
    theirs: pd.DataFrame | None = None,
) -> Verdict:
    def evidence(scores: pd.DataFrame, sums: pd.DataFrame | None) -> GateEvidence:
        return GateEvidence(scores, pd.DataFrame() if sums is None else sums)

    return judge(
        evidence(challenger, losses),
        None if champion is None else evidence(champion, theirs),
        Rule(),
    )


def lost(*by_origin: float) -> pd.DataFrame:
    """Losses of the districts' first week from eight origins, the baseline's all 1."""
    week = (ORIGINS.tz_localize(None) - pd.Timestamp("1970-01-05")).days // 7
    rows = pd.DataFrame({"origin": ORIGINS, "week": week})
    rows = rows.assign(level="district", block="1-7", n=7, crps=by_origin, mae=by_origin)
    return weekly(rows.assign(baseline_crps=1.0, baseline_mae=1.0))


def scores(**changes: float) -> pd.DataFrame:
    """Scores 10 % below the baseline everywhere; changes go to the districts' first block."""
    rows = [
        {"level": level, "block": block, "n": 100.0}
        | {f"{loss}": 0.9 for loss in ("crps", "mae")}
        | {f"baseline_{loss}": 1.0 for loss in ("crps", "mae")}
        | {f"{loss}_vs_baseline_low": -0.2 for loss in ("crps", "mae")}
        | {f"{loss}_vs_baseline_high": 0.2 for loss in ("crps", "mae")}
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
        (
            f"level district, days 1-7: {loss} 2.0% worse than the 8-week baseline (95 % interval "
            "+0.1% to +20.0%)"
        ),
    )


def test_within_one_percent_passes_and_so_does_what_can_not_be_told_from_chance() -> None:
    assert judged(scores(crps=1.009, crps_vs_baseline_low=0.005), None).passed
    assert judged(scores(crps=1.03, crps_vs_baseline_low=-0.02), None).passed


def test_more_than_five_percent_that_chance_explains_passes_and_is_told() -> None:
    worse = scores(crps=1.06, crps_vs_baseline_low=-0.02, crps_vs_baseline_high=0.15)
    verdict = judged(worse, None, lost(*[1.4] * 2, *[0.95] * 6))
    assert verdict.passed
    assert verdict.reasons[-1] == (
        "level district, days 1-7: crps 6.0% worse than the 8-week baseline (95 % interval -2.0% "
        "to +15.0%, 8 origins): chance explains it"
    )


def test_a_refusal_says_which_origins_and_weeks_decided() -> None:
    worse = scores(crps=1.5, crps_vs_baseline_low=0.2, crps_vs_baseline_high=0.8)
    verdict = judged(worse, None, lost(1.1, 1.1, 4.0, 1.1, 1.1, 2.0, 1.1, 1.1))
    assert verdict.reasons == (
        (
            "level district, days 1-7: crps 50.0% worse than the 8-week baseline (95 % interval "
            "+20.0% to +80.0%, 8 origins); most of it from 2026-03-02T07:00Z (week of 2026-03-02) "
            "and 2026-05-25T07:00Z (week of 2026-05-25)"
        ),
    )


def test_a_loss_to_the_champion_counts_where_chance_does_not_explain_it() -> None:
    champion = scores(crps=0.8)
    sure = judged(scores(), champion, lost(*[0.9] * 8), lost(*[0.8] * 8))
    assert not sure.passed
    assert "crps 12.5% worse than the champion (95 % interval +12.5% to" in sure.reasons[0]
    theirs = lost(0.1, 0.1, 0.9, 0.9, 1.1, 1.1, 1.1, 1.1)
    chance = judged(scores(), champion, lost(*[0.9] * 8), theirs)
    assert chance.passed
    assert any(each.endswith("8 origins): chance explains it") for each in chance.reasons)


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
