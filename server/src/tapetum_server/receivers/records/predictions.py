"""What a prediction must look like as a JSON record, and what is wrong with one that does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from tapetum_server.receivers.records import fields
from tapetum_server.receivers.records.feature_maps import LONG_TEXT, MAX_FEATURES, MAX_NAME_BYTES, layout_of
from tapetum_server.receivers.records.fields import Given, Wrong
from tapetum_server.receivers.records.labels import LabelRows, said_as
from tapetum_server.signals.predictions import ATTRIBUTIONS, FEATURE_MAPS, PREDICTION_SCHEMA

MAX_ID_BYTES = 512
MAX_MODEL_BYTES = 256
"""Of a model, a version and a source."""
MAX_LABEL_BYTES = 1_024
MAX_TEXT_CHARACTERS = 65_536
"""Of a text in a feature."""
MAX_ELEMENTS = 65_536
"""Of a list in a feature, and of an embedding."""
MAX_CLASSES = 10_000
FIELDS = (
    "model", "version", "prediction_id", "time", "features", "text_features", "output", "output_label", "score",
    "scores", "embedding", "attributions", "tags", "latency_ms", "trace_id", "span_id", "source", "label",
    "label_value",
)  # fmt: skip
_UNUSUAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_Maps = dict[str, tuple[list[str], list[Any]]]


class PredictionRows:
    """Predictions of one request, or of a part of it, gathered column by column."""

    def __init__(
        self, given: Sequence[object], defaults: Mapping[str, str], digest: Callable[[], str],
        kinds: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        """`digest` names the request, `kinds` says what features hold in parts of it that came before."""
        self._given = given
        self._defaults = defaults
        self._digest = digest
        self._columns: dict[str, list[Any]] = {
            name: [] for name in PREDICTION_SCHEMA.names if not pa.types.is_nested(PREDICTION_SCHEMA.field(name).type)
        }
        nested = [name for name in PREDICTION_SCHEMA.names if name not in self._columns]
        self._keys: dict[str, list[str]] = {name: [] for name in nested}
        self._values: dict[str, list[Any]] = {name: [] for name in nested}
        self._offsets: dict[str, list[int]] = {name: [0] for name in nested}
        self._orders: dict[tuple[str, ...], list[str]] = {}
        self._layouts: dict[tuple[tuple[str, ...], ...], int] = {}
        self._kinds = {} if kinds is None else kinds
        self._all_seen = False
        self.labels = LabelRows(defaults)

    def keep(self, index: int, given: object) -> None:
        """Put one prediction at the end. Raises `Wrong`."""
        told = fields.object_of(given, "a prediction", FIELDS, "put it into features or tags")
        row: dict[str, Any] = {
            "model": model_of(told, self._defaults),
            "version": fields.text(told, "version", MAX_MODEL_BYTES) or self._defaults.get("version", ""),
            "prediction_id": fields.text(told, "prediction_id", MAX_ID_BYTES) or made_id(self._digest(), index),
            "time": fields.time(told),
            "trace_id": fields.hexadecimal(told, "trace_id", 32),
            "span_id": fields.hexadecimal(told, "span_id", 16),
            "score": _number(told, "score"),
            "latency_ms": _number(told, "latency_ms"),
            "source": fields.text(told, "source", MAX_MODEL_BYTES),
        }
        if row["span_id"] and not row["trace_id"]:
            raise Wrong("trace_id", "a span is named by its trace_id and its span_id")
        row["output_label"], row["output"] = said_as(told, "output", "output_label", None)
        maps, nulls = self._features(told)
        names = tuple(tuple(maps[kind][0]) for kind in FEATURE_MAPS)
        scores, tags, embedding = _scores(told), fields.attributes(told, "tags", "a prediction"), _embedding(told)
        output = row["output"], row["score"]
        if output == (None, None) and not any((*names, nulls, row["output_label"], scores, embedding)):
            raise Wrong("features", "a prediction says something: features, output, score, scores or embedding")
        if told.get("label") is not None or told.get("label_value") is not None:
            self.labels.keep_of(row["model"], row["prediction_id"], told)
        row["layout"] = self._layouts.get(names) or self._layouts.setdefault(names, layout_of(names))
        for name, column in self._columns.items():
            column.append(row[name])
        for kind, (keys, values) in maps.items():
            self._put(kind, keys, values)
        self._put("scores", list(scores), list(scores.values()))
        self._put("tags", list(tags), list(tags.values()))
        self._put("nulls", [], nulls)
        self._put("embedding", [], embedding)

    def _put(self, name: str, keys: Sequence[str], values: Sequence[Any]) -> None:
        self._keys[name] += keys
        self._values[name] += values
        self._offsets[name].append(len(self._values[name]))

    def table(self) -> pa.Table:
        """All of them, as `PREDICTION_SCHEMA` says."""
        made: dict[str, pa.Array] = {}
        for name in PREDICTION_SCHEMA.names:
            held = PREDICTION_SCHEMA.field(name).type
            if name in self._columns:
                made[name] = pa.array(self._columns[name], held)
                continue
            offsets = pa.array(self._offsets[name], pa.int32())
            if pa.types.is_map(held):
                keys, values = pa.array(self._keys[name], pa.string()), pa.array(self._values[name], held.item_type)
                made[name] = pa.MapArray.from_arrays(offsets, keys, values)
            else:
                made[name] = pa.ListArray.from_arrays(offsets, pa.array(self._values[name], held.value_type))
        return pa.table(made)

    def _features(self, told: Given) -> tuple[_Maps, list[str]]:
        """What each map holds of one prediction, names in order; and the names of what is missing without a kind."""
        maps: _Maps = {kind: ([], []) for kind in FEATURE_MAPS}
        nulls: list[str] = []
        features = _mapping(told, "features")
        names = tuple(features)
        order = self._orders.get(names) or self._orders.setdefault(names, _ordered(names))
        for name in order:
            value = features[name]
            kind = kind_of(name, value)
            if not kind:
                kind = self._kind_elsewhere(name)
                if kind in ("", "number_lists", "text_lists"):
                    nulls.append(name)
                    if not kind:
                        continue
                    value = []
            elif kind == "numeric":
                value = float(value)
            elif kind == "number_lists":
                value = [None if each is None else float(each) for each in value]
            keys, values = maps[kind]
            keys.append(name)
            values.append(value)
        for name, value in sorted(_mapping(told, "text_features").items()):
            if value is not None and not isinstance(value, str):
                raise Wrong(f"text_features.{name[:80]}", f"{name[:80]} is a text, not {fields.shown(value)}")
            if name in features:
                raise Wrong(f"text_features.{name[:80]}", f"{name[:80]} is in features too")
            maps["texts"][0].append(name)
            maps["texts"][1].append(value)
        for name, value in _attributions(told, features):
            maps["numeric"][0].append(name)
            maps["numeric"][1].append(value)
        return maps, nulls

    def _kind_elsewhere(self, name: str) -> str:
        """What a feature holds in other predictions of the request: a null says nothing of it."""
        if name not in self._kinds and not self._all_seen:
            self._all_seen = True
            for given in self._given:
                features = given.get("features") if isinstance(given, dict) else None
                for each, value in features.items() if isinstance(features, dict) else ():
                    if value is not None and each not in self._kinds:
                        try:
                            self._kinds[each] = kind_of(each, value)
                        except Wrong:
                            continue  # it is said where the prediction itself is read
        return self._kinds.get(name, "")


def model_of(told: Given, defaults: Mapping[str, str]) -> str:
    """The model that a record names, or else the request. Raises `Wrong` where neither does."""
    model = fields.text(told, "model", MAX_MODEL_BYTES) or defaults.get("model", "")
    if not model.strip():
        raise Wrong("model", "model names the model; ?model=… in the address stands for all records")
    return model


def made_id(digest: str, index: int) -> str:
    """The id of a prediction whose sender gave none: a request that is sent again brings the same ones."""
    return f"{digest}-{index:07d}"


def kind_of(name: str, value: Any) -> str:
    """Which map holds a value, "" for null. Raises `Wrong`."""
    held = value.__class__
    if held is float:
        return "numeric"
    if held is str:
        if len(value) > LONG_TEXT:
            _at_most(name, len(value), MAX_TEXT_CHARACTERS, "characters")
            return "texts"
        return "categorical"
    if held is int:
        if abs(value) > 2**1023:
            raise Wrong(f"features.{name[:80]}", f"{name[:80]} is larger than any number that is kept")
        return "numeric"
    if held is bool:
        return "booleans"
    if value is None:
        return ""
    if held is list:
        _at_most(name, len(value), MAX_ELEMENTS, "elements")
        classes = {each.__class__ for each in value if each is not None}
        if classes <= {int, float, bool}:
            return "number_lists"
        if classes <= {str}:
            return "text_lists"
    raise Wrong(
        f"features.{name[:80]}",
        f"a feature is a number, a text, a truth value, or a list of numbers or of texts, not {fields.shown(value)}",
    )


def _at_most(name: str, size: int, most: int, called: str) -> None:
    if size > most:
        raise Wrong(f"features.{name[:80]}", f"{name[:80]} has {size} {called}; at most {most}")


def _ordered(names: Sequence[str]) -> list[str]:
    if len(names) > MAX_FEATURES:
        raise Wrong("features", f"there are {len(names)} features; at most {MAX_FEATURES}")
    for name in names:
        size = len(name.encode())
        if not 0 < size <= MAX_NAME_BYTES:
            raise Wrong(f"features.{name[:80]}", f"a feature's name has 1 to {MAX_NAME_BYTES} bytes, not {size}")
    return sorted(names)


def _mapping(told: Given, name: str) -> Mapping[str, Any]:
    value = told.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Wrong(name, f"{name} is an object of names and values, not {fields.shown(value)}")
    return value


def _number(told: Given, name: str) -> float | None:
    """A number, which may be none of the finite ones; `None` where there is none."""
    value = told.get(name)
    if isinstance(value, str) and value in _UNUSUAL:
        return _UNUSUAL[value]
    if isinstance(value, float) and not math.isfinite(value):
        return value
    return fields.number(told, name)


def _scores(told: Given) -> dict[str, float]:
    given = told.get("scores")
    if given is None:
        return {}
    if isinstance(given, list):
        given = {str(position): each for position, each in enumerate(given)}
    if not isinstance(given, dict):
        raise Wrong("scores", f"scores is an object of classes and numbers, or a list, not {fields.shown(given)}")
    if len(given) > MAX_CLASSES:
        raise Wrong("scores", f"there are {len(given)} scores; at most {MAX_CLASSES}")
    found = {}
    for name, value in given.items():
        number = _number({f"scores.{name[:80]}": value}, f"scores.{name[:80]}")
        found[name] = math.nan if number is None else number
    return found


def _attributions(told: Given, features: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    """What each feature did to the answer, named as it is kept among the numbers. Raises `Wrong`."""
    given = _mapping(told, "attributions")
    found = []
    for name in _ordered(tuple(given)):
        kept = ATTRIBUTIONS + name
        if kept in features:
            raise Wrong(f"attributions.{name[:80]}", f"{kept[:80]} is in features too")
        found.append((kept, _number({f"attributions.{name[:80]}": given[name]}, f"attributions.{name[:80]}")))
    return found


def _embedding(told: Given) -> list[float]:
    value = told.get("embedding")
    if value is None:
        return []
    if not isinstance(value, list) or any(each.__class__ not in (int, float) for each in value):
        raise Wrong("embedding", f"embedding is a list of numbers, not {fields.shown(value)}")
    if len(value) > MAX_ELEMENTS:
        raise Wrong("embedding", f"the embedding has {len(value)} elements; at most {MAX_ELEMENTS}")
    return [float(each) for each in value]
