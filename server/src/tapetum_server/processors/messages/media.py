"""Images, audio and files: by reference, never their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tapetum_server.processors.messages.message import Part

MAX_URI = 4_096
_MODALITIES = ("image", "audio", "video", "document", "file", "pdf")
_INNER = (
    "image_url", "input_audio", "file", "source", "image", "audio", "video", "document", "inlineData", "inline_data",
    "fileData", "file_data", "bytes",
)  # fmt: skip


def media_part(block: Mapping[str, Any], kind: Any) -> Part | None:
    """A part for a block that holds or names something to look at or listen to; `None` where it does not."""
    flat = _flattened(block)
    mime = _text(flat, "mime_type", "mimeType", "media_type", "mediaType")
    name = _text(flat, "filename", "display_name", "displayName", "name")
    modality = _modality(block, kind, mime or _text(flat, "format"))
    uri = _text(flat, "uri", "url", "fileUri", "file_uri", "image_url")
    if uri.startswith("data:"):
        mime = mime or uri[5:].partition(";")[0].partition(",")[0]
        return _part("blob", _modality(block, kind, mime) or "file", mime, name, size=len(uri))
    if uri and (modality or kind in ("uri", "file")):
        part = _part("uri", modality or "file", mime, name)
        part["uri"] = uri[:MAX_URI]
        return part
    if file_id := _text(flat, "file_id", "fileId"):
        part = _part("file", modality or "file", mime, name)
        part["file_id"] = file_id[:MAX_URI]
        return part
    omitted = flat.get("omitted_bytes")
    if modality and isinstance(omitted, int) and omitted >= 0:
        part = _part("blob", modality, mime, name)
        part["omitted_bytes"] = omitted
        return part
    data = _text(flat, "data", "bytes", "base64", "file_data", "content")
    if data and modality and kind not in ("text", "document_text"):
        return _part("blob", modality, mime, name, size=len(data))
    return None


def _flattened(block: Mapping[str, Any]) -> dict[str, Any]:
    """Providers put the same facts one or two levels down under different names."""
    flat = dict(block)
    for _level in range(2):
        for key in _INNER:
            inner = flat.get(key)
            if isinstance(inner, Mapping):
                del flat[key]
                flat = {**flat, **inner}
            elif isinstance(inner, str) and key in ("image", "source", "audio", "video"):
                flat.setdefault("url" if inner.startswith(("http", "data:", "gs:", "s3:")) else "data", inner)
    return flat


def _modality(block: Mapping[str, Any], kind: Any, mime: str) -> str:
    said = block.get("modality")
    words = [said, kind, *block, mime]
    for modality in _MODALITIES:
        if any(isinstance(word, str) and modality in word for word in words):
            return "document" if modality == "pdf" else modality
    return "file" if (isinstance(kind, str) and kind in ("blob", "uri", "file")) or mime else ""


def _part(kind: Any, modality: str, mime: str, name: str, size: int | None = None) -> Part:
    part = Part(type=kind, modality=modality)
    if mime:
        part["mime_type"] = mime[:256]
    if name:
        part["name"] = name[:256]
    if size is not None:
        part["size"] = size
    return part


def _text(source: Mapping[str, Any], *keys: str) -> str:
    return next((source[key] for key in keys if isinstance(source.get(key), str) and source[key]), "")
