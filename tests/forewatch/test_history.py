import pandas as pd
import pytest

from forewatch.errors import MissingColumns
from forewatch.tables import COLUMNS, check, empty


@pytest.mark.parametrize("table", COLUMNS)
def test_an_empty_table_has_the_columns_and_kinds_of_its_contract(table: str) -> None:
    found = empty(table)
    assert {name: str(kind) for name, kind in found.dtypes.items()} == COLUMNS[table]
    assert len(found) == 0
    pd.testing.assert_frame_equal(check(table, found), found)


def test_check_orders_casts_drops_and_numbers_anew() -> None:
    found = check(
        "unobserved",
        pd.DataFrame(
            {
                "area": ["north"],
                "more": [1],
                "end": [pd.Timestamp("2026-01-02T00:00Z")],
                "start": [pd.Timestamp("2026-01-01T00:00Z")],
            },
            index=[7],
        ),
    )
    assert list(found.columns) == ["start", "end", "area"]
    assert found.index.tolist() == [0]
    assert {name: str(kind) for name, kind in found.dtypes.items()} == COLUMNS["unobserved"]


def test_missing_columns_are_named_beside_those_found() -> None:
    with pytest.raises(MissingColumns) as caught:
        check("unobserved", pd.DataFrame({"start": [], "place": []}))
    assert str(caught.value) == "unobserved lacks end, area; it has start, place"
