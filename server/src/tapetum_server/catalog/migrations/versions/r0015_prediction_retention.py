"""Predictions and labels stay as long as their own settings say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015_prediction_retention"
down_revision = "0014_data_schemas"


def upgrade() -> None:
    """Add two columns. They stayed as long as traces until now, and go on so until somebody says otherwise."""
    for column in ("predictions_days", "labels_days"):
        op.add_column("projects", sa.Column(column, sa.Integer(), nullable=False, server_default="30"))
    op.execute("UPDATE projects SET predictions_days = traces_days, labels_days = traces_days")
