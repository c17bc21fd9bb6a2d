"""Alembic's entry point. It uses the connection that `database.py` passes."""

from __future__ import annotations

from alembic import context

from reports.human_study.site.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
