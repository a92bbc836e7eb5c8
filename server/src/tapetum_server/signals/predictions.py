"""Predictions and labels, column by column as Arrow arrays: a million of them is no million objects.

Features lie in maps by what they hold, names in order, with nulls in their place (decision 007).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import pyarrow as pa

FEATURE_MAPS = ("numeric", "booleans", "categorical", "texts", "number_lists", "text_lists")
"""Columns of a `PredictionBatch` that map names of features to values."""

ATTRIBUTIONS = "attributions."
"""What the names of attributions begin with among the numbers: `attributions.income` says what `income` did to an
answer, and is no feature."""

_NUMBER, _TEXT = pa.float64(), pa.string()
PREDICTION_SCHEMA = pa.schema(
    [
        pa.field("model", _TEXT),
        pa.field("version", _TEXT),
        pa.field("prediction_id", _TEXT),
        pa.field("time", pa.int64()),
        pa.field("trace_id", _TEXT),
        pa.field("span_id", _TEXT),
        pa.field("output", _NUMBER),
        pa.field("output_label", _TEXT),
        pa.field("score", _NUMBER),
        pa.field("scores", pa.map_(_TEXT, _NUMBER)),
        pa.field("latency_ms", _NUMBER),
        pa.field("source", _TEXT),
        pa.field("layout", pa.uint64()),
        pa.field("numeric", pa.map_(_TEXT, _NUMBER)),
        pa.field("booleans", pa.map_(_TEXT, pa.bool_())),
        pa.field("categorical", pa.map_(_TEXT, _TEXT)),
        pa.field("texts", pa.map_(_TEXT, _TEXT)),
        pa.field("number_lists", pa.map_(_TEXT, pa.list_(_NUMBER))),
        pa.field("text_lists", pa.map_(_TEXT, pa.list_(_TEXT))),
        pa.field("nulls", pa.list_(_TEXT)),
        pa.field("embedding", pa.list_(pa.float32())),
        pa.field("tags", pa.map_(_TEXT, _TEXT)),
    ]
)
"""What the columns of a prediction are. Texts are "" where nobody said; `time` is nanoseconds since 1970, 0 where the
sender did not say when; `output`, `score` and `latency_ms` are null where there is none. `layout` is the same for rows
whose feature maps have the same names in the same order. `nulls` names features that are missing and for which no map
has a null: lists, and those of which nobody said what they hold."""

LABEL_SCHEMA = pa.schema(
    [
        pa.field("model", _TEXT),
        pa.field("prediction_id", _TEXT),
        pa.field("time", pa.int64()),
        pa.field("label", _TEXT),
        pa.field("label_value", _NUMBER),
    ]
)
"""What the columns of a label are: a text, a number, or both."""


@dataclass(slots=True)
class PredictionBatch:
    """Predictions of one project."""

    project: str
    sender: str
    rows: pa.Table
    """As `PREDICTION_SCHEMA` says; texts may be dictionaries."""
    moved: dict[int, int] = field(default_factory=dict)
    """Rows that were kept under another day before, and their time there: a prediction is one within a day."""
    signal: ClassVar[Literal["predictions"]] = "predictions"

    def __len__(self) -> int:
        return int(self.rows.num_rows)


@dataclass(slots=True)
class LabelBatch:
    """Labels of one project's predictions, which may not be there yet."""

    project: str
    sender: str
    rows: pa.Table
    """As `LABEL_SCHEMA` says; texts may be dictionaries."""
    signal: ClassVar[Literal["labels"]] = "labels"

    def __len__(self) -> int:
        return int(self.rows.num_rows)
