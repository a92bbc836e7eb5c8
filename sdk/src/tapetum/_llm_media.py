"""Images, sounds and files of messages as parts of the conventions: by reference, or by value where they are small."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

MAX_BYTES = 64 * 1024
"""Of one image, sound or file that is sent along; of a larger one only what it is and how large."""
MAX_CHARACTERS = 256 * 1024
"""Of base64 of all images, sounds and files of one attribute."""
Part = dict[str, Any]

_MODALITIES = {
    "image": "image", "image_url": "image", "input_image": "image", "output_image": "image", "audio": "audio",
    "input_audio": "audio", "output_audio": "audio", "video": "video", "video_url": "video", "document": "document",
    "file": "file", "input_file": "file", "blob": "file", "uri": "file",
}  # fmt: skip
_INNER = ("source", "image_url", "input_audio", "video_url", "file", "audio")
_URIS = ("uri", "url", "image_url", "video_url", "file_url")
_VALUES = ("content", "data", "file_data", "bytes")


def media_part(part: Mapping[str, Any]) -> Part | None:
    """A `uri`, `file` or `blob` part for what OpenAI, Anthropic or the conventions call one; else `None`."""
    kind = part.get("type")
    if not isinstance(kind, str) or kind not in _MODALITIES:
        return None
    said = dict(part)
    for key in _INNER:
        if isinstance(part.get(key), Mapping):
            said = {**said, **part[key]}
    if said["type"] == "text" and isinstance(said.get("data"), str):
        return {"type": "text", "content": said["data"]}  # a document of Anthropic's that is plain text
    mime = _first(said, str, "mime_type", "media_type")
    if mime is None and isinstance(said.get("format"), str):
        mime = f"{_MODALITIES[kind]}/{said['format']}"
    about: Part = {
        "modality": _modality(said, kind, mime), "mime_type": mime, "name": _first(said, str, "filename", "name"),
    }  # fmt: skip
    uri = _first(said, str, *_URIS)
    if uri is not None and not uri.startswith("data:"):
        return _made("uri", about, uri=uri)
    if isinstance(said.get("file_id"), str):
        return _made("file", about, file_id=said["file_id"])
    value = uri if uri is not None else _first(said, (str, bytes, bytearray, memoryview), *_VALUES)
    return None if value is None else blob_part(value, about)


def blob_part(value: str | bytes | bytearray | memoryview, about: Part) -> Part:
    """Bytes, base64 or a `data:` address as a part that holds it, or says only how large it was."""
    if isinstance(value, str) and value.startswith("data:"):
        head, _, data = value[len("data:") :].partition(",")
        mime = head.partition(";")[0] or about.get("mime_type")
        about = {**about, "mime_type": mime, "modality": _modality({}, about["modality"], mime)}
        value = data if head.endswith(";base64") else unquote_to_bytes(data)
    if isinstance(value, str):
        size = size_of(value)
        return _made("blob", about, content=value) if size <= MAX_BYTES else omitted(about, size)
    size = memoryview(value).nbytes
    return _made("blob", about, content=base64.b64encode(value).decode()) if size <= MAX_BYTES else omitted(about, size)


def size_of(content: str) -> int:
    """How many bytes base64 stands for."""
    return len(content) * 3 // 4 - content[-2:].count("=")


def omitted(part: Part, size: int) -> Part:
    """The part without its content, which was so many bytes long."""
    return _made("blob", {**part, "content": ""}, omitted_bytes=size)


def _made(kind: str, about: Part, **more: Any) -> Part:
    return {"type": kind, **{key: value for key, value in about.items() if value is not None and key != "type"}, **more}


def _modality(said: Mapping[str, Any], kind: str, mime: str | None) -> str:
    """What was said; else what the kind of block says; else what the content's type says."""
    if isinstance(said.get("modality"), str):
        return str(said["modality"])
    known = _MODALITIES.get(kind, kind)
    top = (mime or "").partition("/")[0]
    return top if known == "file" and top in ("image", "audio", "video") else known


def _first(said: Mapping[str, Any], kind: Any, *keys: str) -> Any:
    return next((said[key] for key in keys if isinstance(said.get(key), kind) and len(said[key])), None)
