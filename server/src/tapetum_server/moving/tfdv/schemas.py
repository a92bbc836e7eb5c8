"""TFDV's schemas and the configurations of its validation, as text messages."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import DecodeError, Message
from tensorflow_metadata.proto.v0 import anomalies_pb2, path_pb2, schema_pb2

from tapetum_server.moving.tfdv.files import Unreadable

MAX_BYTES = 64 << 20
_TEXT = (".pbtxt", ".textproto", ".txt", ".prototxt")
_Message = TypeVar("_Message", bound=Message)
_FIELD = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "tapetum.tfdv"


def read_schema(path: Path) -> schema_pb2.Schema:
    """A schema, `schema.pbtxt` or a serialized one; in a directory, the file of that name. Raises `Unreadable`."""
    if path.is_dir():
        path = path / "schema.pbtxt"
    content = _content(path)
    if path.suffix.lower() not in _TEXT:
        try:
            return schema_pb2.Schema.FromString(content)
        except DecodeError as error:
            raise Unreadable(f"{path} is no Schema: {error}. Texts end with {_TEXT[0]}.") from error
    return schema_of_text(_decoded(path, content), str(path))


def schema_of_text(text: str, called: str = "The text") -> schema_pb2.Schema:
    """A schema from its text. Raises `Unreadable`, which names the line."""
    return _parsed(text, schema_pb2.Schema(), called)


def schema_text(schema: schema_pb2.Schema) -> str:
    """`schema.pbtxt`."""
    return str(text_format.MessageToString(schema, as_utf8=True))


def read_custom_checks(path: Path) -> Any:
    """TFDV's `CustomValidationConfig`, as a message of that form. Raises `Unreadable`."""
    return _parsed(_decoded(path, _content(path)), _custom_checks()(), str(path))


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable(f"{path} has {path.stat().st_size} bytes; at most {MAX_BYTES}")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from error


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path} is no text: byte {error.start} is no UTF-8") from error


def _parsed(text: str, into: _Message, called: str) -> _Message:
    try:
        return text_format.Parse(text, into)
    except text_format.ParseError as error:
        raise Unreadable(f"{called} is no {into.DESCRIPTOR.name}: line {error}") from error


@cache
def _custom_checks() -> type[Message]:
    """TFDV gave the message up with its SQL engine; files of it are still about, and say what people count on."""
    file = descriptor_pb2.FileDescriptorProto(
        name="tapetum/custom_validation_config.proto", package=_PACKAGE, syntax="proto2",
        dependency=[path_pb2.DESCRIPTOR.name, anomalies_pb2.DESCRIPTOR.name],
    )  # fmt: skip
    text, path = _FIELD.TYPE_STRING, f".{path_pb2.Path.DESCRIPTOR.full_name}"
    severity = f".{anomalies_pb2.AnomalyInfo.Severity.DESCRIPTOR.full_name}"
    for message, fields in {
        "Validation": [
            ("sql_expression", text, ""), ("severity", _FIELD.TYPE_ENUM, severity), ("description", text, ""),
            ("in_environment*", text, ""),
        ],
        "FeatureValidation": [
            ("dataset_name", text, ""), ("feature_path", _FIELD.TYPE_MESSAGE, path),
            ("validations*", _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.Validation"),
        ],
        "FeaturePairValidation": [
            ("dataset_name", text, ""), ("feature_test_path", _FIELD.TYPE_MESSAGE, path),
            ("base_dataset_name", text, ""), ("feature_base_path", _FIELD.TYPE_MESSAGE, path),
            ("validations*", _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.Validation"),
        ],
        "CustomValidationConfig": [
            ("feature_validations*", _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.FeatureValidation"),
            ("feature_pair_validations*", _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.FeaturePairValidation"),
        ],
    }.items():  # fmt: skip
        added = file.message_type.add(name=message)
        for number, (name, kind, type_name) in enumerate(fields, start=1):
            label = _FIELD.LABEL_REPEATED if name.endswith("*") else _FIELD.LABEL_OPTIONAL
            field = added.field.add(name=name.rstrip("*"), number=number, type=kind, label=label)
            if type_name:
                field.type_name = type_name
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.CustomValidationConfig"))
