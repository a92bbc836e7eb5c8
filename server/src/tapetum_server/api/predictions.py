"""Predictions: the list, facets, one of them, and those of a trace."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from tapetum_server.analysis.prediction_context import (
    PredictionContext,
    prediction_beside_dataset,
    prediction_context,
)
from tapetum_server.api.facets import FacetKeys, FacetLimit, facets_of
from tapetum_server.api.questions import CursorText, Limit, Question, QuestionOfOne, answer, router_of
from tapetum_server.query import facets as facet_queries
from tapetum_server.query import predictions as queries
from tapetum_server.query.errors import QueryError
from tapetum_server.query.prediction_sources import PREDICTIONS

router = router_of("predictions")
ModelName = Annotated[str, Query(min_length=1, max_length=256, description="The model's name.")]


@router.get("/predictions", response_model=queries.PredictionPage)
async def list_predictions(
    asked: Question, sort: queries.PredictionSort = "-time", limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """Predictions that pass the filter, with their labels; sorted by score, those that have one."""
    return answer(
        await queries.list_predictions(
            asked.reader,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )
    )


@router.get("/predictions/detail", response_model=queries.PredictionDetail)
async def get_prediction(
    asked: QuestionOfOne,
    model: ModelName,
    prediction_id: Annotated[str, Query(min_length=1, max_length=512, description="The prediction's id.")],
) -> Response:
    """One prediction with all features and its label; of several days', the newest."""
    return answer(
        await queries.get_prediction(asked.reader, project=asked.project, model=model, prediction_id=prediction_id)
    )


@router.get("/predictions/context", response_model=PredictionContext)
async def get_prediction_context(
    asked: Question,
    model: ModelName,
    prediction_id: Annotated[str, Query(min_length=1, max_length=512, description="The prediction's id.")],
    dataset: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=1_000,
            description="Instead: among the rows of a data set of which statistics are kept, such as the training "
            "data, whatever the time.",
        ),
    ] = None,
) -> Response:
    """Each feature of one prediction among those of the model's other predictions of the time: what is unusual."""
    if dataset is not None:
        if asked.filter.terms:
            raise QueryError(
                "of a data set statistics are kept, and no rows to filter", code="no_rows", field="q",
                hint="Leave q out, or leave dataset out.",
            )  # fmt: skip
        return answer(
            await prediction_beside_dataset(
                asked.reader, project=asked.project, model=model, prediction_id=prediction_id, dataset=dataset
            )
        )
    return answer(
        await prediction_context(
            asked.reader, project=asked.project, model=model, prediction_id=prediction_id, time_range=asked.time_range,
            filter=asked.filter,
        )
    )  # fmt: skip


@router.get("/predictions/facets", response_model=facet_queries.Facets)
async def get_prediction_facets(asked: Question, keys: FacetKeys = None, limit: FacetLimit = 10) -> Response:
    """The most frequent values of some keys, and the features and tags there are."""
    return await facets_of(asked, PREDICTIONS, keys, limit)


@router.get("/traces/{trace_id}/predictions", response_model=queries.TracePredictions)
async def get_trace_predictions(asked: QuestionOfOne, trace_id: str) -> Response:
    """What models answered within a trace, the oldest first."""
    return answer(await queries.predictions_of_trace(asked.reader, project=asked.project, trace_id=trace_id.lower()))
