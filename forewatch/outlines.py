"""Outlines of areas as the table SHAPES has them, and which of them are still true of a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from forewatch.areas import AreaTree

METRES_PER_DEGREE = 111_319.49  # of latitude, and of longitude at the equator: WGS 84's / 360


def made_of(tree: AreaTree, area: str) -> str:
    """Return what SHAPES says of an outline that the areas right below were dissolved to."""
    return " ".join(sorted(tree.children(area)))


def current_outlines(outlines: pd.DataFrame, tree: AreaTree) -> pd.DataFrame:
    """Return the rows of areas of a tree; none made of other areas than stand below one now."""
    parts = {area: made_of(tree, area) for area in tree.ids}
    rows = outlines[outlines["area"].isin(parts)]
    return rows[
        (rows["made_of"] == "") | (rows["made_of"] == rows["area"].astype("str").map(parts))
    ]
