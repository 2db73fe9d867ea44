"""Missing-person reports, all call types that are such summed: areas and times, never persons."""

from __future__ import annotations

from forewatch.profile import MISSING_PERSON
from models.missing.settings import CLIMATOLOGY, MissingRecipe
from models.subject import Subject
from models.verdict import Rule

MISSING = Subject(
    name="missing",
    title="missing-person demand",
    package="models.missing",
    settings_table="missing_training",
    meaning="The same of the missing-person model.",
    recipe_type=MissingRecipe,
    counted=lambda profile: profile.missing_call_types,
    columns={
        "level": "area and window",
        "block": "days ahead",
        "calls": "reports",
        "crps": "CRPS",
        "baseline_crps": "climatology",
        "log_score": "log score",
        "baseline_log_score": "climatology's",
        "slope": "slope",
        "above": "above P90",
    },
    # Never worse than the shrunken climatology, better for the whole force. Absolute errors of
    # means are no fair loss for rare counts (the best constant is 0), so the CRPS alone decides.
    rule=Rule(losses=("crps",), baseline="shrunken climatology"),
    total=MISSING_PERSON,
    stand_in={"members": (CLIMATOLOGY,)},  # what no gate let through is worse, or nobody knows
    has_casework=True,
)
