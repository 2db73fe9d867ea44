"""Histories and settings without pools: for figures that others published, and for true rates."""

from __future__ import annotations

from dataclasses import replace

from forewatch.history import History
from forewatch.tables import empty

UNPOOLED = "\n[privacy]\ncall_types = []\n"  # of a workspace's settings


def unpooled(history: History) -> History:
    """Return a history of which every area is learned by itself."""
    off = history.profile.privacy.model_copy(update={"call_types": ()})
    profile = history.profile.model_copy(update={"privacy": off})
    return replace(history, profile=profile, pools=empty("pools"))


def of_one_place(history: History) -> History:
    """Return a history that is modelled as a whole; its areas are leaf areas."""
    profile = history.profile
    levels = profile.levels.model_copy(update={"modelled": profile.levels.names[0]})
    return unpooled(replace(history, profile=profile.model_copy(update={"levels": levels})))
