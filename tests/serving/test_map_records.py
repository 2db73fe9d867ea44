from pathlib import Path

import pandas as pd
import pytest

from forewatch.areas import Area, AreaTree
from forewatch.errors import DamagedHistory
from forewatch.tables import SHAPES, check
from serving.map_records import MapRecords
from sources.lake import Lake

TREE = AreaTree((Area("shire", "Shire"), Area("north", "North", "shire")), ("force", "district"))


def square(side: float) -> pd.DataFrame:
    corners = [(0.0, 50.0), (side, 50.0), (side, 51.0), (0.0, 51.0)]
    rows = pd.DataFrame(corners, columns=["lon", "lat"])
    return check(
        SHAPES.name, rows.assign(area="north", made_of="", tolerance_m=1.0, part=0, ring=0)
    )


def test_maps_follow_the_outlines(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    records = MapRecords(tmp_path)
    assert records.version() == ""
    assert records.area_map(TREE, ("north",)).kind == "grid"
    lake.replace("shapes", square(1.0), {})
    first = records.version()
    wide = records.area_map(TREE, ("north",))
    assert wide.kind == "outlines"
    assert records.area_map(TREE, ("north",)) is wide
    lake.replace("shapes", square(0.1), {})
    assert records.version() not in {"", first}
    assert records.area_map(TREE, ("north",)).width < wide.width


def test_the_last_outlines_are_drawn_where_none_can_be_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lake = Lake(tmp_path)
    lake.replace("shapes", square(1.0), {})
    records = MapRecords(tmp_path)
    before = records.area_map(TREE, ("north",))
    lake.replace("shapes", square(0.1), {})
    for file in (tmp_path / "shapes").glob("*.parquet"):
        file.write_bytes(b"damaged")
    with pytest.raises(DamagedHistory):
        lake.table("shapes")
    assert records.area_map(TREE, ("north",)) == before
    assert "the outlines of areas can't be read" in caplog.text
    fresh = MapRecords(tmp_path)
    assert fresh.area_map(TREE, ("north",)).kind == "grid"
