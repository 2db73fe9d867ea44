"""What every member and maker promises, each held to it: the checks that packages have too."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from features.asof import AsOf
from features.catalogue import MAKERS
from features.declaration import Maker
from features.panel import Panel, panel
from forewatch.history import History
from models.base import Member, State
from models.boosting import Boosting
from models.loglinear import Loglinear
from models.member_settings import BoostingSettings, SarimaSettings
from models.members import MEMBERS
from models.recipe import OUR_MEMBERS
from models.sarima import Sarima
from models.seasonal_means import SameWeekday8
from models.testing import MAKER_CHECKS, MEMBER_CHECKS, BrokenContract

HORIZON = 35
SMALL: dict[str, Callable[[], Member]] = {
    "sarima": lambda: Sarima(SarimaSettings(most_series=2, iterations=15, order=(1, 0, 0))),
    "boosting": lambda: Boosting(BoostingSettings(rows=4000, rounds=20), seed=3),
}


def made(name: str) -> Member:
    """A member, quick where the default takes long."""
    return SMALL[name]() if name in SMALL else MEMBERS[name]()


@pytest.fixture(scope="module")
def seen(town_history: History) -> Panel:
    return panel(AsOf(town_history, town_history.observed_until), HORIZON)


def test_recipes_know_our_members_by_name_without_importing_them() -> None:
    assert tuple(MEMBERS) == OUR_MEMBERS


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_a_member_goes_by_its_name(name: str) -> None:
    assert made(name).name == name


@pytest.mark.parametrize("name", sorted(MEMBERS))
@pytest.mark.parametrize("check", MEMBER_CHECKS, ids=lambda check: str(check.__name__))
def test_members_keep_what_they_promise(
    check: Callable[[Callable[[], Member]], None], name: str
) -> None:
    check(lambda: made(name))


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.declared[0].name)
@pytest.mark.parametrize("check", MAKER_CHECKS, ids=lambda check: str(check.__name__))
def test_makers_keep_what_they_promise(check: Callable[[Maker], None], maker: Maker) -> None:
    check(maker)


class _Broken(SameWeekday8):
    """A mean of past weeks that one promise is taken from."""

    def __init__(self, broken: str) -> None:
        super().__init__()
        self.broken, self.draws = broken, np.random.default_rng()

    def predict(self, panel: Panel) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        if self.broken == "fit":
            return np.ones((len(panel.horizon), len(panel.keys))) * np.nanmean(panel.counts[-56:])
        found = super().predict(panel)
        if self.broken == "zero":
            return np.where(np.arange(found.shape[1]) == 1, 0, found)
        if self.broken == "gap":
            return found * (0.8 if np.isnan(panel.counts[-8:, 0]).any() else 1)
        return found + (self.draws.random() if self.broken == "chance" else 0)

    def state(self) -> State:
        return super().state() | {"own": 1}

    @classmethod
    def from_state(cls, state: State) -> "_Broken":
        del state
        return cls("disk")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("zero", "smallest mean 0, want > 0"),
        ("chance", "another forecast when it is asked again"),
        ("gap", "of its forecast after a week without counts"),
        ("fit", "forecasts before it was fitted; want NotFitted"),
    ],
)
def test_what_breaks_a_promise_is_found(broken: str, said: str) -> None:
    found = []
    for check in MEMBER_CHECKS:
        try:
            check(lambda: _Broken(broken))
        except BrokenContract as error:
            found.append(str(error))
        except Exception as error:  # noqa: BLE001 - its state isn't whole, on purpose
            found.append(repr(error))
    assert any(said in one for one in found), found


def test_a_maker_that_sees_the_future_is_found() -> None:
    def make(view: AsOf, days: object, areas: tuple[str, ...]) -> dict[str, object]:
        later = AsOf(view._given, view._beside.observed_until)  # noqa: SLF001 - what none may do
        return {"sly": np.full((len(days), len(areas)), later.ledger().count.sum())}  # type: ignore[arg-type]

    feature = dataclasses.replace(MAKERS[0].declared[0], name="sly")
    with pytest.raises(BrokenContract, match="sly: what counts said later moves it"):
        MAKER_CHECKS[1](Maker(make, (feature,)))  # type: ignore[arg-type]


def test_a_new_place_is_forecast_from_its_parents(seen: Panel) -> None:
    counts = seen.counts.copy()
    area = seen.places[-1]
    new = (seen.keys["area"] == area).to_numpy()
    counts[:, new] = np.nan
    cold = dataclasses.replace(seen, counts=counts)
    for name in ("same_weekday_8", "loglinear", "boosting"):
        found = made(name).fit(cold).predict(cold)
        share = found[:, seen.series(area)].mean() / found[:, 0].mean()
        assert share == pytest.approx(1 / 3, rel=0.1), name


def test_the_log_linear_model_is_the_one_the_trees_correct(seen: Panel) -> None:
    settings = BoostingSettings(rows=4000, rounds=1)
    trees = Boosting(settings).fit(seen)
    plain = Loglinear(settings.plain).fit(seen)
    assert trees.predict(seen) == pytest.approx(plain.predict(seen), rel=0.15)
