"""Models in production: the list, and one of them by version."""

from __future__ import annotations

from starlette.responses import Response

from tapetum_server.analysis import model_list
from tapetum_server.api.predictions import ModelName
from tapetum_server.api.questions import Question, answer, router_of
from tapetum_server.query import models as queries

router = router_of("models")


@router.get("/models", response_model=model_list.ModelPage)
async def list_models(asked: Question) -> Response:
    """Models with predictions that pass the filter: how many, how right, whether they moved, beside the time before."""
    return answer(
        await model_list.list_models(
            asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter
        )
    )


@router.get("/models/detail", response_model=queries.ModelDetail)
async def get_model(asked: Question, model: ModelName) -> Response:
    """One model, also by version."""
    return answer(
        await queries.get_model(
            asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter, model=model
        )
    )
