"""The list of models and pages of predictions through the HTTP API, at two million predictions, beside bare SQL.

    python -m bench.models [--rows 2000000] [--repeats 11] [--only TEXT] [--work DIR]

Five models of 20 features over four days, three quarters of the predictions with a label, one model with texts. The
server runs inside this process, so that both ways use the same engine and its caches. CPU is that of the process less
the asking thread's own work, median and least of the repeats, in turns; of the ways the bare SQL is written the cheaper
counts. Each repeat asks about a range that ends a millisecond earlier: the engine remembers which rows met a condition.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import http.client
import json
import random
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from bench.machine import load, machine
from bench.million import settled
from bench.predictions import body_of
from bench.queries import ask_api, on_engine
from bench.served import asked
from bench.words import Text
from tapetum_server.app.server import Server
from tapetum_server.receivers.records.reading import LABELS, PREDICTIONS, read_records
from tapetum_server.store.directory import DataDirectory
from tapetum_server.store.engine import Engine
from tapetum_server.store.migrate import migrate
from tapetum_server.store.open import open_engine
from tapetum_server.store.writer import StoreWriter

DAY_MS = 86_400_000
DAYS = 4
MODELS = {"income": 0.4, "fraud": 0.25, "delivery": 0.15, "tickets": 0.15, "churn": 0.05}
"""Each one's share of all predictions."""
EACH = 50_000
"""Predictions of all of them together that are sent at once."""
NEEDLE = "quixotryzebrafish"
"""A word in the texts of a few."""
RARE = 50
"""Predictions with the word."""


def predictions(model: str, count: int, begin_ms: int, width_ms: int, version: str, seed: int) -> tuple[pa.Table, Any]:
    """So many within a time, and their labels: of three in four, up to six hours later."""
    rng = np.random.default_rng(seed)
    words = pa.array([f"category-{i}" for i in range(20)])
    columns: dict[str, Any] = {f"n{i:02d}": rng.normal(size=count) for i in range(14)}
    columns |= {f"c{i}": words.take(pa.array(rng.integers(0, 20, count))) for i in range(6)}
    ids = pa.array([uuid.UUID(bytes=rng.bytes(16)).hex for _ in range(count)])
    at = begin_ms + np.sort(rng.integers(0, width_ms, count))
    columns |= {
        "prediction_id": ids, "time": pa.array(at, pa.timestamp("ms", "UTC")), "version": pa.array([version] * count),
        "latency_ms": rng.lognormal(3, 0.5, count),
    }  # fmt: skip
    score = rng.beta(2, 3, count)
    truth: pa.Array
    if model == "delivery":
        columns["output"] = rng.gamma(4, 8, count)
        truth = pa.array(columns["output"] + rng.normal(0, 3, count))
    elif model == "tickets":
        text = Text(random.Random(seed))
        said = [text(160) for _ in range(count)]
        columns["text_features"] = pa.StructArray.from_arrays([pa.array(said)], ["question"])
        topics = pa.array([f"topic-{i}" for i in range(12)])
        of = rng.integers(0, 12, count)
        columns["output"] = topics.take(pa.array(of))
        truth = topics.take(pa.array(np.where(rng.random(count) < 0.8, of, rng.integers(0, 12, count))))
    else:
        columns |= {"score": score, "output": pa.array((score > 0.5).astype(int))}
        truth = pa.array((rng.random(count) < score).astype(int))
        if model == "fraud":
            columns["scores"] = pa.StructArray.from_arrays([1 - score, score], ["fair", "fraud"])
    labelled = np.flatnonzero(rng.random(count) < 0.75)
    later = pa.array(at[labelled] + rng.integers(0, DAY_MS // 4, len(labelled)), pa.timestamp("ms", "UTC"))
    taken = pa.array(labelled)
    return pa.table(columns), pa.table({"prediction_id": ids.take(taken), "label": truth.take(taken), "time": later})


def with_needle(table: pa.Table, every: int) -> pa.Table:
    """Some of the texts with the word that is searched for."""
    said = table["text_features"].combine_chunks().field(0).to_pylist()
    said = [f"{text} {NEEDLE}" if k % every == every // 2 else text for k, text in enumerate(said)]
    place = table.column_names.index("text_features")
    return table.set_column(place, "text_features", pa.StructArray.from_arrays([pa.array(said)], ["question"]))


def filled(work: Path, rows: int) -> tuple[Path, dict[str, Any]]:
    """A data directory with so many predictions, as `tapetum serve` leaves it; made when it is not there yet."""
    directory, known = work / f"models-{rows}", work / f"models-{rows}.json"
    if not known.exists():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        known.write_text(json.dumps(_fill(directory, rows)))
    return directory, json.loads(known.read_text())


def _fill(directory: Path, rows: int) -> dict[str, Any]:
    home = DataDirectory(directory)
    engine = open_engine(home.path)
    migrate(engine)
    writer = StoreWriter(engine, ThreadPoolExecutor(1), lambda project, signal: 400)
    end = time.time_ns() // 10**6 // DAY_MS * DAY_MS
    begin = end - DAYS * DAY_MS
    truth: dict[str, Any] = {"from_ms": begin, "to_ms": end, "rows": 0}

    async def fill() -> None:
        # In the order of time, as models are asked: the parts of one day hold the same models.
        requests = max(DAYS, -(-rows // EACH) // DAYS * DAYS)
        width = (end - begin) // requests
        for k in range(requests):
            version = "2" if k >= requests * 7 // 8 else "1"
            for place, (model, share) in enumerate(MODELS.items()):
                each = int(rows * share) // requests
                made, labels = predictions(model, each, begin + k * width, width, version, place * 1_000 + k)
                if model == "tickets":
                    made = with_needle(made, max(1, each * requests // RARE))
                for kind, table in ((PREDICTIONS, made), (LABELS, labels)):
                    body, media_type = body_of(table, "arrow")
                    read = read_records(kind, body, media_type, "default", "bench", defaults={"model": model})
                    assert not read.refused, read.refused[:3]
                    await writer.consume(read.batch)
                truth["rows"] += each

    asyncio.run(fill())
    writer.close()
    settled(engine)
    engine.close()
    home.release()
    return truth


_SHOWN = (
    "model, version, prediction_id, time, trace_id, span_id, output, output_label, score, latency_ms, source, tags, "
    "nulls, numeric, booleans, categorical, texts, number_lists, text_lists"
)
_BEGUN = "intDiv(toUnixTimestamp64Nano(time), 8640000000000)"
_LISTED = f"""SELECT model, {_BEGUN} AS step, count(), uniqExact(version), countIf(label_rows.said > 0),
    quantiles(0.5, 0.95)(latency_ms), avg(score), avg(output), countIf(output_label = label),
    avg(abs(output - label_value)), countIf(score < 0 OR score > 1), max(p.time)
FROM prediction_rows AS p LEFT ANY JOIN label_rows USING (project, model, prediction_id) WHERE """
"""Of every prediction; of those that were delivered twice both."""


def _has(word: str) -> str:
    texts = ("arrayStringConcat(mapValues(categorical), ' ')", "arrayStringConcat(mapValues(texts), ' ')")
    each = (
        f"hasAllTokens(lower({text}), '{word}', 'unicodeWord')" for text in (*texts, "prediction_id", "output_label")
    )
    return f" AND ({' OR '.join(each)})"


def _pages(within: str, condition: str) -> list[list[str]]:
    """All columns at once, or those rows that are wanted first; without their labels, which the API answers too."""
    found = f"FROM prediction_rows FINAL WHERE {within}{condition} ORDER BY time DESC LIMIT 50"
    first = f"WHERE project = 'default' AND (model, prediction_id) IN (SELECT model, prediction_id {found})"
    whole = f"SELECT {_SHOWN} FROM prediction_rows FINAL {first} AND {within} ORDER BY time DESC"
    return [[f"SELECT {_SHOWN} {found}"], [whole]]


def questions(truth: dict[str, Any], earlier_ms: int) -> dict[str, tuple[str, list[list[str]]]]:
    """Name → path of the API, and ways to ask the same in bare SQL, each of some statements."""
    begin, end = truth["from_ms"], truth["to_ms"] - earlier_ms

    def within(since: int) -> str:
        times = (f"time {sign} fromUnixTimestamp64Milli({at})" for sign, at in ((">=", since), ("<", end)))
        return f"project = 'default' AND {' AND '.join(times)}"

    everything, two, one = (
        f"from={begin}&to={end}",
        f"from={end - 2 * DAY_MS}&to={end}",
        f"from={end - DAY_MS}&to={end}",
    )
    found: dict[str, tuple[str, list[list[str]]]] = {
        "models, a day beside the day before": (
            f"/api/v1/models?{one}", [[f"{_LISTED}{within(end - 2 * DAY_MS)} GROUP BY model, step"]]
        ),
        "models, two days beside two": (
            f"/api/v1/models?{two}", [[f"{_LISTED}{within(begin)} GROUP BY model, step"]]
        ),
        "models, all": ("/api/v1/models?from=all", [[f"{_LISTED}{within(begin)} GROUP BY model, step"]]),
        "newest predictions": (f"/api/v1/predictions?{everything}", _pages(within(begin), "")),
    }  # fmt: skip
    words = {"a rare word": NEEDLE, "a frequent word": "category-7", "a word that is nowhere": "nowheretobefound"}
    for name, word in words.items():
        page = f"/api/v1/predictions?{everything}&q={quote(word)}"
        found[f"text search, {name}"] = page, _pages(within(begin), _has(word))
    of_model = f"/api/v1/predictions?{everything}&q={quote(f'model:tickets {NEEDLE}')}"
    found["text search, a rare word of one model"] = (
        of_model,
        _pages(within(begin), f" AND model = 'tickets'{_has(NEEDLE)}"),
    )
    return found


def compare(server: Server, truth: dict[str, Any], repeats: int, only: str) -> None:
    """Every question both ways, in turns."""
    engine = server._engine
    for name in questions(truth, 0):
        if only not in name:
            continue
        spent: dict[str, list[float]] = {}
        for repeat in range(repeats + 1):
            path, ways = questions(truth, repeat)[name]
            ways_to_ask: dict[str, Callable[[], bytes]] = {"api": functools.partial(_asked, server.port, path)}
            ways_to_ask |= {f"bare {k}": functools.partial(_bare, engine, way) for k, way in enumerate(ways)}
            for what, ask in ways_to_ask.items():
                cpu, own = time.process_time(), time.thread_time()
                ask()
                if repeat:
                    took = time.process_time() - cpu - (time.thread_time() - own)
                    spent.setdefault(what, []).append(took * 1e3)
        median = {what: float(np.median(each)) for what, each in spent.items()}
        bare = min((what for what in median if what != "api"), key=lambda what: median[what])
        said = {
            "question": name, "bare_cpu_ms": round(median[bare]), "bare_least": round(min(spent[bare])),
            "api_cpu_ms": round(median["api"]), "api_least": round(min(spent["api"])),
            "cpu_ratio": round(median["api"] / median[bare], 2), "written": bare, "load": load(),
        }  # fmt: skip
        print(json.dumps(said), flush=True)


def _asked(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        return ask_api(connection, path)
    finally:
        connection.close()


def _bare(engine: Engine, statements: list[str]) -> bytes:
    return b"".join(on_engine(engine, sql) for sql in statements)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--only", default="", help="questions with this text in their names")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    directory, truth = filled(args.work, args.rows)
    print(json.dumps(machine() | {"load": load(), "predictions": truth["rows"]}), flush=True)
    asked(directory, lambda server: compare(server, truth, args.repeats, args.only))


if __name__ == "__main__":
    main()
