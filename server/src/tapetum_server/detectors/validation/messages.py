"""A validation as TFDV's own message, for whoever reads `SchemaDiff.pb` or `anomalies.pbtxt`."""

from __future__ import annotations

from collections.abc import Iterable

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from tapetum_server.detectors.validation.findings import Reason, Validation, worst
from tapetum_server.detectors.validation.paths import path_text

_INFO = anomalies_pb2.AnomalyInfo
_MEASURED = anomalies_pb2.DriftSkewInfo.Measurement
SEVERAL = "Several reasons"


def anomalies_message(found: Validation, schema: schema_pb2.Schema) -> anomalies_pb2.Anomalies:
    """The anomalies by feature, what was measured, and the schema they were found with."""
    message = anomalies_pb2.Anomalies(
        baseline=schema, anomaly_name_format=anomalies_pb2.Anomalies.SERIALIZED_PATH, data_missing=found.data_missing
    )
    for anomaly in found.anomalies:
        info = message.anomaly_info[path_text(anomaly.path)]
        info.path.step.extend(anomaly.path)
        _fill(info, anomaly.reasons)
    if found.dataset:
        _fill(message.dataset_anomaly_info, found.dataset)
    for path, measurements in found.measurements.items():
        info = message.drift_skew_info.add()
        info.path.step.extend(path)
        for measured in measurements:
            of = info.drift_measurements if measured.side == "drift" else info.skew_measurements
            of.add(type=_MEASURED.Type.Value(measured.type), value=measured.value, threshold=measured.threshold)
    return message


def _fill(info: anomalies_pb2.AnomalyInfo, reasons: Iterable[Reason]) -> None:
    reasons = list(reasons)
    for reason in reasons:
        info.reason.add(
            type=_INFO.Type.Value(reason.type), short_description=reason.short, description=reason.description
        )
    info.severity = _INFO.Severity.Value(worst(reasons))
    info.short_description = reasons[0].short if len(reasons) == 1 else SEVERAL
    info.description = " ".join(reason.description for reason in reasons)
