"""Schemas of data, by model or data set: versions, differences, validation, and changes that are accepted."""

from __future__ import annotations

from asyncio import to_thread
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Body, Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.api.access import Time
from tapetum_server.api.dependencies import Admin, ProjectName, Reader, catalog_of
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import Question, answer, now_of, reader_of, router_of
from tapetum_server.api.validation_body import DOCUMENT, FILE, MAX_STATISTICS, validation_body
from tapetum_server.catalog.data_schemas import DataSchema
from tapetum_server.catalog.errors import DataSchemaChanged, TooMany, UnknownDataSchema
from tapetum_server.query.reader import Reader as StoreReader
from tapetum_server.query.time_range import format_time

if TYPE_CHECKING:
    from tapetum_server.analysis.validation.live import LiveQuestion

router = router_of("data schemas")
MAX_TEXT = 4_000_000
MAX_FEATURES = 1_000
Kind = Literal["model", "dataset"]
Side = Literal["drift", "skew"]
KindOf = Annotated[Kind, Query(description="Whose schema it is.")]
Name = Annotated[str, Query(min_length=1, max_length=200, description="The model's or the data set's name.")]
VersionNumber = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Default: the newest, which is in force.")]
Environment = Annotated[str | None, Query(max_length=200, description="One of the schema's environments.")]
LiveEnvironment = Annotated[
    str | None,
    Query(
        max_length=200,
        description="One of the schema's. Without it SERVING, where there is one; `*`: every feature is expected.",
    ),
]
ModelVersion = Annotated[
    str | None, Query(max_length=256, description="Of the model: predictions of this version alone.")
]
AcceptedFeatures = Annotated[
    list[str] | None, Query(max_length=MAX_FEATURES, description="This feature's changes alone; several times.")
]
Statistics = Annotated[
    bytes,
    Body(media_type=FILE, max_length=MAX_STATISTICS, description="`FeatureStats.pb` of TFDV."),
]


class NewDataSchema(BaseModel):
    """The next version of a schema; the first makes it."""

    kind: Kind
    name: str = Field(min_length=1, max_length=200)
    """The model's or the data set's."""
    text: str = Field(max_length=MAX_TEXT)
    """TFDV's `schema.pbtxt`."""
    message: str = Field(default="", max_length=2_000)
    """What was changed and why."""
    after: int | None = Field(default=None, ge=0, le=2**31 - 1)
    """The version that was changed: refused where another one has become the newest. 0 where there was none."""


class DataSchemaRow(BaseModel):
    """A version of a schema in a list."""

    kind: Kind
    name: str
    version: int
    features: int
    """How many it describes."""
    message: str
    created_at: Time
    created_by: str


class DataSchemaRows(BaseModel):
    """Versions of schemas."""

    rows: list[DataSchemaRow]


class DataSchemaVersion(DataSchemaRow):
    """A version with its text."""

    text: str


class DataSchemaField(BaseModel):
    """A field, as the one version has it and the other; null where it has it not."""

    field: str
    before: str | None
    after: str | None


class DataSchemaChange(BaseModel):
    """What happened to a feature, a domain, or to what the schema says as a whole."""

    what: Literal["feature", "sparse_feature", "weighted_feature", "string_domain", "schema"]
    name: str
    change: Literal["added", "removed", "changed"]
    fields: list[DataSchemaField]


class DataSchemaDiff(BaseModel):
    """What one version says otherwise than another."""

    before: int
    after: int
    changes: list[DataSchemaChange]


class AnomalyReason(BaseModel):
    """One thing that is wrong."""

    type: str
    """A name of TFDV's list."""
    severity: Literal["ERROR", "WARNING", "UNKNOWN"]
    short: str
    description: str
    values: list[str]
    """Those that offend, at most 50."""
    next_step: str
    """What to do about it."""
    acceptable: bool
    """Whether the schema can take it in."""


class FeatureAnomalies(BaseModel):
    """All that is wrong with one feature."""

    feature: str
    path: list[str]
    severity: Literal["ERROR", "WARNING", "UNKNOWN"]
    reasons: list[AnomalyReason]


class ComparatorValue(BaseModel):
    """What a comparator of the schema measured, whether or not it is above its threshold."""

    feature: str
    side: Side
    type: str
    """TFDV's name of the distance."""
    value: float
    threshold: float
    high: bool


class FeatureShift(BaseModel):
    """How far a feature moved by our own distance, for which the schema need not ask."""

    feature: str
    side: Side
    value: float
    threshold: float
    high: bool


class ComparedWith(BaseModel):
    """What one side of the schema's comparators was measured against."""

    side: Side
    missing: str
    """Why nothing was compared; "" where something was."""
    dataset: str
    """Whose statistics, where they are kept: of skew, the training data."""
    start: Time | None
    """Of what time they are kept: of drift, the time before."""
    end: Time | None
    examples: float


class ValidationAnswer(BaseModel):
    """What a schema says of statistics."""

    schema_version: int
    passed: bool
    severity: Literal["ERROR", "WARNING", "UNKNOWN"]
    data_missing: bool
    examples: float
    features: int
    anomalies: list[FeatureAnomalies]
    dataset: list[AnomalyReason]
    """What is wrong with the data set as a whole."""
    environment: str | None
    """Which of the schema's environments it was held against; null: every feature is expected."""
    environments: list[str]
    """Those that the schema has."""
    compared: list[ComparedWith]
    """For each side, drift and skew, that the schema has a comparator of."""
    measurements: list[ComparatorValue]
    shifts: list[FeatureShift]
    """Of every feature, where anything was compared; the furthest first."""


class LiveWindow(BaseModel):
    """A part of the time that was asked about."""

    start: Time
    end: Time
    examples: int
    reasons: int


class LiveCount(BaseModel):
    """In how many windows something was wrong with a feature."""

    feature: str
    type: str
    windows: int
    first: Time
    """When the first of them begins."""
    last: Time
    """When the last of them ends."""


class LiveValidation(ValidationAnswer):
    """What the schema in force says of the predictions that came."""

    windows: list[LiveWindow]
    counts: list[LiveCount]


@router.get("/data-schemas")
def list_data_schemas(request: Request, caller: Reader, project: ProjectName) -> DataSchemaRows:
    """The schemas in force, by model and data set."""
    return DataSchemaRows(rows=[_row(kept) for kept in catalog_of(request).data_schemas.newest(project)])


@router.post("/data-schemas", status_code=201)
def create_data_schema_version(
    request: Request, caller: Admin, project: ProjectName, new: NewDataSchema
) -> DataSchemaVersion:
    """Keep the next version of a schema. Where it is the very one in force, that one is the answer."""
    from tapetum_server.analysis.validation.stored import Contradiction, Unreadable, checked

    try:
        schema = checked(new.text)
    except Unreadable as error:
        raise ApiError("invalid_schema", f"{error}.", 422, field="text", hint="It is TFDV's schema.pbtxt.") from error
    except Contradiction as error:
        hint = "No data could meet it: mend these features, and send it again."
        raise ApiError("contradicting_schema", f"{error}.", 422, field="text", hint=hint) from error
    return _keep(
        request, project, new.kind, new.name, schema.text, schema.features, new.message, caller.name, new.after
    )


@router.delete("/data-schemas", status_code=204)
def delete_data_schema(request: Request, caller: Admin, project: ProjectName, kind: KindOf, name: Name) -> None:
    """Forget a schema with all its versions."""
    try:
        catalog_of(request).data_schemas.delete(project, kind, name)
    except UnknownDataSchema as error:
        raise _unknown(error) from error


@router.get("/data-schemas/version")
def get_data_schema(
    request: Request, caller: Reader, project: ProjectName, kind: KindOf, name: Name, version: VersionNumber = None
) -> DataSchemaVersion:
    """One version with its text: `schema.pbtxt`."""
    return _whole(_found(request, project, kind, name, version))


@router.get("/data-schemas/versions")
def list_data_schema_versions(
    request: Request, caller: Reader, project: ProjectName, kind: KindOf, name: Name
) -> DataSchemaRows:
    """All versions of a schema, the newest first."""
    try:
        return DataSchemaRows(rows=[_row(v) for v in catalog_of(request).data_schemas.versions(project, kind, name)])
    except UnknownDataSchema as error:
        raise _unknown(error) from error


@router.get("/data-schemas/diff")
def compare_data_schema_versions(
    request: Request,
    caller: Reader,
    project: ProjectName,
    kind: KindOf,
    name: Name,
    before: Annotated[int, Query(ge=1, le=2**31 - 1)],
    after: Annotated[int, Query(ge=1, le=2**31 - 1)],
) -> DataSchemaDiff:
    """Two versions, feature by feature and field by field."""
    from tapetum_server.analysis.validation.stored import changes

    one, other = (_found(request, project, kind, name, version) for version in (before, after))
    found = [DataSchemaChange.model_validate(change) for change in changes(one.text, other.text)]
    return DataSchemaDiff(before=before, after=after, changes=found)


@router.post("/data-schemas/validate", response_model=ValidationAnswer, openapi_extra=DOCUMENT)
async def validate_against_data_schema(
    request: Request,
    caller: Reader,
    project: ProjectName,
    kind: KindOf,
    name: Name,
    version: VersionNumber = None,
    environment: Environment = None,
) -> Response:
    """Hold statistics against a schema: every anomaly by TFDV's name.

    As JSON, they are a file or what is kept, and beside them stands what the schema's comparators are measured against.
    """
    from tapetum_server.analysis.validation.given import validated
    from tapetum_server.detectors.validation.view import StatisticsError

    schema = await to_thread(_found, request, project, kind, name, version)
    statistics, controls = await validation_body(request, now_of(request))
    try:
        found = await validated(
            reader_of(request), project, schema.text, statistics, controls, environment, of_model=kind == "model"
        )
    except StatisticsError as error:
        raise ApiError("invalid_statistics", str(error), 422) from error
    return answer(_timed({**found, "schema_version": schema.version}))


@dataclass(frozen=True, slots=True)
class LiveAsked:
    """Predictions of a model, and the schema in force that they are held against."""

    reader: StoreReader
    question: LiveQuestion
    schema: DataSchema


async def live_asked(
    request: Request, asked: Question, name: Name, model_version: ModelVersion = None,
    environment: LiveEnvironment = None,
) -> LiveAsked:  # fmt: skip
    """A dependency: what questions about a model's predictions and its schema have in common."""
    from tapetum_server.analysis.validation.live import LiveQuestion

    schema = await to_thread(_found, request, asked.project, "model", name, None)
    question = LiveQuestion(
        project=asked.project, model=name, version=model_version, time_range=asked.time_range, filter=asked.filter,
        schema_text=schema.text, environment=environment,
    )  # fmt: skip
    return LiveAsked(asked.reader, question, schema)


Live = Annotated[LiveAsked, Depends(live_asked)]


@router.get("/data-schemas/live", response_model=LiveValidation)
async def validate_predictions(
    live: Live,
    windows: Annotated[int, Query(ge=0, le=60, description="Equal parts of the time that are validated too.")] = 12,
) -> Response:
    """Hold a model's predictions against its schema in force, as they come: in whole, and over time."""
    from tapetum_server.analysis.validation.live import live_validation
    from tapetum_server.detectors.validation.view import StatisticsError

    try:
        found = await live_validation(live.reader, live.question, windows=windows)
    except StatisticsError as error:
        raise ApiError("invalid_environment", str(error), 422, field="environment") from error
    return answer(_timed({**found, "schema_version": live.schema.version}))


@router.post("/data-schemas/live/accept", status_code=201)
async def accept_predictions(
    request: Request,
    caller: Admin,
    live: Live,
    feature: AcceptedFeatures = None,
    message: Annotated[str, Query(max_length=2_000)] = "",
) -> DataSchemaVersion:
    """Keep the next version as it would be, were a model's predictions of this time right."""
    from tapetum_server.analysis.validation.live import accepted_live
    from tapetum_server.analysis.validation.stored import StatisticsError

    of, schema = live.question, live.schema
    try:
        changed = await accepted_live(live.reader, of, feature or [])
    except StatisticsError as error:
        raise ApiError("invalid_statistics", str(error), 422) from error
    said = message or _said(feature)
    return await to_thread(
        _keep, request, of.project, "model", of.model, changed.text, changed.features, said, caller.name, schema.version
    )


@router.post("/data-schemas/accept", status_code=201)
def accept_into_data_schema(
    request: Request,
    caller: Admin,
    project: ProjectName,
    kind: KindOf,
    name: Name,
    statistics: Statistics,
    feature: AcceptedFeatures = None,
    environment: Environment = None,
    message: Annotated[str, Query(max_length=2_000)] = "",
) -> DataSchemaVersion:
    """Keep the next version as it would be, were the data right."""
    from tapetum_server.analysis.validation.stored import StatisticsError, accepted

    schema = _found(request, project, kind, name, None)
    try:
        changed = accepted(schema.text, statistics, feature or [], environment, of_model=kind == "model")
    except StatisticsError as error:
        raise ApiError("invalid_statistics", str(error), 422) from error
    said = message or _said(feature)
    return _keep(request, project, kind, name, changed.text, changed.features, said, caller.name, schema.version)


@router.post("/data-schemas/infer", status_code=201)
def infer_data_schema(
    request: Request,
    caller: Admin,
    project: ProjectName,
    kind: KindOf,
    name: Name,
    statistics: Statistics,
    message: Annotated[str, Query(max_length=2_000)] = "",
) -> DataSchemaVersion:
    """Keep the schema that statistics meet as the first version; refused where there is one already."""
    from tapetum_server.analysis.validation.stored import StatisticsError, inferred

    try:
        schema = inferred(statistics)
    except StatisticsError as error:
        raise ApiError("invalid_statistics", str(error), 422) from error
    said = message or "Inferred from statistics"
    return _keep(request, project, kind, name, schema.text, schema.features, said, caller.name, 0)


def _timed(found: dict[str, Any]) -> dict[str, Any]:
    """The answer with its times as texts."""
    for row in (*found.get("windows", ()), *found.get("counts", ()), *found["compared"]):
        for key in ("start", "end", "first", "last"):
            if row.get(key) is not None:
                row[key] = format_time(row[key])
    return found


def _said(features: list[str] | None) -> str:
    return f"Accepted: {', '.join(features) if features else 'all changes'}"[:2_000]


def _keep(
    request: Request, project: str, kind: Kind, name: str, text: str, features: int, message: str, by: str,
    after: int | None,
) -> DataSchemaVersion:  # fmt: skip
    try:
        return _whole(
            catalog_of(request).data_schemas.add(
                project, kind, name, text=text, features=features, message=message, by=by, after=after
            )
        )
    except TooMany as error:
        raise ApiError("too_many_schemas", str(error), 409) from error
    except DataSchemaChanged as error:
        raise ApiError("schema_changed", str(error), 409, field="after", hint="Look at the newest first.") from error


def _found(request: Request, project: str, kind: Kind, name: str, version: int | None) -> DataSchema:
    try:
        return catalog_of(request).data_schemas.find(project, kind, name, version)
    except UnknownDataSchema as error:
        raise _unknown(error) from error


def _unknown(error: UnknownDataSchema) -> ApiError:
    return ApiError("schema_not_found", str(error), 404, field=error.field, hint="GET /api/v1/data-schemas lists them.")


def _row(kept: DataSchema) -> DataSchemaRow:
    return DataSchemaRow(
        kind=kept.kind,
        name=kept.name,
        version=kept.version,
        features=kept.features,
        message=kept.message,
        created_at=kept.created_at,
        created_by=kept.created_by,
    )


def _whole(kept: DataSchema) -> DataSchemaVersion:
    return DataSchemaVersion(**_row(kept).model_dump(), text=kept.text)
