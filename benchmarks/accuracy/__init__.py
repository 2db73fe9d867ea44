"""Accuracy of the product's own backtest: five sets, each one command.

`python -m benchmarks.accuracy wales` builds a workspace by the importers, runs `forewatch backtest`
by the published protocol, joins the truth to the file it wrote, and prints scores by level and
block of leads beside the published best, the honest baseline, the 52-week mean and the Poisson
floor.
docs/guides/accuracy.md says what each number means.
"""
