"""A prediction into an item of a dataset: its features, what the model said, and what was right."""

from __future__ import annotations

from typing import Any

from tapetum_server.analysis.dataset_drafts import Draft
from tapetum_server.query.predictions import WHOLE_TEXT, PredictionDetail, get_prediction
from tapetum_server.query.reader import Reader


async def draft_of_prediction(reader: Reader, *, project: str, model: str, prediction_id: str) -> Draft:
    """The item that a prediction makes. Raises `NotFound`."""
    asked = get_prediction(
        reader, project=project, model=model, prediction_id=prediction_id, text_characters=WHOLE_TEXT
    )
    return draft(await asked)


def draft(row: PredictionDetail) -> Draft:
    """The item, of a prediction with its label."""
    said = _said(row["output_label"], row["output"])
    if said is None:
        said = row["score"]
    facts = {name: row[name] for name in ("model", "version", "score", "scores", "tags")}
    return Draft(
        input=row["features"],
        output=said,
        expected_output=_said(row["label"], row["label_value"]) if row["labelled"] else said,
        metadata={name: value for name, value in facts.items() if value not in (None, "", {})},
        corrected=row["labelled"],
    )


def _said(word: str, number: float | None) -> Any:
    """The word, or the number where the word is only how that is written."""
    try:
        return number if number is not None and (not word or float(word) == number) else word or None
    except ValueError:
        return word
