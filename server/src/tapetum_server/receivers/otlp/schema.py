"""How we read OTLP's protobuf messages: the official field numbers, cheaper field types.

The wire format says nothing about types: text, sub-messages and bytes all are
"length-delimited". So a private copy of the official descriptors declares

- every text as `bytes`: protobuf's C parser refuses a whole request for one bad UTF-8
  sequence, we repair that one text and keep its neighbours;
- every attribute, attribute value, log body and span status as raw `bytes`: the parser then
  makes one object per attribute instead of three, equal attributes can be looked up instead of
  read again (`values`), and what is malformed or nested 10,000 deep hurts one record only.

Derived from the installed `opentelemetry-proto`, so field numbers cannot be mistyped.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

_FILES: tuple[ModuleType, ...] = (
    common_pb2, resource_pb2, trace_pb2, logs_pb2, metrics_pb2,
    trace_service_pb2, logs_service_pb2, metrics_service_pb2,
)  # fmt: skip
_READ_AS_BYTES = frozenset(
    ".opentelemetry.proto." + name
    for name in ("common.v1.KeyValue", "common.v1.AnyValue", "common.v1.ArrayValue", "common.v1.KeyValueList",
                 "trace.v1.Status")
)  # fmt: skip
_Field = descriptor_pb2.FieldDescriptorProto


def _simplify(message: descriptor_pb2.DescriptorProto) -> None:
    for field in message.field:
        if field.type == _Field.TYPE_STRING or field.type_name in _READ_AS_BYTES:
            field.type = _Field.TYPE_BYTES
            field.ClearField("type_name")
    for nested in message.nested_type:
        _simplify(nested)


def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for module in _FILES:
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        file.ClearField("service")
        for message in file.message_type:
            _simplify(message)
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _pool()


def _message(name: str) -> Any:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName("opentelemetry.proto." + name))


TracesRequest = _message("collector.trace.v1.ExportTraceServiceRequest")
LogsRequest = _message("collector.logs.v1.ExportLogsServiceRequest")
MetricsRequest = _message("collector.metrics.v1.ExportMetricsServiceRequest")
KeyValue = _message("common.v1.KeyValue")
AnyValue = _message("common.v1.AnyValue")
ArrayValue = _message("common.v1.ArrayValue")
KeyValueList = _message("common.v1.KeyValueList")
Status = _message("trace.v1.Status")
