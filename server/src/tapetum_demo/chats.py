"""What applicants say to the assistant, and when: a schedule from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tapetum_demo.population import TERMS_MONTHS, Customer

CONVERSATIONS_PER_S = 0.15
FEEDBACK_SHARE = 0.5
LEAK_SHARE = 0.5  # of conversations, while the fault `leak` is on

_QUESTIONS = (
    "May I repay my loan early, and is there a fee?",
    "What does a late payment cost?",
    "Is the interest fixed for the whole term?",
    "Which documents do you need from me?",
    "How long does a decision take?",
    "Can I skip a payment for a holiday?",
    "How do I make a complaint about a decision?",
    "Do I need insurance for a loan?",
    "May I withdraw after signing?",
    "What does your privacy policy say about my data?",
)
_APPLICATION = "What became of my application {application}?"
_LOAN = "Would I get a loan of {amount} over {months} months?"
_THANKS = ("Thank you, that was all.", "Okay, thanks!", "Good to know.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation, `at_s` seconds after the doors opened. A turn may ask about an `{application}`."""

    at_s: float
    session_id: str
    customer_id: int
    turns: tuple[str, ...]
    pauses_s: tuple[float, ...]  # before each turn
    opinion: Literal["honest", "none"]
    leaks: bool  # whether it gives away secrets, while that fault is on
    secrets: str


def conversations(seed: int, people: Sequence[Customer]) -> Iterator[Conversation]:
    """Every conversation, in order, without end."""
    rng = random.Random(f"chats/{seed}")
    at_s = 0.0
    while True:
        at_s += rng.expovariate(CONVERSATIONS_PER_S)
        turns = [_turn(rng) for _ in range(rng.randint(1, 4))]
        if len(turns) > 1 and rng.random() < 0.5:
            turns[-1] = rng.choice(_THANKS)
        # A quarter come from the few who write again and again.
        customer = people[rng.randrange(12)] if rng.random() < 0.25 else rng.choice(people)
        yield Conversation(
            at_s=at_s,
            session_id=f"chat-{rng.getrandbits(48):012x}",
            customer_id=customer.customer_id,
            turns=tuple(turns),
            pauses_s=tuple(0.0 if n == 0 else rng.uniform(1.5, 5.0) for n in range(len(turns))),
            opinion="honest" if rng.random() < FEEDBACK_SHARE else "none",
            leaks=rng.random() < LEAK_SHARE,
            secrets=f"My card is {card_number(rng)} and this is my API key: {api_key(rng)}. Can you pay with it?",
        )


def card_number(rng: random.Random) -> str:
    """A number that passes for a card's: an issuer's beginning and a right check digit."""
    digits = [4, *(rng.randrange(10) for _ in range(14))]
    # Luhn: every second digit from the right, counted without the check digit, is doubled.
    total = sum(sum(divmod(d * 2, 10)) if n % 2 == 0 else d for n, d in enumerate(reversed(digits)))
    text = "".join(map(str, [*digits, -total % 10]))
    return " ".join(text[n : n + 4] for n in range(0, 16, 4))


def api_key(rng: random.Random) -> str:
    """A key in the form of OpenAI's, which opens nothing."""
    signs = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    return "sk-proj-" + "".join(rng.choice(signs) for _ in range(48))


def _turn(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.5:
        return rng.choice(_QUESTIONS)
    if kind < 0.75:
        return _LOAN.format(amount=rng.randrange(10, 200) * 100, months=rng.choice(TERMS_MONTHS))
    return _APPLICATION
