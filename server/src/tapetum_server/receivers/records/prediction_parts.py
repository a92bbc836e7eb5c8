"""Predictions and labels of one request, a bounded part at a time, whatever form it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from tapetum_server.receivers.records.bodies import LINES, lines_of, records_of
from tapetum_server.receivers.records.fields import Undecodable, Wrong
from tapetum_server.receivers.records.kinds import LABELS, Kind, Read
from tapetum_server.receivers.records.labels import LabelRows
from tapetum_server.receivers.records.prediction_tables import labels_of, predictions_of
from tapetum_server.receivers.records.predictions import PredictionRows
from tapetum_server.receivers.records.table_columns import Rows
from tapetum_server.receivers.records.table_parts import TABLES, Body, Part, check_rows, digest_of, parts_of_table
from tapetum_server.signals.predictions import LabelBatch, PredictionBatch

_LINES_A_PART = 10_000
_COUNTED_AT_ONCE = 16 * 1024 * 1024


def prediction_parts(
    kind: Kind, body: Body, media_type: str, project: str, sender: str, defaults: Mapping[str, str]
) -> Iterator[Read]:  # fmt: skip
    """At least one part. Raises `Undecodable`, whose `row` says from where on nothing is kept."""
    if media_type in TABLES:
        for part in parts_of_table(body, media_type, kind.most):
            try:
                yield _of_table(kind, part, project, sender, defaults)
            except Undecodable as error:
                error.row = part.first
                raise
        return
    records = _Records(kind, project, sender, defaults, digest_of(body))
    if media_type not in LINES:
        found = records_of(body, media_type, kind.most, kind.called, kind.most_bytes)
        yield records.read(found.given, found.alone)
        return
    check_rows(_count_lines(body), kind.most)
    for given in lines_of(body, _LINES_A_PART):
        yield records.read(given, False)
    if not records.first:
        yield records.read([], False)


def _of_table(kind: Kind, part: Part, project: str, sender: str, defaults: Mapping[str, str]) -> Read:
    rows = Rows(part.table)
    if kind is LABELS:
        read = Read(LabelBatch(project, sender, labels_of(rows, defaults)), False)
    else:
        predictions, labels = predictions_of(rows, defaults, part)
        read = Read(PredictionBatch(project, sender, predictions), False)
        read.beside = LabelBatch(project, sender, labels) if labels.num_rows else None
    for row, (field_name, message) in sorted(rows.wrong.items()):
        read.refuse(part.first + row, field_name, message)
    return read


class _Records:
    """JSON records of one request, of which some are read at a time."""

    def __init__(
        self, kind: Kind, project: str, sender: str, defaults: Mapping[str, str], digest: Callable[[], str]
    ) -> None:
        self._kind = kind
        self._project = project
        self._sender = sender
        self._defaults = defaults
        self._digest = digest
        self._kinds: dict[str, str] = {}
        """What features hold, as far as it is known: a null takes the kind of the others."""
        self.first = 0

    def read(self, given: Sequence[object], alone: bool) -> Read:
        """The next ones."""
        predictions = PredictionRows(given, self._defaults, self._digest, self._kinds)
        labels = LabelRows(self._defaults) if self._kind is LABELS else predictions.labels
        wrong: list[tuple[int, Wrong]] = []
        for index, item in enumerate(given, self.first):
            try:
                if isinstance(item, Wrong):
                    raise item
                if self._kind is LABELS:
                    labels.keep(item)
                else:
                    predictions.keep(index, item)
            except Wrong as error:
                wrong.append((index, error))
        self.first += len(given)
        beside = LabelBatch(self._project, self._sender, labels.table())
        if self._kind is LABELS:
            read = Read(beside, alone)
        else:
            read = Read(PredictionBatch(self._project, self._sender, predictions.table()), alone)
            read.beside = beside if len(beside) else None
        for index, fault in wrong:
            read.refuse(index, fault.field, str(fault))
        return read


def _count_lines(body: Body) -> int:
    count = 0
    for start in range(0, len(body), _COUNTED_AT_ONCE):
        some = np.frombuffer(body[start : start + _COUNTED_AT_ONCE], np.uint8)
        count += int(np.count_nonzero(some == ord("\n")))
    return count
