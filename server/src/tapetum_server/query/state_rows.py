"""Statistics of windows as arrays, so that any number of them is added up at once: as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tapetum_server.detectors.feature_statistics.states import SUMS, Ragged, States, sums_of
from tapetum_server.query.kept_windows import Subject, Window, subject_conditions
from tapetum_server.query.reader import Reader
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.signals.feature_statistics import DatasetStatistics

_LAST = 2**32 - 1
"""Features that no kept window has stand behind all others."""


async def kept_states(
    reader: Reader, project: str, subject: Subject, windows: Sequence[Window], *, first: int = 0
) -> pa.Table:
    """All features of these windows of one subject. `window` is the place in `windows`, counted from `first`."""
    table = await reader.table(*states_statement(project, subject, windows))
    place = {window.key: at for at, window in enumerate(windows, first)}
    at = [place[key] for key in table.column("window_key").to_pylist()]
    return table.drop_columns(["window_key"]).append_column("window", pa.array(at, pa.int64()))


def states_statement(project: str, subject: Subject, windows: Sequence[Window]) -> Statement:
    """One row per window and feature; what was told again beside what it replaces.

    The key leads to so few rows that nothing is gained by reading it before the other columns.
    """
    parameters = Parameters()
    where = [
        f"project = {parameters.text(project)}",
        # The key says which version.
        *subject_conditions(replace(subject, version=None), parameters),
    ]
    where.append(f"window_key IN {parameters.bind([window.key for window in windows], 'Array(UInt64)')}")
    sql = f"""SELECT window_key, feature, kind, type, position, said, sums, points, top_values, top_frequencies
FROM feature_statistics_rows
WHERE {" AND ".join(where)}
SETTINGS max_threads = 1, optimize_move_to_prewhere = 0, output_format_arrow_low_cardinality_as_dictionary = 1"""
    return Statement(sql, parameters.values)


def told_states(parts: Sequence[DatasetStatistics], first: int) -> pa.Table:
    """Statistics that were counted just now, as if they were kept: the first is of window `first`, and so on."""
    rows = [(first + place, feature) for place, part in enumerate(parts) for feature in part.features]
    texts = [feature.text.values if feature.text else () for _, feature in rows]
    floats = pa.list_(pa.float64())
    return pa.table(
        {
            "window": pa.array([window for window, _ in rows], pa.int64()),
            # As the engine has them.
            "feature": pa.array([feature.feature for _, feature in rows], pa.string()).dictionary_encode(),
            "kind": pa.array([feature.kind for _, feature in rows], pa.string()).dictionary_encode(),
            "type": pa.array([feature.type for _, feature in rows], pa.string()).dictionary_encode(),
            "position": pa.array([_LAST] * len(rows), pa.uint32()),
            "said": pa.array([0] * len(rows), pa.uint64()),
            "sums": pa.array([sums_of(feature) for _, feature in rows], floats),
            "points": pa.array([feature.numeric.points if feature.numeric else () for _, feature in rows], floats),
            "top_values": pa.array([[word for word, _ in values] for values in texts], pa.list_(pa.string())),
            "top_frequencies": pa.array([[times for _, times in values] for values in texts], floats),
        }
    )


def feature_count(tables: Sequence[pa.Table]) -> int:
    """How many features a window of these has at the most, about."""
    return max((len(pc.unique(_coded(table.column("feature")).indices)) for table in tables), default=0)


def states_of(tables: Sequence[pa.Table]) -> States:
    """Rows of such tables as arrays, each window's feature once: as it was told last."""
    table = pa.concat_tables(
        [one.select(tables[0].column_names) for one in tables], promote_options="permissive"
    )  # fmt: skip
    features = _coded(table.column("feature"))
    window = _numbers(table.column("window")).astype(np.int64)
    coded = _numbers(features.indices).astype(np.int64)
    order = np.lexsort((_numbers(table.column("said")), coded, window))
    again = (np.diff(window[order]) == 0) & (np.diff(coded[order]) == 0)
    if again.any():
        kept = np.sort(order[np.append(~again, True)])
        table, window, coded = table.take(pa.array(kept)), window[kept], coded[kept]
    sums = _ragged(table.column("sums"))
    words = _list(table.column("top_values"))
    values = _coded(words.flatten())
    rows = table.num_rows
    starts = sums.ends[:-1]
    edges = np.full((rows, 11), np.nan)
    long = np.flatnonzero(np.diff(sums.ends) == len(SUMS) + 11)
    edges[long] = sums.flat[starts[long, None] + len(SUMS) + np.arange(11)]
    return States(
        window=window,
        feature=coded,
        names=features.dictionary.to_pylist(),
        kinds=_texts(table.column("kind")),
        types=_texts(table.column("type")),
        position=_numbers(table.column("position")).astype(np.int64),
        sums=np.asarray(sums.flat[starts[:, None] + np.arange(len(SUMS))], np.float64),
        lengths=edges,
        points=_ragged(table.column("points")),
        words=Ragged(_numbers(values.indices).astype(np.int64), _ends(words)),
        frequencies=_ragged(table.column("top_frequencies")).flat.astype(np.float64),
        vocabulary=values.dictionary.to_pylist(),
    )


def _list(column: pa.ChunkedArray) -> Any:
    """As one array that begins at 0."""
    return column.combine_chunks() if column.num_chunks != 1 else pa.concat_arrays(column.chunks)


def _ragged(column: pa.ChunkedArray) -> Ragged:
    values = _list(column)
    return Ragged(_numbers(values.flatten()), _ends(values))


def _ends(values: Any) -> NDArray[np.int64]:
    ends = np.asarray(values.offsets.to_numpy(), np.int64)
    return ends - (ends[0] if len(ends) else 0)


def _coded(column: Any) -> Any:
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)


def _texts(column: pa.ChunkedArray) -> list[str]:
    coded = _coded(column)
    words = coded.dictionary.to_pylist()
    return [words[place] for place in coded.indices.to_pylist()]


def _numbers(column: Any) -> NDArray[Any]:
    return np.asarray(column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy())
