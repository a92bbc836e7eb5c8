"""Schemas of data, by model or data set, in versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_data_schemas"
down_revision = "0013_image_prices"


def upgrade() -> None:
    """Add a table; nothing that is there changes."""
    op.create_table(
        "data_schemas",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("schema_text", sa.Text(), nullable=False),
        sa.Column("features", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("project", "kind", "name", "version", name="pk_data_schemas"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_data_schemas_project_projects"),
    )
