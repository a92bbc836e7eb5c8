"""What one schema says otherwise than another, feature by feature and field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from google.protobuf.message import Message
from tensorflow_metadata.proto.v0 import schema_pb2
from typing_extensions import TypedDict

from tapetum_server.detectors.validation.described import Described
from tapetum_server.detectors.validation.paths import path_text


class FieldChange(TypedDict):
    """A field, as the one has it and the other; `null` where it has it not."""

    field: str
    before: str | None
    after: str | None


class SchemaChange(TypedDict):
    """What happened to a feature, a domain, or to what the schema says as a whole."""

    what: Literal["feature", "sparse_feature", "weighted_feature", "string_domain", "schema"]
    name: str
    change: Literal["added", "removed", "changed"]
    fields: list[FieldChange]


def schema_changes(before: schema_pb2.Schema, after: schema_pb2.Schema) -> list[SchemaChange]:
    """Every change, in the order of the schemas. The order of features, and of values, is no difference."""
    changes: list[SchemaChange] = []
    one, other = _parts(before), _parts(after)
    for key in [*one, *(key for key in other if key not in one)]:
        old, new = (dict(parts.get(key, ())) for parts in (one, other))
        fields = [
            FieldChange(field=name, before=old.get(name), after=new.get(name))
            for name in [*old, *(name for name in new if name not in old)]
            if old.get(name) != new.get(name)
        ]
        if key not in one or key not in other or fields:
            change: Any = "removed" if key not in other else "added" if key not in one else "changed"
            changes.append(SchemaChange(what=key[0], name=key[1], change=change, fields=fields))  # type: ignore[typeddict-item]
    return changes


def _parts(schema: schema_pb2.Schema) -> dict[tuple[str, str], list[tuple[str, str]]]:
    described = Described(schema)
    parts = {("feature", path_text(path)): list(_fields(of)) for path, of in described.features.items()}
    parts |= {("sparse_feature", path_text(path)): list(_fields(of)) for path, of in described.sparse.items()}
    parts |= {("weighted_feature", path_text(path)): list(_fields(of)) for path, of in described.weighted.items()}
    parts |= {("string_domain", domain.name): list(_fields(domain)) for domain in schema.string_domain}
    rest = schema_pb2.Schema()
    rest.CopyFrom(schema)
    for name in ("feature", "sparse_feature", "weighted_feature", "string_domain"):
        rest.ClearField(name)
    parts[("schema", "")] = list(_fields(rest))
    return parts


def _fields(message: Message, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Fields with their values as text. Features below a struct are features of their own."""
    for field, value in message.ListFields():
        name = f"{prefix}{field.name}"
        if not prefix and field.name == "name":
            continue
        if name.endswith("struct_domain"):
            yield name, "{}"
        elif isinstance(value, Message):
            inner = list(_fields(value, f"{name}."))
            yield from inner or [(name, "{}")]
        elif hasattr(value, "append") or hasattr(value, "add"):
            yield name, ", ".join(sorted(_text(field, one) for one in value))
        else:
            yield name, _text(field, value)


def _text(field: Any, value: Any) -> str:
    if isinstance(value, Message):
        return "{" + ", ".join(f"{name}: {text}" for name, text in _fields(value, "")) + "}"
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return str(known.name) if known else str(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
