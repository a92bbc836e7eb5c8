"""What people arranged and share within a project: dashboards and saved views."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_dashboards"
down_revision = "0003_monitors"


def upgrade() -> None:
    """Add two tables; nothing that is there changes."""
    op.create_table(
        "dashboards",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.String(2000), nullable=False),
        sa.Column("panels", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dashboards"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_dashboards_project_projects"),
    )
    op.create_index("ix_dashboards_project", "dashboards", ["project"])
    op.create_table(
        "views",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("page", sa.String(200), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_views"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_views_project_projects"),
        sa.UniqueConstraint("project", "page", "name", name="uq_views_project"),
    )
