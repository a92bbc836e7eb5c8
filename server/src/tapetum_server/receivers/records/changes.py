"""What a change must look like, and what is wrong with one that does not."""

from __future__ import annotations

from tapetum_server.receivers.records import fields
from tapetum_server.receivers.records.fields import Wrong
from tapetum_server.signals.changes import CHANGE_KINDS, ChangeBatch

MAX_CHANGES = 1_000
"""In one request."""
MAX_TEXT_BYTES = 1_024
"""Of a subject, a before, an after and a source."""
FIELDS = ("time", "kind", "subject", "before", "after", "source", "attributes")


def keep_change(batch: ChangeBatch, given: object) -> None:
    """Put one change at the end of `batch`. Raises `Wrong`."""
    change = fields.object_of(given, "a change", FIELDS, "put it into attributes")
    kind = fields.chosen(change, "kind", CHANGE_KINDS)
    subject = fields.text(change, "subject", MAX_TEXT_BYTES)
    if not subject.strip():
        raise Wrong("subject", "subject names what was changed: a service, a model, a table")
    time, before, after, source = (
        fields.time(change), *(fields.text(change, name, MAX_TEXT_BYTES) for name in ("before", "after", "source")),
    )  # fmt: skip
    attributes = fields.attributes(change, "attributes", "a change")
    batch.time_unix_nano.append(time)
    batch.kind.append(kind)
    batch.subject.append(subject)
    batch.before.append(before)
    batch.after.append(after)
    batch.source.append(source)
    batch.attributes.append(attributes)
