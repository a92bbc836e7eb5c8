"""What a retriever or reranker brought: documents with their scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from typing_extensions import TypedDict

from tapetum_server.processors.messages.decoding import decode

MAX_DOCUMENTS = 500
_TEXT = ("content", "page_content", "pageContent", "text", "document", "chunk", "body", "snippet")
_SCORE = ("score", "relevance_score", "similarity", "_score")
_IDENTITY = ("id", "doc_id", "document_id", "source_id", "chunk_id", "uri")


class Document(TypedDict):
    """One document. Nothing is known where it is null or empty."""

    id: str
    score: float | None
    content: str
    metadata: Any


def read_documents(value: Any) -> list[Document]:
    """The documents of a value, in its order; empty where it holds none."""
    if isinstance(value, str):
        value, _wrong = decode(value)
    if isinstance(value, Mapping):
        value = next(
            (value[key] for key in ("documents", "output_documents", "results", "context", "output", "matches")
             if isinstance(value.get(key), list)),
            None,
        )  # fmt: skip
    if not isinstance(value, list):
        return []
    found = [_document(one) for one in value[:MAX_DOCUMENTS]]
    return [one for one in found if one is not None]


def _document(value: Any) -> Document | None:
    if not isinstance(value, Mapping):
        return None
    inner = value.get("document")
    if isinstance(inner, Mapping):
        value = {**value, **inner}
    node = value.get("node")
    if isinstance(node, Mapping):
        value = {**value, **node}
    inner = value.get("kwargs")
    if "lc" in value and isinstance(inner, Mapping):
        value = inner
    content = next((value[key] for key in _TEXT if isinstance(value.get(key), str)), "")
    identity = next((str(value[key]) for key in _IDENTITY if value.get(key) not in (None, "")), "")
    score = next((number for key in _SCORE if (number := _number(value.get(key))) is not None), None)
    metadata = value.get("metadata")
    if isinstance(metadata, str):
        metadata, _wrong = decode(metadata)
    if not content and not identity and score is None:
        return None
    if metadata is not None and len(orjson.dumps(metadata, default=str)) > 16_384:
        metadata = "[more than 16 KB]"
    return Document(id=identity[:512], score=score, content=content, metadata=metadata)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < 1e18 else None
