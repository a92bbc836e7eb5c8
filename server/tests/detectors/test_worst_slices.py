"""The search for the worst slices: what is planted is found, what is chance is not, and nothing twice."""

from __future__ import annotations

import numpy as np
import pytest

from tapetum_server.detectors.slices import ErrorCounts, worst_slices

RNG = np.random.default_rng(11)
SIZES = [4, 5, 3, 6, 2]


def counts(codes: np.ndarray, wrong: np.ndarray) -> ErrorCounts:
    distinct, place = np.unique(codes, axis=0, return_inverse=True)
    errors = np.bincount(place.ravel(), wrong)
    return ErrorCounts(distinct, np.bincount(place.ravel()).astype(float), errors, errors)


def rows(n: int = 8000) -> np.ndarray:
    return np.column_stack([RNG.integers(0, size, n) for size in SIZES])


@pytest.mark.covers("worst-slices")
@pytest.mark.parametrize("planted", [((1, 3),), ((0, 2), (3, 1)), ((0, 1), (2, 2), (4, 0))])
def test_a_planted_slice_is_found_first(planted: tuple[tuple[int, int], ...]) -> None:
    codes = rows()
    inside = np.all([codes[:, k] == code for k, code in planted], axis=0)
    wrong = RNG.random(len(codes)) < np.where(inside, 0.6, 0.1)
    found, looked_at = worst_slices(counts(codes, wrong.astype(float)), SIZES)
    first = found[0]
    assert first.literals == planted
    assert (first.rows, first.error) == (inside.sum(), pytest.approx(wrong[inside].mean()))
    assert first.support == pytest.approx(inside.mean())
    assert first.lift == pytest.approx(wrong[inside].mean() / wrong.mean())
    assert first.excess == pytest.approx(wrong[inside].sum() - inside.sum() * wrong.mean())
    assert first.p_value < 1e-6
    assert looked_at > 500


@pytest.mark.covers("worst-slices-significance")
def test_chance_is_no_slice() -> None:
    """Thousands of slices are looked at: some are twice as bad by luck alone."""
    for _ in range(5):
        codes = rows(4000)
        assert worst_slices(counts(codes, (RNG.random(4000) < 0.1).astype(float)), SIZES)[0] == []


@pytest.mark.covers("worst-slices-overlap")
def test_one_slice_under_two_names_is_told_once() -> None:
    """The second feature says the same as the first, in other codes."""
    codes = rows()
    codes[:, 1] = (codes[:, 0] + 1) % 4
    wrong = RNG.random(len(codes)) < np.where(codes[:, 0] == 2, 0.6, 0.1)
    found, _ = worst_slices(counts(codes, wrong.astype(float)), SIZES)
    assert [slice_.literals for slice_ in found][:1] in ([((0, 2),)], [((1, 3),)])
    assert len(found) == 1


def test_a_slice_has_enough_rows_and_as_many_features_as_asked() -> None:
    codes = rows()
    wrong = RNG.random(len(codes)) < np.where((codes[:, 0] == 2) & (codes[:, 3] == 1), 0.9, 0.1)
    found, _ = worst_slices(counts(codes, wrong.astype(float)), SIZES, literals=1, min_rows=1500)
    assert {len(slice_.literals) for slice_ in found} == {1}
    assert min(slice_.rows for slice_ in found) >= 1500
    assert worst_slices(counts(codes, np.zeros(len(codes))), SIZES) == ([], 0)
