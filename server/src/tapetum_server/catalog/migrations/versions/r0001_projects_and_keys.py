"""Projects with their retention, keys, and the version that wrote the catalog."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_projects_and_keys"
down_revision = None


def upgrade() -> None:
    """Make the first tables of an empty catalog."""
    op.create_table(
        "settings",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.String(1000), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )
    op.create_table(
        "projects",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traces_days", sa.Integer, nullable=False, server_default="30"),
        sa.Column("logs_days", sa.Integer, nullable=False, server_default="30"),
        sa.Column("metrics_days", sa.Integer, nullable=False, server_default="30"),
        sa.PrimaryKeyConstraint("name", name="pk_projects"),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("scopes", sa.String(64), nullable=False),
        sa.Column("project", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sa.UniqueConstraint("sha256", name="uq_keys_sha256"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_keys_project_projects"),
    )
    op.create_index("ix_keys_prefix", "keys", ["prefix"])
