"""Monitors, their alerts' current state, what is still to be told, and what waits to be recorded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_monitors"
down_revision = "0002_sessions"


def upgrade() -> None:
    """Add the tables of monitors; nothing that is there changes."""
    op.create_table(
        "monitors",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("webhook", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("muted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
        sa.Column("leased_until", sa.Float, nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("took_ms", sa.Float, nullable=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_monitors"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_monitors_project_projects"),
        sa.UniqueConstraint("project", "name", name="uq_monitors_project"),
    )
    op.create_index("ix_monitors_next_at", "monitors", ["next_at"])
    op.create_table(
        "alert_states",
        sa.Column("monitor_id", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("monitor_id", "subject", name="pk_alert_states"),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name="fk_alert_states_monitor_id_monitors", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "alert_deliveries",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("monitor_id", sa.String(32), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float, nullable=True),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_deliveries"),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name="fk_alert_deliveries_monitor_id_monitors", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_alert_deliveries_monitor_id", "alert_deliveries", ["monitor_id", "created_at"])
    op.create_index("ix_alert_deliveries_status", "alert_deliveries", ["status", "next_at"])
    op.create_table(
        "alert_outbox",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_outbox"),
    )
