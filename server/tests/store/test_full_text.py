"""Full text over each home of the store: words as JSON has them, wherever they lie, by the index and without it."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from store.conftest import Keep
from store.telemetry import START, logs, spans
from tapetum_server.query.filter import parse_filter
from tapetum_server.query.selection import select
from tapetum_server.query.sources import SPANS
from tapetum_server.query.spans import spans_statement
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.query.time_range import TimeRange
from tapetum_server.store.engine import Engine

TABLES = ("span_rows", "message_rows", "span_enrichments")


@pytest.mark.covers("full-text-spellings")
@pytest.mark.wide
def test_the_first_word_of_a_line_is_found_wherever_its_text_is_kept(any_engine: Engine, keep: Keep) -> None:
    """In the span's own text, in text that another span said before, and in what a log record told; in any script."""
    own = json.dumps({"content": "first\nfox\nCÔTÉ\n北京\nمرحبا\n😀\r\narrow"}, ensure_ascii=False)
    history = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "an\nowl " + "x" * 200}]}] * 2)
    ids = {"trace_id": f"{9:032x}", "span_id": f"{9:016x}"}
    told = {"gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "a\nbee"}]}]}
    call = {"gen_ai.operation.name": "chat"}
    keep(
        spans({"span_id": f"{1:016x}", "attributes": {**call, "gen_ai.output.messages": own}}),
        spans({"span_id": f"{2:016x}", "start": START + 1, "attributes": {**call, "gen_ai.input.messages": history}}),
    )
    keep(spans({"span_id": f"{3:016x}", "start": START + 2, "attributes": {**call, "gen_ai.input.messages": history}}))
    keep(spans({**ids, "start": START + 3, "attributes": call}))
    keep(logs({**ids, "event_name": "gen_ai.client.inference.operation.details", "attributes": told}))
    wanted = {
        "fox": {1}, "côté": {1}, "北京": {1}, "مرحبا": {1}, "😀": {1}, "ARROW": {1}, "owl": {2, 3}, "bee": {9},
        "nfox": set(), "narrow": set(), "nowl": set(), "nbee": set(),
    }  # fmt: skip

    with ThreadPoolExecutor(2) as executor:
        reader = StoreReader(any_engine, executor)
        asked = {}
        for word in wanted:
            everything = TimeRange(None, None)
            chosen = asyncio.run(
                select(reader, SPANS, project="default", time_range=everything, filter=parse_filter(word))
            )
            asked[word] = spans_statement(chosen, "-start_time", 10, None)

    def found() -> dict[str, set[int]]:
        return {w: {int(row["span_id"], 16) for row in any_engine.query(*s).to_pylist()} for w, s in asked.items()}

    assert found() == wanted
    for table in TABLES:
        any_engine.command(f"OPTIMIZE TABLE {any_engine.database}.{table} FINAL")
    assert found() == wanted
    for sql, parameters in asked.values():
        plan = "\n".join(any_engine.query(f"EXPLAIN indexes = 1 {sql}", parameters).column(0).to_pylist())
        assert "__text_index_words_of_payload" in plan  # a column of the index: the texts are not read
