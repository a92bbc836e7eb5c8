"""Whether an evaluation passes: by its own threshold, else by what is defined of its score."""

from __future__ import annotations

from collections.abc import Sequence

from tapetum_server.query.statement import Parameters
from tapetum_server.signals.scores import ScoreDefinition

COLUMNS = "name, score, threshold, label"
"""What a verdict is made of."""
_BETWEEN = "\x1f"


def verdict_sql(definitions: Sequence[ScoreDefinition], parameters: Parameters) -> str:
    """1 where it passes, 0 where not, NULL where it is no matter of passing. Over rows that have `COLUMNS`."""
    limits = {one.name: limit for one in definitions if (limit := _limit(one)) is not None}
    lower = [one.name for one in definitions if one.direction == "lower"]
    labels = [(one.name, label.label, label.passes) for one in definitions for label in one.labels]
    good, bad = (
        [f"{name}{_BETWEEN}{label}" for name, label, how in labels if how is passes] for passes in (True, False)
    )
    border = "threshold"
    if limits:
        at = f"indexOf({parameters.texts(list(limits))}, toString(name))"
        border = (
            f"ifNull(threshold, if({at} = 0, NULL, arrayElement({parameters.numbers(list(limits.values()))}, {at})))"
        )
    reaches = f"score >= {border}"
    if lower:
        reaches = f"if(has({parameters.texts(lower)}, toString(name)), score <= {border}, {reaches})"
    verdict = f"if(isNull(score) OR isNull({border}), NULL, {reaches})"
    if good or bad:
        said = f"concat(name, char({ord(_BETWEEN)}), label)"
        verdict = (
            f"multiIf(has({parameters.texts(good)}, {said}), 1, has({parameters.texts(bad)}, {said}), 0, {verdict})"
        )
    return verdict


def _limit(definition: ScoreDefinition) -> float | None:
    if definition.kind == "boolean" and definition.direction != "none":
        return 1.0 if definition.direction == "higher" else 0.0
    return definition.threshold
