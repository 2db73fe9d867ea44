"""The outlines of a workspace's areas, and maps of them, for those who ask again and again.

A service looks at the clock of the file with each question and reads the outlines again where they
changed. Where they can't be read the last that were read are used; before any were, maps are tiles.
"""

from __future__ import annotations

import logging
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cachetools import LRUCache

from forewatch.areas import AreaTree
from forewatch.errors import ForewatchError
from forewatch.tables import SHAPES, empty
from planning.area_maps import area_map
from planning.map_shapes import MapShapes
from sources.confirmed import confirmed_at
from sources.confirmed_table import confirmed_table

if TYPE_CHECKING:
    import pandas as pd

_MAPS = 64  # kept; one of 281 areas takes about 2 MB
_LOG = logging.getLogger(__name__)


class MapRecords:
    """The maps of a workspace; safe to use from several threads."""

    def __init__(self, history: Path) -> None:
        """Remember where the outlines are, in the folder of the lake; nothing is read yet."""
        self._history = history
        self._lock = Lock()
        self._held: tuple[float | None, pd.DataFrame] | None = None
        self._maps: LRUCache[tuple[AreaTree, tuple[str, ...]], MapShapes] = LRUCache(_MAPS)

    def version(self) -> str:
        """Return a text that changes with the outlines; "" where there are none. No file is read.

        Drawings that are kept are kept under it too.
        """
        at = confirmed_at(self._history, SHAPES.name)
        return "" if at is None else f"{at:.6f}"

    def area_map(self, tree: AreaTree, areas: tuple[str, ...]) -> MapShapes:
        """Return the map of areas of a tree, see `planning.area_maps`."""
        with self._lock:
            outlines = self._outlines()
            if (found := self._maps.get((tree, areas))) is None:
                found = self._maps[tree, areas] = area_map(outlines, tree, areas)
            return found

    def _outlines(self) -> pd.DataFrame:
        """Return the outlines as they are now; the lock is held."""
        at = confirmed_at(self._history, SHAPES.name)
        if self._held is not None and self._held[0] == at:
            return self._held[1]
        try:
            read = confirmed_table(self._history, SHAPES.name, ("area", "made_of"))
        except (OSError, ForewatchError) as error:
            _LOG.warning("the outlines of areas can't be read: %s", error)
            return empty(SHAPES.name) if self._held is None else self._held[1]
        self._held = (at, empty(SHAPES.name) if read is None else read)
        self._maps.clear()
        return self._held[1]
