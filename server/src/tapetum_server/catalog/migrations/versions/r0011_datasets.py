"""Datasets: names, versions, items. Who reviews what at the moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_datasets"
down_revision = "0010_score_definitions"


def upgrade() -> None:
    """Add four tables; nothing that is there changes."""
    op.create_table(
        "datasets",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(2000), nullable=False),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("next_position", sa.Integer(), nullable=False),
        sa.Column("kept_bytes", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_datasets"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_datasets_project_projects"),
    )
    op.create_table(
        "dataset_versions",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "version", name="pk_dataset_versions"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_dataset_versions_project_projects"),
    )
    op.create_table(
        "dataset_items",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("item_id", sa.String(200), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("input", sa.Text(), nullable=True),
        sa.Column("expected_output", sa.Text(), nullable=True),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.String(32), nullable=False),
        sa.Column("span_id", sa.String(16), nullable=False),
        sa.Column("prediction_id", sa.String(512), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "item_id", "since_version", name="pk_dataset_items"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_dataset_items_project_projects"),
    )
    op.create_index("ix_dataset_items_position", "dataset_items", ["project", "name", "position"])
    op.create_index("ix_dataset_items_trace_id", "dataset_items", ["project", "trace_id"])
    op.create_table(
        "review_claims",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("target_type", sa.String(16), nullable=False),
        sa.Column("target_id", sa.String(512), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("reviewer", sa.String(200), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("project", "target_type", "target_id", name="pk_review_claims"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_review_claims_project_projects"),
    )
    op.create_index("ix_review_claims_until", "review_claims", ["until"])
