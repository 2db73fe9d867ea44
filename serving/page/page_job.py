"""What a view of the page is asked, as a job for a worker, and what the worker sends back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from pydantic_core import from_json, to_json

from serving.accounts.roles import Role
from serving.reach import Reach
from serving.standing import Standing

# Views that tell the moment, with how often they are made anew; others tell the day.
MOMENTS = {"screen": pd.Timedelta(minutes=5)}
_MARK = b"page "  # before the JSON: tells it from the API's jobs, which begin with a brace


@dataclass(frozen=True)
class PageJob:
    """A view that is to be rendered: everything that its bytes depend on.

    Args:
        view: name of the view.
        question: the parameters of its address, as they were written.
        reach: which areas the viewer may see.
        issue: number of the issue shown.
        now: the instant at which the issue's age is judged, UTC.
        standing: how the issue stands.
        role: of the viewer.
        damage: why a newer issue isn't shown; "" where there is none.
        is_ahead: whether nobody waits for it: its drawings are ordered, and not waited for.
        boards: the views of the force's own that it is about, as JSON values.
    """

    view: str
    question: Mapping[str, str]
    reach: Reach
    issue: int
    now: pd.Timestamp
    standing: Standing = field(default_factory=Standing)
    role: Role = "viewer"
    damage: str = ""
    is_ahead: bool = False
    boards: tuple[Mapping[str, Any], ...] = ()

    @property
    def moment(self) -> pd.Timestamp | None:
        """The instant that the view tells, the same for as long as it is kept; None for a day."""
        step = MOMENTS.get(self.view)
        return None if step is None else self.now.floor(step)

    def written(self) -> bytes:
        """Return the job as bytes, for another process."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        more = {"reach": self.reach.areas, "now": self.now.isoformat(), "boards": self.boards}
        return _MARK + to_json(plain | more | {"standing": tuple(self.standing)})

    @classmethod
    def read(cls, content: bytes) -> PageJob:
        """Return the job that was written."""
        held: dict[str, Any] = from_json(content.removeprefix(_MARK))
        return cls(
            **{name: held[name] for name in _PLAIN},
            reach=Reach(None if held["reach"] is None else tuple(held["reach"])),
            now=pd.Timestamp(held["now"]),
            standing=Standing(*held["standing"]),
            boards=tuple(held["boards"]),
        )


_PLAIN = ("view", "question", "issue", "role", "damage", "is_ahead")


def is_page_job(content: bytes) -> bool:
    """Return whether bytes are a job of the page."""
    return content.startswith(_MARK)
