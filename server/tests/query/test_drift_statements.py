"""The SQL of drift as it really runs, and that one statement reads each frame once for all features.

Write a changed statement down with TAPETUM_SNAPSHOTS=write, and read the difference as you would read code.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tapetum_server.query import drift, drift_groups, drift_samples, drift_texts, embeddings
from tapetum_server.query.frames import Frame, frame_column
from tapetum_server.query.statement import Statement
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.engine import Engine

SNAPSHOTS = Path(__file__).parent / "statements_of_drift"
COLUMNS = (
    frame_column("price", "Nullable(Float64)"),
    frame_column("shop's `name`", "String"),
    frame_column("flag", "Bool"),
    frame_column("at", "DateTime('UTC')"),
)
ROWS = """(SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \\`name\\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))"""
FRAME = Frame(ROWS, COLUMNS, "price >= {frame_least:Float64}", {"frame_least": 1.0}, "_row_number")
FILE = replace(FRAME, where="true", parameters={})
PRICE, SHOP, FLAG, AT = COLUMNS
AGE = frame_column("age", "Nullable(Float64)", "CAST(NULL, 'Nullable(Float64)')")
FEATURES = (
    drift.NumericFeature(PRICE, (5.0, 0.1 + 0.2)),
    drift.CategoricalFeature(SHOP),
    drift.CategoricalFeature(FLAG, ("true",)),
)
DAY_NS = 86_400 * 10**9
VECTORS = """(SELECT toString(number) AS prediction_id, toDateTime64(number, 9, 'UTC') AS time, number AS score,
    arrayWithConstant(3, toFloat64(number)) AS vector, concat('word', toString(number % 7), ' and more') AS mail
    FROM numbers(100))"""
VECTOR, MAIL = frame_column("vector", "Array(Float64)"), frame_column("mail", "String")
MAILS = Frame(VECTORS, (VECTOR, MAIL, frame_column("score", "Float64")))
WORDS = drift_texts.with_descriptors(MAILS, MAIL, "frame_words", [1, 2])
STATEMENTS: dict[str, Callable[[], Statement]] = {
    "counts": lambda: drift.counts_statement(FRAME, FEATURES),
    "counts_by_rows": lambda: drift.counts_statement(FRAME, FEATURES, drift_groups.chunks_of_rows(FRAME, 40)),
    "counts_by_rows_of_a_file": lambda: drift.counts_statement(
        FILE, FEATURES[:1], drift_groups.chunks_of_rows(FILE, 40)
    ),
    "counts_by_time": lambda: drift.counts_statement(FRAME, FEATURES, drift_groups.chunks_of_time(AT, DAY_NS)),
    "counts_by_week": lambda: drift.counts_statement(FRAME, FEATURES[:1], drift_groups.chunks_of_time(AT, 7 * DAY_NS)),
    "counts_by_slice": lambda: drift.counts_statement(FRAME, FEATURES[:1], drift_groups.slices_by(SHOP)),
    "turned_counts": lambda: drift.turned_counts_statement(FRAME, [FEATURES[0], drift.NumericFeature(AGE, ())]),
    "turned_counts_by_time": lambda: drift.turned_counts_statement(
        FRAME, FEATURES[:1], drift_groups.chunks_of_time(AT, DAY_NS)
    ),
    "turned_quantiles": lambda: drift.turned_quantiles_statement(FRAME, [PRICE, AGE], [0.5, 0.9]),
    "embedding_lengths": lambda: embeddings.lengths_statement(MAILS, (VECTOR,)),
    "embedding_count": lambda: embeddings.count_statement(MAILS, VECTOR, 3),
    "embedding_vectors": lambda: embeddings.vectors_statement(MAILS, VECTOR, 3, MAILS.column("score"), 100, 20),
    "text_vocabulary": lambda: drift_texts.vocabulary_statement(MAILS, MAIL, 100),
    "text_descriptors": lambda: drift.counts_statement(
        WORDS, [drift.NumericFeature(column, (0.5,)) for column in WORDS.columns[-4:]]
    ),
    "quantiles": lambda: drift.quantiles_statement(FRAME, (PRICE,), (0.25, 0.5), 100),
    "quantiles_of_a_sample": lambda: drift.quantiles_statement(FILE, (PRICE,), (0.5,), 3_000_000),
    "quantiles_of_a_sample_by_content": lambda: drift.quantiles_statement(FRAME, (PRICE, AGE), (0.5,), 3_000_000),
    "sorted_values": lambda: drift.sorted_values_statement(FRAME, PRICE),
    "sorted_values_by_rows": lambda: drift.sorted_values_statement(
        FRAME, PRICE, drift_groups.chunks_of_rows(FRAME, 40)
    ),
    "times_by_rows": lambda: drift.group_times_statement(FRAME, AT, drift_groups.chunks_of_rows(FRAME, 40)),
}


@pytest.fixture(scope="module")
def engine(engine_home: Path) -> Iterator[Engine]:
    """An engine without tables."""
    opened = EmbeddedEngine(engine_home, "drift_statements")
    yield opened
    opened.close()


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_of_drift_is_the_one_that_was_reviewed_and_runs(engine: Engine, name: str) -> None:
    sql, parameters = STATEMENTS[name]()
    path = SNAPSHOTS / f"{name}.sql"
    if os.environ.get("TAPETUM_SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(sql + "\n")
    assert path.read_text() == sql + "\n"
    assert engine.query(sql, parameters).num_rows
    assert sql.count("numbers(100)") == 1
    assert "0.30000000000000004" not in sql


def test_quantiles_are_numpys(engine: Engine) -> None:
    (found,) = asyncio.run(drift.quantiles(StoreReader(engine), FRAME, (PRICE,), (0.1, 0.25, 0.9), 97))
    assert found == pytest.approx(np.quantile(np.arange(3, 100) / 3, (0.1, 0.25, 0.9)), rel=1e-12)


def test_a_sample_without_row_numbers_has_rows_whose_values_are_missing_too(engine: Engine) -> None:
    """A hash of a null is null, and would leave them all out."""
    statement = drift_samples.sample_statement(FRAME, (AGE, SHOP), 97, 50)
    assert 20 <= engine.query(*statement).num_rows <= 75


def test_no_snapshot_outlives_its_statement() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.sql")} == set(STATEMENTS)
