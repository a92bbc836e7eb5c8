"""The catalog's tables as they are now. How they came to be is in `migrations/versions`."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        # SQLite can only change a table by copying it, and then finds a constraint again by its name.
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every dialect. SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: they mean something else on every machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The stored time, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


projects = Table(
    "projects",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("traces_days", Integer, nullable=False, server_default="30"),
    Column("logs_days", Integer, nullable=False, server_default="30"),
    Column("metrics_days", Integer, nullable=False, server_default="30"),
    Column("predictions_days", Integer, nullable=False, server_default="30"),
    Column("labels_days", Integer, nullable=False, server_default="30"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("prefix", String(16), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    Column("scopes", String(64), nullable=False),
    Column("project", String(64), ForeignKey("projects.name"), nullable=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime, nullable=True),
    Column("expires_at", UtcDateTime, nullable=True),
    Column("revoked_at", UtcDateTime, nullable=True),
    Index("ix_keys_prefix", "prefix"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("key_id", String(32), ForeignKey("keys.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_sessions_expires_at", "expires_at"),
)

dashboards = Table(
    "dashboards",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), ForeignKey("projects.name"), nullable=False),
    # Title, description and number of panels are the document's too: a list is made without reading documents.
    Column("title", String(200), nullable=False),
    Column("description", String(2000), nullable=False),
    Column("panels", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", String(200), nullable=False),
    Index("ix_dashboards_project", "project"),
)

views = Table(
    "views",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), ForeignKey("projects.name"), nullable=False),
    Column("page", String(200), nullable=False),
    Column("name", String(100), nullable=False),
    Column("search", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    UniqueConstraint("project", "page", "name"),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String(1000), nullable=False),
)

monitors = Table(
    "monitors",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), ForeignKey("projects.name"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("definition", Text, nullable=False),
    Column("webhook", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("muted_until", UtcDateTime, nullable=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("next_at", Float, nullable=False),
    Column("leased_until", Float, nullable=False),
    Column("evaluated_at", UtcDateTime, nullable=True),
    Column("took_ms", Float, nullable=True),
    Column("failures", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    UniqueConstraint("project", "name"),
    Index("ix_monitors_next_at", "next_at"),
)

alert_states = Table(
    "alert_states",
    metadata,
    Column("monitor_id", String(32), ForeignKey("monitors.id", ondelete="CASCADE"), primary_key=True),
    Column("subject", String(32), primary_key=True),
    Column("state", Text, nullable=False),
)

alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("monitor_id", String(32), ForeignKey("monitors.id", ondelete="CASCADE"), nullable=False),
    Column("event", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float, nullable=False),
    Column("finished_at", Float, nullable=True),
    Column("outcome", Text, nullable=False),
    Index("ix_alert_deliveries_monitor_id", "monitor_id", "created_at"),
    Index("ix_alert_deliveries_status", "status", "next_at"),
)

alert_outbox = Table(
    "alert_outbox",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("record", Text, nullable=False),
    Column("created_at", Float, nullable=False),
)

prompts = Table(
    "prompts",
    metadata,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("description", String(2000), nullable=False),
    Column("versions", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", String(200), nullable=False),
)

prompt_versions = Table(
    "prompt_versions",
    metadata,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("prompt", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("message", String(2000), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(200), nullable=False),
)

data_schemas = Table(
    "data_schemas",
    metadata,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("schema_text", Text, nullable=False),
    Column("features", Integer, nullable=False),
    Column("message", String(2000), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(200), nullable=False),
)

prompt_labels = Table(
    "prompt_labels",
    metadata,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("label", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
)

redaction_rules = Table(
    "redaction_rules",
    metadata,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("document", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", String(200), nullable=False),
)

datasets = Table(
    "datasets",
    metadata,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("description", String(2000), nullable=False),
    Column("versions", Integer, nullable=False),
    Column("items", Integer, nullable=False),
    Column("next_position", Integer, nullable=False),
    # Of all versions together.
    Column("kept_bytes", BigInteger, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", String(200), nullable=False),
)

dataset_versions = Table(
    "dataset_versions",
    metadata,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("items", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("message", String(2000), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(200), nullable=False),
)

# An item as it is from one version on, up to and without `until_version`: a change keeps what earlier versions see.
dataset_items = Table(
    "dataset_items",
    metadata,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("item_id", String(200), primary_key=True),
    Column("since_version", Integer, primary_key=True, autoincrement=False),
    Column("until_version", Integer, nullable=True),
    Column("position", Integer, nullable=False),
    Column("input", Text, nullable=True),
    Column("expected_output", Text, nullable=True),
    Column("output", Text, nullable=True),
    Column("metadata", Text, nullable=True),
    Column("size", Integer, nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("span_id", String(16), nullable=False),
    Column("prediction_id", String(512), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Index("ix_dataset_items_position", "project", "name", "position"),
    Index("ix_dataset_items_trace_id", "project", "trace_id"),
)
score_definitions = Table(
    "score_definitions",
    metadata,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("name", String(256), primary_key=True),
    Column("definition", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", String(200), nullable=False),
)

# Who looks at something to judge it, so that two reviewers do not both. It ends by itself.
review_claims = Table(
    "review_claims",
    metadata,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("target_type", String(16), primary_key=True),
    Column("target_id", String(512), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("reviewer", String(200), nullable=False),
    Column("until", Float, nullable=False),
    Index("ix_review_claims_until", "until"),
)

prices = Table(
    "prices",
    metadata,
    Column("id", String(32), primary_key=True),
    # NULL is every project.
    Column("project", String(64), ForeignKey("projects.name"), nullable=True),
    Column("provider", String(100), nullable=False),
    Column("model", String(200), nullable=False),
    Column("valid_from", Date, nullable=True),
    Column("input_usd", Float, nullable=True),
    Column("output_usd", Float, nullable=True),
    Column("cache_read_usd", Float, nullable=True),
    Column("cache_write_usd", Float, nullable=True),
    Column("audio_input_usd", Float, nullable=True),
    Column("audio_output_usd", Float, nullable=True),
    Column("image_input_usd", Float, nullable=True),
    Column("hourly_usd", Float, nullable=True),
    Column("accelerators", Float, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", String(200), nullable=False),
    Index("ix_prices_project", "project"),
)
