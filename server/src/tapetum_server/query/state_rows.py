"""Statistics of windows as they are kept to be added up: all features of one in one piece."""

from __future__ import annotations

from collections.abc import Sequence

from tapetum_server.detectors.feature_statistics.packed import Packed, packed
from tapetum_server.query.kept_windows import Subject, Window
from tapetum_server.query.reader import Reader
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.signals.feature_statistics import DatasetStatistics

_LAST = 2**32 - 1
"""Features that no kept window has stand behind all others."""


async def kept_states(
    reader: Reader, project: str, subject: Subject, windows: Sequence[Window], *, first: int = 0
) -> list[Packed]:
    """Of these windows of one subject. `window` is the place in `windows`, counted from `first`."""
    table = await reader.table(*states_statement(project, subject, windows))
    place = {window.key: at for at, window in enumerate(windows, first)}
    keys, said = (table.column(name).to_pylist() for name in ("window_key", "said"))
    return [
        Packed(place[key], when, state.as_buffer())
        for key, when, state in zip(keys, said, (one for chunk in table.column("state").chunks for one in chunk))
    ]


def states_statement(project: str, subject: Subject, windows: Sequence[Window]) -> Statement:
    """One row per window; what was told again beside what it replaces, and what was told apart beside the rest.

    The key leads to so few rows that nothing is gained by reading it before the other columns. Statistics are of a data
    set or of a model, never of both: where one is named, the other only says where to look, and is not read. That
    saves as much as three windows cost.
    """
    parameters = Parameters()
    dataset = f"dataset = {parameters.text(subject.dataset)}"
    model = f"model = {parameters.text(subject.model)}"
    where = [
        f"project = {parameters.text(project)}",
        dataset if subject.dataset else f"indexHint({dataset})",
        model if subject.model else f"indexHint({model})",
        f"window_key IN {parameters.bind([window.key for window in windows], 'Array(UInt64)')}",
    ]
    sql = f"""SELECT window_key, said, state
FROM feature_states
WHERE {" AND ".join(where)}
SETTINGS max_threads = 1, optimize_move_to_prewhere = 0, output_format_arrow_string_as_string = 0"""
    return Statement(sql, parameters.values)


def told_state(statistics: DatasetStatistics, window: int) -> Packed:
    """Statistics that were counted just now, as if they were kept."""
    features = statistics.features
    return Packed(window, 0, packed(features, [_LAST] * len(features)))
