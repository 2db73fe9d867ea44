"""What missing-person demand may be used for, said wherever its figures are shown."""

ALLOWED = "For planning how many officer-hours to keep free, where and when."
FORBIDDEN = (
    "Not about persons: not a grade of risk, nothing of who goes missing, and no ground for any "
    "decision about a person, a household, an address or a report."
)
USES = f"{ALLOWED} {FORBIDDEN}"
