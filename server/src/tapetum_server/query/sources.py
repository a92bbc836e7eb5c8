"""What questions read from: tables, their columns and what a filter may name, in one place.

The public views are for people's SQL. Our own questions read the same rows from the tables below
them: planning a view costs as much as answering a small question, and the attribute lists have an
index that the views cannot show. Every column here has the name and meaning it has in the view;
a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tapetum_server.signals.conventions import CONVENTIONS
from tapetum_server.store import sql_files
from tapetum_server.store.attribute_shape import LETTERS, PROMOTED
from tapetum_server.store.full_text import words

FieldKind = Literal["text", "number", "duration", "time", "bool", "severity"]
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
"""A name in a statement; one behind a dot is another table's column."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key that a filter or facet may name without a prefix."""

    kind: FieldKind = "text"
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Searched:
    """One column that full text looks into."""

    column: str
    indexed: bool = False
    """Whether the engine keeps an index of its words (`store.full_text`). Other columns have small letters only."""
    words_of: tuple[str, ...] = ()
    """Whose words the column has, one after the other, where it has no text of its own."""
    read_as: str = ""
    """The column that whole words are looked for in, where another has the same ones for less."""
    long: bool = False
    """Whether reading every text's words costs more than looking for a part of one first."""

    @property
    def words(self) -> str:
        """SQL for the words of the column."""
        if self.words_of:
            return self.column
        return words(self.column) if self.indexed else f"lowerUTF8({self.column})"


@dataclass(frozen=True, slots=True)
class Beside:
    """Another table whose rows belong to those of a source, one to one."""

    columns: tuple[str, ...]
    join: str
    """What stands behind the table of the source. Its keys are read no further than those of the source."""


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one signal, as questions see them."""

    table: str
    time: str
    """The column that a time range is about."""
    plain: Sequence[str]
    """Columns that the table holds as the view shows them."""
    computed: Mapping[str, str]
    """Columns that the view works out, and how."""
    fields: Mapping[str, Field]
    """What a filter may name without a prefix."""
    promoted: Mapping[str, str]
    """Place letter (`store.attribute_shape`) to the text of the column that holds such an attribute."""
    searched: tuple[Searched, ...] = ()
    searches_messages: bool = False
    """Whether text may lie in the message store and in what log records said of spans."""
    default_facets: tuple[str, ...] = ()
    only: str = ""
    """What holds for the rows that questions may see, where that is not all of them."""
    beside: Beside | None = None
    in_maps: bool = False
    """Whether keys that are no fields are names in maps (`filter_maps`), and not of attributes."""
    keyed: bool = True
    """Whether rows have attributes, or such maps, beside their fields."""

    def relation(self, *texts: str, of: str = "", final: bool = True) -> str:
        """What stands after FROM: the columns that these texts of the statement name, and no others.

        Without `final`, rows that were delivered twice may stand there twice.

        `of` is a condition over project and ids that every row wanted fulfils. It also narrows what is known
        about rows elsewhere: without it, which calls were reported twice is read for all traces there are.
        """
        words = set(_WORD.findall(" ".join(texts)))
        shown = [name for name in self.plain if name in words]
        narrowed = f" WHERE {of}" if of else ""
        shown += [f"{sql.replace('{of}', narrowed)} AS {name}" for name, sql in self.computed.items() if name in words]
        joined = ""
        if self.beside is not None:
            shown += sorted(words.intersection(self.beside.columns))
            # Some columns are worked out with what lies beside.
            needed = words.union(*(_WORD.findall(self.computed[name]) for name in self.computed.keys() & words))
            joined = f" {self.beside.join}" if needed.intersection(self.beside.columns) else ""
        return f"(SELECT {', '.join(shown or [self.time])} FROM {self.table}{' FINAL' * final}{joined}{self._where})"

    @property
    def _where(self) -> str:
        return f" WHERE {self.only}" if self.only else ""

    def timed(self, condition: str) -> str:
        """`condition` (of many trace ids, say), and when its rows happened: the same rows, found by the table's order.

        Each id of an index lookup brings its own false hits, around which FINAL reads every column. Looking for
        the times first, without FINAL, costs half of that for 50 ids among three million spans; for one id it
        would cost more than it saves.
        """
        when = f"(SELECT (min({self.time}), max({self.time})) FROM {self.table} WHERE {condition})"
        return f"{condition} AND {self.time} >= tupleElement({when}, 1) AND {self.time} <= tupleElement({when}, 2)"


def _engine_text(column: str) -> str:
    return sql_files.text(column).replace("{database}.", "")


def _payload(column: str) -> str:
    enriched = f"dictGetOrDefault('enrichments', '{column}', (project, trace_id, span_id), '')"
    own = _engine_text(f"span_rows.{column}")
    return f"if(span_rows.{column} = '' AND kind != 'span', {enriched}, {own})"


def _promoted(column: str) -> str:
    if column.endswith("_tokens"):
        return f"ifNull(toString({f'own_{column}' if column in sql_files.SAID_BY_LOGS else column}), '')"
    return f"own_{column}" if column in ("input", "output") else f"toString({column})"


_IDS = "project, trace_id, span_id"
_REPORTED_TWICE = f"IN (SELECT {_IDS} FROM span_duplicates{{of}})"
CALL_KINDS = ("llm", "embedding", "reranker")
"""Spans that ask a model; whatever is around them repeats what they say."""
_ENDED_NS = "toUnixTimestamp64Nano(span_rows.end_time)"


def _convention() -> str:
    """The span's semantic convention, from the keys in its shape: constants of ours, none of them with a quote."""
    branches = (
        f"match(span_rows.attr_shape, '(^|\\\\x00)[a-z].({'|'.join(keys)})(\\\\x00|$)'), '{name}'"
        for name, keys in ((name, [key.replace(".", "[.]") for key in keys]) for name, keys in CONVENTIONS.items())
    )
    return f"multiIf({', '.join(branches)}, '')"


SPANS = Source(
    table="span_rows",
    time="start_time",
    plain=(
        "project", "trace_id", "span_id", "parent_span_id", "name", "kind", "span_kind", "service", "scope",
        "scope_version", "start_time", "ingested_at", "status", "status_message", "operation", "provider", "model",
        "response_id", "input_tokens", "price_version", "service_tier", "ttft_ms",
        "session_id", "user_id", "agent", "tool",
        "prompt_name", "prompt_version", "error_type", "emitter", "request_model", "streaming", "graph_node",
        "tool_call_id", "audio_input_tokens", "audio_output_tokens", "image_input_tokens",
        "time_per_output_token_ms", "usage_flags", "trace_state", "flags", "attr_shape", "attr_values", "resource",
        "owns_usage",
    ),
    computed={
        "end_time": "if(span_rows.ended, span_rows.end_time, NULL)",
        "duration_ms": f"if(span_rows.ended, ({_ENDED_NS} - toUnixTimestamp64Nano(start_time)) / 1e6, NULL)",
        "state": "if(span_rows.ended, 'ended', 'running')",
        "usage_counted": f"span_rows.owns_usage AND ({_IDS}) NOT {_REPORTED_TWICE}",
        "is_call": f"span_rows.kind IN {CALL_KINDS} AND ({_IDS}) NOT {_REPORTED_TWICE}",
        "is_use": f"span_rows.kind = 'tool' AND ({_IDS}) NOT {_REPORTED_TWICE}",
        "reported_twice": f"({_IDS}) {_REPORTED_TWICE}",
        "duplicate_of": f"if(({_IDS}) {_REPORTED_TWICE},"
        " dictGetOrDefault('duplicates', 'duplicate_of', (project, trace_id, span_id), ''), '')",
        "cost_usd": sql_files.cost("span_rows").replace("{database}.", ""),
        "cost_status": sql_files.cost_status("span_rows").replace("{database}.", ""),
        "cache_savings_usd": sql_files.cache_savings("span_rows").replace("{database}.", ""),
        **{column: sql_files.said(column).replace("{database}.", "") for column in sql_files.SAID_BY_LOGS},
        **{f"own_{column}": f"span_rows.{column}" for column in sql_files.SAID_BY_LOGS if column in PROMOTED},
        "own_cost_usd": "span_rows.cost_usd",
        "logs_tell": "span_rows.log_key != ''",
        "input": _payload("input"),
        "output": _payload("output"),
        "own_input": _engine_text("span_rows.input"),
        "own_output": _engine_text("span_rows.output"),
        "attributes": sql_files.attributes("span_rows").replace("{database}.", ""),
        "search_text": f"concat({words('span_rows.input')}, ' ', {words('span_rows.output')})",
        "convention": _convention(),
        "has_events": "span_rows.events != ''",
        "events_json": "span_rows.events",
        "links_json": "span_rows.links",
        "dropped": "arraySum(JSONExtract(span_rows.dropped, 'Array(UInt32)'))",
    },
    fields={
        **dict.fromkeys(
            (
                "trace_id", "span_id", "parent_span_id", "name", "kind", "span_kind", "service", "scope",
                "scope_version", "status", "status_message", "state", "operation", "provider", "model", "response_id",
                "session_id", "user_id", "agent", "tool", "prompt_name", "prompt_version", "error_type",
                "trace_state", "duplicate_of", "input", "output", "emitter", "request_model", "response_model",
                "finish_reason", "graph_node", "tool_call_id", "usage_flags", "cost_status", "price_version",
                "service_tier",
            ),
            Field(),
        ),
        **dict.fromkeys(("duration_ms", "ttft_ms", "time_per_output_token_ms"), Field("duration", nullable=True)),
        **dict.fromkeys(
            (
                "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
                "cost_usd", "cache_savings_usd", "reported_cost_usd",
                "audio_input_tokens", "audio_output_tokens", "image_input_tokens",
            ),
            Field("number", nullable=True),
        ),
        "flags": Field("number"),
        "usage_counted": Field("bool"),
        "streaming": Field("bool"),
        "start_time": Field("time"),
        "end_time": Field("time", nullable=True),
        "ingested_at": Field("time"),
    },
    promoted={letter: _promoted(column) for letter, column in zip(LETTERS, PROMOTED)},
    searched=(
        Searched("search_text", indexed=True, words_of=("input", "output")),
        Searched("name"),
        Searched("status_message"),
    ),
    searches_messages=True,
    default_facets=("service", "name", "kind", "status", "span_kind", "model"),
)  # fmt: skip

LOGS = Source(
    table="log_rows",
    time="time",
    plain=(
        "project", "time", "observed_time", "ingested_at", "trace_id", "span_id", "service", "scope",
        "severity_number", "severity", "severity_text", "body", "event_name", "flags", "log_id", "attr_shape",
        "attr_values", "resource",
    ),
    computed={},
    fields={
        **dict.fromkeys(("trace_id", "span_id", "service", "scope", "body", "event_name", "severity_text"), Field()),
        "severity": Field("severity"),
        "severity_number": Field("number"),
        "flags": Field("number"),
        "time": Field("time"),
        "observed_time": Field("time"),
        "ingested_at": Field("time"),
    },
    promoted={},
    searched=(Searched("body", indexed=True), Searched("event_name")),
    default_facets=("service", "severity", "scope", "event_name"),
)  # fmt: skip

METRICS = Source(
    table="metric_rows",
    time="time",
    plain=(
        "project", "name", "series", "time", "start_time", "ingested_at", "type", "unit", "description",
        "temporality", "is_monotonic", "service", "scope", "value", "count", "sum", "min", "max", "bucket_counts",
        "explicit_bounds", "scale", "zero_count", "zero_threshold", "positive_offset", "positive_counts",
        "negative_offset", "negative_counts", "quantile_levels", "quantile_values", "flags", "attr_shape",
        "attr_values", "resource",
    ),
    computed={"exemplars_json": "metric_rows.exemplars"},
    fields={
        **dict.fromkeys(("name", "type", "unit", "service", "scope", "temporality"), Field()),
        "value": Field("number", nullable=True),
        "count": Field("number", nullable=True),
        "time": Field("time"),
    },
    promoted={},
    default_facets=("service", "name", "scope"),
)  # fmt: skip

ERRORS = Source(
    table="error_rows",
    time="time",
    plain=(
        "project", "time", "fingerprint", "type", "message", "template", "culprit", "handled", "source", "name",
        "trace_id", "span_id", "log_id", "service", "version", "environment", "severity", "user_id", "stacktrace",
        "ingested_at", "fingerprint_version", "attr_shape", "attr_values", "resource",
    ),
    computed={
        "attributes": sql_files.attributes("error_rows").replace("{database}.", ""),
        "error_id": "error_rows.identity",
    },
    fields={
        **dict.fromkeys(
            (
                "fingerprint", "type", "message", "template", "culprit", "source", "name", "trace_id", "span_id",
                "log_id", "service", "version", "environment", "user_id", "stacktrace",
            ),
            Field(),
        ),
        "severity": Field("severity"),
        "handled": Field("bool"),
        "time": Field("time"),
        "ingested_at": Field("time"),
    },
    promoted={},
    searched=(Searched("message"), Searched("type"), Searched("culprit")),
    only="counted",
    default_facets=("service", "type", "version", "environment", "handled", "source", "severity"),
)  # fmt: skip

EVALUATIONS = Source(
    table="evaluation_rows",
    time="time",
    plain=(
        "project", "time", "updated_at", "ingested_at", "evaluation_id", "name", "target_type", "target_id",
        "trace_id", "span_id", "response_id", "slice", "score", "label", "lower", "upper", "threshold", "explanation",
        "comment", "expected_output", "evaluator", "source", "found_in", "problem", "raw", "attr_shape",
        "attr_values", "resource",
    ),
    computed={"attributes": sql_files.attributes("evaluation_rows").replace("{database}.", "")},
    fields={
        **dict.fromkeys(
            (
                "evaluation_id", "name", "target_type", "target_id", "trace_id", "span_id", "response_id", "slice",
                "label", "explanation", "comment", "expected_output", "evaluator", "source", "found_in",
                "problem", "raw",
            ),
            Field(),
        ),
        **dict.fromkeys(("score", "lower", "upper", "threshold"), Field("number", nullable=True)),
        **dict.fromkeys(("time", "updated_at", "ingested_at"), Field("time")),
    },
    promoted={},
    searched=(Searched("comment"), Searched("explanation"), Searched("expected_output"), Searched("name")),
    only="NOT withdrawn",
    default_facets=("name", "label", "source", "evaluator", "target_type", "slice"),
)  # fmt: skip

ALERTS = Source(
    table="alert_rows",
    time="time",
    plain=("project", "time", "alert_id", "monitor_id", "monitor", "severity", "state", "previous_state", "subject"),
    computed={},
    fields=dict.fromkeys(("monitor_id", "monitor", "severity", "state", "previous_state", "subject"), Field()),
    promoted={},
)
"""The only signal without attributes: a filter names its fields and nothing else."""

INGEST_TABLE = "ingest_rows"
