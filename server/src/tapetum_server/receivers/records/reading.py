"""One request into a batch of records: the good ones kept, the others named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tapetum_server.receivers.records.bodies import records_of
from tapetum_server.receivers.records.changes import MAX_CHANGES, keep_change
from tapetum_server.receivers.records.evaluations import MAX_EVALUATIONS, keep_evaluation
from tapetum_server.receivers.records.feature_statistics import MAX_STATISTICS, keep_feature_statistics
from tapetum_server.receivers.records.fields import Wrong
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.evaluations import EvaluationBatch
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch
from tapetum_server.signals.scores import Definitions, undefined

RecordBatch = ChangeBatch | EvaluationBatch | FeatureStatisticsBatch


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record and its door."""

    called: str
    """As in the door's path, and as it is counted."""
    most: int
    """In one request."""
    refused: str
    """The reason under which a record is counted that is not kept."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One record that is not kept."""

    index: int
    field: str
    message: str


@dataclass(slots=True)
class Read:
    """One decoded request."""

    batch: RecordBatch
    alone: bool
    """Whether the request is one object: its fault is the request's."""
    refused: list[Refused] = field(default_factory=list)


CHANGES = Kind("changes", MAX_CHANGES, "invalid_change")
EVALUATIONS = Kind("evaluations", MAX_EVALUATIONS, "invalid_evaluation")
FEATURE_STATISTICS = Kind("feature_statistics", MAX_STATISTICS, "invalid_feature_statistics")
KINDS = (CHANGES, EVALUATIONS, FEATURE_STATISTICS)


def read_records(
    kind: Kind, body: bytes, media_type: str, project: str, sender: str, definitions: Definitions = undefined
) -> Read:  # fmt: skip
    """The records of one request. Raises `Undecodable` where it cannot be read as a whole."""
    found = records_of(body, media_type, kind.most, kind.called)
    batch, keep = _batch_of(kind, project, sender, definitions)
    read = Read(batch, found.alone)
    for index, item in enumerate(found.given):
        try:
            if isinstance(item, Wrong):
                raise item
            keep(item)
        except Wrong as wrong:
            read.refused.append(Refused(index, wrong.field, str(wrong)))
    return read


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
