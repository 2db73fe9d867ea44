"""What Alembic runs to bring a database up to date, in a transaction that is open already."""

from __future__ import annotations

from alembic import context

# The name under which Alembic runs this file; whoever else imports it, runs nothing.
if __name__ == "env_py":
    context.configure(connection=context.config.attributes["connection"])
    with context.begin_transaction():
        context.run_migrations()
