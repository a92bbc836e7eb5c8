"""What another tool makes of two frames, in its own Python: `python drift_peer.py TOOL WARM… BASELINE WINDOW`.

Reads Parquet into the frame that the tool takes, does once with small files what it is measured at, and prints one
JSON line: CPU seconds of the tool (its children's too), those of reading apart, and the columns that it says drifted.
"""

import json
import resource
import sys
from pathlib import Path

import pandas as pd


def cpu() -> float:
    """CPU seconds of this process and of children that ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def nannyml(baseline: pd.DataFrame, window: pd.DataFrame, numbers: list[str], words: list[str]) -> list[str]:
    """Jensen-Shannon of every column, in ten chunks, thresholds from the baseline's."""
    import nannyml as nml

    methods = {"continuous_methods": ["jensen_shannon"], "categorical_methods": ["jensen_shannon"]}
    calculator = nml.UnivariateDriftCalculator(
        column_names=numbers + words, treat_as_categorical=words, chunk_number=10, **methods
    ).fit(baseline)
    found = calculator.calculate(window).filter(period="analysis").to_df()
    return [name for name in numbers + words if found[(name, "jensen_shannon", "alert")].mean() > 0.5]


def evidently(baseline: pd.DataFrame, window: pd.DataFrame, numbers: list[str], words: list[str]) -> list[str]:
    """The preset for drift, as it comes."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    said = DataDefinition(numerical_columns=numbers, categorical_columns=words)
    sides = Dataset.from_pandas(window, said), Dataset.from_pandas(baseline, said)
    found = []
    for metric in Report([DataDriftPreset()]).run(*sides).dict()["metrics"]:
        if not metric.get("metric_name", metric.get("metric_id", "")).startswith("ValueDrift"):
            continue
        config, value = metric["config"], float(metric["value"])
        is_p = "p_value" in str(config.get("method", "")).lower()
        if value < float(config["threshold"]) if is_p else value >= float(config["threshold"]):
            found.append(config["column"])
    return found


def whylogs(baseline: pd.DataFrame, window: pd.DataFrame, numbers: list[str], words: list[str]) -> list[str]:
    """Profiles of both frames, and their distance."""
    import whylogs as why
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    views = [why.log(side).view() for side in (window, baseline)]
    scores = calculate_drift_scores(target_view=views[0], reference_view=views[1], with_thresholds=True)
    drifted = ("DRIFT", "POSSIBLE_DRIFT")
    return [name for name, score in scores.items() if score and score.get("drift_category") in drifted]


def tfdv(baseline: pd.DataFrame, window: pd.DataFrame, numbers: list[str], words: list[str]) -> list[str]:
    """Statistics of both frames with all their content, and a schema with comparators."""
    import tensorflow_data_validation as validation

    first, second = (validation.generate_statistics_from_dataframe(side, n_jobs=1) for side in (baseline, window))
    schema = validation.infer_schema(first)
    for name in numbers:
        validation.get_feature(schema, name).drift_comparator.jensen_shannon_divergence.threshold = 0.02
    for name in words:
        validation.get_feature(schema, name).drift_comparator.infinity_norm.threshold = 0.02
    return list(validation.validate_statistics(second, schema, previous_statistics=first).anomaly_info)


TOOLS = {"tfdv": tfdv, "nannyml": nannyml, "whylogs": whylogs, "evidently": evidently}


def main() -> None:
    """Print what one tool took and found."""
    tool, *paths = sys.argv[1:]
    spent = 0.0
    for baseline, window in (paths[:2], paths[2:]):
        began = cpu()
        sides = [pd.read_parquet(Path(path)) for path in (baseline, window)]
        read, began = cpu() - began, cpu()
        names = list(sides[0])
        words = [name for name in names if name.startswith("cat")]
        found = TOOLS[tool](*sides, [name for name in names if name not in words], words)
        spent = cpu() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps({"cpu_s": spent, "read_cpu_s": read, "found": found, "peak_mb": round(peak)}))


if __name__ == "__main__":
    main()
