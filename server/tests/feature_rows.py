"""A few hundred rows with everything that a feature can be like, and a file of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 600


def rows() -> pa.Table:
    """Numbers with NaN, infinities and nulls, texts with ties and bytes that are no text, lists, times, a constant."""
    random = np.random.default_rng(7)
    amount = random.lognormal(3, 1, ROWS)
    amount[:5] = math.nan
    amount[5:9] = math.inf
    amount[9:11] = -math.inf
    amount[11:31] = 0
    numbers = random.integers(0, 5, ROWS)
    words = np.array(["é", "日本", "card", "cash", "cheque"])[random.integers(0, 5, ROWS)]
    city = pa.array(np.array(["Lagos", "Oslo", "Quito"])[np.arange(ROWS) % 3])
    return pa.table(
        {
            "amount": pa.array(amount, mask=np.arange(ROWS) % 50 == 49),
            "count": pa.array(random.integers(-20, 20, ROWS), mask=np.arange(ROWS) % 7 == 0),
            "big": pa.array(2**40 + random.integers(0, 1000, ROWS)),
            "constant": pa.array([3.5] * ROWS),
            "nothing": pa.array([None] * ROWS, pa.float64()),
            "flag": pa.array(random.random(ROWS) < 0.25),
            "payment": pa.array(words, mask=np.arange(ROWS) % 10 == 0),
            "city": city,
            "id": pa.array([f"row-{i}" for i in range(ROWS)]),
            "raw": pa.array([b"\xff\xfe" if i % 4 == 0 else b"plain" for i in range(ROWS)], pa.binary()),
            "at": pa.array(1_760_000_000_000_000 + np.arange(ROWS) * 1_000_000, pa.timestamp("us", "UTC")),
            "scores": pa.array([[float(i)] * n if n else None for i, n in enumerate(numbers)], pa.list_(pa.float64())),
            "tags": pa.array([["a", f"t{n}"][: max(1, n)] for n in numbers], pa.list_(pa.string())),
            "weight": pa.array(1.0 + np.arange(ROWS) % 4 / 2),
        }
    )


def write_rows(path: Path) -> Path:
    """The rows as a Parquet file."""
    pq.write_table(rows(), path, row_group_size=100)
    return path
