"""Use case: the champions' forecasts become a published issue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from features.asof import EXCLUDE, AsOf
from features.unused_rows import unused_rows
from forewatch.clock import ONE_DAY, Clock
from forewatch.history import History
from forewatch.pools import Pool
from forewatch.profile import Profile
from forewatch.progress import Progress
from forewatch.tables import BREAKS
from planning import freshness
from planning.issues import Issue, Part
from planning.past_counts import PastCounts
from serving import feeds
from serving.issue_subjects import champion_of, subject_part
from serving.pooling import settle_pools
from serving.spans import instant
from serving.subjects import FIRST, subjects_of
from serving.workspace import Workspace


def publish_issue(
    workspace: Workspace,
    *,
    origin: str | None,
    days: int | None,
    progress: Progress,
    is_published: bool = False,
) -> Issue:
    """Publish what the champions forecast, or keep it as a draft.

    Args:
        workspace: the force's.
        origin: as a person writes it; None: the data cut-off.
        days: force-days ahead; None: the profile's horizon.
        progress: is told what is being done.
        is_published: whether it is served though its origin lies before the data cut-off; it is a
            draft otherwise.

    Raises:
        NoChampion: if no version of the model of all calls is promoted.
    """
    profile = workspace.profile
    progress("opening the registry", 0, 0)
    champion_of(workspace.register(FIRST))  # before minutes of reading
    progress("reading the history", 0, 0)
    history = settle_pools(workspace)
    at = instant(Clock.of(profile), origin) if origin else history.observed_until
    view = AsOf(history, at)
    parts, said = _parts(
        workspace, history, view, days or profile.publication.horizon_days, progress
    )
    observed = feeds.observed_ends(history, view)
    until = next(iter(parts.values())).forecast.rates.edges[-1]
    made = Issue(
        number=0,
        published_at=pd.Timestamp.now("UTC").as_unit("us"),
        parts=parts,
        profile=profile,
        tree=history.tree,
        models={name: part.model_version for name, part in parts.items()},
        data_version=history.version,
        notes=(
            *unknown_days(observed.until, at),
            *freshness.notes(observed, profile.force.zone),
            *said,
            *unpooled_notes(profile, view.pools),
            *announced_breaks(view, until),
            *unused_rows(history, at, until),
        ),
        pools=_leaves_of_pools(view),
        observed=observed,
        is_draft=at < history.observed_until and not is_published,
        past=PastCounts.of(view, days or profile.publication.horizon_days),
    )
    # What is told as the end of the data is the end of what was observed, not of the extract.
    forecast = replace(made.forecast, data_until=made.freshness.whole)
    return workspace.issues().publish(made.with_whole(forecast=forecast))


def _parts(
    workspace: Workspace, history: History, view: AsOf, days: int, progress: Progress
) -> tuple[dict[str, Part], list[str]]:
    """Return the parts of an issue by subject, with the notes on all of them."""
    parts: dict[str, Part] = {}
    said: list[str] = []
    for subject in subjects_of(workspace.profile):
        progress("forecasting", 0, 0)
        part, notes = subject_part(workspace, subject, history, view, days)
        said += notes
        if part is not None:
            parts[subject.name] = part
    return parts, said


def _leaves_of_pools(view: AsOf) -> dict[str, tuple[tuple[str, ...], ...]]:
    pools = view.pools.items()
    return {kind: tuple(pool.leaves for pool in own) for kind, own in pools if own}


def unknown_days(until: pd.Timestamp, origin: pd.Timestamp) -> tuple[str, ...]:
    """Return a remark on the days before the origin of which nothing is known, or nothing."""
    behind = (origin - until) // ONE_DAY
    if behind < 1:
        return ()
    end = f"{until:%Y-%m-%d %H:%M} UTC"
    return (f"nothing is known of the {behind} days before the origin: the data end at {end}",)


def unpooled_notes(profile: Profile, pools: Mapping[str, Sequence[Pool]]) -> tuple[str, ...]:
    """Return remarks on missing-person reports of small areas that are not pooled, or nothing.

    Args:
        profile: the force's.
        pools: those in force, by call type.
    """
    wanted, privacy = profile.pooled_call_types, profile.privacy
    left_out = [name for name in profile.missing_call_types if name not in wanted]
    still = [name for name in left_out if pools.get(name)]
    parts = (
        ([name for name in left_out if name not in still], "not pooled", "leaves it out"),
        (still, "still pooled", "leaves it out, which holds from the next year of data on"),
    )
    said = [
        f"small areas are {how} for {', '.join(names)}: [privacy] call_types {why}"
        for names, how, why in parts
        if names
    ]
    if wanted and not (privacy.least_yearly_reports or privacy.least_population):
        names = ", ".join(name for name in wanted if not pools.get(name))
        zero = f"small areas are not pooled for {names}: [privacy] asks for no reports or residents"
        said += [zero] * bool(names)
    return tuple(said)


def announced_breaks(view: AsOf, until: pd.Timestamp) -> tuple[str, ...]:
    """Return the breaks of the register that change the days forecast from one of them on.

    Those that say too little for that are told by `features.unused_rows`.
    """
    table = view.published(BREAKS)
    ahead = table[(table["start"] >= view.origin) & (table["start"] < until)]
    types = ["", *view.profile.call_type_ids]
    used = ahead["call_type"].isin(types) & (ahead["kind"] != EXCLUDE)
    stated = ahead[used & (ahead["expected_ratio"] > 0)]
    return tuple(
        f"from {row['start'].tz_convert(view.clock.zone):%Y-%m-%d %H:%M} a {row['kind']} of "
        f"{row['call_type'] or 'all call types'}, {row['area'] or 'everywhere'}: {row['reason']}; "
        f"calls × {row['expected_ratio']:.2f} as stated"
        for row in stated.to_dict("records")
    )


def issue_text(published: Issue) -> str:
    """Return an issue in a few lines for a person."""
    days = published.forecast.rates.force_days
    zone = published.profile.force.zone
    done = "kept as a draft, not served:" if published.is_draft else "published"
    lines = [
        f"{done} issue {published.number} of {published.profile.force.name}",
        f"  origin      {published.forecast.origin.tz_convert(zone):%Y-%m-%d %H:%M %Z}",
        f"  data until  {published.forecast.data_until.tz_convert(zone):%Y-%m-%d %H:%M %Z}",
        f"  force-days  {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d} ({len(days)})",
        *(f"  {name:<11} {_name_of_decider(part)}" for name, part in published.parts.items()),
        *(f"  note        {note}" for note in published.notes),
    ]
    return "\n".join(lines)


def _name_of_decider(part: Part) -> str:
    stands_in = "its baseline, the " if part.is_baseline else "version "
    return f"by {stands_in}{part.model_version}"
