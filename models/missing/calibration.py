"""How far the likelihoods can be trusted: reliability, Brier skill, PIT, and a verdict.

Everything comes from past origins (`models.missing.windows`), by level of area, window and block of
leads. For P(at least k):

1. reliability: predicted chances in ten bins beside the share that happened, Wilson's interval;
2. Brier score and its skill against the shrunken climatology; log score and CRPS beside its own;
3. slope: of counts on what was expected of them; 1 is right, below 1 is too bold, with an interval
   from resampling whole calendar weeks.

A level and window is called calibrated if at least `LEAST_REPORTS` reports in `LEAST_WEEKS`
calendar weeks were judged, and each of three 95 % intervals holds what it should or lies within the
tolerance of it: reports ÷ expected holds 1, the slope holds 1, and the share of counts above the
90th percentile holds 10 %. A forecast that was never judged is not called calibrated.

Source:
    Wilson (1927), Probable inference; Brier (1950); Czado, Gneiting & Held (2009), Predictive model
    assessment for count data; Cox (1958), Two further applications of a model for binary regression
    (the calibration slope).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from models import scores
from models.comparison import weekly
from models.judging import block_labels
from models.missing.reliability import reliability_rows
from models.missing.settings import MissingRecipe
from models.missing.windows import SHIFT, window_table
from models.origins import Fold

LEAST_REPORTS = 50
LEAST_WEEKS = 20
TOLERANCE = 0.1  # of a ratio and a slope that are known well
_TAIL, _TAIL_TOLERANCE = 0.1, 0.03
ALL_LEADS = "all"
_DRAWS = 500
_NOTHING = 1e-12


@dataclass(frozen=True)
class Calibration:
    """What past origins say of the likelihoods.

    Args:
        reliability: one row a level, window, block, at_least and bin: predicted, observed, n, low,
            high (Wilson's 95 % interval of observed).
        scores: one row a level, window, block and at_least: n (areas × windows), events, brier,
            baseline_brier, skill, skill_low, skill_high.
        counts: one row a level, window and block: distinct (reports, each once, however many
            origins forecast it), n, weeks, reports, expected, log_score, crps and
            baseline_… of both, crps_vs_baseline (CRPS of days and weeks only), ratio, slope, above
            (share above the 90th percentile), each with _low and _high, pit_1 … pit_10 (shares of
            a randomised PIT).
        verdicts: one row a level and window: calibrated, reason.
        losses: sums of the CRPS of days and weeks, see `models.comparison.weekly`; a level is one
            of areas and a window. No part of the state.
    """

    reliability: pd.DataFrame
    scores: pd.DataFrame
    counts: pd.DataFrame
    verdicts: pd.DataFrame
    losses: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def reasons(self) -> dict[tuple[str, str], str]:
        """(level of area, window) → why its likelihoods can't be trusted, "" where they can."""
        table = self.verdicts
        return dict(
            zip(zip(table["level"], table["window"], strict=True), table["reason"], strict=True)
        )

    def state(self) -> dict[str, Any]:
        """Return the tables as JSON values."""
        return {name: _as_json(getattr(self, name)) for name in _TABLES}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Calibration:
        """Return the calibration whose state this was."""
        return cls(**{name: pd.DataFrame(state[name]) for name in _TABLES})


_TABLES = ("reliability", "scores", "counts", "verdicts")


def of(view: AsOf, found: Sequence[Fold], recipe: MissingRecipe, jobs: int = 1) -> Calibration:
    """Return the calibration of forecasts from past origins.

    Args:
        view: what is known by now.
        found: past origins with the members' forecasts.
        recipe: the recipe.
        jobs: threads to use; the result does not depend on it.
    """
    rows = window_table(view, found, recipe, jobs)
    return tables(
        rows, view.profile.missing.at_least, block_labels(recipe.lead_blocks), recipe.seed
    )


def tables(
    rows: pd.DataFrame, at_least: Sequence[int], blocks: Sequence[str], seed: int
) -> Calibration:
    """Return the calibration of judged windows.

    Args:
        rows: as `models.missing.windows.window_table` returns them.
        at_least: numbers of reports k.
        blocks: names of the blocks of leads.
        seed: of the resampling and of the randomised PIT.
    """
    scored = _WindowScores.of(rows, at_least)
    reliability, brier, counted = [], [], []
    for where, part in _parts(rows, blocks):
        here = scored.at(part)
        once = part.drop_duplicates(["area", "start"])["count"].sum()
        counted.append(where | {"distinct": float(once)} | here.counts(seed))
        for i, k in enumerate(at_least):
            about = where | {"at_least": k}
            reliability += [
                about | row for row in reliability_rows(here.chance[:, i], here.count >= k)
            ]
            brier.append(about | here.brier(i, k, seed))
    frame = pd.DataFrame(counted)
    return Calibration(
        pd.DataFrame(reliability),
        pd.DataFrame(brier),
        frame,
        pd.DataFrame(_verdicts(frame)),
        weekly_report_losses(rows, scored, blocks),
    )


def weekly_report_losses(
    rows: pd.DataFrame, found: _WindowScores, blocks: Sequence[str]
) -> pd.DataFrame:
    """Return sums of the CRPS and the baseline's where they are known, see `models.comparison`."""
    known = np.isfinite(found.crps) & np.isfinite(found.base_crps)
    told = rows.loc[known, ["origin", "week"]].assign(
        level=(rows["level"] + " " + rows["window"])[known],
        block=np.array(blocks)[rows["block"][known]],
        n=1,
        crps=found.crps[known],
        baseline_crps=found.base_crps[known],
    )
    return weekly(told)


def _parts(
    rows: pd.DataFrame, blocks: Sequence[str]
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield level, window and block (all leads first) with their rows."""
    for (level, window), part in rows.groupby(["level", "window"], sort=False):
        yield {"level": level, "window": window, "block": ALL_LEADS}, part
        for number, name in enumerate(blocks):
            here = part[part["block"] == number]
            if len(here):
                yield {"level": level, "window": window, "block": name}, here


@dataclass(frozen=True)
class _WindowScores:
    """Scores of judged windows, one row each; chances and bases have a column for each k."""

    count: Array
    week: NDArray[np.int64]
    origin: NDArray[np.int64]
    mean: Array
    variance: Array
    chance: Array
    base: Array
    steps: Array
    log_score: Array
    base_log_score: Array
    crps: Array
    base_crps: Array

    @classmethod
    def of(cls, rows: pd.DataFrame, at_least: Sequence[int]) -> _WindowScores:
        """Return the scores of all rows at once."""
        count = rows["count"].to_numpy()
        ours = CountDistribution.of(rows["mean"], rows["variance"])
        plain = CountDistribution.of(rows["baseline"], rows["baseline_variance"])
        long = (rows["window"] != SHIFT).to_numpy()
        below = np.array(at_least) - 1.0
        steps = scores.bracket(ours, count)
        return cls(
            count,
            rows["week"].to_numpy(),
            pd.factorize(rows["origin"])[0].astype(np.int64),
            ours.mean,
            ours.variance,
            1 - ours.cdf(below),
            1 - plain.cdf(below),
            steps,
            scores.log_score(steps),
            scores.log_score(scores.bracket(plain, count)),
            _crps(ours, count, long),
            _crps(plain, count, long),
        )

    def at(self, part: pd.DataFrame) -> _WindowScores:
        """Return the scores of some of the rows."""
        return _WindowScores(*(getattr(self, field.name)[part.index] for field in fields(self)))

    def brier(self, i: int, k: int, seed: int) -> dict[str, float]:
        """Return Brier score and skill of the chance of at least k reports, the i-th."""
        happened = self.count >= k
        ours, theirs = ((p[:, i] - happened) ** 2 for p in (self.chance, self.base))
        change = low = high = np.nan
        if theirs.sum() > 0:
            # too rare to tell: a resample without a loss gives NaN bounds
            with np.errstate(divide="ignore", invalid="ignore"):
                change, low, high = scores.bootstrap(ours, theirs, self.week, seed, _DRAWS)
        return {
            "n": float(len(happened)),
            "events": float(happened.sum()),
            "brier": float(ours.mean()),
            "baseline_brier": float(theirs.mean()),
            "skill": -change,
            "skill_low": -high,
            "skill_high": -low,
        }

    def counts(self, seed: int) -> dict[str, float]:
        """Return how counts compare with what was expected of them."""
        found = {
            "n": float(len(self.count)),
            "weeks": float(len(np.unique(self.week))),
            "reports": float(self.count.sum()),
            "expected": float(self.mean.sum()),
            "log_score": float(self.log_score.mean()),
            "baseline_log_score": float(self.base_log_score.mean()),
            "crps": float(self.crps.mean()),
            "baseline_crps": float(self.base_crps.mean()),
        }
        if np.isfinite(found["crps"]):
            where = self.week, self.origin
            compared = scores.paired_change(self.crps, self.base_crps, where, seed, _DRAWS)
            names = (f"crps_vs_baseline{end}" for end in ("", "_low", "_high"))
            found |= dict(zip(names, compared, strict=True))
        bars = np.histogram(scores.pit(self.steps, seed), bins=np.linspace(0, 1, 11))[0]
        share = bars / len(self.count)
        return (
            found
            | self._intervals(seed)
            | {f"pit_{i + 1}": float(bar) for i, bar in enumerate(share)}
        )

    def _intervals(self, seed: int) -> dict[str, float]:
        """Return ratio, slope and share above the 90th percentile with 95 % intervals.

        Sums by calendar week are resampled. The slope is that of a least-squares line with an
        intercept, each count weighed by 1 ÷ its variance.
        """
        y, m, w = self.count, self.mean, 1 / np.maximum(self.variance, _NOTHING)
        low, high = self.steps[:, 0], self.steps[:, 1]
        above = np.clip((high - (1 - _TAIL)) / np.maximum(high - low, _NOTHING), 0, 1)
        _, at = np.unique(self.week, return_inverse=True)
        each = [y, m, w, w * m, w * y, w * m * m, w * m * y, above, np.ones(len(m))]
        sums = np.stack([np.bincount(at, values) for values in each])
        weeks = sums.shape[1]
        chosen = np.random.default_rng(seed).integers(0, weeks, (_DRAWS, weeks))
        found: dict[str, float] = {}
        drawn = _line(sums[:, chosen].sum(-1))
        for name, value in _line(sums.sum(1, keepdims=True)).items():
            bounds = np.quantile(drawn[name], [0.025, 0.975])
            found[name] = float(value[0])
            found[f"{name}_low"], found[f"{name}_high"] = map(float, bounds)
        return found


def _crps(found: CountDistribution, count: Array, chosen: NDArray[np.bool_]) -> Array:
    """Return the CRPS of the rows chosen, NaN for the others: it is slow, and shifts are many."""
    scored = np.full(len(count), np.nan)
    few = CountDistribution(found.mean[chosen], found.variance[chosen])
    scored[chosen] = scores.crps(few, count[chosen])
    return scored


def _line(sums: Array) -> dict[str, Array]:
    """Return ratio, slope and share above from the sums of `_intervals`, shape (9, draws)."""
    y, m, w, wm, wy, wmm, wmy, above, n = sums
    spread = np.maximum(wmm - wm**2 / w, _NOTHING)
    return {
        "ratio": y / np.maximum(m, _NOTHING),
        "slope": (wmy - wm * wy / w) / spread,
        "above": above / n,
    }


def _verdicts(counts: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the verdict on each level and window."""
    return [
        {"level": row["level"], "window": row["window"], "reason": why, "calibrated": not why}
        for _, row in counts[counts["block"] == ALL_LEADS].iterrows()
        for why in [_why_not(row)]
    ]


def _why_not(row: pd.Series) -> str:
    """Return why a level and window is not called calibrated, "" if it is."""
    # It goes with every answer: no number of reports, which are those of the whole force.
    if row["weeks"] < LEAST_WEEKS:
        return f"forecasts of {row['weeks']:.0f} weeks were judged; {LEAST_WEEKS} are needed"
    if row["distinct"] < LEAST_REPORTS:
        return f"fewer than {LEAST_REPORTS} reports were there to judge forecasts by"
    wanted = (
        ("ratio", 1.0, TOLERANCE),
        ("slope", 1.0, TOLERANCE),
        ("above", _TAIL, _TAIL_TOLERANCE),
    )
    said = {
        "ratio": "reports ÷ expected",
        "slope": "the slope of reports on expected",
        "above": "the share above the 90th percentile",
    }
    for name, right, near in wanted:
        value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
        if not (low <= right <= high or abs(value - right) <= near):
            return f"{said[name]} is {value:.2f} ({low:.2f} to {high:.2f}), not {right:g}"
    return ""


def _as_json(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows of JSON values, None where nothing is known."""
    known = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in known.to_dict("records")]
