"""Takes secrets out of predictions and labels: each distinct text of a column is looked at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapetum.redaction import Redactor, is_secret_key, redact_value
from tapetum_server.processors.redaction_sieve import containing
from tapetum_server.signals.predictions import LabelBatch, PredictionBatch

_COLUMNS = {
    "predictions": ("categorical", "texts", "text_lists", "tags", "output_label", "source", "prediction_id"),
    "labels": ("label", "prediction_id"),
}
"""Columns of text. What a prediction is called must come out the same in its labels."""


def redact_rows(batch: PredictionBatch | LabelBatch, redactor: Redactor) -> dict[tuple[str, str], int]:
    """Rewrite `batch` where it holds something; how much of it, by rule and place."""
    counts: dict[tuple[str, str], int] = {}
    for column in _COLUMNS[batch.signal]:
        position = batch.rows.column_names.index(column)
        held = batch.rows.column(position).combine_chunks()
        cleaned = _cleaned(held, column, redactor, counts)
        if cleaned is not held:
            batch.rows = batch.rows.set_column(position, column, cleaned)
    return counts


def _cleaned(held: pa.Array, column: str, redactor: Redactor, counts: dict[tuple[str, str], int]) -> pa.Array:
    if pa.types.is_map(held.type):
        items = held.items
        if pa.types.is_list(items.type):
            flat = items.values
            cleaned = _texts(flat, column, redactor, counts)
            if cleaned is flat:
                return held
            return pa.MapArray.from_arrays(held.offsets, held.keys, pa.ListArray.from_arrays(items.offsets, cleaned))
        cleaned = _texts(_without_secrets(held.keys, items, redactor, counts), column, redactor, counts)
        return held if cleaned is items else pa.MapArray.from_arrays(held.offsets, held.keys, cleaned)
    return _texts(held, column, redactor, counts)


def _without_secrets(
    keys: pa.Array, items: pa.Array, redactor: Redactor, counts: dict[tuple[str, str], int]
) -> pa.Array:  # fmt: skip
    """The values of which the key does not say that they are secrets, and marks for the others."""
    for key in pc.unique(keys).to_pylist():
        if not is_secret_key(key):
            continue
        mine = pc.equal(keys, key)
        words = items.filter(mine)
        items = pc.replace_with_mask(items, mine, _marked(words, dict(_whole(words, redactor)), key, counts))
    return items


def _whole(words: pa.Array, redactor: Redactor) -> Iterator[tuple[str, tuple[str, list[str]]]]:
    for word in pc.unique(words).to_pylist():
        if word:
            rules: list[str] = []
            yield word, (redact_value(redactor, word, rules.append, whole=True), rules)


def _texts(values: pa.Array, place: str, redactor: Redactor, counts: dict[tuple[str, str], int]) -> pa.Array:
    words = {word for word in pc.unique(values).to_pylist() if word}
    screened = redactor.screened(words, containing)
    if screened is None:
        return values
    marked = {}
    for word in words:
        rules: list[str] = []
        shown = screened.redact(word, rules.append)
        if shown is not word:
            marked[word] = shown, rules
    return _marked(values, marked, place, counts) if marked else values


def _marked(
    values: pa.Array, marked: dict[str, tuple[str, list[str]]], place: str, counts: dict[tuple[str, str], int]
) -> pa.Array:  # fmt: skip
    coded = values.dictionary_encode()
    words = coded.dictionary.to_pylist()
    often = np.bincount(pc.drop_null(coded.indices).to_numpy(), minlength=len(words))
    for position, word in enumerate(words):
        if word in marked:
            words[position], rules = marked[word]
            for rule in rules:
                counts[rule, place] = counts.get((rule, place), 0) + int(often[position])
    return pa.array(words, pa.string()).take(coded.indices)
