"""How much each feature matters to the model, from a file that somebody's training wrote."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from tapetum_server.query.errors import QueryError


def importances(text: str) -> dict[str, float]:
    """Weights by feature, from a JSON object or from CSV lines `feature,importance` with or without a header.

    Raises `QueryError` that names the line or the feature.
    """
    if text.lstrip().startswith("{"):
        return _of_json(text)
    found: dict[str, float] = {}
    for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
        if not row:
            continue
        if len(row) != 2:
            raise _wrong(f"line {number} has {len(row)} columns, and not a feature and its importance")
        try:
            found[row[0].strip()] = float(row[1])
        except ValueError:
            if number > 1:
                raise _wrong(f"line {number}: {row[1]!r} is no number") from None
    if not found:
        raise _wrong("it names no feature")
    return found


def _of_json(text: str) -> dict[str, float]:
    try:
        read: Any = json.loads(text)
    except ValueError as error:
        raise _wrong(f"it is no JSON: {error}") from None
    for name, weight in read.items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float)):
            raise _wrong(f"the importance of {name!r} is no number")
    return {name: float(weight) for name, weight in read.items()}


def _wrong(what: str) -> QueryError:
    return QueryError(
        f"the file of importances cannot be used: {what}", code="importance", field="importance",
        hint='Expected is {"feature": 0.3, …} or lines of feature,importance.',
    )  # fmt: skip
