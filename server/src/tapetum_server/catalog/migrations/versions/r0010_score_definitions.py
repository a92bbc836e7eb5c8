"""Definitions of scores: what the evaluations of a name look like."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_score_definitions"
down_revision = "0009_prices"


def upgrade() -> None:
    """Add one table; nothing that is there changes."""
    op.create_table(
        "score_definitions",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_score_definitions"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_score_definitions_project_projects"),
    )
