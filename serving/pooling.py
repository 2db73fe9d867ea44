"""Use case: the pools of small areas are decided once a year, and kept with the history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from features.pool_decision import Decisions, decisions, due_kinds, table
from forewatch.errors import ForewatchError
from forewatch.history import History
from forewatch.pools import whole_areas

if TYPE_CHECKING:  # opening a workspace imports nothing that it does not need
    from serving.workspace import Workspace


def settle_pools(workspace: Workspace) -> History:
    """Return the history, with the pools that are due decided and kept.

    Raises:
        LakeBusy: if they are due and another process is changing the history.
    """
    history = workspace.history()
    return _decide(workspace) if due_kinds(history) else history


def pooling_remark(workspace: Workspace) -> tuple[str, ...]:
    """Settle the pools after an import, and return a remark if some were decided, or nothing.

    Where there is no history to decide from yet, nothing is.
    """
    try:
        if not due_kinds(workspace.history(counted=False)):
            return ()
        history = _decide(workspace)
    except ForewatchError:
        return ()
    found, leaves = decisions(history), len(history.tree.leaves)
    return tuple(
        f"{kind}: {sum(len(pool.leaves) for pool in years[max(years)].pools):,} of {leaves:,} leaf "
        f"areas are pooled from {max(years)} on; see 'forewatch pools'"
        for kind, years in found.items()
    )


def pooling_text(workspace: Workspace) -> str:
    """Return which areas are pooled, by year and call type, for a person."""
    history = settle_pools(workspace)
    lines = []
    for kind, years in decisions(history).items():
        for year, one in years.items():
            least = f"{one.least.yearly_reports} reports a year, {one.least.population:,} residents"
            lines.append(f"{kind}, {year}: {len(one.pools)} pools (below {least})")
            for pool in one.pools:
                areas = ", ".join(whole_areas(history.tree, pool.leaves))
                lines.append(f"  {areas} ({len(pool.leaves)} leaf areas)")
    return "\n".join(lines) or "no call type is pooled: [privacy] call_types names none"


def _decide(workspace: Workspace) -> History:
    """Decide and keep what is due; whoever comes second finds what the first one decided."""
    lake = workspace.lake()
    with lake.lock():
        history = workspace.history()
        if not due_kinds(history):
            return history
        found = decisions(history)
        pools = table(found)
        lake.replace("pools", pools, {"decided": _newest(found)})
        return replace(history, pools=pools, version=lake.version())


def _newest(found: Decisions) -> int:
    return max((max(years) for years in found.values()), default=0)
