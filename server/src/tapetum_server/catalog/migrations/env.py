"""Alembic's environment: the caller brings the connection, so no alembic.ini and no URL are needed."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
