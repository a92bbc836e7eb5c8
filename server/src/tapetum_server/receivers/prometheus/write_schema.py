"""Remote write's messages, versions 1.0 and 2.0: the fields that are read.

Texts and series are raw bytes, so that a bad one costs no neighbour. Values are raw bits: what tells the end of a
series is one certain NaN of many.
"""

from __future__ import annotations

from tapetum_server.signals.foreign_messages import FieldOf, message_classes

_HISTOGRAM: list[FieldOf] = [
    ("count_int", 1, "uint64", False), ("count_float", 2, "double", False), ("sum", 3, "fixed64", False),
    ("schema", 4, "sint32", False), ("zero_threshold", 5, "double", False), ("zero_count_int", 6, "uint64", False),
    ("zero_count_float", 7, "double", False), ("negative_spans", 8, "Span", True),
    ("negative_deltas", 9, "sint64", True), ("negative_counts", 10, "double", True),
    ("positive_spans", 11, "Span", True), ("positive_deltas", 12, "sint64", True),
    ("positive_counts", 13, "double", True), ("reset_hint", 14, "int32", False), ("timestamp", 15, "int64", False),
    ("custom_values", 16, "double", True), ("start_timestamp", 17, "int64", False),
]  # fmt: skip
_SPAN: list[FieldOf] = [("offset", 1, "sint32", False), ("length", 2, "uint32", False)]

V1 = message_classes(
    "tapetum.prometheus.v1",
    {
        "Request": [("timeseries", 1, "", True), ("metadata", 3, "", True)],
        "Series": [
            ("labels", 1, "Label", True), ("samples", 2, "Sample", True), ("exemplars", 3, "Exemplar", True),
            ("histograms", 4, "Histogram", True),
        ],
        "Label": [("name", 1, "", False), ("value", 2, "", False)],
        "Sample": [("value", 1, "fixed64", False), ("timestamp", 2, "int64", False)],
        "Exemplar": [("labels", 1, "Label", True), ("value", 2, "double", False), ("timestamp", 3, "int64", False)],
        "Histogram": _HISTOGRAM,
        "Span": _SPAN,
        "Metadata": [("type", 1, "int32", False), ("name", 2, "", False), ("help", 4, "", False)],
    },
)  # fmt: skip
V2 = message_classes(
    "tapetum.prometheus.v2",
    {
        "Request": [("symbols", 4, "", True), ("timeseries", 5, "", True)],
        "Series": [
            ("labels_refs", 1, "uint32", True), ("samples", 2, "Sample", True), ("histograms", 3, "Histogram", True),
            ("exemplars", 4, "Exemplar", True), ("metadata", 5, "Metadata", False),
            ("created_timestamp", 6, "int64", False),
        ],
        "Sample": [
            ("value", 1, "fixed64", False), ("timestamp", 2, "int64", False), ("start_timestamp", 3, "int64", False),
        ],
        "Exemplar": [
            ("labels_refs", 1, "uint32", True), ("value", 2, "double", False), ("timestamp", 3, "int64", False),
        ],
        "Histogram": _HISTOGRAM,
        "Span": _SPAN,
        "Metadata": [("type", 1, "int32", False), ("help_ref", 3, "uint32", False), ("unit_ref", 4, "uint32", False)],
    },
)  # fmt: skip
