"""Windows are found and read as they were told, however few of them a question looks at."""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from asked_world import World, world

from tapetum_server.detectors.feature_statistics.packed import packed, states_of
from tapetum_server.query.kept_windows import Asked, Subject, Window, cover, kept_windows, windows_and_labels
from tapetum_server.query.state_rows import kept_states
from tapetum_server.query.stored_statistics import window_statistics
from tapetum_server.query.time_range import TimeRange
from tapetum_server.query.window_days import together, uncovered, without
from tapetum_server.receivers.records.reading import LABELS, read_records
from tapetum_server.signals.feature_statistics import (
    ALL_ROWS,
    Bucket,
    Counts,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
)
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch, StoredStatistics

HOUR, DAY = 3_600 * 10**9, 86_400 * 10**9
BEGIN = datetime(datetime.now(timezone.utc).year, 1, 1, tzinfo=timezone.utc)
"""Windows are kept for 400 days."""
FIRST = int(BEGIN.timestamp()) * 10**9
ONE = TimeRange(FIRST, FIRST + HOUR)


@pytest.fixture(scope="module")
def asked(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(engine_home, tmp_path_factory.mktemp("catalog")) as opened:
        yield opened


COUNTS = Counts(present=9, missing=1, values=9)
NUMBER = FeatureStatistics(
    feature="age", kind="numeric", type="FLOAT", counts=COUNTS,
    numeric=NumericStatistics(
        finite=9, nan=0, zeros=2, mean=0.0, squared_deviations=256.0, minimum=-4.0, maximum=4.0,
        points=(-4.0, 0.0, 1 / 3, 4.0),
    ),
)  # fmt: skip
WORDS = FeatureStatistics(
    feature="città", kind="categorical", type="STRING",
    counts=Counts(
        present=9, missing=1, values=20, fewest=1, most=3, lengths=tuple(Bucket(n / 5, (n + 1) / 5, 0.9) for n in range(10))
    ),
    text=TextStatistics(
        unique=4, total_bytes=30.0, shortest=0, longest=12,
        values=(("", 12.0), ("東京", 5.0), ("null\0byte\n", 2.0), ("'quoted'", 0.5)),
    ),
)  # fmt: skip
NOTHING = FeatureStatistics(feature="empty", kind="numeric", type="INT", counts=Counts(present=0, missing=10, values=0))


def told(
    world: World, project: str, windows: Iterable[tuple[int, int]], features: list[FeatureStatistics],
    slices: Iterable[str] = (ALL_ROWS,), *, model: str = "m", version: str = "3",
) -> None:  # fmt: skip
    rows = [
        StoredStatistics(
            model=model, version=version, slice=slice_, window_start=start, window_end=end, rows=10, position=place,
            statistics=one,
        )
        for slice_ in slices for start, end in windows for place, one in enumerate(features)
    ]  # fmt: skip
    world.keep(FeatureStatisticsBatch(project, "test", rows))


def found(world: World, project: str, time_range: TimeRange, *slices: str, every: bool = False) -> dict[Window, int]:
    question = Asked(Subject(model="m", version="3"), time_range, slices or (ALL_ROWS,))
    (kept,) = asyncio.run(kept_windows(world.reader, project, [question], every=every))
    return cover(kept)


def test_the_engine_packs_a_window_as_it_was_told_to_the_byte(asked: World) -> None:
    """Zeros, no number, lists, words of any script and none: what the engine makes of columns is what we make of features."""
    features = [NUMBER, WORDS, NOTHING]
    told(asked, "packed", [(FIRST, FIRST + HOUR)], features)
    (window,) = found(asked, "packed", ONE)
    (kept,) = asyncio.run(kept_states(asked.reader, "packed", Subject(model="m", version="3"), [window], first=4))
    assert bytes(kept.state) == packed(features, [0, 1, 2])
    states = states_of([kept])
    assert (states.names, states.types) == (["age", "città", "empty"], ["FLOAT", "STRING", "INT"])
    assert (states.window.tolist(), states.position.tolist()) == ([4, 4, 4], [0, 1, 2])
    assert states.points.flat.tolist() == [-4.0, 0.0, 1 / 3, 4.0]
    assert [states.vocabulary[word] for word in states.words.flat] == ["", "東京", "null\0byte\n", "'quoted'"]
    assert states.frequencies.tolist() == [12.0, 5.0, 2.0, 0.5]
    assert states.lengths[1].tolist() == [n / 5 for n in range(11)]
    assert np.isnan(states.lengths[[0, 2]]).all()
    assert states.sums[0, :5].tolist() == [9.0, 1.0, 9.0, 1.0, 1.0]
    assert math.isnan(states.sums[2, 5])


def test_of_a_feature_that_was_told_again_the_last_holds_and_the_others_stay(asked: World) -> None:
    """Alone, with others, or after the engine has put both together."""

    def missing() -> list[tuple[str, float]]:
        (window,) = found(asked, "again", ONE)
        kept = asyncio.run(kept_states(asked.reader, "again", Subject(model="m", version="3"), [window]))
        states = states_of(kept)
        return sorted(zip([states.names[place] for place in states.feature], states.sums[:, 1].tolist()))

    def with_missing(one: FeatureStatistics, missing: int) -> FeatureStatistics:
        counts = Counts(present=9, missing=missing, values=9)
        return FeatureStatistics(feature=one.feature, kind=one.kind, type=one.type, counts=counts, numeric=one.numeric)

    told(asked, "again", [(FIRST, FIRST + HOUR)], [NUMBER, NOTHING])
    assert missing() == [("age", 1.0), ("empty", 10.0)]
    told(asked, "again", [(FIRST, FIRST + HOUR)], [with_missing(NUMBER, 5)])
    assert missing() == [("age", 5.0), ("empty", 10.0)]
    told(asked, "again", [(FIRST, FIRST + HOUR)], [with_missing(NUMBER, 6), NOTHING])
    assert missing() == [("age", 6.0), ("empty", 10.0)]
    asked.engine.command(f"OPTIMIZE TABLE {asked.engine.database}.feature_states FINAL")
    assert missing() == [("age", 6.0), ("empty", 10.0)]


def test_states_are_those_of_the_data_set_or_of_the_model_that_is_asked_for(asked: World) -> None:
    """Of one name, and of the same window, beside each other and beside those of others."""
    of_each = [Subject(dataset=name) for name in "anz"] + [Subject(model=name, version="") for name in "anz"]
    alone = Subject(model="a", version="")
    subjects = [*(("said", one) for one in of_each), ("said-also", alone), ("said-later", alone)]

    def row(n: int, subject: Subject) -> StoredStatistics:
        counts = Counts(present=0, missing=10 + n, values=0)
        return StoredStatistics(
            dataset=subject.dataset, model=subject.model, version="", slice=ALL_ROWS, window_start=FIRST,
            window_end=FIRST + HOUR, rows=10 + n,
            statistics=FeatureStatistics(feature="age", kind="numeric", type="INT", counts=counts),
        )  # fmt: skip

    # What stands before a row was told after it, so that it would hold if it were read too.
    for n, (project, subject) in reversed(list(enumerate(subjects))):
        asked.keep(FeatureStatisticsBatch(project, "test", [row(n, subject)]))
    asked.engine.command(f"OPTIMIZE TABLE {asked.engine.database}.feature_states FINAL")
    for n, (project, subject) in enumerate(subjects):
        (kept,) = asyncio.run(kept_windows(asked.reader, project, [Asked(subject, ONE, (ALL_ROWS,))]))
        states = states_of(asyncio.run(kept_states(asked.reader, project, subject, list(kept.listed()))))
        assert states.sums[:, 1].tolist() == [10.0 + n], (project, subject)


def calendar(days: int) -> list[tuple[int, int]]:
    """Hours, half days, days, and months of so many days from the year's first, in nanoseconds."""
    begin = FIRST
    windows = [(begin + n * HOUR, begin + (n + 1) * HOUR) for n in range(24 * days)]
    for of in (12 * HOUR, DAY):
        windows += [(begin + n * of, begin + (n + 1) * of) for n in range(days * DAY // of)]
    month = BEGIN
    while month < BEGIN + timedelta(days=days):
        after = (month + timedelta(days=32)).replace(day=1)
        windows.append((int(month.timestamp()) * 10**9, int(after.timestamp()) * 10**9))
        month = after
    return [one for one in windows if one[1] <= begin + days * DAY]


@pytest.mark.parametrize("missing", ["none", "hours", "days", "all but hours", "crossing"])
@pytest.mark.wide
def test_a_time_is_made_of_the_same_windows_whether_all_are_looked_at_or_few(asked: World, missing: str) -> None:
    """Between any hours, with open ends, and where windows are missing or lie across each other."""
    generator = random.Random(missing)
    windows = calendar(70)
    begin = windows[0][0]
    if missing == "hours":
        windows = [one for one in windows if one[1] - one[0] > HOUR or generator.random() < 0.5]
    elif missing == "days":
        windows = [one for one in windows if one[1] - one[0] < DAY or generator.random() < 0.5]
    elif missing == "all but hours":
        windows = [one for one in windows if one[1] - one[0] == HOUR]
    elif missing == "crossing":
        windows += [(begin + 5 * HOUR, begin + 40 * HOUR), (begin + 25 * DAY, begin + 38 * DAY + HOUR)]
    project = f"calendar-{missing.replace(' ', '-')}"
    told(asked, project, windows, [NOTHING])
    times = [TimeRange(None, None), TimeRange(begin + 3 * HOUR, None), TimeRange(None, begin + 50 * DAY + HOUR)]
    for _ in range(16):
        start, end = sorted(begin + generator.randrange(-30, 24 * 72) * HOUR for _ in range(2))
        times.append(TimeRange(start + generator.choice([0, 1, HOUR // 2]), end + HOUR))
    looked = 0
    for time_range in times:
        every = found(asked, project, time_range, every=True)
        assert found(asked, project, time_range) == every, time_range
        looked += len(every)
    assert looked > 100


def test_windows_of_a_slice_are_found_where_all_rows_have_longer_ones(asked: World) -> None:
    """A slice that is among the largest of some hours only has no day."""
    windows = [one for one in calendar(3) if one[1] - one[0] != 12 * HOUR]
    told(asked, "sliced", windows, [NOTHING])
    begin = windows[0][0]
    hours = [(begin + n * HOUR, begin + (n + 1) * HOUR) for n in (30, 31, 60)]
    told(asked, "sliced", hours, [NOTHING], ["tags.plan_gold"])
    whole = TimeRange(begin, begin + 3 * DAY)
    kept = found(asked, "sliced", whole, "tags.plan_gold", ALL_ROWS)
    assert sorted((one.start, one.end) for one in kept if one.slice == "tags.plan_gold") == hours
    assert kept == found(asked, "sliced", whole, "tags.plan_gold", ALL_ROWS, every=True)


def test_a_data_set_lies_in_every_time_with_all_its_windows(asked: World) -> None:
    """Also those that say when, in the same statement as the windows of a model."""
    times = [(0, 0), (FIRST, FIRST + HOUR), (FIRST + 3 * DAY, FIRST + 5 * DAY)]
    rows = [
        StoredStatistics(
            dataset="census", slice=ALL_ROWS, window_start=start, window_end=end, rows=10, statistics=NOTHING
        )
        for start, end in times
    ]
    asked.keep(FeatureStatisticsBatch("data-set", "test", rows))
    told(asked, "data-set", calendar(3), [NOTHING])
    whole = TimeRange(FIRST + HOUR, FIRST + 2 * HOUR)
    questions = [
        Asked(Subject(dataset="census"), whole, (ALL_ROWS,)), Asked(Subject(model="m", version="3"), whole, (ALL_ROWS,)),
    ]  # fmt: skip
    for every in (False, True):
        kept = asyncio.run(kept_windows(asked.reader, "data-set", questions, every=every))
        assert [sorted((one.start, one.end) for one in found.listed()) for found in kept] == [
            times, [(FIRST + HOUR, FIRST + 2 * HOUR)],
        ]  # fmt: skip


def test_windows_say_whose_they_are_whether_the_engine_was_asked_that_or_not(asked: World) -> None:
    """What all that is asked for has in common is no column of the answer."""
    hours = [(FIRST + n * HOUR, FIRST + (n + 1) * HOUR) for n in range(5)]
    sliced = "tags.plan_gold"
    told(asked, "whose", hours[:1], [NOTHING])
    told(asked, "whose", hours[1:2], [NOTHING], [sliced])
    told(asked, "whose", hours[2:3], [NOTHING], version="4")
    told(asked, "whose", hours[3:4], [NOTHING], model="other")
    told(asked, "whose-other", hours[4:], [NOTHING])

    def named(*questions: Asked) -> list[list[tuple[str, str, int]]]:
        kept = asyncio.run(kept_windows(asked.reader, "whose", questions))
        return [sorted((one.version, one.slice, (one.start - FIRST) // HOUR) for one in of.listed()) for of in kept]

    def question(version: str | None, *slices: str, model: str = "m") -> Asked:
        return Asked(Subject(model=model, version=version), TimeRange(FIRST, FIRST + 5 * HOUR), slices)

    third, of_slice, fourth = [("3", ALL_ROWS, 0)], [("3", sliced, 1)], [("4", ALL_ROWS, 2)]
    assert named(question("3", ALL_ROWS)) == [third]
    assert named(question("3", ALL_ROWS), question("4", ALL_ROWS)) == [third, fourth]
    assert named(question("3", ALL_ROWS), question("3", ALL_ROWS, model="other")) == [third, [("3", ALL_ROWS, 3)]]
    assert named(question("3", sliced, ALL_ROWS)) == [third + of_slice]
    assert named(question("3", sliced), question("4", ALL_ROWS)) == [of_slice, fourth]
    assert named(question(None, ALL_ROWS), question("3", sliced)) == [third + fourth, of_slice]
    assert named(question(None), question("9", ALL_ROWS)) == [third + of_slice + fourth, []]
    assert named(question("9", ALL_ROWS, model="other"), question("4", ALL_ROWS, model="other")) == [[], []]


def test_each_window_is_told_to_the_last_field_to_whoever_asks_for_it(asked: World) -> None:
    """Also one that two ask for, of a version and of all, beside windows of others with the same key."""
    told(asked, "last-field", [(FIRST, FIRST + HOUR), (FIRST + HOUR, FIRST + 2 * HOUR)], [NUMBER, WORDS])
    told(asked, "last-field", [(FIRST, FIRST + HOUR)], [NOTHING], model="other")
    told(asked, "last-field-other", [(FIRST, FIRST + HOUR)], [NOTHING])
    subjects = [Subject(model="m", version="3"), Subject(model="m"), Subject(model="other", version="3")]
    questions = [Asked(one, TimeRange(FIRST, FIRST + 2 * HOUR), (ALL_ROWS,)) for one in subjects]
    kept = asyncio.run(kept_windows(asked.reader, "last-field", questions))
    windows = [(subject, window) for subject, of in zip(subjects, kept) for window in of.listed()]
    found = asyncio.run(window_statistics(asked.reader, "last-field", windows))
    assert [[one.feature for one in found[asked_for].features] for asked_for in windows] == [
        ["age", "città"], ["age", "città"], ["age", "città"], ["age", "città"], ["empty"],
    ]  # fmt: skip
    assert found[windows[0]].features == (NUMBER, WORDS)
    assert {one.rows for one in found.values()} == {10}
    assert asyncio.run(window_statistics(asked.reader, "last-field", [])) == {}


def test_whether_there_are_labels_is_said_beside_the_windows(asked: World) -> None:
    """Of that model and project alone; where there are no windows, nothing is said."""
    told(asked, "labelled", [(FIRST, FIRST + HOUR)], [NOTHING])

    def labelled(of: str, *, time_range: TimeRange = ONE) -> bool | None:
        question = Asked(Subject(model="m", version="3"), time_range, (ALL_ROWS,))
        kept, said = asyncio.run(windows_and_labels(asked.reader, "labelled", [question], labels_of=of))
        assert [list(one.listed().values()) for one in kept] == [[10] if time_range is ONE else []]
        return said

    assert labelled("m") is False
    for project, model in (("labelled", "other"), ("labelled-other", "m")):
        label = [{"model": model, "prediction_id": "p", "label": "good"}]
        asked.keep(read_records(LABELS, json.dumps(label).encode(), "application/json", project, "test").batch)
    assert labelled("m") is False
    assert labelled("other") is True
    assert labelled("") is None
    assert labelled("other", time_range=TimeRange(FIRST - DAY, FIRST - DAY + HOUR)) is None
    asked.keep(read_records(LABELS, json.dumps(label).encode(), "application/json", "labelled", "test").batch)
    assert labelled("m") is True


def test_days_that_no_window_covers() -> None:
    """Hand-made: days from 1970 on."""
    starts, ends = np.asarray([2, 3, 10]) * DAY, np.asarray([3, 5, 11]) * DAY
    time_range = TimeRange(DAY + HOUR, 12 * DAY + HOUR)
    assert uncovered(starts, ends, time_range) == [(1, 1), (5, 9), (11, 12)]
    # A window between hours covers the days that lie whole in it.
    assert uncovered(np.asarray([DAY + HOUR]), np.asarray([4 * DAY + HOUR]), time_range) == [(1, 1), (4, 12)]
    assert without([(1, 1), (5, 9), (11, 12)], [(0, 1), (7, 7), (12, 20)]) == [(5, 6), (8, 9), (11, 11)]
    assert together([(5, 6), (1, 2), (3, 3), (9, 8)]) == [(1, 3), (5, 6)]
