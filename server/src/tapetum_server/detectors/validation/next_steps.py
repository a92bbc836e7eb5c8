"""What to do about an anomaly, by its type."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NextStep:
    """Advice, and whether accepting the change into the schema is one of the ways on."""

    text: str
    acceptable: bool


_STEPS: tuple[tuple[re.Pattern[str], NextStep], ...] = tuple(
    (re.compile(types), NextStep(text, acceptable))
    for types, text, acceptable in (
        (
            "^SCHEMA_NEW_COLUMN$",
            "If it is meant to be there, accept it: the schema then describes it. If not, stop sending it: a model "
            "that was not trained on it cannot use it.",
            True,
        ),
        (
            "MISSING_COLUMN|NOT_PRESENT|LOW_FRACTION_PRESENT|LOW_NUMBER_PRESENT|NO_VALUES",
            "Look at the job or the sender that fills it: rows come without a value. If that is right from now on, "
            "accept it: the schema then lets it be missing.",
            True,
        ),
        (
            "ENUM_|UNEXPECTED_STRING",
            "If these values are right, accept them: the domain then has them. If they are misspelt or from another "
            "source, mend that before a model sees them.",
            True,
        ),
        (
            "BIG_|SMALL_|HAS_NAN|HAS_INF",
            "Look for another unit, a default such as −1 or 9999, or a division by zero. If the values are right, "
            "accept them: the bounds then hold them.",
            True,
        ),
        (
            "^COMPARATOR_",
            "Compare both distributions. If the world changed, train again on newer data; if the threshold is too "
            "strict, raise it in the schema by hand.",
            False,
        ),
        (
            "DATA_TYPE|_NOT_|STRING_TYPE_NOW|EXPECTED|UNKNOWN_TYPE",
            "Look at what reads or converts it: values are of another type than was described. Accept only if the "
            "model reads the new type.",
            True,
        ),
        (
            "NUM_EXAMPLES|NO_DATA",
            "Look whether the job that writes the data ran to its end, or twice.",
            False,
        ),
    )
)
_OTHERWISE = NextStep(
    "Compare the data with what the schema says of it. If the data are right, accept them, or change the schema by "
    "hand.",
    True,
)


def next_step(type: str) -> NextStep:
    """What to do about an anomaly of this type."""
    return next((step for types, step in _STEPS if types.search(type)), _OTHERWISE)
