"""Which of two versions is better, and in a sentence by how much."""

from __future__ import annotations

from tapetum_server.analysis.performance.comparison_answers import MetricComparison, VersionComparison

CHANCE = 0.05
FEW = 30
"""Labels of a version below which nothing is said of it."""
LOWER_IS_BETTER = {
    "brier_score", "expected_calibration_error", "log_loss", "mean_absolute_error", "mean_squared_error",
    "root_mean_squared_error", "mean_absolute_percentage_error", "hamming_loss",
}  # fmt: skip
NO_DIRECTION = {"mean_error"}
"""Metrics of which neither more nor less is better."""
_SHARES = ("accuracy", "precision", "recall", "f1")
_NAMES = {
    "auc": "ROC AUC", "f1_score": "F1", "mean_absolute_error": "the mean absolute error", "r_squared": "R²",
    "root_mean_squared_error": "the root mean squared error",
}  # fmt: skip


def better(name: str, difference: float, p: float, labelled: int) -> str:
    """`champion` or `challenger`, where the difference is beyond chance; else "".

    Of too few labels nothing is said: six right answers of six do not differ from each other, and no test minds that.
    """
    if labelled < FEW or not p < CHANCE or not difference or name in NO_DIRECTION:
        return ""
    return "challenger" if (difference > 0) != (name in LOWER_IS_BETTER) else "champion"


def better_of(report: VersionComparison) -> str:
    """By the first metric that tells the two apart, of the two that stand for the whole."""
    if min(report["champion"]["labelled"], report["challenger"]["labelled"]) < FEW:
        return ""
    return next((each["better"] for each in _leading(report) if each["better"]), "")


def verdict(report: VersionComparison) -> str:
    """One sentence."""
    one, other = report["champion"], report["challenger"]
    if not report["metrics"]:
        return f"Which is better is not known. {report['why']}{_flips(report)}"
    few = [side for side in (one, other) if side["labelled"] < FEW]
    if few:
        side = few[0]
        return (
            f"Not enough labels to tell: {side['labelled']} of the predictions of version {_named(side['version'])} "
            f"have one.{_flips(report)}"
        )
    leading = _leading(report)
    told = next((each for each in leading if each["better"]), leading[0])
    if not told["better"]:
        return f"No difference beyond chance: {_numbers(report, told)}.{_flips(report)}"
    winner = report["challenger" if told["better"] == "challenger" else "champion"]
    others = [each for each in report["metrics"] if each["better"] and each["better"] != told["better"]]
    but = f" But {_metric(others[0]['name'])} is better with the other one." if others else ""
    return f"Version {_named(winner['version'])} is better: {_numbers(report, told)}.{but}{_flips(report)}"


def _leading(report: VersionComparison) -> list[MetricComparison]:
    wanted = {"binary": ("accuracy", "auc"), "multiclass": ("accuracy",)}.get(report["task"], ("mean_absolute_error",))
    return [each for each in report["metrics"] if each["name"] in wanted] or report["metrics"][:1]


def _numbers(report: VersionComparison, told: MetricComparison) -> str:
    name, pairing = told["name"], report["pairing"]
    same = f"on the same {pairing['labelled']:,} requests" if told["paired"] else "each on its own predictions"
    apart = ""
    if told["difference"] is not None and told["lower"] is not None and told["upper"] is not None:
        ends = f"{_signed(name, told['lower'])} to {_signed(name, told['upper'])}"
        apart = f", a difference of {_signed(name, told['difference'])} (95 %: {ends}) {same}"
    return (
        f"{_metric(name)} is {_said(name, told['challenger']['value'])} with "
        f"{_named(report['challenger']['version'])} and {_said(name, told['champion']['value'])} with "
        f"{_named(report['champion']['version'])}{apart}"
    )


def _flips(report: VersionComparison) -> str:
    flips, pairs = report["flips"], report["pairing"]["pairs"]
    if flips is None or not pairs:
        return ""
    known = f", {flips['fixed']:,.0f} for the better and {flips['broken']:,.0f} for the worse"
    right = known if flips["fixed"] + flips["broken"] else ""
    return f" The answer changed in {flips['flipped'] / pairs:.1%} of {pairs:,} requests that both answered{right}."


def _metric(name: str) -> str:
    return _NAMES.get(name, name.replace("_", " "))


def _named(version: str) -> str:
    return version[:60] or "(none)"


def _share(name: str) -> bool:
    return any(part in name for part in _SHARES)


def _said(name: str, value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:.1%}" if _share(name) else f"{value:.4g}"


def _signed(name: str, value: float) -> str:
    return f"{100 * value:+.1f} points" if _share(name) else f"{value:+.3g}"
