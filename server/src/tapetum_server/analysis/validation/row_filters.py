"""The filter that finds the rows which a finding is about, as people type it."""

from __future__ import annotations

import re

from tapetum_server.detectors.validation.concerns import Concern
from tapetum_server.query.prediction_frames import RESERVED

_PLAIN = re.compile(r"[\w.@/+][\w.@/+-]*")
_SHOWN_VALUES = 20


def row_filter(model: str, version: str, column: str, concern: Concern, offending: tuple[str, ...]) -> str:
    """What finds predictions of a model's version whose column is as the concern says.

    What a filter cannot say, such as a number with a fraction, is left out: it finds the rows that have the feature.
    """
    key = column if column in RESERVED or column.startswith(("features.", "scores.", "tags.")) else f"features.{column}"
    return " ".join([f"model:{_word(model)}", f"version:{_word(version)}", *_terms(_word(key), concern, offending)])


def _terms(key: str, concern: Concern, offending: tuple[str, ...]) -> list[str]:
    match concern.what:
        case "every":
            return []
        case "missing":
            return [f"-{key}:*"]
        case "above" | "below":
            return [f"{key}:{'>' if concern.what == 'above' else '<'}{concern.bound:.9g}"]
        case "nan":
            return [f"{key}:nan,NaN"]
        case "infinite":
            return [f"{key}:inf,-inf,Infinity,-Infinity"]
        case "outside" | "within" | "no_number" if offending:
            return [f"{key}:{','.join(_word(value) for value in offending[:_SHOWN_VALUES])}"]
    return [f"{key}:*"]


def _word(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
