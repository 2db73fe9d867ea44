"""How a database of each earlier version becomes one of today's; Alembic runs them in order."""
