"""What an explanation consists of, in words; `forewatch.explanations` has the numbers."""

from __future__ import annotations

# What an explanation consists of, in the order in which it is shown, and what each part is. Those
# of the force's own (`forewatch.profile.Covariate.part`) stand before the last.
MEANINGS = {
    "level": "calls at the long-run level, the same in every hour of the week",
    "time_of_week": "weekday and hour of the day, a public holiday's own hours among them",
    "season": "time of the year",
    "holiday": "public holidays, special days and school holidays",
    "tourism": "visitors beyond, or short of, the usual number",
    "events": "announced events in the area and near it",
    "recent_trend": "the level now beyond, or short of, the long-run level",
    "other": "what else the blended forecast holds, such as members that see another level",
}
PARTS = tuple(MEANINGS)
# Factors that a model gives for each cell and force-day, in the order of `Factors.logs`.
FACTORS = ("weekday", *PARTS[2:-1])
FED = ("season", "holiday", "tourism", "events")  # by features; the others follow from the rest
# Names of columns of an answer, which no part of a force's own may have.
TAKEN = {*PARTS, *FACTORS} - set(FED) | {
    *("period", "force_day", "start", "end", "start_local", "end_local", "area", "area_name"),
    *("call_type", "call_type_name", "grade", "state", "reason", "observed_until"),
    *("mean", "pooled"),
}
