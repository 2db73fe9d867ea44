"""The demo force: openly synthetic, seeded, with a known truth behind every call."""

from sources.synthetic.files import write
from sources.synthetic.force import DemoForce, demo_force
from sources.synthetic.ledger import demo_history
from sources.synthetic.plan import Plan
from sources.synthetic.truth import Truth

__all__ = ["DemoForce", "Plan", "Truth", "demo_force", "demo_history", "write"]
