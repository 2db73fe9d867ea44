"""What a view is asked, looked up within the viewer's reach; what can't be is said, not refused.

A view shows the rest all the same: for a name that nobody knows it shows what it shows without
one, and near names as links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from forewatch.clock import WEEK_DAYS, Clock
from forewatch.errors import BadQuestion, ForewatchError, UnknownArea, UnknownWeek
from planning.issues import Issue
from planning.questions import ALL, look_up
from serving.page.addresses import SHIFT_PAGE, STATE, page_address
from serving.page.page_frame import Complaint, Link
from serving.page.page_words import sentence
from serving.problems import ForwardedProblem, problem_document, problem_of
from serving.reach import Reach
from serving.spans import week_meant
from serving.time_texts import WEEK_WORDS

MOST_LETTERS = 63  # of a name in an address, as in the questions of the API


@dataclass(frozen=True)
class PageQuestion:
    """What a view is asked.

    Args:
        issue: the issue shown.
        reach: the areas that the viewer may see.
        now: the instant at which the issue's age is judged, UTC.
        area: id.
        week: label of an ISO week that the issue reaches.
        call_type: id, or "all".
        grade: grade, or "all".
        complaints: of what was asked and isn't shown.
        path: of the view.
    """

    issue: Issue
    reach: Reach
    now: pd.Timestamp
    area: str
    week: str
    call_type: str
    grade: str
    complaints: tuple[Complaint, ...]
    path: str

    @classmethod
    def of(
        cls, path: str, asked: Mapping[str, str], issue: Issue, reach: Reach, now: pd.Timestamp
    ) -> PageQuestion:
        """Return what the parameters of an address mean.

        Raises:
            OutOfReach: if the issue has nothing within reach.
        """
        usual = {"week": usual_week(issue, now), "area": reach.area_ids(issue.tree, ())[0]}
        found, errors = dict[str, str](), dict[str, ForewatchError]()
        for name in STATE:
            try:
                text = asked.get(name)
                found[name] = _MEANINGS[name](issue, reach, now, text) if text else ""
            except ForewatchError as error:
                errors[name] = error
        complaints = []
        for name, why in errors.items():
            levels = issue.tree.levels if name == "area" else ()
            near = [each for each in getattr(why, "near", ()) if each not in levels]
            links = [Link(each, page_address(path, found, **{name: each})) for each in near]
            complaints.append(_complaint(why, links))
        return cls(
            issue=issue,
            reach=reach,
            now=now,
            area=found.get("area") or usual["area"],
            week=found.get("week") or usual["week"],
            call_type=found.get("call_type") or ALL,
            grade=found.get("grade") or ALL,
            complaints=tuple(complaints),
            path=path,
        )

    @cached_property
    def state(self) -> dict[str, str]:
        """What is shown, as parameters of an address; what is usual is left out, but the week."""
        named = {"week": self.week, "area": self.area}
        kinds = {"call_type": self.call_type, "grade": self.grade}
        return named | {name: value for name, value in kinds.items() if value != ALL}

    def address(self, path: str | None = None, **changes: str | None) -> str:
        """Return the address of this view, or of another one, with some of the state changed."""
        return page_address(self.path if path is None else path, self.state, **changes)

    @property
    def is_of_all(self) -> bool:
        """Whether all calls are shown, of every type and grade."""
        return self.call_type == ALL == self.grade

    def period_address(self, period: str, **changes: str | None) -> str:
        """Return the address of the page of a period, with the rest of the state."""
        return self.address(f"{SHIFT_PAGE}/{period}", week=None, **changes)

    def duty_address(self, area: str, period: str, role: str = "") -> str:
        """Return the same of a shift of duty in an area; "" where no forecast is told by it.

        Args:
            area: id.
            period: id of the shift.
            role: whose officers are shown; "": the force's first, which is left out.
        """
        shift = period.partition("/")[2]
        told = {each.id for each in self.issue.profile.shifts}
        changes = {"area": area, "role": self.told_role(role)}
        return self.period_address(period, **changes) if shift in told else ""

    def told_role(self, role: str) -> str:
        """Return a role as addresses have it: "" for the force's first."""
        return "" if role == self.issue.profile.staffing.role_ids[0] else role

    @property
    def zone(self) -> str:
        """IANA name of the force's time zone."""
        return self.issue.profile.force.zone

    @cached_property
    def clock(self) -> Clock:
        """The force's clock."""
        return Clock.of(self.issue.profile)

    @cached_property
    def monday(self) -> pd.Timestamp:
        """The local date with which the week begins."""
        return self.clock.week(self.week)

    @property
    def area_name(self) -> str:
        """Name of the area."""
        return self.issue.tree.area(self.area).name

    @cached_property
    def shift_names(self) -> dict[str, str]:
        """Names of shifts by their ids: of duty, and of those by which forecasts are told."""
        profile = self.issue.profile
        return {each.id: each.name for each in (*profile.shifts, *profile.staffing.shifts)}

    @cached_property
    def why_stale(self) -> str:
        """Why the issue is stale, as it is told within the reach; "" where it isn't."""
        return self.reach.reason(self.issue.tree, self.issue.why_stale(self.now))

    @property
    def parts(self) -> tuple[str, ...]:
        """Ids of the areas right below the area, in the tree's order; all are within reach."""
        return tuple(each.id for each in self.issue.tree.areas if each.parent == self.area)


def refuse_complaints(asked: PageQuestion, name: str) -> None:
    """Stop a file that would be about something else: it could be taken for what was asked.

    Args:
        asked: by its address.
        name: of what was asked for, one word.

    Raises:
        ForwardedProblem: if the address names what isn't there.
    """
    for complaint in asked.complaints:
        near = [link.text for link in complaint.near]
        told = f". Near: {', '.join(near)}" if near else ""  # a problem's text has no full stop
        detail = f"{complaint.text.removesuffix('.')}{told}"
        said = problem_document(complaint.status, f"no-such-{name}", f"No such {name}", detail)
        raise ForwardedProblem(said | ({"near": near} if near else {}))


def weeks_reached(issue: Issue) -> tuple[str, ...]:
    """Return the labels of the ISO weeks of which the issue reaches every day, ascending."""
    days = issue.forecast.rates.force_days.to_numpy().astype("datetime64[D]")
    return _whole_weeks(tuple(days.astype(np.int64).tolist()), Clock.of(issue.profile))


@lru_cache(maxsize=8)  # each view asks several times
def _whole_weeks(days: tuple[int, ...], clock: Clock) -> tuple[str, ...]:
    """Return the weeks that some local dates hold whole; *days*: their days since 1970."""
    counts = Counter(clock.week_label(day) for day in pd.to_datetime([*days], unit="D"))
    # A date that a clock skipped as a whole isn't there: such a week is left out, as once in 2011.
    return tuple(sorted(label for label, count in counts.items() if count >= WEEK_DAYS))


def usual_week(issue: Issue, now: pd.Timestamp) -> str:
    """Return the next week; where the issue doesn't reach it, the nearest that it does."""
    meant, weeks = week_meant(Clock.of(issue.profile), "next", now), weeks_reached(issue)
    if not weeks:
        return Clock.of(issue.profile).week_label(issue.forecast.rates.force_days[0])
    return meant if meant in weeks else weeks[-1] if meant > weeks[-1] else weeks[0]


def _week(issue: Issue, _: Reach, now: pd.Timestamp, text: str) -> str:
    clock, weeks = Clock.of(issue.profile), weeks_reached(issue)
    words = text.strip().casefold()
    label = week_meant(clock, words if words in WEEK_WORDS else text.strip().upper(), now)
    try:
        clock.week(label)
    except BadQuestion as error:
        raise UnknownWeek(str(error), _near_weeks(weeks, issue, now)) from None
    if label not in weeks:
        reached = f"it reaches {weeks[0]} to {weeks[-1]}" if weeks else "it reaches no whole week"
        raise _WeekElsewhere(
            f"issue {issue.number} has no forecast of all of the week {label}; {reached}",
            _near_weeks(weeks, issue, now),
        )
    return label


class _WeekElsewhere(UnknownWeek):
    """A week that there is, and that the issue doesn't reach."""


def _near_weeks(weeks: tuple[str, ...], issue: Issue, now: pd.Timestamp) -> tuple[str, ...]:
    usual = usual_week(issue, now)
    return tuple(week for week in weeks if week >= usual)[:3]


def _area(issue: Issue, reach: Reach, _: pd.Timestamp, text: str) -> str:
    found = reach.area_ids(issue.tree, [text])
    if len(found) > 1:
        seen = reach.seen(issue.tree)
        raise UnknownArea(text, (found[0], *(area for area in seen if area != found[0])))
    return found[0]


def _call_type(issue: Issue, _: Reach, __: pd.Timestamp, text: str) -> str:
    start, end = _some_hour(issue)
    return _one(look_up(issue, start=start, end=end, call_types=[text]).call_types)


def _grade(issue: Issue, _: Reach, __: pd.Timestamp, text: str) -> str:
    start, end = _some_hour(issue)
    return _one(look_up(issue, start=start, end=end, grades=[text]).grades)


def _some_hour(issue: Issue) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return a span, which looking up names needs and doesn't look at."""
    start = issue.forecast.rates.edges[0]
    return start, start + pd.Timedelta(hours=1)


def _one(found: tuple[str, ...]) -> str:
    """Return the only one that was meant; "each" stands for several, shown as their sum."""
    return found[0] if len(found) == 1 else ALL


_MEANINGS = {"week": _week, "area": _area, "call_type": _call_type, "grade": _grade}


def _complaint(error: ForewatchError, near: Sequence[Link]) -> Complaint:
    """Return what is said of a parameter, with links to what may have been meant."""
    text = str(error).partition("; near")[0]
    status = 404 if isinstance(error, _WeekElsewhere) else problem_of(error)["status"]
    return Complaint(sentence(text), tuple(near), status)
