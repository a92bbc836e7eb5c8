"""The prompt registry: names, versions, labels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_prompts"
down_revision = "0004_dashboards"


def upgrade() -> None:
    """Add three tables; nothing that is there changes."""
    op.create_table(
        "prompts",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(2000), nullable=False),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_prompts"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_prompts_project_projects"),
    )
    op.create_table(
        "prompt_versions",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("message", sa.String(2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "version", name="pk_prompt_versions"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_prompt_versions_project_projects"),
    )
    op.create_table(
        "prompt_labels",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "label", name="pk_prompt_labels"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_prompt_labels_project_projects"),
    )
