"""Settings of the members and of the shares: what a recipe may choose, without what computes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forewatch.frozen import Frozen


class LoglinearSettings(Frozen):
    """How long the log-linear model remembers and how far it trusts."""

    level_half_life_days: float = Field(default=60, gt=0)
    """How fast the level forgets."""
    long_half_life_days: float = Field(default=200, gt=0)
    """The same, for the level that small series fall back on."""
    ahead_half_lives_days: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(7.0, 14.0, 28.0, 60.0, 120.0, 240.0), min_length=1
    )
    """Memories of the level that is carried ahead, weighed by how well each forecast so far; one
    alone is taken as it is."""
    coefficient_half_life_days: float = Field(default=730, gt=0)
    """How fast the coefficients forget."""
    level_trust_calls: float = Field(default=50, gt=0)
    """Recent expected calls at which own change counts as much as inherited."""
    harmonics: int = Field(default=3, ge=0, le=3)
    """Harmonics of the year, 0 to 3."""
    rounds: int = Field(default=3, ge=1)
    """How often level and coefficients are found in turn."""


# The trees take their levels of the past from it, and carry nothing ahead.
PLAIN = LoglinearSettings(ahead_half_lives_days=(60,))


class SarimaSettings(Frozen):
    """Orders, and what a fit may cost."""

    order: tuple[int, int, int] = (1, 0, 1)
    """(p, d, q) and (P, D, Q); the season has 7 days."""
    seasonal_order: tuple[int, int, int] = (0, 1, 1)
    """(p, d, q) and (P, D, Q); the season has 7 days."""
    last_days: int = Field(default=1095, ge=182)
    """Days at most that a fit learns from."""
    least_calls: float = Field(default=3, gt=0)
    """Mean calls a day that a series needs."""
    most_series: int = Field(default=40, ge=1)
    """Series at most, the largest ones."""
    iterations: int = Field(default=40, ge=1)
    """Steps at most of the search for the parameters."""
    least_ratio: float = Field(default=0.2, gt=0, lt=1)
    """Bounds of a forecast ÷ the mean of the last 8 weeks."""
    most_ratio: float = Field(default=5, gt=1)
    """Bounds of a forecast ÷ the mean of the last 8 weeks."""
    plain: LoglinearSettings = LoglinearSettings()
    """Settings of the log-linear model whose season and half of whose level are taken out."""


class Growth(Frozen):
    """How the trees of a block of leads grow."""

    learning_rate: float = Field(default=0.06, gt=0, le=1)
    """LightGBM's own."""
    leaves: int = Field(default=8, ge=2)
    """LightGBM's own."""
    blind_to: tuple[str, ...] = ()
    """Columns that are not used."""


class BoostingSettings(Frozen):
    """How many rows the trees learn from and how large they grow."""

    lead_blocks: tuple[int, ...] = (0, 7, 28)
    """First lead of each block of leads, in days from the first day ahead."""
    near: Growth = Growth()
    """Growth of blocks whose leads begin before and from *far_from_days*: the further ahead, the
    fewer independent stretches of time there are to learn from."""
    far: Growth = Growth(learning_rate=0.02, leaves=4, blind_to=("call_type", "ratio_364"))
    """Growth of blocks whose leads begin before and from *far_from_days*: the further ahead, the
    fewer independent stretches of time there are to learn from."""
    far_from_days: int = Field(default=28, ge=0)
    """First lead of the blocks that are far."""
    plain: LoglinearSettings = PLAIN
    """Settings of the log-linear model that is corrected."""
    last_lead_days: int = Field(default=90, ge=1)
    """Leads from here on are forecast as if they were the last one."""
    rows: int = Field(default=60_000, ge=1000)
    """Rows to learn from, for each block."""
    first_origin_days: int = Field(default=84, ge=28)
    """Days of history before the first pair."""
    rounds: int = Field(default=75, ge=1)
    """Trees, for each block."""
    rows_per_leaf: int = Field(default=100, ge=1)
    """LightGBM's own."""
    column_share: float = Field(default=0.6, gt=0, le=1)
    """LightGBM's own."""
    ridge: float = Field(default=10.0, ge=0)
    """LightGBM's own."""
    shared_shock_sd: float = Field(default=0.05, ge=0)
    """Size of the shocks that the largest series share."""

    def growth(self, first_lead_days: int) -> Growth:
        """Return how the trees of the block that begins at a lead grow."""
        return self.far if first_lead_days >= self.far_from_days else self.near


class ShareSettings(Frozen):
    """How far back shares look."""

    days: int = Field(default=364, ge=28)
    """Force-days that grades are counted over."""
    leaf_days: int = Field(default=1092, ge=28)
    """Force-days that shares of leaf areas are learned from."""
    hour_days: int = Field(default=1092, ge=28)
    """Force-days that hours are counted over."""
    half_life_days: float = Field(default=364, gt=0)
    """How fast the hours of older days lose weight."""
    baseline_weeks: int = Field(default=8, ge=1)
    """Same weekday-hours that the honest baseline averages."""


class HourSettings(Frozen):
    """How far back the hourly trees look, and how large they grow."""

    days: int = Field(default=1092, ge=28)
    """Force-days that they learn from."""
    season_from_days: int = Field(default=350, ge=28)
    """Force-days with counts from which on they may use the season."""
    blocks: int = Field(default=4, ge=2)
    """Parts of the past that are left out in turn to choose rounds and strength."""
    block_days: int = Field(default=28, ge=7)
    """Force-days in a row that go into the same part."""
    rounds: int = Field(default=160, ge=0)
    """Trees at most; 0 for none."""
    learning_rate: float = Field(default=0.1, gt=0, le=1)
    """LightGBM's own."""
    leaves: int = Field(default=15, ge=2)
    """LightGBM's own."""
    column_share: float = Field(default=0.7, gt=0, le=1)
    """LightGBM's own."""
    calls_per_leaf: float = Field(default=60, gt=0)
    """Calls expected in a leaf, at least."""
    ridge_calls: float = Field(default=60, ge=0)
    """Calls that agree with the profile, added to each leaf."""
