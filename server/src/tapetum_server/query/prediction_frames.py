"""The predictions of a model as a `Frame`: features, outputs and labels as columns, in a window and of a version.

Where all rows of a window have one layout, every feature is read by its place; else by its name. What a feature holds
is what it holds in most rows; of the others, what can be read so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tapetum_server.query.errors import NotFound
from tapetum_server.query.filter import Filter
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.frames import Cell, Frame, FrameColumn, Kind
from tapetum_server.query.prediction_sources import LABELS_BESIDE, PREDICTIONS
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange
from tapetum_server.signals.predictions import ATTRIBUTIONS

PREDICTION, OUTPUT_LABEL, SCORE, LABEL, LABEL_VALUE = "prediction", "output_label", "score", "label", "label_value"
RESERVED = (
    PREDICTION, OUTPUT_LABEL, SCORE, LABEL, LABEL_VALUE, "labelled", "time", "version", "embedding", "latency_ms",
    "prediction_id",
)  # fmt: skip
"""Columns that are no features. A feature of such a name is called `features.NAME`, a class's score `scores.CLASS`, a
tag `tags.NAME`."""
MAX_LAYOUTS = 1_000
"""Of one window, the most frequent ones; names that are in none of them are not known."""
MAX_CLASSES = 1_000
_KINDS: Mapping[str, Kind] = {
    "numeric": "numeric", "booleans": "boolean", "categorical": "categorical", "texts": "categorical",
    "number_lists": "numeric_list", "text_lists": "categorical_list",
}  # fmt: skip
_TEXT, _NUMBER = "Nullable(String)", "Nullable(Float64)"


async def prediction_frame(
    reader: Reader,
    *,
    project: str,
    model: str,
    time_range: TimeRange,
    version: str | None = None,
    filter: Filter | None = None,
    labels: bool = True,
    prefix: str = "frame_",
    attributions: bool = False,
) -> Frame:
    """The predictions of a model. With `labels`, their labels beside them: without, no label is read. With
    `attributions`, what each feature did to the answer is a column `attributions.FEATURE`.

    `prefix` begins the names of its parameters: frames that one statement reads together have different ones.
    Raises `NotFound` where there are none.
    """
    parameters = Parameters(prefix)
    selection = Selection(PREDICTIONS, project, time_range, filter or Filter())
    where = [*conditions(selection, parameters), f"model = {parameters.text(model)}"]
    if version is not None:
        where.append(f"version = {parameters.text(version)}")
    condition = " AND ".join(where)
    by_label = any(term.key in LABELS_BESIDE.columns for term in selection.filter.terms)
    of_labels = labels or by_label
    rows = f"prediction_rows FINAL {LABELS_BESIDE.join}" if of_labels else "prediction_rows FINAL"
    # What columns there are does not hang on labels, unless the filter does.
    looked_at = rows if by_label else "prediction_rows FINAL"
    if any(PREDICTIONS.computed.keys() & {term.key} or term.op == "text" for term in selection.filter.terms):
        rows = PREDICTIONS.relation(condition, " ".join((*PREDICTIONS.plain, *(LABELS_BESIDE.columns * of_labels))))
        looked_at = rows
    found = rows_of(await reader.query(*layouts_statement(looked_at, condition, parameters)))
    if not found:
        raise NotFound(f"there are no predictions of model {model[:80]!r} in this time", hint="Look at a longer time.")
    if len(found) == 1:
        # Places are those of this layout: what has arrived in another one meanwhile is left out.
        condition += f" AND layout = {parameters.bind(found[0]['layout'], 'UInt64')}"
    names = rows_of(await reader.query(*names_statement(looked_at, condition, parameters, len(found))))
    features = _features(found, names)
    if not attributions:
        features = [column for column in features if not column.name.startswith(ATTRIBUTIONS)]
    columns = (*features, *_reserved(found, of_labels), *_tags(found))
    # Of predictions of one moment the id says which comes first: the same one whenever it is asked.
    return Frame(
        rows, columns, where=condition, parameters=parameters.values, order="(time, prediction_id)",
        rows=sum(row["rows"] for row in found),
    )  # fmt: skip


def layouts_statement(rows: str, condition: str, parameters: Parameters) -> Statement:
    """(layout, how many rows, names without a kind, tags, classes), the most frequent first."""
    sql = f"""SELECT layout, count() AS rows, groupUniqArrayArray(nulls) AS null_names,
    groupUniqArrayArray({MAX_CLASSES})(mapKeys(tags)) AS tag_names,
    groupUniqArrayArray({MAX_CLASSES})(mapKeys(scores)) AS class_names
FROM {rows}
WHERE {condition}
GROUP BY layout
ORDER BY rows DESC, layout
LIMIT {MAX_LAYOUTS}"""
    return Statement(sql, parameters.values)


def names_statement(rows: str, condition: str, parameters: Parameters, layouts: int) -> Statement:
    """(layout, the names in each map, in their order)."""
    keys = ", ".join(f"mapKeys({name}) AS {name}_names" for name in _KINDS)
    sql = f"""SELECT layout, {keys}
FROM {rows}
WHERE {condition}
LIMIT 1 BY layout
LIMIT {layouts}"""
    return Statement(sql, parameters.values)


def _features(found: Sequence[Mapping[str, Any]], names: Sequence[Mapping[str, Any]]) -> list[FrameColumn]:
    often = {row["layout"]: row["rows"] for row in found}
    held: dict[str, Counter[str]] = {}
    for row in names:
        for kind in _KINDS:
            for name in row[f"{kind}_names"]:
                held.setdefault(name, Counter())[kind] += often.get(row["layout"], 0)
    places = {
        (kind, name): place
        for row in names if row["layout"] == found[0]["layout"]
        for kind in _KINDS
        for place, name in enumerate(row[f"{kind}_names"], 1)
    }  # fmt: skip
    alike = "" if len(found) == 1 else f"layout = {found[0]['layout']}"
    columns = [_feature(name, kinds, places, alike) for name, kinds in sorted(held.items())]
    unknown = {name for row in found for name in row["null_names"]} - held.keys()
    columns += [FrameColumn(outside(name), "categorical", f"CAST(NULL, '{_TEXT}')") for name in sorted(unknown)]
    return columns


def _feature(name: str, kinds: Counter[str], places: Mapping[tuple[str, str], int], alike: str) -> FrameColumn:
    """Of rows that are `alike`, or all, `places` are those of a kind and a name among the rows' values of the kind."""

    def value(kind: str) -> str:
        place = places.get((kind, name))
        return f"{kind}[{_literal(name)}]" if place is None or alike else f"{kind}.values[{place}]"

    most = kinds.most_common(1)[0][0]
    kind = _KINDS[most]
    if kind == "numeric_list":
        return FrameColumn(outside(name), kind, f"CAST({value(most)}, 'Array({_NUMBER})')")
    if kind == "categorical_list":
        return FrameColumn(outside(name), kind, f"CAST({value(most)}, 'Array({_TEXT})')")
    wanted = {"numeric": _NUMBER, "boolean": "Nullable(Bool)", "categorical": _TEXT}[kind]
    parts = [value(most)]
    for other in kinds:
        if other != most and (converted := _converted(value(other), other, kind)):
            parts.append(converted)
    sql = parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"
    place = places.get((most, name)) if len(parts) == 1 else None
    cell = Cell(most, _literal(name), place, alike) if place is not None else None
    return FrameColumn(outside(name), kind, f"CAST({sql}, '{wanted}')", text=most == "texts", cell=cell)


def _converted(value: str, held: str, wanted: Kind) -> str:
    """A value of another kind, as one of the wanted kind; "" where that cannot be."""
    if wanted == "numeric":
        return {"categorical": f"toFloat64OrNull({value})", "booleans": f"CAST({value}, '{_NUMBER}')"}.get(held, "")
    if wanted == "categorical":
        truth = f"if({value}, 'true', 'false')"
        return {
            "numeric": f"toString({value})", "texts": value, "categorical": value,
            "booleans": f"if(isNull({value}), NULL, {truth})",
        }.get(held, "")  # fmt: skip
    return ""


def _reserved(found: Sequence[Mapping[str, Any]], labels: bool) -> list[FrameColumn]:
    columns = [
        FrameColumn(PREDICTION, "numeric", "output"),
        FrameColumn(OUTPUT_LABEL, "categorical", f"CAST(nullIf(output_label, ''), '{_TEXT}')"),
        FrameColumn(SCORE, "numeric", "score"),
        FrameColumn("time", "time", "CAST(time, 'Nullable(DateTime64(9, \\'UTC\\'))')"),
        FrameColumn("version", "categorical", f"CAST(version, '{_TEXT}')"),
        FrameColumn("embedding", "numeric_list", f"CAST(embedding, 'Array({_NUMBER})')"),
        FrameColumn("latency_ms", "numeric", "latency_ms"),
        FrameColumn("prediction_id", "categorical", f"CAST(prediction_id, '{_TEXT}')"),
    ]
    classes = sorted({name for row in found for name in row["class_names"]})
    columns += [
        FrameColumn(
            f"scores.{name}", "numeric",
            f"CAST(if(mapContains(scores, {_literal(name)}), scores[{_literal(name)}], NULL), '{_NUMBER}')",
        )
        for name in classes
    ]  # fmt: skip
    if labels:
        columns += [
            FrameColumn(LABEL, "categorical", f"CAST(nullIf(label, ''), '{_TEXT}')"),
            FrameColumn(LABEL_VALUE, "numeric", f"CAST(label_value, '{_NUMBER}')"),
            FrameColumn("labelled", "boolean", "CAST(labelled, 'Nullable(Bool)')"),
        ]
    return columns


def _tags(found: Sequence[Mapping[str, Any]]) -> list[FrameColumn]:
    names = sorted({name for row in found for name in row["tag_names"]})
    return [
        FrameColumn(
            f"tags.{name}", "categorical",
            f"CAST(if(mapContains(tags, {_literal(name)}), tags[{_literal(name)}], NULL), '{_TEXT}')",
        )
        for name in names
    ]  # fmt: skip


def outside(name: str) -> str:
    """What a feature is called as a column."""
    return f"features.{name}" if name in RESERVED or name.startswith(("scores.", "tags.", "features.")) else name


def _literal(text: str) -> str:
    """`text` in quotes, as `frames.identifier` quotes names: columns are chosen after they are made."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
