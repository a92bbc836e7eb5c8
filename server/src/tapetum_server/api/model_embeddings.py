"""A model's embeddings as a picture, and what a part of it has in common."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from tapetum_server.analysis.embeddings.selection import SelectionReport, selection_report
from tapetum_server.analysis.embeddings.view import MAX_POINTS, EmbeddingView, embedding_view
from tapetum_server.api.model_sides import TwoSides
from tapetum_server.api.questions import answer, router_of
from tapetum_server.query.errors import NotFound

router = router_of("models")
Id = Annotated[str, Field(min_length=1, max_length=512)]


class Selection(BaseModel):
    """Points of the picture, by the ids of their predictions."""

    selected: Annotated[list[Id], Field(min_length=1, max_length=MAX_POINTS)]
    others: Annotated[list[Id], Field(max_length=MAX_POINTS, description="The points that were not selected.")]


@router.get("/models/embeddings", response_model=EmbeddingView)
async def get_model_embeddings(
    sides: TwoSides,
    feature: Annotated[str | None, Query(max_length=300, description="Default: the first embedding there is.")] = None,
    by: Annotated[str | None, Query(max_length=300, description="A column whose values come with the points.")] = None,
    limit: Annotated[int, Query(ge=10, le=MAX_POINTS, description="Points, half of them of either side.")] = 3_000,
) -> Response:
    """Vectors of the window and of the baseline, projected by the same two principal components."""
    window = await sides.window()
    try:
        baseline = await sides.baseline()
    except NotFound:
        baseline = None  # A picture of one side is one too; the counts say that the other is empty.
    reader = sides.asked.reader
    return answer(await embedding_view(reader, baseline, window, feature=feature, by=by, limit=limit))


@router.post("/models/embeddings/selection", response_model=SelectionReport)
async def compare_embedding_selection(sides: TwoSides, selection: Selection) -> Response:
    """Which values of which columns the selected predictions have more often than the others. Nothing is kept."""
    frame = await sides.both()
    return answer(await selection_report(sides.asked.reader, frame, selection.selected, selection.others))
