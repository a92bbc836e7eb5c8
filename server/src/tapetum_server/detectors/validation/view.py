"""Statistics of a data set, feature by feature: what the checks ask of TFDV's messages."""

from __future__ import annotations

from functools import cached_property

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapetum_server.detectors.validation.paths import Path

Types = statistics_pb2.FeatureNameStatistics
_FEATURE_TYPES = {
    Types.INT: schema_pb2.INT, Types.FLOAT: schema_pb2.FLOAT, Types.STRING: schema_pb2.BYTES,
    Types.BYTES: schema_pb2.BYTES, Types.STRUCT: schema_pb2.STRUCT,
}  # fmt: skip
DEFAULT_SLICE = "All Examples"
_NOTHING = statistics_pb2.CommonStatistics()


class StatisticsError(ValueError):
    """Statistics that cannot be validated, told so that one can act."""


class DatasetView:
    """One data set's statistics, by weight where every feature has weighted ones."""

    def __init__(self, data: statistics_pb2.DatasetFeatureStatistics, *, by_weight: bool | None = None) -> None:
        self.data = data
        named = [feature for feature in data.features if feature.WhichOneof("field_id") != "path"]
        if named and len(named) != len(data.features):
            raise StatisticsError("Some features have a name and some a path: statistics have the one or the other.")
        # A feature without any statistics is not there: writers name columns that were empty throughout so.
        there = [feature for feature in data.features if feature.WhichOneof("stats") or feature.custom_stats]
        self.features: dict[Path, FeatureView] = {}
        self.children: dict[Path, list[FeatureView]] = {}
        self.roots: list[FeatureView] = []
        paths = _nested_names(there) if named else [tuple(feature.path.step) for feature in there]
        for feature, path in zip(there, paths):
            self.features[path] = FeatureView(feature, path, self)
        for path in sorted(self.features):
            if path[:-1] in self.features:
                self.children.setdefault(path[:-1], []).append(self.features[path])
        self.roots = [view for path, view in self.features.items() if path[:-1] not in self.features]
        self.by_weight = self._has_weights() if by_weight is None else by_weight

    @property
    def examples(self) -> float:
        """How many there are, or what they weigh."""
        return float(self.data.weighted_num_examples if self.by_weight else self.data.num_examples)

    def _has_weights(self) -> bool:
        return self.data.weighted_num_examples != 0 and all(
            view.common.HasField("weighted_common_stats")
            and len(view.common.presence_and_valency_stats) == len(view.common.weighted_presence_and_valency_stats)
            for view in self.features.values()
        )


class FeatureView:
    """One feature's statistics."""

    def __init__(self, data: statistics_pb2.FeatureNameStatistics, path: Path, dataset: DatasetView) -> None:
        self.data = data
        self.path = path
        self.dataset = dataset
        self.type = data.type

    @property
    def feature_type(self) -> int:
        """The type that a schema gives such data."""
        return int(_FEATURE_TYPES.get(self.type, schema_pb2.TYPE_UNKNOWN))

    @property
    def type_name(self) -> str:
        """The type by its name, or `unknown(9)`."""
        known = {number: name for name, number in Types.Type.items()}
        return str(known.get(self.type, f"unknown({self.type})"))

    @cached_property
    def common(self) -> statistics_pb2.CommonStatistics:
        """Counts that every kind has; zeros for features made of others."""
        kind = self.data.WhichOneof("stats")
        return getattr(self.data, kind).common_stats if kind else _NOTHING

    @property
    def present(self) -> float:
        """In how many examples it is."""
        common = self.common
        by_weight = self.dataset.by_weight
        return float(common.weighted_common_stats.num_non_missing if by_weight else common.num_non_missing)

    @property
    def missing(self) -> float:
        """In how many examples it is not."""
        return float(
            self.common.weighted_common_stats.num_missing if self.dataset.by_weight else self.common.num_missing
        )

    @property
    def fraction_present(self) -> float | None:
        """Share of examples that have it; `None` without examples."""
        if self.dataset.examples <= 0:
            return None
        return 1.0 if self.missing == 0 else self.present / self.dataset.examples

    @property
    def missing_by_level(self) -> list[float]:
        """Missing at each level of nesting."""
        common, weighted = self.common, self.dataset.by_weight
        levels = common.weighted_presence_and_valency_stats if weighted else common.presence_and_valency_stats
        return [float(level.num_missing) for level in levels] or [self.missing]

    @property
    def lengths_by_level(self) -> list[tuple[int, int]]:
        """The fewest and the most values at each level of nesting."""
        levels = [(max(of.min_num_values, 0), of.max_num_values) for of in self.common.presence_and_valency_stats]
        return levels or [(max(self.common.min_num_values, 0), self.common.max_num_values)]

    @property
    def nested(self) -> bool:
        """Whether its values are lists of lists."""
        return len(self.common.presence_and_valency_stats) > 1

    @property
    def values(self) -> float:
        """How many values there are in all examples."""
        if self.dataset.by_weight:
            return float(self.common.weighted_common_stats.tot_num_values)
        return float(self.common.tot_num_values) or self.common.num_non_missing * self.common.avg_num_values

    @cached_property
    def counts(self) -> dict[str, float]:
        """Its texts, or its numbers that are categories, and how often each stands, by text."""
        texts = self.data.string_stats
        histogram = texts.weighted_string_stats.rank_histogram if self.dataset.by_weight else texts.rank_histogram
        counts: dict[str, float] = {}
        for bucket in histogram.buckets:
            counts.setdefault(bucket.label, bucket.sample_count)
        return dict(sorted(counts.items()))

    @property
    def unique(self) -> int | None:
        """How many different texts; `None` where nobody counted."""
        return self.data.string_stats.unique if self.data.HasField("string_stats") else None

    @property
    def broken_texts(self) -> bool:
        """Whether there are texts that are no UTF-8."""
        return bool(self.data.string_stats.invalid_utf8_count > 0)

    def histogram(self, kind: int) -> statistics_pb2.Histogram | None:
        """The first histogram of that kind."""
        numbers = self.data.num_stats
        of = numbers.weighted_numeric_stats if self.dataset.by_weight else numbers
        return next((histogram for histogram in of.histograms if histogram.type == kind), None)

    def custom(self, name: str) -> statistics_pb2.CustomStatistic | None:
        """The first custom statistic of that name."""
        return next((statistic for statistic in self.data.custom_stats if statistic.name == name), None)


def default_dataset(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> statistics_pb2.DatasetFeatureStatistics:
    """The only data set of a list, or the slice of all examples. Raises `StatisticsError`."""
    if len(statistics.datasets) == 1:
        return statistics.datasets[0]
    for dataset in statistics.datasets:
        if dataset.name == DEFAULT_SLICE:
            return dataset
    there = ", ".join(repr(dataset.name) for dataset in statistics.datasets[:20]) or "none"
    raise StatisticsError(f"No data set of the statistics is named {DEFAULT_SLICE!r}; there are: {there}.")


def _nested_names(features: list[statistics_pb2.FeatureNameStatistics]) -> list[Path]:
    """By names in one text: a feature lies below a struct whose name its own begins with."""
    structs: list[tuple[str, Path]] = []
    paths: dict[str, Path] = {}
    for feature in sorted(features, key=lambda feature: feature.name):
        name = feature.name
        while structs and not (len(structs[-1][0]) < len(name) and name.startswith(structs[-1][0])):
            structs.pop()
        above, steps = structs[-1] if structs else ("", ())
        paths[name] = (*steps, name[len(above) + 1 :] if structs else name)
        if feature.type == Types.STRUCT:
            structs.append((name, paths[name]))
    return [paths[feature.name] for feature in features]
