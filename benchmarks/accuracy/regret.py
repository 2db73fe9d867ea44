"""The demo force, whose true rates are known: how much worse than the truth, and is it calibrated?

Regret is mean CRPS ÷ that of the true distribution, the distribution of counts for one who knows
the rates and how large the shocks are, not the shocks. Both by the same 19 quantiles.

Calibration: are the randomised probability integral transforms u uniform? Days of a week share
shocks and origins share days, so rows are no independent draws. The Legendre polynomials of u of
degree 1 and 2 (the first terms of Neyman's smooth test: is it centred, is it as wide as it says)
are summed by calendar week; under uniformity the sums have mean zero. Hotelling's T² of the weekly
sums, by its F distribution, needs only that weeks are independent of each other. Degrees 3 and 4
are left out: with 25 to 52 weeks and half of the variance shared within a week they made the test
reject 8 to 10 % of right forecasts at 1 %; these two reject 1 to 3 %, of which
tests/benchmarks/test_regret.py makes sure. The same is told of the true distribution, which must
pass. Ten strata: five levels × the first two blocks of days ahead.

Source: Neyman (1937), "Smooth" test for goodness of fit; Hotelling (1931), The generalization of
Student's ratio.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special, stats

from benchmarks.accuracy.calibration import bracket
from benchmarks.accuracy.forecasts import Contender
from benchmarks.accuracy.scoring import Blocks, Case, label, losses
from benchmarks.accuracy.tables import Table
from benchmarks.accuracy.truth import ALL
from forewatch.arrays import Array, Index
from forewatch.clock import Clock
from forewatch.history import History
from forewatch.rates import Selection, Spans
from models import scores
from models.rolling import QUANTILES
from sources.synthetic import Truth

TRUE = "truth"
_SEED = 5
_DEGREES = (1, 2)
_FEWEST_WEEKS = 10


def known(truth: Truth, case: Case, history: History) -> Contender:
    """Return the true distribution as a contender on the rows of a case (days)."""
    clock = Clock.of(history.profile)
    starts = pd.DatetimeIndex(case.targets.starts.unique()).sort_values()
    day = clock.force_day(starts)
    ends = pd.DatetimeIndex([clock.day_start(one) for one in day + pd.Timedelta(days=1)])
    row = starts.get_indexer(case.targets.starts)
    shape = (len(row), len(case.targets.series))
    mean, quantiles = np.empty(shape, "f4"), np.empty((*shape, len(QUANTILES)), "f4")
    for i, (area, call_type, grade) in enumerate(case.targets.series):
        selection = Selection(
            leaves=history.tree.leaves_of(area),
            call_types=() if call_type == ALL else (call_type,),
            grades=() if grade == ALL else (grade,),
        )
        found = truth.distribution(selection, Spans(starts, ends))
        mean[:, i], quantiles[:, i] = found.mean[row], found.quantiles(QUANTILES)[row]
    return Contender(TRUE, mean, quantiles)


def tables(case: Case, blocks: Blocks) -> list[Table]:
    """Return regret by level and block, and the tests of uniformity.

    Args:
        case: with the true distribution among its contenders; ours first.
        blocks: blocks of days ahead; the last one is left out of the tests.
    """
    ours, true = case.contenders[0], next(c for c in case.contenders if c.name == TRUE)
    regrets, tests = [], []
    for level in dict.fromkeys(case.level):
        series = np.flatnonzero(np.array(case.level) == level)
        for block in blocks:
            lead = case.targets.lead_day
            part = np.ix_(np.flatnonzero((lead >= block[0]) & (lead <= block[1])), series)
            where = {"level": level, "days": label(block)}
            regrets.append(where | _regret(case, part, ours, true))
            if block in tuple(blocks)[:2]:
                tests.append(where | _uniform(case, part, ours) | _uniform(case, part, true))
    passed = sum(float(row[f"p {ours.name}"]) >= 0.01 for row in tests)  # noqa: PLR2004 - 1 %
    title = f"Is the transform uniform? Not rejected at 1 % in {passed} of {len(tests)} strata"
    return [
        Table("Regret: CRPS ÷ that of the true distribution, by day", pd.DataFrame(regrets)),
        Table(title, pd.DataFrame(tests)),
    ]


def _regret(
    case: Case, part: tuple[Index, ...], ours: Contender, true: Contender
) -> dict[str, str]:
    y, scale = case.counts[part], np.ones(case.counts[part].shape)
    week = np.broadcast_to(case.week[part[0]], y.shape)
    own, best = (losses(who, part, y, scale)["crps"] for who in (ours, true))
    ratio, low, high = scores.bootstrap(own, best, week, _SEED)
    return {
        f"crps {ours.name}": f"{np.nanmean(own):.4f}",
        "crps truth": f"{np.nanmean(best):.4f}",
        "regret": f"{1 + ratio:.3f}",
        "95 %": f"[{1 + low:.3f}, {1 + high:.3f}]",
    }


def _uniform(case: Case, part: tuple[Index, ...], who: Contender) -> dict[str, str]:
    """Return the p-value of the test, and mean and spread of the transform (0.5 and 0.2887)."""
    y = case.counts[part]
    if who.quantiles is None:
        raise ValueError(f"{who.name} has no quantiles; a transform needs them")
    steps = bracket(who.mean[part].astype(float), who.quantiles[part].astype(float), y)
    u = scores.pit(steps, _SEED)
    week = np.broadcast_to(case.week[part[0]], y.shape)
    p = p_value(u, week)
    return {
        f"p {who.name}": f"{p:.4f}",
        f"mean of u, {who.name}": f"{np.nanmean(u):.3f}",
        f"sd of u, {who.name}": f"{np.nanstd(u):.3f}",
    }


def p_value(u: Array, week: Index) -> float:
    """Return the chance of weekly sums as far from zero as these if u is uniform; see the module.

    NaN if there are fewer than ten weeks.
    """
    fine = np.isfinite(u)
    _, number = np.unique(week[fine], return_inverse=True)
    weeks, degrees = int(number.max()) + 1, len(_DEGREES)
    if weeks < _FEWEST_WEEKS:
        return float("nan")
    x = 2 * u[fine] - 1
    sums = np.stack(
        [np.bincount(number, special.eval_legendre(d, x), weeks) for d in _DEGREES], axis=1
    )
    mean = sums.mean(0)
    squared = weeks * mean @ np.linalg.solve(np.cov(sums.T), mean)
    f = (weeks - degrees) / (degrees * (weeks - 1)) * squared
    return float(stats.f.sf(f, degrees, weeks - degrees))
