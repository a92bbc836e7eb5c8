"""A candidate and its baseline on the same rows: where the scores of both lie."""

from __future__ import annotations

from collections.abc import Mapping

from tapetum_server.analysis.performance.eval_config import ConfigError, EvalConfig, ModelColumns
from tapetum_server.detectors.performance.two_models import COMPARISONS
from tapetum_server.query.class_scores import Scores, class_scores
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame
from tapetum_server.query.reader import Reader
from tapetum_server.query.two_models import TwoModels, joined

NO_BASELINE = "Give the baseline's predictions with --baseline, or its column as a model that is_baseline."


async def compared(
    reader: Reader, frame: Frame, config: EvalConfig, old_frame: Frame | None, of_old: ModelColumns, pair_by: str = ""
) -> Mapping[str, TwoModels]:
    """By output, the rows that metrics of two models are asked of. Raises `QueryError`, `ConfigError`."""
    found: dict[str, TwoModels] = {}
    for metric in config.metrics:
        if metric.name not in COMPARISONS or metric.output in found:
            continue
        if old_frame is None:
            raise QueryError(
                f"{metric.name} compares the model with a baseline, and there is none", code="no_baseline",
                hint=NO_BASELINE,
            )  # fmt: skip
        mine = config.model.outputs.get(metric.output, config.model)
        theirs = of_old.outputs.get(metric.output, of_old)
        found[metric.output] = await _of_output(reader, frame, mine, old_frame, theirs, pair_by)
    return found


async def _of_output(
    reader: Reader, frame: Frame, mine: ModelColumns, old_frame: Frame, theirs: ModelColumns, pair_by: str
) -> TwoModels:
    same_rows = old_frame is frame
    frame, candidate = await _scores(reader, frame, mine.prediction)
    old_frame, baseline = await _scores(reader, frame if same_rows else old_frame, theirs.prediction)
    baseline = _in_order(candidate, baseline)
    if same_rows:
        # TFMA's: the baseline's weight of the row.
        return TwoModels(old_frame, candidate, baseline, theirs.weight)
    own_weight = [theirs.weight] if theirs.weight and theirs.weight != mine.weight else []
    has_labels = all(_has(one, columns.label) for one, columns in ((frame, mine), (old_frame, theirs)))
    both, told = await joined(
        reader, frame, old_frame, [*(name for _, name in baseline), *own_weight], by=pair_by,
        labels=(mine.label, theirs.label) if has_labels else ("", ""),
    )  # fmt: skip
    names: Scores = tuple((name, alias) for (name, _), alias in zip(baseline, told))
    return TwoModels(both, candidate, names, told[-1] if own_weight else theirs.weight)


async def _scores(reader: Reader, frame: Frame, prediction: str) -> tuple[Frame, Scores]:
    found, scores = await class_scores(reader, frame, prediction)
    return found, scores or (("", prediction),)


def _in_order(candidate: Scores, baseline: Scores) -> Scores:
    columns, names = dict(baseline), [name for name, _ in candidate]
    if set(columns) != set(names):
        raise ConfigError(
            "model_specs.prediction_key",
            f"the models score other classes: {_classes(names)}; the baseline {_classes(list(columns))}",
            "Give both scores of the same classes.",
        )  # fmt: skip
    return tuple((name, columns[name]) for name in names)


def _classes(names: list[str]) -> str:
    return ", ".join(map(repr, names[:10])) if names != [""] else "one score a row"


def _has(frame: Frame, name: str) -> bool:
    return bool(name) and any(column.name == name for column in frame.columns)
