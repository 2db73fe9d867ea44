import pytest

from forewatch.errors import BadQuestion
from serving.backtesting import days, origins_between


@pytest.mark.parametrize(
    ("retrain", "every_days", "origins"),
    [("84d", 42, 2), ("12w", 7, 12), ("7d", 42, 1), ("100d", 42, 2), (" Never ", 42, 0)],
)
def test_a_training_comes_every_so_many_origins(
    retrain: str, every_days: int, origins: int
) -> None:
    assert origins_between(retrain, every_days) == origins


def test_a_time_between_trainings_that_is_none_is_refused() -> None:
    with pytest.raises(BadQuestion, match="--retrain 'often' is no number of days; write 42d"):
        origins_between("often", 42)


@pytest.mark.parametrize(("text", "number"), [("42d", 42), ("42", 42), (" 6W ", 42)])
def test_days_are_written_in_days_or_weeks(text: str, number: int) -> None:
    assert days("--every", text) == number


@pytest.mark.parametrize("text", ["0d", "six", "-7d", "1.5w", "", "1M", "nan", "48h", "9" * 5000])
def test_what_is_no_number_of_days_is_refused(text: str) -> None:
    with pytest.raises(BadQuestion, match="--horizon"):
        days("--horizon", text)
