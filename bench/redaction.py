"""Redaction: microseconds of CPU per KB of text, beside a pass of every rule's expression in the same run."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence

from tapetum.redaction import PII, SECRETS, Redactor, Rule

WORDS = [
    "the",
    "model",
    "said",
    "that",
    "a",
    "risky",
    "task",
    "of",
    "some",
    "length",
    "is",
    "kept",
    "in",
    "memory",
    "while",
    "we",
    "look",
    "at",
    "it",
    "again",
    "and",
    "then",
    "answers",
    "with",
    "a",
    "list",
    "of",
    "what",
    "was",
    "asked",
    "for,",
    "which",
    "nobody",
    "had",
    "read",
    "before",
    "it",
    "was",
    "sent",
    "to",
    "the",
    "queue",
    "of",
    "the",
    "other",
    "service",
]
KIB, ROUNDS = 1024, 5


def prose(size: int, rng: random.Random) -> str:
    """Words that follow one another as they do in the text above: a Markov chain of the first order."""
    after: dict[str, list[str]] = {}
    for word, following in zip(WORDS, [*WORDS[1:], WORDS[0]]):
        after.setdefault(word, []).append(following)
    word, words, length = WORDS[0], [], 0
    while length < size:
        # Every tenth goes anywhere, or the chain would be a circle.
        word = rng.choice(WORDS if rng.random() < 0.1 else after[word])
        words.append(word)
        length += len(word) + 1
    return " ".join(words)[:size]


def document(size: int, rng: random.Random) -> str:
    """Chat messages with tool calls, as GenAI spans carry them."""
    messages: list[object] = []
    while len(text := json.dumps(messages)) < size:
        call = {
            "type": "tool_call",
            "id": f"call_{rng.getrandbits(64):016x}",
            "name": "look_up",
            "arguments": {"n": rng.random()},
        }
        messages.append({"role": "user", "parts": [{"type": "text", "content": prose(300, rng)}, call]})
    return text[:size]


def every_expression(rules: Sequence[Rule]) -> Callable[[str], None]:
    """What a pass without keywords does."""

    def search(text: str) -> None:
        for rule in rules:
            for _ in rule.pattern.finditer(text):
                pass

    return search


def cost_us_per_kb(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """The best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for text in texts:
            work(text)
        best = min(best, time.process_time() - began)
    return best * 1e6 / (sum(map(len, texts)) / KIB)


def main() -> None:
    rng = random.Random(1)
    print(f"{'text':8}{'size':>8}{'secrets':>12}{'all rules':>12}{'expressions':>14}  us/KB")
    for name, made in (("prose", prose), ("json", document)):
        for size in (256, KIB, 16 * KIB):
            texts = [made(size, rng) for _ in range(max(4, 128 * KIB // size))]
            secrets, every = Redactor(key=b"k"), Redactor((*SECRETS, *PII), key=b"k")
            costs = [cost_us_per_kb(work, texts) for work in (secrets.redact, every.redact, every_expression(SECRETS))]
            print(f"{name:8}{size:>8}{costs[0]:>12.1f}{costs[1]:>12.1f}{costs[2]:>14.1f}")


if __name__ == "__main__":
    main()
