"""What can go wrong in the world on purpose, and a ledger of when it did."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


class UnknownFault(ValueError):
    """No fault has this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that can be broken by hand, with what a correct diagnosis of it would say."""

    name: str
    service: str  # the service that breaks
    cause: str
    effects: tuple[str, ...]  # what an observer sees, nearest to the cause first
    change: Mapping[str, str]  # what is recorded as changed when it is switched on


SLOW_DEPENDENCY = Fault(
    name="slow-dependency",
    service="features",
    cause="The index payments_by_customer is dropped, so reading one customer's payments scans the whole table.",
    effects=(
        "features: the SELECT from payments takes tens of times longer",
        "features: GET /customers/{customer_id}/features is slower by the same amount",
        "scoring: POST /score is slower while its own span, predict credit-risk, is not",
        "web: POST /applications is slower",
    ),
    change={
        "kind": "schema", "subject": "features", "before": "index payments_by_customer", "after": "no index",
        "source": "migration 42",
    },
)  # fmt: skip

UNIT_CHANGE = Fault(
    name="unit-change",
    service="features",
    cause="A new release of features tells the income of customers of the channel mobile per month and not per year.",
    effects=(
        "credit-risk: income_per_year of the channel mobile is a twelfth of what it was, burden twelve times as much",
        "credit-risk: probabilities of default of the channel mobile rise, and with them rejections",
        "credit-risk: later, when loans are repaid, accuracy is worse in the slice channel = mobile alone",
    ),
    change={
        "kind": "deploy", "subject": "features", "before": "1.4.0", "after": "1.4.1", "source": "release 1.4.1",
    },
)  # fmt: skip

BAD_TRAINING_DATA = Fault(
    name="bad-training-data",
    service="scoring",
    cause="Version 2 of credit-risk is trained on rows whose outcomes are the wrong way round in the region east.",
    effects=(
        "credit-risk: version 2 gives the region east high probabilities of default",
        "credit-risk: estimates by what came of such loans name version 2 and the region east, before its own are due",
        "credit-risk: later, accuracy of version 2 is worse in the slice region = east alone",
    ),
    change={
        "kind": "model", "subject": "credit-risk", "before": "1", "after": "2", "source": "retraining",
    },
)  # fmt: skip

BAD_PROMPT = Fault(
    name="bad-prompt",
    service="assistant",
    cause="A new version of the prompt loan-assistant asks to search until all sources agree, so the agent searches "
    "the policies again and again until it may not any more.",
    effects=(
        "assistant: one answer takes seven calls of the model instead of two",
        "assistant: tokens, cost and duration of an answer are several times higher",
        "assistant: answers about policies end as refusals, and applicants dislike them",
        "prompts: the new version of loan-assistant does worse than the one before",
    ),
    change={
        "kind": "prompt", "subject": "loan-assistant", "before": "use a tool once", "after": "search until all agree",
        "source": "registry",
    },
)  # fmt: skip

LEAK = Fault(
    name="leak",
    service="traffic",
    cause="Applicants write an API key and the number of a card into the chat.",
    effects=(
        "ingest: fields are redacted by the rules openai_key and card; nothing of either is stored",
        "web, assistant: conversations show marks such as [redacted:card:…] where the secrets stood",
        "health: a line leak says who sends OpenAI API keys, how many, and since when",
    ),
    change={
        "kind": "config", "subject": "web", "before": "no hint beside the chat", "after": "hint: pay by card here",
        "source": "release 3.7.3",
    },
)  # fmt: skip

FAULTS: tuple[Fault, ...] = (UNIT_CHANGE, SLOW_DEPENDENCY, BAD_PROMPT, BAD_TRAINING_DATA, LEAK)


def fault_named(name: str) -> Fault:
    """The fault of this name.

    Raises:
        UnknownFault: there is none; the message names the nearest one and lists them all.
    """
    for fault in FAULTS:
        if fault.name == name:
            return fault
    names = [fault.name for fault in FAULTS]
    nearest = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    raise UnknownFault(f"the demo has no fault {name!r}.{hint} It has: {', '.join(names)}")


@dataclass(slots=True)
class Interval:
    """A time during which a fault was on; `until` is None while it still is."""

    since_unix_nano: int
    until_unix_nano: int | None = None


@dataclass(slots=True)
class FaultLedger:
    """When each fault was really on. Times are those of the service's confirmation, not of the wish."""

    faults: Iterable[Fault] = FAULTS
    _intervals: dict[str, list[Interval]] = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._intervals = {fault.name: [] for fault in self.faults}

    def note(self, name: str, *, on: bool, time_unix_nano: int) -> None:
        """Record that the fault is now on or off. Saying the same again changes nothing."""
        with self._lock:
            intervals = self._intervals[name]
            is_on = bool(intervals) and intervals[-1].until_unix_nano is None
            if on and not is_on:
                intervals.append(Interval(since_unix_nano=time_unix_nano))
            elif is_on and not on:
                intervals[-1].until_unix_nano = time_unix_nano

    def is_on(self, name: str) -> bool:
        """Whether the fault is on now."""
        with self._lock:
            intervals = self._intervals[name]
            return bool(intervals) and intervals[-1].until_unix_nano is None

    def intervals(self, name: str) -> list[Interval]:
        """When the fault was on, oldest first."""
        with self._lock:
            return [Interval(i.since_unix_nano, i.until_unix_nano) for i in self._intervals[name]]
