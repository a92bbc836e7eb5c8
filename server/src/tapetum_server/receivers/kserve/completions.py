"""Bodies in OpenAI's forms, as KServe's runtimes for language models speak: completions, chat, embeddings, rerank."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from tapetum_server.receivers.kserve.tensors import NoInference, Row, json_of

MAX_TEXT = 65_536
"""Characters of a prompt or an answer."""
_SETTINGS = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "n", "stream")
_USAGE = ("prompt_tokens", "completion_tokens", "total_tokens")


def is_question(document: Any) -> bool:
    """Whether a request's body is of this kind."""
    return (
        isinstance(document, dict)
        and "model" in document
        and bool({"messages", "prompt", "input", "query"} & set(document))
    )


def question_of(document: Mapping[str, Any]) -> tuple[Row, dict[str, str]]:
    """Features of a request, and its texts."""
    row: Row = {name: document[name] for name in _SETTINGS if isinstance(document.get(name), (bool, int, float))}
    messages = document.get("messages")
    if isinstance(messages, list):
        row["messages"] = len(messages)
        said = [f"{m.get('role', '')}: {_text(m.get('content'))}" for m in messages if isinstance(m, dict)]
        return row, {"prompt": "\n\n".join(said)[:MAX_TEXT]}
    if "query" in document:
        documents = document.get("documents")
        row["documents"] = len(documents) if isinstance(documents, list) else 0
        return row, {"prompt": _text(document["query"])[:MAX_TEXT]}
    return row, {"prompt": _text(document.get("prompt", document.get("input")))[:MAX_TEXT]}


def answer_record(body: bytes) -> dict[str, Any] | None:
    """What a response says, as fields of a prediction; `None` where it is no such response."""
    if body.lstrip()[:5] == b"data:":
        return _of_stream(body)
    try:
        document, _ = json_of(body)
    except NoInference:
        return None
    if not isinstance(document, dict):
        return None
    if isinstance(choices := document.get("choices"), list):
        texts = [_choice(each) for each in choices if isinstance(each, dict)]
        return _answer("\n\n".join(texts), choices[0] if choices else {}, document)
    if isinstance(data := document.get("data"), list) and data and isinstance(data[0], dict) and "embedding" in data[0]:
        vector = data[0]["embedding"]
        numbers = vector if isinstance(vector, list) and all(isinstance(each, (int, float)) for each in vector) else []
        return {"embedding": numbers, "tags": _tags(document)}
    if isinstance(results := document.get("results"), list) and all(isinstance(each, dict) for each in results):
        scores = {str(each.get("index", i)): each.get("relevance_score") for i, each in enumerate(results)}
        return {"scores": {k: v for k, v in scores.items() if isinstance(v, (int, float))}, "tags": _tags(document)}
    return None


def _of_stream(body: bytes) -> dict[str, Any] | None:
    """Server-sent events as the agent gathered them: pieces of one answer."""
    texts: list[str] = []
    last: dict[str, Any] = {}
    final: dict[str, Any] = {}
    for line in body.splitlines():
        if not line.startswith(b"data:") or line[5:].strip() in (b"", b"[DONE]"):
            continue
        try:
            piece = orjson.loads(line[5:])
        except orjson.JSONDecodeError:
            continue  # the agent cut the stream
        if not isinstance(piece, dict):
            continue
        final.update({name: piece[name] for name in ("model", "usage") if piece.get(name)})
        for choice in piece.get("choices") or ():
            if isinstance(choice, dict):
                texts.append(_choice(choice))
                last = choice if choice.get("finish_reason") else last
    return _answer("".join(texts), last, final) if texts else None


def _answer(text: str, choice: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    tags = _tags(document)
    reason = choice.get("finish_reason") if isinstance(choice, dict) else None
    if isinstance(reason, str):
        tags["finish_reason"] = reason
    return {"text_features": {"completion": text[:MAX_TEXT]}, "tags": tags}


def _choice(choice: Mapping[str, Any]) -> str:
    for holder in (choice.get("message"), choice.get("delta"), choice):
        if isinstance(holder, dict):
            text = holder.get("content", holder.get("text"))
            if text:
                return _text(text)
    return ""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_text(each.get("text", "")) if isinstance(each, dict) else _text(each) for each in value)
    return "" if value is None else orjson.dumps(value).decode()


def _tags(document: Mapping[str, Any]) -> dict[str, str]:
    usage = document.get("usage")
    tags = {name: str(usage[name]) for name in _USAGE if isinstance(usage, dict) and usage.get(name) is not None}
    if isinstance(model := document.get("model"), str):
        tags["model"] = model
    return tags
