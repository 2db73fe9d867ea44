"""Services whose work lasts alike, and the calls that bring it, by the officers that each takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from forewatch.arrays import Array, Index
from forewatch.duty import Service
from planning.casework import CaseLength
from planning.work_times import Release, ReleasedWork, ServiceTime, WorkTime


@dataclass(frozen=True)
class WorkKind:
    """Services of calls whose work lasts alike.

    Args:
        work: how it lasts.
        calls: the services, with the positions of their call types.
    """

    work: WorkTime
    calls: tuple[Service, ...]
    type_numbers: Mapping[str, int]

    @property
    def types(self) -> Index:
        """Positions of the call types among the forecast's, ascending."""
        return np.unique([self.type_numbers[each.call_type] for each in self.calls])


@dataclass(frozen=True)
class JobKind:
    """Calls of one type that are served alike, whatever their grade.

    Args:
        call_type: its position among the forecast's.
        grades: ids.
        service: what each of them takes.
        work: how that lasts.
    """

    call_type: int
    grades: tuple[str, ...]
    service: Service
    work: WorkTime

    @property
    def attended(self) -> float:
        """Share of the calls."""
        return self.service.attended

    @property
    def officers(self) -> float:
        """How many are busy with it at a time, on average."""
        return self.service.officers * self.work.officers

    @cached_property
    def officer_shares(self) -> dict[int, float]:
        """How many officers are busy with a call, and with which probability."""
        return officer_shares(self.work, self.service.officers)

    @property
    def square_officers(self) -> float:
        """Mean square of their number."""
        return sum(share * size**2 for size, share in self.officer_shares.items())


def job_kinds(
    services: Iterable[Service], call_types: Sequence[str], grades: Sequence[str]
) -> list[JobKind]:
    """Return kinds of jobs; services that nobody attends bring none.

    Args:
        services: as of `work_kinds`.
        call_types: likewise.
        grades: likewise.
    """
    found: dict[tuple[int, Service], list[str]] = defaultdict(list)
    works: dict[tuple[int, Service], WorkTime] = {}
    for kind in work_kinds(services, call_types, grades):
        for each in kind.calls:
            key = kind.type_numbers[each.call_type], replace(each, grade="", assumed=())
            found[key].append(each.grade)
            works[key] = kind.work
    return [JobKind(key[0], tuple(found[key]), key[1], works[key]) for key in found]


def work_kinds(
    services: Iterable[Service], call_types: Sequence[str], grades: Sequence[str]
) -> list[WorkKind]:
    """Return services by how long their work lasts; those that nobody attends bring none.

    Args:
        services: what calls take.
        call_types: ids of those that there are calls of, in their order; others bring nothing.
        grades: likewise.
    """
    numbers = {call_type: i for i, call_type in enumerate(call_types)}
    found: dict[tuple[CaseLength, tuple[float, ...]], list[Service]] = defaultdict(list)
    for each in services:
        if each.attended > 0 and each.call_type in numbers and each.grade in grades:
            found[CaseLength(each.minutes / 60, each.cv), each.release].append(each)
    return [
        WorkKind(
            ReleasedWork(length, Release(release)) if release else ServiceTime(length),
            tuple(calls),
            numbers,
        )
        for (length, release), calls in found.items()
    ]


def officer_shares(work: WorkTime, officers: float) -> dict[int, float]:
    """Return how many officers are busy with a call, and with which probability."""
    low = int(np.floor(officers))
    part = officers - low
    found = {low: 1 - part} | ({low + 1: part} if part else {})
    return {size * work.officers: share for size, share in found.items()}


def calls_by_officers(
    kind: WorkKind, calls: Mapping[str, Array], types: Index
) -> tuple[dict[int, Array], Array]:
    """Return attended calls by their officers, and calls × the square of officers attending.

    Each is of shape (places, call types, days, hours), or (places, 1, …) where no types are given.
    """
    shape = list(next(iter(calls.values())).shape)
    shape[1] = max(len(types), 1)
    sizes = sorted(
        {size for each in kind.calls for size in officer_shares(kind.work, each.officers)}
    )
    by_officers = {size: np.zeros(shape) for size in sizes}
    squared = np.zeros(shape)
    for each in kind.calls:
        number = kind.type_numbers[each.call_type]
        at = int(np.searchsorted(types, number)) if len(types) else 0
        came = calls[each.grade][:, number]
        for size, share in officer_shares(kind.work, each.officers).items():
            by_officers[size][:, at] += share * each.attended * came
        squared[:, at] += (each.officers * kind.work.officers * each.attended) ** 2 * came
    return by_officers, squared
