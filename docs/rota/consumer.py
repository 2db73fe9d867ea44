"""Read what shifts require (contract 1): python consumer.py URL KEY from=… to=… area=…."""

import json
import re
import sys
from urllib import parse, request

PLAN = ["planned", "planned_rostered", "gap", "short"]
NEED = ["on_duty", "rostered", "demand", "work_hours", "missing_report_hours", "short_as_needed"]
COVER = ["need", "unrounded_need", "mean", "variance", "work_hours_mean", "work_hours_quantile"]
UNKNOWN = {"no_plan": PLAN, "unknown": PLAN, "no_forecast": [*NEED, "gap", "short", *COVER]}


def requirements(document):
    """Yield id, start, end and officers of shifts: None where unknown, "gone" where no more."""
    if document["contract"].split(".")[0] != "1":
        raise ValueError(f"this reads contract 1, not {document['contract']}")
    for row in (*document["shifts"], *document["cover"]):
        for name in UNKNOWN.get(row["state"], []) + UNKNOWN.get(row.get("plan_state"), []):
            if re.search(r"\d", re.sub('"[^"]*"', "", json.dumps(row.get(name)))):
                raise ValueError(f"{name} of {row['force_day']} must be null, and is a number")
    for row in (*document["shifts"], *document["gone"]):
        yield row["shift_id"], row["start"], row["end"], row.get("on_duty", "gone")


def pages(url, key, query):
    """Yield documents, one page after the other."""
    at = f"/v1/rota/requirements?{parse.quote(query, safe='=&')}"
    while at:
        asked = request.Request(url + at, headers={"Authorization": f"Bearer {key}"})
        at = (document := json.load(request.urlopen(asked)))["next"]
        yield document


if __name__ == "__main__":
    for page in pages(*sys.argv[1:3], "&".join(sys.argv[3:])):
        print("STALE:" if page["stale"] else "issue", page["issue"], page["why_stale"])
        for shift in requirements(page):
            print(*("unknown" if cell is None else cell for cell in shift))
