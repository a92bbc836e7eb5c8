"""What a label must look like as a JSON record, and what is wrong with one that does not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from tapetum_server.receivers.records import fields
from tapetum_server.receivers.records.fields import Given, Wrong
from tapetum_server.signals.predictions import LABEL_SCHEMA

MAX_ID_BYTES = 512
MAX_MODEL_BYTES = 256
MAX_TEXT_BYTES = 1_024
FIELDS = ("model", "prediction_id", "label", "label_value", "time")
_OTHERS = ("version",)
"""Of the prediction, which has it: given here, it is not kept."""


class LabelRows:
    """Labels of one request, gathered column by column."""

    def __init__(self, defaults: Mapping[str, str]) -> None:
        self._defaults = defaults
        self._columns: dict[str, list[Any]] = {name: [] for name in LABEL_SCHEMA.names}

    def __len__(self) -> int:
        return len(self._columns["model"])

    def keep(self, given: object) -> None:
        """Put one label at the end. Raises `Wrong`."""
        told = fields.object_of(given, "a label", (*FIELDS, *_OTHERS), "a label says only what was right")
        model = fields.text(told, "model", MAX_MODEL_BYTES) or self._defaults.get("model", "")
        if not model.strip():
            raise Wrong("model", "model names the model; ?model=… in the address stands for all records")
        prediction_id = fields.text(told, "prediction_id", MAX_ID_BYTES)
        if not prediction_id:
            raise Wrong("prediction_id", "prediction_id names the prediction that the label is of")
        self.keep_of(model, prediction_id, told, fields.time(told))

    def keep_of(self, model: str, prediction_id: str, told: Given, time: int = 0) -> None:
        """Put what `told` says of a prediction at the end. Raises `Wrong`."""
        text, value = said_as(told, "label", "label", "label_value")
        if not text and value is None:
            raise Wrong("label", "a label says something: label, label_value or both")
        for name, said in zip(LABEL_SCHEMA.names, (model, prediction_id, time, text, value)):
            self._columns[name].append(said)

    def table(self) -> pa.Table:
        """All of them, as `LABEL_SCHEMA` says."""
        return pa.table(self._columns, LABEL_SCHEMA)


def said_as(told: Given, name: str, text_name: str, number_name: str | None) -> tuple[str, float | None]:
    """An output or a label as a text and a number.

    A text is a text; a number is a number, and a whole one (a class, often) a text too; a truth value is both. A list
    of texts (several labels at once) is its JSON.
    """
    value = told.get(name)
    text, number = "", None
    if isinstance(value, bool):
        text, number = str(value).lower(), float(value)
    elif isinstance(value, int) and abs(value) < 2**63:
        text, number = str(value), float(value)
    elif isinstance(value, float):
        number = value
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        text = fields.text({name: fields.json_of(value)}, name, MAX_TEXT_BYTES)
    elif value is not None and not isinstance(value, str):
        raise Wrong(name, f"{name} is a text, a number, a truth value or a list of texts, not {fields.shown(value)}")
    elif value is not None:
        text = fields.text(told, name, MAX_TEXT_BYTES)
    if text_name != name and told.get(text_name) is not None:
        text = fields.text(told, text_name, MAX_TEXT_BYTES)
    if number_name is not None and told.get(number_name) is not None:
        said = told[number_name]
        number = said if isinstance(said, float) and math.isnan(said) else fields.number(told, number_name)
    return text, number
