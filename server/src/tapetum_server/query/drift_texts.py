"""What texts are like, as numbers that drift as any other: how long, how many words, which of them nobody had seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from tapetum_server.query.drift import place_hash, row_count
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame, FrameColumn
from tapetum_server.query.reader import Reader, tuples_of
from tapetum_server.query.statement import Statement
from tapetum_server.query.text_descriptors import DESCRIPTORS, descriptor, words_of

VOCABULARY = 5_000
"""Words that count as known: the most frequent of the baseline's texts."""
SAMPLED_TEXTS = 50_000
"""Texts of the baseline that the vocabulary is made from."""
UNSEEN_WORDS = "unseen_words"


def descriptor_names(text: str) -> tuple[str, ...]:
    """What the descriptors of a column of texts are called."""
    return tuple(f"{text}.{name}" for name in (*DESCRIPTORS, UNSEEN_WORDS))


async def described(
    reader: Reader, baseline: Frame, window: Frame, texts: Sequence[str], baseline_rows: int
) -> tuple[Frame, Frame]:
    """Both frames with the descriptors of these columns. Raises `QueryError` for one that holds no texts."""
    for name in texts:
        columns = _text(baseline, name), _text(window, name)
        statement = vocabulary_statement(baseline, columns[0], baseline_rows)
        counted = [*tuples_of(await reader.query(*statement, timeout_s=TIMEOUT_S))]
        common, once = ([int(word) for word, texts in counted if (texts > 1) is known] for known in (True, False))
        taken = {column.name for frame in (baseline, window) for column in frame.columns}
        if clash := taken & {*descriptor_names(name)}:
            raise QueryError(
                f"there is a column {min(clash)!r}, and the text {name!r} would make another", code="taken",
                hint="Rename the column.",
            )  # fmt: skip
        # A word of one text alone is unseen there, as it would be in a text that comes later.
        baseline = with_descriptors(baseline, columns[0], f"frame_words_{len(taken)}", common)
        window = with_descriptors(window, columns[1], f"frame_words_{len(taken)}", (*common, *once))
    return baseline, window


async def some_predictions(reader: Reader, frame: Frame) -> Frame:
    """The predictions, or about `SAMPLED_TEXTS` of them where there are more: reading words takes its time."""
    each = await row_count(reader, frame) // SAMPLED_TEXTS
    if not each:
        return frame
    return frame.narrowed("sipHash64(prediction_id) % {frame_each:UInt64} = 0", {"frame_each": each + 1})


def vocabulary_statement(frame: Frame, column: FrameColumn, rows: int) -> Statement:
    """(hash of a word, in how many texts it is), the most frequent first."""
    where = frame.where
    if rows > SAMPLED_TEXTS:
        where += f" AND {place_hash(frame, [column])} % {rows // SAMPLED_TEXTS + 1} = 0"
    sql = f"""SELECT cityHash64(word) AS hashed, count() AS texts
FROM (SELECT arrayJoin(arrayDistinct({words_of(column.sql)})) AS word FROM {frame.relation} WHERE {where})
GROUP BY word
ORDER BY texts DESC, hashed
LIMIT {VOCABULARY}"""
    return Statement(sql, dict(frame.parameters))


def _text(frame: Frame, name: str) -> FrameColumn:
    column = frame.column(name)
    if column.kind != "categorical":
        raise QueryError(f"column {name!r} holds no texts", code="not_such", hint=f"It holds: {column.kind}.")
    return column


def with_descriptors(frame: Frame, column: FrameColumn, parameter: str, known: Collection[int]) -> Frame:
    """The frame with what a column of texts is like; `known` are the hashes of words that are not unseen."""
    words = words_of(column.sql)
    seen = f"cityHash64(word) IN {{{parameter}:Array(UInt64)}}"
    unseen = f"if(empty({words}), NULL, 1 - arrayCount(word -> {seen}, {words}) / length({words}))"
    made = (*(descriptor(name, column.sql) for name in DESCRIPTORS), unseen)
    columns = tuple(
        FrameColumn(name, "numeric", f"CAST({sql}, 'Nullable(Float64)')")
        for name, sql in zip(descriptor_names(column.name), made)
    )
    return replace(frame, columns=(*frame.columns, *columns), parameters={**frame.parameters, parameter: list(known)})
