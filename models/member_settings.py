"""Settings of the members and of the shares: what a recipe may choose, without what computes it."""

from __future__ import annotations

from pydantic import Field

from forewatch.profile import Frozen


class LoglinearSettings(Frozen):
    """How long the log-linear model remembers and how far it trusts.

    Args:
        level_half_life_days: how fast the level forgets.
        long_half_life_days: the same, for the level that small series fall back on.
        coefficient_half_life_days: how fast the coefficients forget.
        level_trust_calls: recent expected calls at which own change counts as much as inherited.
        harmonics: harmonics of the year, 0 to 3.
        rounds: how often level and coefficients are found in turn.
    """

    level_half_life_days: float = Field(default=60, gt=0)
    long_half_life_days: float = Field(default=200, gt=0)
    coefficient_half_life_days: float = Field(default=730, gt=0)
    level_trust_calls: float = Field(default=50, gt=0)
    harmonics: int = Field(default=3, ge=0, le=3)
    rounds: int = Field(default=3, ge=1)


class SarimaSettings(Frozen):
    """Orders, and what a fit may cost.

    Args:
        order, seasonal_order: (p, d, q) and (P, D, Q); the season has 7 days.
        last_days: days at most that a fit learns from.
        least_calls: mean calls a day that a series needs.
        most_series: series at most, the largest ones.
        iterations: steps at most of the search for the parameters.
        least_ratio, most_ratio: bounds of a forecast ÷ the mean of the last 8 weeks.
        plain: settings of the log-linear model whose yearly effect is taken out.
    """

    order: tuple[int, int, int] = (1, 0, 1)
    seasonal_order: tuple[int, int, int] = (0, 1, 1)
    last_days: int = Field(default=1095, ge=182)
    least_calls: float = Field(default=3, gt=0)
    most_series: int = Field(default=40, ge=1)
    iterations: int = Field(default=40, ge=1)
    least_ratio: float = Field(default=0.2, gt=0, lt=1)
    most_ratio: float = Field(default=5, gt=1)
    plain: LoglinearSettings = LoglinearSettings()


class Growth(Frozen):
    """How the trees of a block of leads grow.

    Args:
        learning_rate, leaves: LightGBM's own.
        blind_to: columns that are not used.
    """

    learning_rate: float = Field(default=0.03, gt=0, le=1)
    leaves: int = Field(default=8, ge=2)
    blind_to: tuple[str, ...] = ()


class BoostingSettings(Frozen):
    """How many rows the trees learn from and how large they grow.

    Args:
        lead_blocks: first lead of each block of leads, in days from the first day ahead.
        near, far: growth of blocks whose leads begin before and from *far_from_days*: the further
            ahead, the fewer independent stretches of time there are to learn from.
        far_from_days: first lead of the blocks that are far.
        plain: settings of the log-linear model that is corrected.
        last_lead_days: leads from here on are forecast as if they were the last one.
        rows: rows to learn from, for each block.
        first_origin_days: days of history before the first pair.
        rounds: trees, for each block.
        rows_per_leaf, column_share, ridge: LightGBM's own.
        shared_shock_sd: size of the shocks that the largest series share.
    """

    lead_blocks: tuple[int, ...] = (0, 7, 28)
    near: Growth = Growth()
    far: Growth = Growth(learning_rate=0.01, leaves=4, blind_to=("call_type", "ratio_364"))
    far_from_days: int = Field(default=28, ge=0)
    plain: LoglinearSettings = LoglinearSettings()
    last_lead_days: int = Field(default=90, ge=1)
    rows: int = Field(default=60_000, ge=1000)
    first_origin_days: int = Field(default=84, ge=28)
    rounds: int = Field(default=150, ge=1)
    rows_per_leaf: int = Field(default=100, ge=1)
    column_share: float = Field(default=0.6, gt=0, le=1)
    ridge: float = Field(default=10.0, ge=0)
    shared_shock_sd: float = Field(default=0.05, ge=0)

    def growth(self, first_lead_days: int) -> Growth:
        """Return how the trees of the block that begins at a lead grow."""
        return self.far if first_lead_days >= self.far_from_days else self.near


class ShareSettings(Frozen):
    """How far back shares look.

    Args:
        days: force-days that leaf areas and grades are counted over.
        hour_days: force-days that hours are counted over.
        half_life_days: how fast the hours of older days lose weight.
        baseline_weeks: same weekday-hours that the honest baseline averages.
    """

    days: int = Field(default=364, ge=28)
    hour_days: int = Field(default=1092, ge=28)
    half_life_days: float = Field(default=364, gt=0)
    baseline_weeks: int = Field(default=8, ge=1)


class HourSettings(Frozen):
    """How far back the hourly trees look, and how large they grow.

    Args:
        days: force-days that they learn from.
        season_from_days: force-days with counts from which on they may use the season.
        blocks: parts of the past that are left out in turn to choose rounds and strength.
        block_days: force-days in a row that go into the same part.
        rounds: trees at most; 0 for none.
        learning_rate, leaves, column_share: LightGBM's own.
        calls_per_leaf: calls expected in a leaf, at least.
        ridge_calls: calls that agree with the profile, added to each leaf.
    """

    days: int = Field(default=1092, ge=28)
    season_from_days: int = Field(default=350, ge=28)
    blocks: int = Field(default=4, ge=2)
    block_days: int = Field(default=28, ge=7)
    rounds: int = Field(default=160, ge=0)
    learning_rate: float = Field(default=0.1, gt=0, le=1)
    leaves: int = Field(default=15, ge=2)
    column_share: float = Field(default=0.7, gt=0, le=1)
    calls_per_leaf: float = Field(default=60, gt=0)
    ridge_calls: float = Field(default=60, ge=0)
