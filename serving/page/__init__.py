"""The planner's page: HTML made here, complete without scripts, for people who are signed in."""
