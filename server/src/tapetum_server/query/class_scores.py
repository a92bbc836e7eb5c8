"""Where the scores of several classes lie: in columns of a common beginning, or in one column of lists."""

from __future__ import annotations

from dataclasses import replace

from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame, FrameColumn
from tapetum_server.query.reader import Reader, first_row

MAX_CLASSES = 200
HINT = (
    "Name the columns PREFIX_class, one for each class, and give PREFIX_* as the prediction; or give a list of scores."
)

Scores = tuple[tuple[str, str], ...]
"""Class, and the column of its score."""


async def class_scores(reader: Reader, frame: Frame, prediction: str) -> tuple[Frame, Scores]:
    """The classes of a prediction `PREFIX*` or of lists (`0`, `1`, …), and the frame that has a column for each.

    None where the prediction is neither. Raises `QueryError`.
    """
    if prediction.endswith("*"):
        prefix = prediction[:-1]
        found = tuple((c.name[len(prefix) :], c.name) for c in frame.columns if c.name.startswith(prefix))
        if len(found) < 2:
            raise QueryError(
                f"prediction_key: fewer than two columns begin with {prefix!r}", field="prediction_key", hint=HINT
            )
        return frame, found
    column = frame.column(prediction)
    if column.kind != "numeric_list":
        return frame, ()
    sql = f"SELECT max(length({column.sql})) AS t_most FROM {frame}"
    most = int((first_row(await reader.query(sql, dict(frame.parameters), timeout_s=TIMEOUT_S)) or {})["t_most"] or 0)
    if not 2 <= most <= MAX_CLASSES:
        raise QueryError(
            f"{prediction!r} has lists of up to {most} scores; classes are 2 to {MAX_CLASSES}",
            field=prediction,
            hint=HINT,
        )
    # A list that is shorter has no score there, rather than 0.
    added = tuple(
        FrameColumn(f"{prediction}[{k}]", "numeric", f"if(length({column.sql}) > {k}, ({column.sql})[{k + 1}], NULL)")
        for k in range(most)
    )
    return replace(frame, columns=(*frame.columns, *added)), tuple((str(k), each.name) for k, each in enumerate(added))
