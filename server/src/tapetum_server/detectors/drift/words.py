"""The words that tell two sets of texts apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MAX_CHARACTERS = 2_000
"""A longer text is read up to here."""
MIN_Z = 4.0
"""Among thousands of words, chance moves some by three standard deviations."""
MIN_CHANGE = 0.02
SHOWN = 5
"""Of words that came, and of words that went."""
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|'(?=\w))*")


@dataclass(frozen=True, slots=True)
class TellingWord:
    """A word, and in which share of the texts of either side it is."""

    word: str
    baseline_share: float
    window_share: float

    @property
    def change(self) -> float:
        """By how much its share grew."""
        return self.window_share - self.baseline_share


def telling_words(baseline: Sequence[str], window: Sequence[str]) -> list[TellingWord]:
    """Words that are in clearly more or fewer of the window's texts, the surest first of either.

    By the two-sample test of proportions; words that moved by less than `MIN_CHANGE` are not mentioned.
    """
    n, m = len(baseline), len(window)
    if not n or not m:
        return []
    before, now = _texts_with(baseline), _texts_with(window)
    words = sorted(before.keys() | now.keys())
    b, w = (np.array([side[word] for word in words], np.float64) for side in (before, now))
    pooled = (b + w) / (n + m)
    deviation = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    change = w / m - b / n
    # A word that every text has on both sides varies not at all.
    z = np.divide(np.abs(change), deviation, out=np.zeros_like(change), where=deviation > 0)
    sure = [int(i) for i in np.argsort(-z, kind="stable") if z[i] >= MIN_Z and abs(change[i]) >= MIN_CHANGE]
    shown = {*[i for i in sure if change[i] > 0][:SHOWN], *[i for i in sure if change[i] < 0][:SHOWN]}
    return [TellingWord(words[i], float(b[i] / n), float(w[i] / m)) for i in sure if i in shown]


def _texts_with(texts: Sequence[str]) -> Counter[str]:
    return Counter(word for text in texts for word in set(_WORD.findall(text[:MAX_CHARACTERS].lower())))
