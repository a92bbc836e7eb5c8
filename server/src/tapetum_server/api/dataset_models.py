"""What is sent and answered about datasets."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from tapetum_server.analysis.differences import Piece
from tapetum_server.api.access import Time
from tapetum_server.catalog.dataset_change import MAX_ITEMS
from tapetum_server.catalog.dataset_rows import DatasetSummary, DatasetVersion, KeptItem
from tapetum_server.signals.datasets import (
    FIELDS,
    NAME,
    BadValue,
    ItemChange,
    Source,
    decode_value,
    encode_value,
    id_of,
)

MAX_SPANS = 200
"""Spans that one change saves: each is read whole."""
MAX_PREDICTIONS = 2_000
"""Predictions that one change saves."""


class ItemSource(BaseModel):
    """Where an item came from."""

    trace_id: str = Field(default="", pattern="^([0-9a-f]{32})?$")
    span_id: str = Field(default="", pattern="^([0-9a-f]{16})?$")
    prediction_id: str = Field(default="", max_length=512)


class NewItem(BaseModel):
    """An item to add, or to change where its id is there already; what is left out then stays as it was."""

    id: str | None = Field(default=None, min_length=1, max_length=200)
    """Without one, the source's, else one made from the values."""
    input: Any = None
    expected_output: Any = None
    output: Any = None
    metadata: dict[str, Any] | None = None
    source: ItemSource | None = None

    @field_validator("id", "source")
    @classmethod
    def _text(cls, value: Any) -> Any:
        text = value.prediction_id if isinstance(value, ItemSource) else value
        if text is not None and not (text.isprintable() or text == ""):
            raise ValueError("An id has no control characters and no half characters.")
        return value

    @model_validator(mode="after")
    def _says_something(self) -> NewItem:
        for name in FIELDS:
            try:
                encode_value(getattr(self, name))
            except BadValue as error:
                raise ValueError(f"`{name}` {error}.") from error
        if self.id is None and all(getattr(self, name) is None for name in FIELDS):
            raise ValueError("An item needs an input, an output, an expected output or metadata.")
        return self

    def change(self) -> ItemChange:
        """As the catalog takes it."""
        values = {name: encode_value(getattr(self, name)) for name in FIELDS if name in self.model_fields_set}
        source = None if self.source is None else Source(**self.source.model_dump())
        return ItemChange(self.id or id_of(values, source or Source()), values, source)


class SavedSpan(BaseModel):
    """A span to save as an item: its input, output and what is known of it are read from the store."""

    trace_id: str = Field(pattern="^[0-9a-f]{32}$")
    span_id: str = Field(pattern="^[0-9a-f]{16}$")
    expected_output: Any = None
    """Without it, the latest correction, else what came out."""
    if_absent: bool = False
    """An item that is there already stays as it is, whatever somebody edited in it."""

    @field_validator("expected_output")
    @classmethod
    def _kept(cls, value: Any) -> Any:
        return _expected(value)


class SavedPrediction(BaseModel):
    """A prediction to save as an item: its features, output and label are read from the store."""

    model: str = Field(min_length=1, max_length=256)
    prediction_id: str = Field(min_length=1, max_length=512)
    expected_output: Any = None
    """Without it, the label, else what the model said."""
    if_absent: bool = False
    """An item that is there already stays as it is, whatever somebody edited in it."""

    @field_validator("expected_output")
    @classmethod
    def _kept(cls, value: Any) -> Any:
        return _expected(value)


def _expected(value: Any) -> Any:
    try:
        encode_value(value)
    except BadValue as error:
        raise ValueError(f"The expected output {error}.") from error
    return value


class NewDatasetVersion(BaseModel):
    """The next version of a dataset; the first makes the dataset."""

    name: str = Field(description="Letters, digits and . _ : / -, at most 200.")
    put: list[NewItem] = Field(default_factory=list, max_length=MAX_ITEMS)
    spans: list[SavedSpan] = Field(default_factory=list, max_length=MAX_SPANS)
    predictions: list[SavedPrediction] = Field(default_factory=list, max_length=MAX_PREDICTIONS)
    skip_missing: bool = False
    """Save the others where the store no longer has some spans or predictions; `missing` of the answer names those."""
    remove: list[str] = Field(default_factory=list, max_length=MAX_ITEMS)
    """Ids of items."""
    message: str = Field(default="", max_length=2_000)
    """What was changed and why."""
    description: str | None = Field(default=None, max_length=2_000)
    """What the dataset is for; kept from before where it is left out."""
    seen_version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    """Refuse the change where one of its items was changed after this version."""

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not NAME.match(name):
            raise ValueError(
                "A dataset's name has letters, digits and . _ : / -, begins with a letter or digit, at most 200."
            )
        return name

    @field_validator("message", "description")
    @classmethod
    def _text(cls, text: str | None) -> str | None:
        if text is not None and re.search("[\0\ud800-\udfff]", text):
            raise ValueError("A text here has no NUL and no half characters.")
        return text

    @field_validator("remove")
    @classmethod
    def _ids(cls, ids: list[str]) -> list[str]:
        if not all(0 < len(one) <= 200 and one.isprintable() for one in ids):
            raise ValueError("An item's id has 1 to 200 characters that can be printed.")
        return ids


class DatasetRow(BaseModel):
    """A dataset in a list."""

    name: str
    description: str
    versions: int
    """How many; the newest has this number."""
    items: int
    """Of the newest version."""
    updated_at: Time
    updated_by: str


class DatasetRows(BaseModel):
    """The project's datasets, by name."""

    rows: list[DatasetRow]


class DatasetVersionRow(BaseModel):
    """One version, and what it changed in the one before."""

    version: int
    items: int
    added: int
    changed: int
    removed: int
    message: str
    created_at: Time
    created_by: str


class DatasetVersionRows(BaseModel):
    """The versions of a dataset, the newest first."""

    dataset: DatasetRow
    rows: list[DatasetVersionRow]


class DatasetChange(BaseModel):
    """What a change did. Where nothing was to change, `version` is the one that was there."""

    name: str
    version: int
    items: int
    added: int
    changed: int
    removed: int
    unchanged: int
    ids: list[str]
    """Of the items that were put or saved, in their order."""
    missing: list[str]
    """What was left out, as the store does not have it (any more): `trace_id/span_id`, or `model/prediction_id`."""


class DatasetItem(BaseModel):
    """One item as a version has it."""

    id: str
    input: Any
    expected_output: Any
    output: Any
    metadata: dict[str, Any] | None
    source: ItemSource
    since_version: int
    """The version that added it or changed it last."""
    created_at: Time
    created_by: str
    """Who did."""


class DatasetItems(BaseModel):
    """A page of one version's items, in the order in which they were added."""

    name: str
    version: int
    rows: list[DatasetItem]
    next_cursor: str | None


class ItemFieldDifference(BaseModel):
    """One value of an item in two versions, line by line."""

    field: str
    lines: list[Piece]


class ItemDifference(BaseModel):
    """An item that is in one version and not, or not so, in the other."""

    id: str
    op: Literal["added", "changed", "removed"]
    fields: list[ItemFieldDifference]


class DatasetDifference(BaseModel):
    """What one version has otherwise than another."""

    before: int
    after: int
    added: int
    changed: int
    removed: int
    items: list[ItemDifference]
    truncated: bool
    """Whether there are more items than are told here."""


class ItemDraft(BaseModel):
    """A span or prediction as the item that it would be."""

    input: Any
    output: Any
    expected_output: Any
    metadata: dict[str, Any]
    corrected: bool
    """Whether the expected output is a correction or a label, and not what came out."""
    datasets: list[str]
    """That have it already: saving it there again changes the item."""


def dataset_row(summary: DatasetSummary) -> DatasetRow:
    """A dataset as it is answered."""
    return DatasetRow(
        name=summary.name,
        description=summary.description,
        versions=summary.versions,
        items=summary.items,
        updated_at=summary.updated_at,
        updated_by=summary.updated_by,
    )


def version_row(kept: DatasetVersion) -> DatasetVersionRow:
    """A version as it is answered."""
    return DatasetVersionRow(
        version=kept.version,
        items=kept.items,
        added=kept.added,
        changed=kept.changed,
        removed=kept.removed,
        message=kept.message,
        created_at=kept.created_at,
        created_by=kept.created_by,
    )


def item_row(kept: KeptItem) -> DatasetItem:
    """An item as it is answered."""
    return DatasetItem(
        id=kept.item_id,
        **{name: decode_value(text) for name, text in kept.values.items()},
        source=ItemSource(**kept.source._asdict()),
        since_version=kept.since_version,
        created_at=kept.created_at,
        created_by=kept.created_by,
    )
