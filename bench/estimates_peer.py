"""NannyML's CBPE on two files, in its own Python: `python estimates_peer.py BASELINE WINDOW CHUNK_SIZE REPEATS`.

Reads Parquet apart, fits on the baseline and estimates the window with its seven metrics of classification, and prints
the CPU seconds of the fastest repeat and the estimated accuracy of each chunk.
"""

import json
import sys
import time

import nannyml
import pandas as pd

METRICS = ["accuracy", "roc_auc", "f1", "precision", "recall", "specificity", "average_precision"]


def main() -> None:
    """Print one JSON line."""
    baseline, window = (pd.read_parquet(path) for path in sys.argv[1:3])
    for side in (baseline, window):
        side["answer"] = (side["score"] >= 0.5).astype(int)
    chunk_size, repeats = map(int, sys.argv[3:5])
    spent = []
    for _ in range(repeats):
        before = time.process_time()
        estimator = nannyml.CBPE(
            problem_type="classification_binary", y_pred_proba="score", y_pred="answer", y_true="label",
            metrics=METRICS, chunk_size=chunk_size,
        )  # fmt: skip
        found = estimator.fit(baseline).estimate(window.drop(columns="label"))
        spent.append(time.process_time() - before)
    accuracy = found.filter(period="analysis").to_df()[("accuracy", "value")]
    print(json.dumps({"cpu_s": min(spent), "accuracy": accuracy.tolist()}))


if __name__ == "__main__":
    main()
