"""Read what shifts require (contract 1): python consumer.py URL KEY from=… to=… area=…."""

import json
import sys
import urllib.parse
import urllib.request

NUMBERS = {"no_forecast": ("on_duty", "rostered", "missing_report_hours")}
PLAN_NUMBERS = dict.fromkeys(("no_plan", "unknown"), ("planned", "gap"))


def requirements(document):
    """Yield id, start, end and officers of shifts; officers are None where they are unknown."""
    if document["contract"].split(".")[0] != "1":
        raise ValueError(f"this reads contract 1, not {document['contract']}")
    for row in (*document["shifts"], *document["cover"]):
        unknown = NUMBERS.get(row["state"], ()) if "shift_id" in row else ()
        unknown += PLAN_NUMBERS.get(row.get("plan_state"), ())
        unknown += ("need",) if "need" in row and row["state"] == "no_forecast" else ()
        if told := [name for name in unknown if row[name] is not None]:
            raise ValueError(f"{told} of {row['force_day']} must be null, and are numbers")
        if "shift_id" in row:
            yield row["shift_id"], row["start"], row["end"], row["on_duty"]


def pages(url, key, query):
    """Yield documents, one page after the other."""
    at = f"/v1/rota/requirements?{urllib.parse.quote(query, safe='=&')}"
    while at:
        request = urllib.request.Request(url + at, headers={"Authorization": f"Bearer {key}"})
        at = (document := json.load(urllib.request.urlopen(request)))["next"]
        yield document


if __name__ == "__main__":
    for page in pages(*sys.argv[1:3], "&".join(sys.argv[3:])):
        print("STALE:" if page["stale"] else "issue", page["issue"], page["why_stale"])
        for shift in requirements(page):
            print(*("unknown" if cell is None else cell for cell in shift))
