"""How weeks and times are written in questions."""

WEEK = r"\d{4}-W\d\d"
WHEN = r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?"
WEEK_WORDS = {"this": 0, "next": 7}  # days from today's week
