"""Two versions of a model, side by side and on the same requests."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from tapetum_server.analysis.performance import comparison_answers as answers
from tapetum_server.analysis.performance.comparison import Side, compare_versions, flipped_requests
from tapetum_server.api.model_performance import Positive
from tapetum_server.api.predictions import ModelName
from tapetum_server.api.questions import Asked, Question, answer, router_of
from tapetum_server.query.errors import NotFound
from tapetum_server.query.prediction_frames import prediction_frame

router = router_of("models")
Champion = Annotated[str, Query(max_length=256, description="The version in use.")]
Challenger = Annotated[str, Query(max_length=256, description="The version that might be.")]
PairBy = Annotated[
    str,
    Query(
        max_length=300,
        description="What names a request in both: `trace_id`, `prediction_id`, a column; found out without it.",
    ),
]
Said = Annotated[str, Query(max_length=1_024, description="Only those that the champion answered so.")]
Says = Annotated[str, Query(max_length=1_024, description="Only those that the challenger answered so.")]


@router.get("/models/compare", response_model=answers.VersionComparison)
async def compare_model_versions(
    asked: Question,
    model: ModelName,
    champion: Champion,
    challenger: Challenger,
    pair: PairBy = "",
    slice_: Annotated[str, Query(alias="slice", max_length=300, description="Column whose values are shown.")] = "",
    positive: Positive = "",
) -> Response:
    """Metrics of two versions, whether one is better by more than chance, and which answers changed."""
    one, other = await _sides(asked, model, champion, challenger)
    return answer(
        await compare_versions(asked.reader, one, other, pair_by=pair, slice_by=slice_, positive=positive)
    )  # fmt: skip


@router.get("/models/compare/flips", response_model=answers.FlippedRequests)
async def get_model_flips(
    asked: Question,
    model: ModelName,
    champion: Champion,
    challenger: Challenger,
    pair: PairBy = "",
    positive: Positive = "",
    said: Said = "",
    says: Says = "",
    right: Annotated[
        Literal["", "fixed", "broken"], Query(description="Only those that the challenger mended, or broke.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Requests that the two answered otherwise, those whose scores lie furthest apart first."""
    one, other = await _sides(asked, model, champion, challenger)
    return answer(
        await flipped_requests(
            asked.reader, one, other, pair_by=pair, positive=positive, said=said, says=says, right=right, limit=limit
        )
    )


async def _sides(asked: Asked, model: str, champion: str, challenger: str) -> tuple[Side, Side]:
    async def side(version: str, prefix: str) -> Side:
        try:
            frame = await prediction_frame(
                asked.reader, project=asked.project, model=model, time_range=asked.time_range, version=version,
                filter=asked.filter, prefix=prefix,
            )  # fmt: skip
        except NotFound as error:
            raise NotFound(
                f"version {version[:80]!r} of model {model[:80]!r} has no predictions in this time", hint=error.hint
            ) from error
        return Side(version, frame)

    return await side(champion, "frame_one_"), await side(challenger, "frame_other_")
