"""What a million tokens of images in the input cost, among the prices that people set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_image_prices"
down_revision = "0012_redaction"


def upgrade() -> None:
    """Add a column; prices that are there have none: images cost as all other input, as before."""
    op.add_column("prices", sa.Column("image_input_usd", sa.Float(), nullable=True))
