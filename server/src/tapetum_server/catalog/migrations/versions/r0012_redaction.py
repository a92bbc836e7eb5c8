"""Rules of redaction that projects set themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_redaction"
down_revision = "0011_datasets"


def upgrade() -> None:
    """Add a table; nothing that is there changes."""
    op.create_table(
        "redaction_rules",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("project", name="pk_redaction_rules"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_redaction_rules_project_projects"),
    )
