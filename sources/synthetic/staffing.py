"""What the demo force says of its officers: roles, shifts, minimum strength and duty bases."""

from __future__ import annotations

from datetime import date

from forewatch.shifts import STANDARD_SHIFTS
from forewatch.staffing import (
    RESPONSE,
    Abstraction,
    Base,
    Minimum,
    Role,
    ServiceSettings,
    Staffing,
)
from sources.synthetic.festivals import next_operation

_INVESTIGATION = Role(id="investigation", name="Investigation")
_CODES = {"early": "E10", "late": "L10", "night": "N10"}
_NOT_AT_NIGHT = ("early", "late")
_MINIMUM = 2
_MINIMUMS = {"bristol": 8, "south-gloucestershire": 4, "bath-and-north-east-somerset": 4}
_BASES = {
    "Bristol": ("bristol",),
    "North": ("north-somerset", "bath-and-north-east-somerset", "south-gloucestershire"),
    "South": ("mendip", "sedgemoor", "south-somerset", "taunton-deane", "west-somerset"),
}
_AWAY = {"leave": 0.12, "sickness": 0.04, "training": 0.03}
_OPERATION_SHARE = 0.10
# Fraud is investigated from a desk, whatever its grade.
_DESK_WORK = "fraud"


def demo_staffing(
    district_ids: tuple[str, ...], call_types: tuple[str, ...], until: date
) -> Staffing:
    """Return what a demo force says of its officers; it gives no service times.

    They are learned from its log, by `forewatch service-times`.

    Args:
        district_ids: of its districts.
        call_types: ids of its call types.
        until: force-day at which its history ends; the next operation after it is announced.
    """
    has_desk = _DESK_WORK in call_types
    every_role = (RESPONSE.id, _INVESTIGATION.id) if has_desk else (RESPONSE.id,)
    shifts = tuple(
        shift.model_copy(
            update={
                "code": _CODES[shift.id],
                "roles": every_role if shift.id in _NOT_AT_NIGHT else (RESPONSE.id,),
            }
        )
        for shift in STANDARD_SHIFTS
    )
    bases = (
        Base(id=name.lower(), name=name, areas=tuple(a for a in areas if a in district_ids))
        for name, areas in _BASES.items()
        if any(a in district_ids for a in areas)
    )
    usual = (Abstraction(share=share, reason=why) for why, share in _AWAY.items())
    desk = ServiceSettings(urgent=False, role=_INVESTIGATION.id)
    return Staffing(
        minimum=_MINIMUM,
        minimums=tuple(
            Minimum(area=area, officers=officers)
            for area, officers in _MINIMUMS.items()
            if area in district_ids
        ),
        roles=(RESPONSE, _INVESTIGATION) if has_desk else (RESPONSE,),
        shifts=shifts,
        services={_DESK_WORK: desk} if has_desk else {},
        abstraction=(*usual, *_operations(district_ids, until)),
        bases=tuple(bases),
    )


def _operations(district_ids: tuple[str, ...], until: date) -> tuple[Abstraction, ...]:
    """Return what a festival's police operation takes away, on its dates."""
    days = next_operation(district_ids, until)
    if days is None:
        return ()
    held = {"from": days[0], "until": days[1]}
    away = {"share": _OPERATION_SHARE, "reason": "festival operation", **held}
    return (Abstraction.model_validate(away),)
