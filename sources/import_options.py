"""What a person says beside a file and its mapping: what is accepted, and whether it is a trial."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from forewatch.doubts import Acceptable
from sources.lake import Lake
from sources.references import reference_key


@dataclass(frozen=True)
class ImportOptions:
    """How an import goes.

    Args:
        accepted: doubts about its result that a person set aside by name.
        is_dry_run: nothing is written anywhere; the receipt is the same.
    """

    accepted: frozenset[Acceptable] = frozenset()
    is_dry_run: bool = False

    def writing(self, lake: Lake) -> AbstractContextManager[None]:
        """Hold the lake while a file is taken into it; a dry run holds nothing."""
        return nullcontext() if self.is_dry_run else lake.lock()

    def key(self, lake: Lake) -> str:
        """Return the lake's key; a dry run before the first import makes one of its own."""
        return reference_key(lake, is_kept=not self.is_dry_run)


AS_USUAL = ImportOptions()
