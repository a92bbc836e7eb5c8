"""Datasets: saved from spans or sent, in versions, compared, and exported."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tapetum_server.analysis.dataset_drafts import draft_of_span
from tapetum_server.analysis.dataset_files import DatasetFormat, dataset_file
from tapetum_server.analysis.differences import by_lines
from tapetum_server.analysis.prediction_drafts import draft_of_prediction
from tapetum_server.api.dataset_models import (
    DatasetChange,
    DatasetDifference,
    DatasetItem,
    DatasetItems,
    DatasetRows,
    DatasetVersionRows,
    ItemDifference,
    ItemDraft,
    ItemFieldDifference,
    NewDatasetVersion,
    dataset_row,
    item_row,
    version_row,
)
from tapetum_server.api.dataset_saving import saved_items
from tapetum_server.api.dependencies import Admin, ProjectName, Reader, catalog_of, demand, require
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import QuestionOfOne, reader_of, router_of
from tapetum_server.catalog.dataset_rows import KeptItem
from tapetum_server.catalog.errors import DatasetChanged, DatasetFull, TooMany, UnknownDataset
from tapetum_server.signals.datasets import id_of_prediction, lines_of
from tapetum_server.signals.identity import Identity

router = router_of("datasets")
MAX_COMPARED = 200
"""Items of a comparison."""
MAX_COMPARED_LINES = 400
"""Of one value there."""
_MEDIA = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}
Writer = Annotated[Identity, Depends(require("ingest"))]
Name = Annotated[str, Query(max_length=200, description="The dataset's name.")]
VersionNumber = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Default: the newest.")]


@router.get("/datasets")
def list_datasets(
    request: Request,
    caller: Reader,
    project: ProjectName,
    trace_id: Annotated[str | None, Query(max_length=32, description="Only those that have this trace.")] = None,
    span_id: Annotated[str | None, Query(max_length=16, description="Only those that have this span of it.")] = None,
) -> DatasetRows:
    """The project's datasets."""
    found = catalog_of(request).datasets.all(project, trace_id=trace_id, span_id=span_id)
    return DatasetRows(rows=[dataset_row(summary) for summary in found])


@router.post("/datasets", status_code=201)
async def change_dataset(
    request: Request, caller: Writer, project: ProjectName, new: NewDatasetVersion
) -> DatasetChange:
    """Add, change or remove items: keeps the next version. Versions never change; the first makes the dataset."""
    put = [item.change() for item in new.put]
    missing: list[str] = []
    if new.spans or new.predictions:
        # What is saved can be read back by whoever may read: a key that may only send must not get at it this way.
        demand(caller, "read")
        saved, missing = await saved_items(reader_of(request), project, new)
        put += saved
    datasets = catalog_of(request).datasets
    try:
        done = await run_in_threadpool(
            datasets.change,
            project,
            new.name,
            put=put,
            remove=new.remove,
            message=new.message,
            description=new.description,
            seen_version=new.seen_version,
            by=caller.name,
        )
    except UnknownDataset as error:
        raise _unknown(error) from error
    except DatasetChanged as error:
        raise ApiError(
            "dataset_changed", str(error), 409, field="seen_version", hint="Read the item again and change that."
        ) from error
    except DatasetFull as error:
        raise ApiError("dataset_full", str(error), 409, field=error.field) from error
    except TooMany as error:
        raise ApiError("too_many_datasets", str(error), 409) from error
    return DatasetChange(
        name=done.name,
        version=done.version,
        items=done.items,
        added=done.added,
        changed=done.changed,
        removed=done.removed,
        unchanged=done.unchanged,
        ids=[one.item_id for one in put],
        missing=missing,
    )


@router.delete("/datasets", status_code=204)
def delete_dataset(request: Request, caller: Admin, project: ProjectName, name: Name) -> None:
    """Forget a dataset with all its versions. The traces that its items came from stay."""
    try:
        catalog_of(request).datasets.delete(project, name)
    except UnknownDataset as error:
        raise _unknown(error) from error


@router.get("/datasets/versions")
def list_dataset_versions(request: Request, caller: Reader, project: ProjectName, name: Name) -> DatasetVersionRows:
    """The versions of a dataset, the newest first."""
    try:
        summary, versions = catalog_of(request).datasets.versions(project, name)
    except UnknownDataset as error:
        raise _unknown(error) from error
    return DatasetVersionRows(dataset=dataset_row(summary), rows=[version_row(kept) for kept in versions])


@router.get("/datasets/items")
def list_dataset_items(
    request: Request,
    caller: Reader,
    project: ProjectName,
    name: Name,
    version: VersionNumber = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Items of a page; fewer where they are large.")] = 100,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before.", pattern="^[0-9]{1,9}$")
    ] = None,
) -> DatasetItems:
    """A page of one version's items, whole, in the order in which they were added."""
    try:
        page = catalog_of(request).datasets.page(
            project, name, version=version, after=-1 if cursor is None else int(cursor), limit=limit
        )
    except UnknownDataset as error:
        raise _unknown(error) from error
    return DatasetItems(
        name=name,
        version=page.version,
        rows=[item_row(item) for item in page.items],
        next_cursor=None if page.next_position is None else str(page.next_position),
    )


@router.get("/datasets/item")
def get_dataset_item(
    request: Request,
    caller: Reader,
    project: ProjectName,
    name: Name,
    id: Annotated[str, Query(max_length=200, description="The item's id.")],
    version: VersionNumber = None,
) -> DatasetItem:
    """One item as a version has it."""
    try:
        _version, item = catalog_of(request).datasets.item(project, name, id, version=version)
    except UnknownDataset as error:
        raise _unknown(error) from error
    return item_row(item)


@router.get("/datasets/diff")
def compare_dataset_versions(
    request: Request,
    caller: Reader,
    project: ProjectName,
    name: Name,
    before: Annotated[int, Query(ge=1, le=2**31 - 1)],
    after: Annotated[int, Query(ge=1, le=2**31 - 1)],
) -> DatasetDifference:
    """Which items one version has otherwise than another, and what of them, line by line."""
    try:
        found = catalog_of(request).datasets.difference(project, name, before=before, after=after, limit=MAX_COMPARED)
    except UnknownDataset as error:
        raise _unknown(error) from error
    return DatasetDifference(
        before=before,
        after=after,
        added=found.added,
        changed=found.changed,
        removed=found.removed,
        items=[_compared(old, new) for old, new in found.pairs],
        truncated=found.added + found.changed + found.removed > len(found.pairs),
    )


@router.get(
    "/datasets/export",
    response_class=Response,
    responses={
        200: {
            "description": "The file. `x-tapetum-version` is the version in it.",
            "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in _MEDIA.values()},
        }
    },
)
def export_dataset(
    request: Request,
    caller: Reader,
    project: ProjectName,
    name: Name,
    version: VersionNumber = None,
    format: Annotated[DatasetFormat, Query(description="CSV and Parquet hold what is no text as JSON.")] = "jsonl",
) -> Response:
    """All items of one version as a file."""
    try:
        found, pages = catalog_of(request).datasets.every_item(project, name, version=version)
    except UnknownDataset as error:
        raise _unknown(error) from error
    file = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    headers = {
        "content-disposition": f'attachment; filename="{file}-v{found}.{format}"',
        "x-tapetum-version": str(found),
    }
    return StreamingResponse(dataset_file(format, pages), media_type=_MEDIA[format], headers=headers)


@router.get("/traces/{trace_id}/spans/{span_id}/dataset_item")
async def get_dataset_draft(request: Request, asked: QuestionOfOne, trace_id: str, span_id: str) -> ItemDraft:
    """A span as the item that it would be, and the datasets that have it already."""
    trace_id, span_id = trace_id.lower(), span_id.lower()
    made, there = await asyncio.gather(
        draft_of_span(asked.reader, project=asked.project, trace_id=trace_id, span_id=span_id),
        run_in_threadpool(catalog_of(request).datasets.all, asked.project, trace_id=trace_id, span_id=span_id),
    )
    return ItemDraft(**made, datasets=[dataset.name for dataset in there])


@router.get("/predictions/dataset_item")
async def get_prediction_draft(
    request: Request,
    asked: QuestionOfOne,
    model: Annotated[str, Query(min_length=1, max_length=256)],
    prediction_id: Annotated[str, Query(min_length=1, max_length=512)],
) -> ItemDraft:
    """A prediction as the item that it would be, and the datasets that have it already."""
    made, there = await asyncio.gather(
        draft_of_prediction(asked.reader, project=asked.project, model=model, prediction_id=prediction_id),
        run_in_threadpool(
            catalog_of(request).datasets.all, asked.project, item_id=id_of_prediction(model, prediction_id)
        ),
    )
    return ItemDraft(**made, datasets=[dataset.name for dataset in there])


def _compared(old: KeptItem | None, new: KeptItem | None) -> ItemDifference:
    kept = new or old
    assert kept is not None
    before, after = ({} if item is None else item.values for item in (old, new))
    return ItemDifference(
        id=kept.item_id,
        op="added" if old is None else "removed" if new is None else "changed",
        fields=[
            ItemFieldDifference(
                field=field,
                lines=by_lines(lines_of(before.get(field)), lines_of(after.get(field)), limit=MAX_COMPARED_LINES),
            )
            for field in kept.values
            if before.get(field) != after.get(field)
        ],
    )


def _unknown(error: UnknownDataset) -> ApiError:
    return ApiError("dataset_not_found", str(error), 404, field=error.field, hint="GET /api/v1/datasets lists them.")
