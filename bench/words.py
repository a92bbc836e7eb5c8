"""Text that compresses like English rather than like a repeated constant."""

from __future__ import annotations

import random
import re


class Text:
    """An order-2 Markov chain over the prose that CPython ships (`pydoc_data.topics`)."""

    def __init__(self, rnd: random.Random) -> None:
        from pydoc_data.topics import topics

        words = re.findall(r"[A-Za-z][A-Za-z'\-]*[.,;:]?", " ".join(topics.values()))
        self._next: dict[tuple[str, str], list[str]] = {}
        for first, second, third in zip(words, words[1:], words[2:]):
            self._next.setdefault((first, second), []).append(third)
        self._keys = list(self._next)
        self._random = rnd.random
        self._state = rnd.choice(self._keys)

    def __call__(self, length: int) -> str:
        """About `length` characters of prose."""
        draw, following, state = self._random, self._next, self._state
        out: list[str] = []
        size = 0
        while size < length:
            options = following.get(state)
            # Restart often: no long copies of the source.
            if options is None or draw() < 0.08:
                state = self._keys[int(draw() * len(self._keys))]
                continue
            word = options[int(draw() * len(options))]
            out.append(word)
            size += len(word) + 1
            state = (state[1], word)
        self._state = state
        return " ".join(out)
