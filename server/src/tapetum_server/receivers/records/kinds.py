"""The kinds of records that have a door, and one decoded request or a part of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tapetum_server.receivers.records.bodies import MAX_BODY_BYTES
from tapetum_server.receivers.records.changes import MAX_CHANGES
from tapetum_server.receivers.records.evaluations import MAX_EVALUATIONS
from tapetum_server.receivers.records.feature_statistics import MAX_STATISTICS
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.evaluations import EvaluationBatch
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch
from tapetum_server.signals.predictions import LabelBatch, PredictionBatch

RecordBatch = ChangeBatch | EvaluationBatch | PredictionBatch | LabelBatch | FeatureStatisticsBatch
MAX_ROWS = 1_000_000
"""Predictions or labels in one request."""
MAX_JSON_BYTES = 32 * 1024 * 1024
"""Of predictions or labels as one JSON value; lines and tables may be as large as the request may be."""
MAX_SAID = 1_000
"""Records whose fault the answer says; the others are counted."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record and its door."""

    called: str
    """As in the door's path, and as it is counted."""
    most: int
    """In one request."""
    refused: str
    """The reason under which a record is counted that is not kept."""
    most_bytes: int = MAX_BODY_BYTES
    """Of a body of JSON."""
    is_large: bool = False
    """Whether a request may be so large that it is read part by part."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One record that is not kept."""

    index: int
    field: str
    message: str


@dataclass(slots=True)
class Read:
    """One decoded request, or a part of it."""

    batch: RecordBatch
    alone: bool
    """Whether the request is one object: its fault is the request's."""
    refused: list[Refused] = field(default_factory=list)
    """What is wrong with the first `MAX_SAID` that are not kept."""
    unsaid: int = 0
    """How many others are not kept."""
    beside: LabelBatch | None = None
    """Labels that predictions brought with them."""

    def refuse(self, index: int, field: str, message: str) -> None:
        """One more that is not kept."""
        if len(self.refused) < MAX_SAID:
            self.refused.append(Refused(index, field, message))
        else:
            self.unsaid += 1


CHANGES = Kind("changes", MAX_CHANGES, "invalid_change")
EVALUATIONS = Kind("evaluations", MAX_EVALUATIONS, "invalid_evaluation")
FEATURE_STATISTICS = Kind("feature_statistics", MAX_STATISTICS, "invalid_feature_statistics")
PREDICTIONS = Kind("predictions", MAX_ROWS, "invalid_prediction", MAX_JSON_BYTES, is_large=True)
LABELS = Kind("labels", MAX_ROWS, "invalid_label", MAX_JSON_BYTES, is_large=True)
KINDS = (CHANGES, EVALUATIONS, PREDICTIONS, LABELS, FEATURE_STATISTICS)
