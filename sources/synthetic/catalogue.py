"""The twelve call types of the demo force: how many, when, where, and in which codes.

Weekly volumes of all calls, of domestic abuse, of missing people and of the emergency grade are
Avon and Somerset's published ones; everything else is invented to have a plausible shape.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# Hour of the peak, width in hours, height on the floor.
Peak = tuple[float, float, float]
FLAT_WEEK = (0.99, 0.98, 0.98, 0.99, 1.02, 1.03, 1.01)


def _appeal(urban: float, rural: float, coast: float) -> dict[str, float]:
    return {"urban": urban, "rural": rural, "coast": coast, "mixed": 1.0}


@dataclass(frozen=True)
class Pattern:
    """How one call type behaves.

    Args:
        id: of the call type.
        name: as people write it.
        weekly_calls: in a mean week of a force of full size.
        immediate: share of the grade immediate, the mean of all hours.
        others: proportions of the grades below it (priority … no_deployment).
        codes: the force's own codes and their proportions.
        peaks: of the day, on the floor.
        floor: height of the quiet hours beside the peaks.
        week: factor of Monday … Sunday.
        night: factor of the nights of Friday and Saturday in an urban area.
        season: (amplitude, day of the year of the peak).
        yearly_trend: relative change a year.
        appeal: factor per resident of an area's kind.
        visitors: how much tourism moves it (1: as much as calls as a whole).
        crowd: how much events move it (1: as much as calls as a whole).
        school_holiday: factor of the day (10:00 to 20:00) in school holidays.
        bank_holiday: factor of bank holidays.
    """

    id: str
    name: str
    weekly_calls: float
    immediate: float
    others: tuple[float, float, float, float]
    codes: tuple[tuple[str, float], ...]
    peaks: tuple[Peak, ...]
    floor: float = 0.35
    week: tuple[float, ...] = FLAT_WEEK
    night: float = 1.8
    season: tuple[float, float] = (0.03, 190)
    yearly_trend: float = 0.01
    appeal: dict[str, float] = field(default_factory=lambda: _appeal(1.1, 0.8, 1.0))
    visitors: float = 1.0
    crowd: float = 1.0
    school_holiday: float = 1.02
    bank_holiday: float = 1.02


_WORKING_WEEK = (1.18, 1.12, 1.1, 1.08, 1.05, 0.78, 0.69)
_WEEKEND = (0.94, 0.92, 0.92, 0.95, 1.03, 1.13, 1.11)

PATTERNS = (
    Pattern(
        "missing_person",
        "Missing person",
        150,
        0.30,
        (0.55, 0.11, 0.02, 0.02),
        (("MISP", 0.6), ("ABSC", 0.25), ("HOSP", 0.15)),
        ((21, 3.2, 1.2), (16, 2.0, 0.5)),
        floor=0.25,
        night=1.3,
        season=(0.10, 195),
        yearly_trend=-0.01,
        appeal=_appeal(1.05, 0.75, 1.25),
        visitors=1.4,
        crowd=1.2,
        school_holiday=1.1,
    ),
    Pattern(
        "domestic_abuse",
        "Domestic abuse",
        360,
        0.62,
        (0.24, 0.09, 0.04, 0.01),
        (("DASH", 0.5), ("DVIO", 0.35), ("DBRE", 0.15)),
        ((20.5, 3.5, 1.3), (12, 3, 0.25)),
        week=_WEEKEND,
        night=2.0,
        season=(0.05, 200),
        yearly_trend=0.02,
        visitors=0.3,
        crowd=0.2,
        bank_holiday=1.15,
    ),
    Pattern(
        "violence",
        "Violence",
        1750,
        0.52,
        (0.26, 0.13, 0.06, 0.03),
        (("VIOL", 0.4), ("AFFR", 0.2), ("THRT", 0.2), ("HARA", 0.15), ("SEXO", 0.05)),
        ((21, 3.2, 1.3), (15.5, 2, 0.3)),
        week=_WEEKEND,
        night=3.4,
        season=(0.08, 190),
        appeal=_appeal(1.25, 0.6, 1.05),
        visitors=1.3,
        crowd=1.4,
        bank_holiday=1.08,
    ),
    Pattern(
        "antisocial_behaviour",
        "Anti-social behaviour",
        2350,
        0.18,
        (0.27, 0.38, 0.05, 0.12),
        (("ASBN", 0.45), ("ASBP", 0.2), ("ASBE", 0.15), ("NOIS", 0.2)),
        ((20.8, 2.8, 1.6), (16, 1.6, 0.4)),
        floor=0.25,
        week=_WEEKEND,
        night=2.6,
        season=(0.17, 200),
        yearly_trend=-0.02,
        appeal=_appeal(1.2, 0.6, 1.2),
        visitors=1.5,
        crowd=1.3,
        school_holiday=1.14,
        bank_holiday=1.1,
    ),
    Pattern(
        "concern_for_welfare",
        "Concern for welfare",
        2300,
        0.38,
        (0.40, 0.15, 0.03, 0.04),
        (("CONC", 0.6), ("CONH", 0.25), ("COLL", 0.15)),
        ((21, 3.2, 1.1), (13.5, 4.0, 0.55)),
        night=1.3,
        yearly_trend=0.02,
        visitors=0.6,
    ),
    Pattern(
        "theft",
        "Theft",
        1250,
        0.14,
        (0.22, 0.40, 0.12, 0.12),
        (("THEF", 0.4), ("SHOP", 0.45), ("CYCL", 0.15)),
        ((15, 3.2, 1.6), (11, 2.0, 0.5)),
        floor=0.12,
        week=(1.02, 1.0, 1.0, 1.02, 1.08, 1.08, 0.8),
        night=1.5,
        season=(0.05, 330),
        yearly_trend=0.04,
        appeal=_appeal(1.5, 0.45, 0.9),
        visitors=1.6,
        crowd=1.5,
        bank_holiday=0.8,
    ),
    Pattern(
        "traffic",
        "Traffic",
        1900,
        0.36,
        (0.26, 0.24, 0.02, 0.12),
        (("RTCI", 0.3), ("RTCD", 0.3), ("OBST", 0.25), ("DDRV", 0.15)),
        ((17.8, 2.2, 1.2), (8.3, 1.3, 0.8), (13, 3, 0.4)),
        floor=0.25,
        night=1.4,
        week=(1.02, 1.0, 1.0, 1.02, 1.08, 0.98, 0.9),
        season=(0.06, 340),
        appeal=_appeal(0.85, 1.4, 1.05),
        visitors=1.2,
        school_holiday=0.93,
        bank_holiday=0.85,
    ),
    Pattern(
        "burglary",
        "Burglary",
        420,
        0.25,
        (0.27, 0.28, 0.15, 0.05),
        (("BURD", 0.65), ("BURB", 0.35)),
        ((8.5, 2.0, 1.3), (18.5, 3.0, 0.9)),
        floor=0.25,
        night=1.2,
        season=(0.10, 350),
        yearly_trend=-0.05,
        visitors=0.4,
        crowd=0.3,
    ),
    Pattern(
        "vehicle_crime",
        "Vehicle crime",
        520,
        0.10,
        (0.22, 0.45, 0.13, 0.10),
        (("VEHT", 0.4), ("VEHF", 0.4), ("VEHD", 0.2)),
        ((8.2, 2.0, 1.6), (17.5, 3.0, 0.7)),
        floor=0.2,
        week=(1.1, 1.0, 0.98, 0.98, 0.98, 1.0, 0.96),
        night=1.1,
        season=(0.06, 335),
        yearly_trend=-0.03,
        visitors=0.8,
    ),
    Pattern(
        "fraud",
        "Fraud",
        450,
        0.01,
        (0.09, 0.40, 0.30, 0.20),
        (("FRAU", 0.7), ("CYBR", 0.3)),
        ((11, 2.2, 1.5), (15, 2.2, 1.2)),
        floor=0.04,
        week=_WORKING_WEEK,
        night=1.0,
        season=(0.02, 20),
        yearly_trend=0.06,
        appeal=_appeal(1.0, 1.0, 1.0),
        visitors=0.0,
        crowd=0.0,
        bank_holiday=0.45,
    ),
    Pattern(
        "mental_health",
        "Mental health",
        343,
        0.55,
        (0.32, 0.10, 0.01, 0.02),
        (("MENT", 0.7), ("S136", 0.3)),
        ((20, 4.5, 1.0), (13, 4, 0.5)),
        night=1.2,
        yearly_trend=0.03,
        visitors=0.4,
    ),
    Pattern(
        "other_incident",
        "Other incident",
        5207,
        0.156645,  # so that all types together make 4,500 emergencies a week
        (0.18, 0.36, 0.08, 0.22),
        (
            ("SUSP", 0.3),
            ("CIVD", 0.2),
            ("ALRM", 0.15),
            ("ANML", 0.1),
            ("LOST", 0.1),
            ("OTHR", 0.15),
        ),
        ((21.0, 3.2, 1.4), (12.0, 3.5, 0.6)),
        floor=0.25,
        night=1.75,
        week=(1.01, 0.99, 0.99, 1.0, 1.01, 1.01, 0.99),
    ),
)
OFFICER_CODES = (("TSTP", 0.35), ("PTRL", 0.25), ("ARRS", 0.15), ("PREM", 0.15), ("WARR", 0.1))
# Right Care Right Person: fewer concern-for-welfare incidents from here (DOMAIN, section 5).
BROKEN_TYPE, BREAK_SHARE = "concern_for_welfare", 0.65
