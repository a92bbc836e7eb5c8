"""Statistics as the engine counted them into what people read: with the histograms that follow from them."""

from __future__ import annotations

from dataclasses import replace

from tapetum_server.detectors.feature_statistics.histograms import quantiles_histogram, standard_histogram
from tapetum_server.signals.feature_statistics import DatasetStatistics, FeatureStatistics


def with_histograms(dataset: DatasetStatistics) -> DatasetStatistics:
    """The same, where every numeric feature has its two histograms."""
    return replace(dataset, features=tuple(_complete(feature) for feature in dataset.features))


def _complete(feature: FeatureStatistics) -> FeatureStatistics:
    weighted = _complete(feature.weighted) if feature.weighted else None
    numeric = feature.numeric
    if numeric is None:
        return feature if weighted is None else replace(feature, weighted=weighted)
    drawn = replace(numeric, standard=standard_histogram(numeric), quantiles=quantiles_histogram(numeric))
    return replace(feature, numeric=drawn, weighted=weighted)
