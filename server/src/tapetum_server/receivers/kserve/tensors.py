"""Bodies of inference requests and responses, of KServe's protocols V1 and V2, as rows of named values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Row = dict[str, Any]
"""Values by name: numbers, texts, truth values, lists of these, or None."""
MAX_ROWS = 10_000
"""Of one request."""
MAX_NAMED = 1_000
"""Elements of a vector that each get a name of their own; a longer one stays a list."""
MAX_LIST = 10_000
"""Elements of a list that is kept; of a larger tensor only its shape is."""
_DTYPES = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "i1", "INT16": "<i2",
    "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip


class NoInference(ValueError):
    """This is no body of an inference that can be read: why not."""


@dataclass(slots=True)
class Rows:
    """What one body holds."""

    rows: list[Row] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    """Tensors too large to keep, by name, and their shapes."""
    model: str = ""
    version: str = ""
    error: str = ""


def json_of(body: bytes) -> tuple[Any, bytes]:
    """The JSON at the start of a body, and what follows it: the raw tensors of V2, whose lengths the header says.

    KServe's logger does not pass on where the JSON ends, so its end is found by reading it. Raises `NoInference`.
    """
    text = body.decode("utf-8", "surrogateescape")
    start = len(text) - len(text.lstrip())
    try:
        found, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        raise NoInference("the payload is not JSON") from None
    return found, text[end:].encode("utf-8", "surrogateescape")


def rows_of(body: bytes, *, answer: bool) -> Rows:
    """The rows of a request's body, or of an `answer`'s. Raises `NoInference`."""
    document, raw = json_of(body)
    if not isinstance(document, dict):
        raise NoInference("the payload is no JSON object")
    found = Rows(model=_name(document, "model_name"), version=_name(document, "model_version"))
    if isinstance(error := document.get("error"), (str, dict)):
        found.error = error if isinstance(error, str) else json.dumps(error)
        return found
    v1, v2 = ("predictions", "outputs") if answer else ("instances", "inputs")
    if isinstance(listed := document.get(v1), list):
        _limited(len(listed))
        found.rows = [_instance(each, found) for each in listed]
    elif isinstance(tensors := document.get(v2), list) and all(_is_tensor(each) for each in tensors):
        _from_tensors(tensors, raw, found)
    elif isinstance(columns := document.get(v2), dict):  # V1, by column
        _from_columns(columns, found)
    elif isinstance(plain := document.get(v2), list):
        _limited(len(plain))
        found.rows = [_instance(each, found) for each in plain]
    else:
        raise NoInference(f"the payload has neither {v1} nor {v2}")
    return found


def _name(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _limited(count: int) -> None:
    if count > MAX_ROWS:
        raise NoInference(f"the payload has {count:,} rows, at most {MAX_ROWS:,} are read")


def _is_tensor(given: Any) -> bool:
    return isinstance(given, dict) and isinstance(given.get("name"), str) and isinstance(given.get("shape"), list)


def _instance(given: Any, found: Rows) -> Row:
    row: Row = {}
    if isinstance(given, dict):
        for name, value in given.items():
            _put(row, str(name), value, found)
    elif isinstance(given, list):
        _spread(row, "feature", given, found)
    else:
        row["value"] = given
    return row


def _put(row: Row, name: str, value: Any, found: Rows) -> None:
    if isinstance(value, dict):
        if set(value) == {"b64"}:  # TensorFlow Serving's way to write bytes
            _leave_out(row, name, f"{len(str(value['b64'])) * 3 // 4} bytes", found)
        else:
            for inner_name, inner in value.items():
                _put(row, f"{name}.{inner_name}", inner, found)
    elif isinstance(value, list) and any(isinstance(inner, (list, dict)) for inner in value):
        _spread(row, name, value, found)
    elif isinstance(value, list) and len(value) > MAX_LIST:
        _leave_out(row, name, f"[{len(value)}]", found)
    else:
        row[name] = value


def _leave_out(row: Row, name: str, shape: str, found: Rows) -> None:
    row[name] = None
    found.left_out[name] = shape


def _spread(row: Row, name: str, values: Sequence[Any], found: Rows) -> None:
    """The elements of a vector as values of their own; nested lists in their flat order."""
    flat = _flat(values)
    if flat is None or len(flat) > MAX_LIST:
        _leave_out(row, name, f"[{len(values)}, …]" if flat is None else f"[{len(flat)}]", found)
    elif len(flat) > MAX_NAMED:
        row[name] = flat
    else:
        row.update((f"{name}_{i}", value) for i, value in enumerate(flat))


def _flat(values: Sequence[Any]) -> list[Any] | None:
    """All elements in order; `None` where there are far too many, or objects among them."""
    flat: list[Any] = []
    waiting: list[Any] = [iter(values)]
    while waiting:
        for each in waiting[-1]:
            if isinstance(each, list):
                waiting.append(iter(each))
                break
            if isinstance(each, dict) or len(flat) > MAX_LIST:
                return None
            flat.append(each)
        else:
            waiting.pop()
    return flat


def _from_columns(columns: Mapping[str, Any], found: Rows) -> None:
    count = max((len(column) for column in columns.values() if isinstance(column, list)), default=1)
    _limited(count)
    found.rows = [{} for _ in range(count)]
    for name, column in columns.items():
        each = column if isinstance(column, list) and len(column) == count else [column] * count
        for row, value in zip(found.rows, each):
            _put(row, str(name), value, found)


def _from_tensors(tensors: Sequence[Mapping[str, Any]], raw: bytes, found: Rows) -> None:
    shapes = {tensor["name"]: _shape(tensor) for tensor in tensors}
    count = max((shape[0] if shape else 1 for shape in shapes.values()), default=0)
    _limited(count)
    found.rows = [{} for _ in range(count)]
    at = 0
    for tensor in tensors:
        name, shape = tensor["name"], shapes[tensor["name"]]
        size = (tensor.get("parameters") or {}).get("binary_data_size")
        if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
            values: Any = _binary(tensor, raw[at : at + size], size)
            at += size
        else:
            values = tensor.get("data")
        if not isinstance(values, list):
            continue  # an output that was asked for, or a tensor in shared memory
        flat = values if not any(isinstance(each, list) for each in values) else _all_of(values)
        width = int(np.prod(shape[1:], dtype=np.int64)) if len(shape) > 1 else 1
        if len(flat) != width * (shape[0] if shape else 1):
            raise NoInference(f"tensor {name!r} of shape {shape} has {len(flat)} elements")
        if width > MAX_LIST:
            for row in found.rows:
                _leave_out(row, name, str(shape), found)
            continue
        for i, row in enumerate(found.rows):
            part = flat[i * width : (i + 1) * width] if shape and shape[0] == count else flat[:width]
            if width == 1:
                row[name] = part[0] if part else None
            elif width > MAX_NAMED:
                row[name] = part
            else:
                row.update((f"{name}_{j}", value) for j, value in enumerate(part))


def _all_of(values: Sequence[Any]) -> list[Any]:
    flat: list[Any] = []
    for each in values:
        flat.extend(_all_of(each) if isinstance(each, list) else (each,))
    return flat


def _shape(tensor: Mapping[str, Any]) -> list[int]:
    shape = tensor["shape"]
    if not all(isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**40 for size in shape):
        raise NoInference(f"tensor {tensor['name']!r} has no shape that can be: {str(shape)[:80]}")
    return list(shape)


def _binary(tensor: Mapping[str, Any], raw: bytes, size: int) -> list[Any]:
    if len(raw) != size:
        raise NoInference(f"tensor {tensor['name']!r} has {len(raw)} of its {size} bytes")
    kind = str(tensor.get("datatype"))
    if kind == "BYTES":
        return _texts(tensor["name"], raw)
    if kind not in _DTYPES:
        raise NoInference(f"tensor {tensor['name']!r} has the datatype {kind!r}, which cannot be read")
    dtype = np.dtype(_DTYPES[kind])
    if size % dtype.itemsize:
        raise NoInference(f"tensor {tensor['name']!r} has {size} bytes, which is no number of {kind}")
    return list(np.frombuffer(raw, dtype).tolist())


def _texts(name: str, raw: bytes) -> list[str]:
    """Elements of BYTES: each is four bytes of length, little-endian, and as many bytes."""
    found, at = [], 0
    while at < len(raw):
        length = int.from_bytes(raw[at : at + 4], "little")
        at += 4
        if at + length > len(raw):
            raise NoInference(f"tensor {name!r} ends within an element")
        found.append(raw[at : at + length].decode("utf-8", "replace"))
        at += length
    return found
