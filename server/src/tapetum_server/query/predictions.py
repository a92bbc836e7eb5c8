"""Predictions: the list, one of them whole, and those of a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from typing_extensions import TypedDict

from tapetum_server.query.cursor import Cursor, decode_cursor, encode_cursor
from tapetum_server.query.errors import NotFound
from tapetum_server.query.filter import Filter
from tapetum_server.query.prediction_pages import KEYS_FIRST, named, page_rows
from tapetum_server.query.prediction_sources import LABELS, PREDICTIONS
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import select
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time
from tapetum_server.signals.predictions import ATTRIBUTIONS

PredictionSort = Literal["-time", "time", "score", "-score"]
"""By score, those that have one that is a number."""
SHOWN_FEATURES = 6
"""Of each kind, in a list."""
MAX_OF_TRACE = 200
MAX_WHOLE_FEATURES = 10_000
MAX_TEXT_CHARACTERS = 200
SHOWN_TEXT = 65_536
"""Characters of one text of a prediction that a page shows."""
_MAPS = ("numeric", "booleans", "categorical", "texts", "number_lists", "text_lists")

FeatureValue = float | bool | str | list[float | None] | list[str | None] | None


class PredictionRow(TypedDict):
    """One prediction, with some of its features."""

    model: str
    version: str
    prediction_id: str
    time: str
    trace_id: str
    span_id: str
    output: float | None
    output_label: str
    score: float | None
    latency_ms: float | None
    source: str
    flags: list[str]
    label: str
    label_value: float | None
    labelled: bool
    label_time: str | None
    """When the label was said."""
    features: dict[str, FeatureValue]
    """Of a list, the first of each kind; a long text is cut. A number that is none of the finite ones is its name."""
    feature_count: int
    tags: dict[str, str]


class PredictionPage(TypedDict):
    """Some predictions, and where the next ones begin."""

    rows: list[PredictionRow]
    next_cursor: str | None


class PredictionDetail(PredictionRow):
    """One prediction, whole."""

    ingested_at: str
    scores: dict[str, float | str]
    kinds: dict[str, str]
    """What each feature holds: `numeric`, `boolean`, `categorical`, `text`, `numbers`, `texts`, or `unknown`, where
    it is missing and nobody said."""
    attributions: dict[str, FeatureValue]
    """What each feature did to the answer, where that was sent."""
    embedding_length: int


class TracePredictions(TypedDict):
    """Predictions that were made within a trace, the oldest first."""

    rows: list[PredictionRow]
    more: bool


async def list_predictions(
    reader: Reader,
    *,
    project: str,
    time_range: TimeRange,
    filter: Filter,
    sort: PredictionSort = "-time",
    limit: int = 50,
    cursor: str | None = None,
) -> PredictionPage:
    """One page of the predictions that pass the filter."""
    by_score = sort.endswith("score")
    after = decode_cursor(cursor, sort, (float if by_score else int, str, str))
    if after is not None:
        time_range = after.range
    selection = await select(reader, PREDICTIONS, project=project, time_range=time_range, filter=filter)
    found = await page_rows(reader, selection, sort, limit + 1, after, list_columns)
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        place = (last["score" if by_score else "time_ns"], last["model"], last["prediction_id"])
        following = encode_cursor(Cursor(sort, time_range, place))
    return PredictionPage(rows=await _rows(reader, project, found[:limit]), next_cursor=following)


async def get_prediction(reader: Reader, *, project: str, model: str, prediction_id: str) -> PredictionDetail:
    """One prediction; of several days', the newest. Raises `NotFound`."""
    found = rows_of(await reader.query(*prediction_statement(project, model, prediction_id)))
    if not found:
        raise NotFound(
            f"there is no prediction {prediction_id[:80]!r} of model {model[:80]!r}",
            hint="It may not have arrived yet, be past its retention, or belong to another project.",
        )
    row = found[0]
    (shown,) = await _rows(reader, project, found)
    kinds = {
        name: kind
        for kind, column in zip(("numeric", "boolean", "categorical", "text", "numbers", "texts"), _MAPS)
        for name in dict(row[f"{column}_shown"])
        if not name.startswith(ATTRIBUTIONS)
    }
    kinds |= {name: "unknown" for name in row["nulls"] if name not in kinds}
    return PredictionDetail(
        **shown,
        ingested_at=format_time(row["ingested_ns"]),
        scores={name: _shown(value) for name, value in dict(row["scores"]).items()},
        kinds=kinds,
        attributions={
            name.removeprefix(ATTRIBUTIONS): _shown(value)
            for name, value in dict(row["numeric_shown"]).items()
            if name.startswith(ATTRIBUTIONS)
        },
        embedding_length=row["embedding_length"],
    )


async def predictions_of_trace(reader: Reader, *, project: str, trace_id: str) -> TracePredictions:
    """What models answered within a trace."""
    found = rows_of(await reader.query(*of_trace_statement(project, trace_id, MAX_OF_TRACE + 1)))
    return TracePredictions(rows=await _rows(reader, project, found[:MAX_OF_TRACE]), more=len(found) > MAX_OF_TRACE)


async def _rows(reader: Reader, project: str, found: list[dict[str, Any]]) -> list[PredictionRow]:
    """The predictions with their labels, which are looked up for these alone: there may be millions of others."""
    labels = {}
    if found:
        statement = labels_statement(
            project, [row["model"] for row in found], [row["prediction_id"] for row in found]
        )  # fmt: skip
        labels = {(row["model"], row["prediction_id"]): row for row in rows_of(await reader.query(*statement))}
    return [_row(row, labels.get((row["model"], row["prediction_id"]))) for row in found]


def list_columns(where: Sequence[str]) -> tuple[str, str]:
    """Columns of the rows of a list, and what they are read from."""
    columns = _columns(SHOWN_FEATURES, MAX_TEXT_CHARACTERS)
    return columns, _relation(columns, " AND ".join(where))


def prediction_statement(project: str, model: str, prediction_id: str) -> Statement:
    """One prediction, whole."""
    parameters = Parameters()
    condition = (
        f"project = {parameters.text(project)} AND model = {parameters.text(model)} "
        f"AND prediction_id = {parameters.text(prediction_id)}"
    )
    columns = f"""{_columns(MAX_WHOLE_FEATURES, SHOWN_TEXT)},
    toUnixTimestamp64Nano(ingested_at) AS ingested_ns, scores, length(embedding) AS embedding_length"""
    sql = f"""SELECT {columns}
FROM {_relation(columns, condition)}
WHERE {condition}
ORDER BY time DESC
LIMIT 1"""
    return Statement(sql, parameters.values)


def labels_statement(project: str, models: list[str], prediction_ids: list[str]) -> Statement:
    """The labels of some predictions, of one model or of as many, found by the order of their table."""
    parameters = Parameters()
    columns = "model, prediction_id, label, label_value, toUnixTimestamp64Nano(time) AS label_ns"
    condition = f"project = {parameters.text(project)} AND {named(models, prediction_ids, parameters)}"
    sql = f"SELECT {columns}\nFROM {LABELS.relation(columns, condition)}\nWHERE {condition}\n{KEYS_FIRST}"
    return Statement(sql, parameters.values)


def of_trace_statement(project: str, trace_id: str, limit: int) -> Statement:
    """All predictions of a trace."""
    parameters = Parameters()
    condition = f"project = {parameters.text(project)} AND trace_id = {parameters.text(trace_id)}"
    columns = _columns(SHOWN_FEATURES, MAX_TEXT_CHARACTERS)
    sql = f"""SELECT {columns}
FROM {_relation(columns, condition)}
WHERE {condition}
ORDER BY time, model, prediction_id
LIMIT {limit}"""
    return Statement(sql, parameters.values)


def _relation(columns: str, condition: str) -> str:
    # What attributions are kept under is not the column of that name.
    return PREDICTIONS.relation(columns.replace(ATTRIBUTIONS, ""), condition)


def _columns(features: int, characters: int) -> str:
    def some(column: str) -> str:
        return (
            f"mapFromArrays(arraySlice(mapKeys({column}), 1, {features}), "
            f"arraySlice({{values}}, 1, {features})) AS {column}_shown"
        )

    shown = ", ".join(
        some(column).format(
            values=f"arrayMap(v -> substringUTF8(v, 1, {characters}), mapValues({column}))"
            if column in ("categorical", "texts")
            else f"mapValues({column})"
        )
        for column in _MAPS
    )
    count = " + ".join(f"length(mapKeys({column}))" for column in _MAPS)
    count += f" - arrayCount(name -> startsWith(name, '{ATTRIBUTIONS}'), mapKeys(numeric))"
    return f"""model, version, prediction_id, toUnixTimestamp64Nano(time) AS time_ns, trace_id, span_id, output,
    output_label, score, latency_ms, source, flags, tags, nulls,
    {shown},
    {count} + length(arrayFilter(n -> NOT mapContains(number_lists, n) AND NOT mapContains(text_lists, n), nulls))
        AS feature_count"""


def _row(row: Mapping[str, Any], label: Mapping[str, Any] | None) -> PredictionRow:
    features = {
        name: _shown(value)
        for column in _MAPS
        for name, value in dict(row[f"{column}_shown"]).items()
        if not name.startswith(ATTRIBUTIONS)
    }
    features |= dict.fromkeys(row["nulls"])
    return PredictionRow(
        model=row["model"],
        version=row["version"],
        prediction_id=row["prediction_id"],
        time=format_time(row["time_ns"]),
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        output=row["output"],
        output_label=row["output_label"],
        score=row["score"],
        latency_ms=row["latency_ms"],
        source=row["source"],
        flags=row["flags"],
        label=label["label"] if label else "",
        label_value=label["label_value"] if label else None,
        labelled=label is not None,
        label_time=format_time(label["label_ns"]) if label else None,
        features=features,
        feature_count=row["feature_count"],
        tags=dict(row["tags"]),
    )


def _shown(value: Any) -> Any:
    """A value as JSON has it: a number that is none of the finite ones by its name."""
    if isinstance(value, float) and value != value:
        return "NaN"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [_shown(each) for each in value]
    return value
