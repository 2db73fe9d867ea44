"""How much one key may ask: of one question, at a time, and a minute.

Costs are in units, one of which is about a millisecond of one core (`serving.api.costs`). A key has
a minute's units at first, and they come back evenly. What a question is expected to cost is taken
before it is answered; an answer that is at hand costs one unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from time import monotonic

from forewatch.errors import LimitReached, Overloaded, TooCostly
from serving.settings import ServingSettings

_MINUTE_SECONDS = 60.0
_BUSY_SECONDS = 1  # until another question of the key is answered, most likely
_MOST_EXPORTS = 2  # of all keys, each in a process of its own
_EXPORT_SECONDS = 30  # until one of them is done, most likely
_MOST_OF_A_MINUTE = 0.5  # that one export takes of a key's: its other questions go on


class Limits:
    """What each key has used; for one thread, and never waiting."""

    def __init__(self, settings: ServingSettings, clock: Callable[[], float] = monotonic) -> None:
        """Begin with nothing used.

        Args:
            settings: the limits.
            clock: seconds that only grow.
        """
        self._settings = settings
        self._clock = clock
        # For each key the second at which all its units will be back; keys are few.
        self._whole_at: dict[str, float] = {}
        self._under_way: Counter[str] = Counter()
        self._exporting: set[str] = set()

    def charge(self, key: str, cost: float) -> None:
        """Take units off a key's minute.

        Raises:
            LimitReached: if it has not so many left; nothing is taken then.
        """
        now = self._clock()
        per_second = self._settings.cost_per_minute / _MINUTE_SECONDS
        whole_at = max(self._whole_at.get(key, now), now) + cost / per_second
        if (late := whole_at - now - _MINUTE_SECONDS) > 0:
            raise LimitReached(
                f"this key has used its {self._settings.cost_per_minute} units a minute; "
                f"ask again in {ceil(late)} seconds, keep the ETag of answers, or ask for less",
                ceil(late),
            )
        self._whole_at[key] = whole_at

    @contextmanager
    def question(self, key: str, cost: float, fitting: Callable[[float], int]) -> Iterator[None]:
        """Let a question in, and count it as under way while the block runs.

        Args:
            key: the id of the key that asks.
            cost: expected, in units.
            fitting: gives the rows of a page that costs at most so many units.

        Raises:
            TooCostly: if no key may ask it at once.
            LimitReached: if this key asks too much at a time, or a minute.
        """
        settings = self._settings
        if cost > settings.max_cost:
            rows = fitting(settings.max_cost)
            raise TooCostly(
                f"the page is expected to cost {cost:.0f} units, at most {settings.max_cost} are "
                f"spent on one; ask for fewer rows on a page (limit={rows}), fewer areas, or a "
                "shorter span"
            )
        if self._under_way[key] >= settings.max_concurrent:
            raise LimitReached(
                f"{settings.max_concurrent} questions of this key are being answered; wait for one "
                "of them, then ask again",
                _BUSY_SECONDS,
            )
        self.charge(key, cost)
        self._under_way[key] += 1
        try:
            yield
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]

    @contextmanager
    def export(self, key: str, cost: float) -> Iterator[None]:
        """Let an export of a whole issue in, and count it as under way while the block runs.

        It is worked on behind all questions, so that it takes at most half a minute's units of the
        key, whatever it costs.

        Args:
            key: the id of the key that asks.
            cost: expected, in units.

        Raises:
            TooCostly: if no key may ask for it.
            LimitReached: if this key has an export under way, or no units left.
            Overloaded: if too many others have.
        """
        settings = self._settings
        if cost > settings.max_export_cost:
            raise TooCostly(
                f"the export is expected to cost {cost:.0f} units, at most "
                f"{settings.max_export_cost} are spent on one ([serving] max_export_cost); ask "
                "with a key for some areas, or run 'forewatch export' beside the service"
            )
        if key in self._exporting:
            raise LimitReached(
                "an export for this key is under way; wait for it, then ask again", _EXPORT_SECONDS
            )
        if len(self._exporting) >= _MOST_EXPORTS:
            raise Overloaded(
                f"{_MOST_EXPORTS} exports are under way; ask again later", _EXPORT_SECONDS
            )
        self.charge(key, min(cost, settings.cost_per_minute * _MOST_OF_A_MINUTE))
        self._exporting.add(key)
        try:
            yield
        finally:
            self._exporting.discard(key)
