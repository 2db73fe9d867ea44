"""The demo force's districts and beats: real names and rough sizes, invented beats.

Populations (thousands, rounded) are those of the 2021 census for the districts of 2013; positions
are the districts' centroids, in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Literal

import numpy as np

from forewatch.arrays import Array
from forewatch.grades import STANDARD_GRADES
from forewatch.profile import AreaEntry, CallType, Covariate, Force, Profile
from forewatch.shifts import Shift
from sources.synthetic.catalogue import PATTERNS, Pattern
from sources.synthetic.plan import BEATS, DAY_STARTS_AT_HOUR, ZONE, Plan
from sources.synthetic.staffing import demo_staffing

ROOT = "avon-and-somerset"
GRADES = tuple(grade.id for grade in STANDARD_GRADES)


Schools = Literal["avon", "somerset"]


@dataclass(frozen=True)
class District:
    """One district: what its people and visitors are like.

    Args:
        id: of the area.
        name: as people write it.
        kind: of most of its beats; the first beat is always its town centre.
        centre: latitude and longitude of the centroid, degrees.
        residents: population.
        beats: how many.
        visitors: a day, mean of the year.
        schools: whose calendar its schools follow.
        students: share of demand that leaves when the universities close.
    """

    id: str
    name: str
    kind: str
    centre: tuple[float, float]
    residents: int
    beats: int
    visitors: float
    schools: Schools = "somerset"
    students: float = 0.0


# In an order in which any first few are of different kinds.
_SOUTH_GLOS = ("south-gloucestershire", "South Gloucestershire")
_BATH = ("bath-and-north-east-somerset", "Bath and North East Somerset")
_WESTON = ("north-somerset", "North Somerset")
DISTRICTS = (
    District("bristol", "Bristol", "urban", (51.467, -2.600), 472_000, 14, 30_000, "avon", 0.14),
    District(*_WESTON, "coast", (51.390, -2.794), 217_000, 7, 18_000, "avon"),
    District("mendip", "Mendip", "rural", (51.203, -2.545), 116_000, 6, 8_000),
    District(*_BATH, "urban", (51.356, -2.475), 193_000, 7, 25_000, "avon", 0.12),
    District("sedgemoor", "Sedgemoor", "coast", (51.180, -2.947), 125_000, 6, 12_000),
    District(*_SOUTH_GLOS, "urban", (51.542, -2.457), 290_000, 8, 6_000, "avon", 0.02),
    District("south-somerset", "South Somerset", "rural", (50.988, -2.710), 173_000, 6, 6_000),
    District("taunton-deane", "Taunton Deane", "rural", (51.011, -3.157), 120_000, 5, 6_000),
    District("west-somerset", "West Somerset", "coast", (51.132, -3.497), 35_000, 3, 9_000),
)
# How far a district's outer beats lie from its centre, degrees of latitude.
_SPREAD = 0.06


HOT_WEEKEND = Covariate(
    id="hot_weekend",
    name="Hot weekends",
    unit="°C above 24 on a Saturday or Sunday",
    known="forecast",
    beyond="climatology",
    level="district",
    step=5,
    prior=0.2,
    part="weather",
)


@dataclass(frozen=True)
class Beat:
    """One beat: its area, its district's number, and its share of the district's demand."""

    entry: AreaEntry
    district: int
    shares: Array


def districts(plan: Plan) -> tuple[District, ...]:
    """Return the plan's districts."""
    return DISTRICTS[: plan.districts]


def beats(plan: Plan) -> tuple[Beat, ...]:
    """Return every beat of the plan, district by district; shares sum to 1 within a district."""
    patterns = PATTERNS[: plan.call_types]
    return tuple(
        beat
        for d, district in enumerate(districts(plan))
        for beat in _below(plan, d, district, patterns)
    )


def _below(
    plan: Plan, number: int, district: District, patterns: tuple[Pattern, ...]
) -> list[Beat]:
    n = plan.beats_per_district or district.beats
    rng = plan.stream(BEATS, number)
    kinds: list[str] = ["urban" if i in (0, n // 2) else district.kind for i in range(n)]
    size = rng.gamma(6, 1, n)
    size[0] = size.mean() * 1.5  # the town centre
    angle = 2 * np.pi * np.arange(n) / n
    away = _SPREAD * (np.arange(n) > 0)
    north, east = away * np.sin(angle), 1.6 * away * np.cos(angle)
    taste = np.exp(0.25 * rng.standard_normal((n, len(PATTERNS))))[:, : len(patterns)]
    appeal = np.array([[pattern.appeal[kind] for pattern in patterns] for kind in kinds])
    shares = size[:, None] * taste * appeal
    shares /= shares.sum(0)
    people = np.round(district.residents * size / size.sum(), -2)
    return [
        Beat(
            AreaEntry(
                id=f"{district.id}-{i + 1:02d}",
                name=f"{district.name} {i + 1}",
                parent=district.id,
                kind=kinds[i],
                lat=round(district.centre[0] + float(north[i]), 3),
                lon=round(district.centre[1] + float(east[i]), 3),
                population=float(people[i]),
            ),
            number,
            shares[i],
        )
        for i in range(n)
    ]


def profile(plan: Plan) -> Profile:
    """Return the profile of the plan's force."""
    root = AreaEntry(
        id=ROOT,
        name="Avon and Somerset",
        population=float(sum(d.residents for d in districts(plan))),
        lat=51.25,
        lon=-2.75,
    )
    below = [
        AreaEntry(
            id=d.id,
            name=d.name,
            parent=ROOT,
            kind=d.kind,
            lat=d.centre[0],
            lon=d.centre[1],
            population=float(d.residents),
        )
        for d in districts(plan)
    ]
    return Profile(
        force=Force(
            id=ROOT,
            name="Avon and Somerset (demo)",
            zone=ZONE,
            day_starts_at=time(DAY_STARTS_AT_HOUR),
            holiday_country="GB",
            holiday_subdivision="ENG",
        ),
        areas=(root, *below, *(beat.entry for beat in beats(plan))),
        call_types=tuple(CallType(id=p.id, name=p.name) for p in PATTERNS[: plan.call_types]),
        grades=STANDARD_GRADES,
        shifts=(
            Shift(id="early", name="Earlies", start=time(7), end=time(17)),
            Shift(id="late", name="Lates", start=time(14), end=time(0)),
            Shift(id="night", name="Nights", start=time(21, 30), end=time(7, 30)),
        ),
        staffing=demo_staffing(
            tuple(d.id for d in districts(plan)),
            tuple(p.id for p in PATTERNS[: plan.call_types]),
            plan.until,
        ),
        covariates=(HOT_WEEKEND,) if plan.hot_weekends else (),
    )
