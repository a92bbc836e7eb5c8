"""One request into batches of records: the good ones kept, the others named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pyarrow as pa

from tapetum_server.receivers.records.bodies import records_of
from tapetum_server.receivers.records.changes import keep_change
from tapetum_server.receivers.records.evaluations import keep_evaluation
from tapetum_server.receivers.records.feature_statistics import keep_feature_statistics
from tapetum_server.receivers.records.fields import Undecodable, Wrong
from tapetum_server.receivers.records.kinds import (
    CHANGES,
    EVALUATIONS,
    FEATURE_STATISTICS,
    KINDS,
    LABELS,
    MAX_SAID,
    PREDICTIONS,
    Kind,
    Read,
    RecordBatch,
)
from tapetum_server.receivers.records.prediction_parts import prediction_parts
from tapetum_server.receivers.records.predictions import MAX_MODEL_BYTES
from tapetum_server.receivers.records.table_parts import Body
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.evaluations import EvaluationBatch
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch
from tapetum_server.signals.predictions import LabelBatch, PredictionBatch
from tapetum_server.signals.scores import Definitions, undefined


def parts_of(
    kind: Kind, body: Body, media_type: str, project: str, sender: str, definitions: Definitions = undefined,
    defaults: Mapping[str, str] | None = None,
) -> Iterator[Read]:  # fmt: skip
    """The records of one request, in at least one part: predictions and labels of a large one in several.

    `defaults` are values of fields that its address gives for all of them. Raises `Undecodable` where it cannot be
    read, or not any further.
    """
    defaults = {name: value for name, value in (defaults or {}).items() if name in ("model", "version") and value}
    for name, value in defaults.items():
        if len(value.encode()) > MAX_MODEL_BYTES:
            raise Undecodable(f"{name} has {len(value.encode())} bytes; at most {MAX_MODEL_BYTES}", "Shorten it.")
    if kind.is_large:
        yield from prediction_parts(kind, body, media_type, project, sender, defaults)
        return
    found = records_of(body, media_type, kind.most, kind.called)
    batch, keep = _batch_of(kind, project, sender, definitions)
    read = Read(batch, found.alone)
    for index, item in enumerate(found.given):
        try:
            if isinstance(item, Wrong):
                raise item
            keep(item)
        except Wrong as wrong:
            read.refuse(index, wrong.field, str(wrong))
    yield read


def read_records(
    kind: Kind, body: Body, media_type: str, project: str, sender: str, definitions: Definitions = undefined,
    defaults: Mapping[str, str] | None = None,
) -> Read:  # fmt: skip
    """All parts of one request as one. Raises `Undecodable`."""
    first, *others = parts_of(kind, body, media_type, project, sender, definitions, defaults)
    if others:
        for other in others:
            for one in other.refused:
                first.refuse(one.index, one.field, one.message)
            first.unsaid += other.unsaid
        beside = [part.beside for part in (first, *others) if part.beside is not None]
        first.beside = LabelBatch(project, sender, _joined(beside)) if beside else None
        rows = _joined([part.batch for part in (first, *others)])
        first.batch = LabelBatch(project, sender, rows) if kind is LABELS else PredictionBatch(project, sender, rows)
    return first


def _joined(batches: Sequence[RecordBatch]) -> pa.Table:
    tables = [batch.rows for batch in batches if isinstance(batch, PredictionBatch | LabelBatch)]
    return pa.concat_tables(tables).unify_dictionaries()


def _batch_of(
    kind: Kind, project: str, sender: str, definitions: Definitions
) -> tuple[RecordBatch, Callable[[object], None]]:
    if kind is CHANGES:
        changes = ChangeBatch(project=project, sender=sender)
        return changes, lambda given: keep_change(changes, given)
    if kind is FEATURE_STATISTICS:
        statistics = FeatureStatisticsBatch(project=project, sender=sender)
        return statistics, lambda given: keep_feature_statistics(statistics, given)
    evaluations = EvaluationBatch(project=project, sender=sender)
    return evaluations, lambda given: keep_evaluation(evaluations, given, definitions)


__all__ = [
    "EVALUATIONS", "FEATURE_STATISTICS", "KINDS", "LABELS", "MAX_SAID", "PREDICTIONS", "Kind", "Read", "RecordBatch",
    "parts_of", "read_records",
]  # fmt: skip
