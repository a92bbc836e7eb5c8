"""An estimator in scikit-learn's manner that logs what it predicts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tapetum._guard import faults, never_raise

if TYPE_CHECKING:
    from tapetum._model import Model


class Wrapped:
    """Everything that the estimator has; `predict` and `predict_proba` log as well."""

    def __init__(self, model: Model, estimator: Any) -> None:
        self._tapetum_model = model
        self._tapetum_estimator = estimator

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_tapetum_"):  # asked for before it is there, as `copy` and `pickle` do
            raise AttributeError(name)
        return getattr(self._tapetum_estimator, name)

    def __repr__(self) -> str:
        return f"{self._tapetum_model.name}: {self._tapetum_estimator!r}"

    def predict(self, X: Any, *args: Any, **kwargs: Any) -> Any:
        """As the estimator does; what it says is the `output`."""
        started = time.perf_counter()
        found = self._tapetum_estimator.predict(X, *args, **kwargs)
        self._log(X, started, output=found)
        return found

    def predict_proba(self, X: Any, *args: Any, **kwargs: Any) -> Any:
        """As the estimator does. The `output` is the likeliest class; of two, the `score` is that of the second."""
        started = time.perf_counter()
        found = self._tapetum_estimator.predict_proba(X, *args, **kwargs)
        with never_raise(faults, 1):
            classes = [str(name) for name in self._tapetum_estimator.classes_]
            outputs = self._tapetum_estimator.classes_[found.argmax(axis=1)]
            said = {"scores": [dict(zip(classes, row)) for row in found.tolist()], "output": outputs}
            if len(classes) == 2:
                said["score"] = found[:, 1]
            self._log(X, started, **said)
        return found

    def _log(self, X: Any, started: float, **said: Any) -> None:
        with never_raise(faults, 1):
            count = len(X)
            names = getattr(self._tapetum_estimator, "feature_names_in_", None)
            each = (time.perf_counter() - started) * 1000 / max(count, 1)
            self._tapetum_model.log(X, feature_names=names, latency_ms=each, **said)
