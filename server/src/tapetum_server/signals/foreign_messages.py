"""Message classes of other people's protobuf, from a table of the fields that are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
_KINDS = {
    "": _Field.TYPE_BYTES, "int32": _Field.TYPE_INT32, "int64": _Field.TYPE_INT64, "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64, "sint32": _Field.TYPE_SINT32, "sint64": _Field.TYPE_SINT64,
    "double": _Field.TYPE_DOUBLE, "fixed64": _Field.TYPE_FIXED64,
}  # fmt: skip
FieldOf = tuple[str, int, str, bool]
"""Name, number, kind and whether it is repeated. The kind "" is bytes: texts, and messages that are parsed one by
one so that a bad one costs no neighbour. A kind that is no scalar is another message of the table."""


def message_classes(package: str, table: Mapping[str, Sequence[FieldOf]]) -> dict[str, Any]:
    """One class per message, in a pool of their own: nothing clashes with a generated module of the same protocol."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, members in table.items():
        message = file.message_type.add(name=name)
        for member, number, kind, repeated in members:
            label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
            added = message.field.add(name=member, number=number, label=label)
            added.type = _KINDS.get(kind, _Field.TYPE_MESSAGE)
            if kind not in _KINDS:
                added.type_name = f".{package}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    find = pool.FindMessageTypeByName
    return {name: message_factory.GetMessageClass(find(f"{package}.{name}")) for name in table}
