"""Predictions that are several classes at once: their outputs and labels as lists."""

from __future__ import annotations

from dataclasses import replace

from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.listed import listed
from tapetum_server.query.prediction_frames import LABEL, OUTPUT_LABEL

OUTPUT_SET, LABEL_SET = "output_label[]", "label[]"


def with_sets(frame: Frame) -> Frame:
    """The predictions of a frame with two more columns: classes that were called, and those that are right."""
    added = (
        FrameColumn(OUTPUT_SET, "categorical_list", _listed(frame.column(OUTPUT_LABEL).sql)),
        FrameColumn(LABEL_SET, "categorical_list", _listed(frame.column(LABEL).sql)),
    )
    return replace(frame, columns=(*frame.columns, *added))


def _listed(text: str) -> str:
    plain = f"ifNull({text}, '')"
    return f"CAST({listed(plain)}, 'Array(Nullable(String))')"
