"""Charts: what is drawn of an answer, in words and as marks.

A module a chart takes an answer's table and gives a `Chart`: plain values, an accessible name, a
summary. These are light, and what requests ask for. `serving.charts.definitions` has the same
charts as altair's, for notebooks and for whatever draws (`serving.drawing`).
"""
