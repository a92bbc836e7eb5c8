"""Statistics held against a schema, and a schema brought to what statistics say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapetum_server.detectors.validation.checks import GONE, NEW, Context, check_feature, required
from tapetum_server.detectors.validation.composites import check_sparse, check_weighted
from tapetum_server.detectors.validation.contradictions import active, deprecate
from tapetum_server.detectors.validation.custom import CustomCheck, run_custom_checks
from tapetum_server.detectors.validation.dataset import check_dataset
from tapetum_server.detectors.validation.described import Described
from tapetum_server.detectors.validation.domains import Domains
from tapetum_server.detectors.validation.findings import (
    FeatureAnomaly,
    Found,
    Reason,
    Severity,
    Shift,
    Side,
    Validation,
)
from tapetum_server.detectors.validation.inference import MAX_DOMAIN, add_feature
from tapetum_server.detectors.validation.paths import Path
from tapetum_server.detectors.validation.precise import check_missing_precisely
from tapetum_server.detectors.validation.shift import DEFAULT_THRESHOLD, shift
from tapetum_server.detectors.validation.view import DatasetView, FeatureView, StatisticsError

Data: TypeAlias = statistics_pb2.DatasetFeatureStatistics
T = TypeVar("T", schema_pb2.Feature, schema_pb2.SparseFeature, schema_pb2.WeightedFeature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What statistics are held against beside the schema, and how."""

    environment: str | None = None
    previous: Data | None = None
    """Of an earlier span: drift."""
    serving: Data | None = None
    """Of what the model is asked: skew."""
    training: Data | None = None
    """Of what the model was trained on, where the statistics are of what it is asked: skew, too."""
    version: Data | None = None
    """Of an earlier version of the same span: the number of examples."""
    precise: bool = False
    """Give the narrower names of TFDV's list too, which its own code does not give any more."""
    severities: Mapping[str, Severity] = field(default_factory=dict)
    """By type, where it is not ERROR."""
    shift_threshold: float = DEFAULT_THRESHOLD
    custom: tuple[CustomCheck, ...] = ()
    slices: Mapping[str, Data] = field(default_factory=dict)
    """Data sets that custom checks may name."""


def validate(statistics: Data, schema: schema_pb2.Schema, against: Against | None = None) -> Validation:
    """Every anomaly of the statistics. Raises `StatisticsError` for an environment that the schema does not have."""
    against = against or Against()
    _check_environment(schema, against.environment)
    data = DatasetView(statistics)
    if not statistics.num_examples:
        nothing = Reason("NO_DATA_IN_SPAN", "No examples", "The statistics are of no examples at all.")
        return Validation((), _with_severities([nothing], against.severities), {}, data_missing=True)
    previous, serving, training, version = (
        None if of is None else DatasetView(of, by_weight=data.by_weight)
        for of in (against.previous, against.serving, against.training, against.version)
    )
    context = Context(
        against.environment, tuple(schema.default_environment), previous, serving, against.precise, training
    )  # fmt: skip
    run = _Run(schema, data, context)
    for root in data.roots:
        run.check(root)
    run.check_missing()
    limits = schema_pb2.DatasetConstraints()
    limits.CopyFrom(schema.dataset_constraints)
    whole = Found()
    check_dataset(limits, data, previous, version, whole)
    for path, reason in run_custom_checks(against.custom, statistics, against.slices, against.environment):
        run.note(path).reasons.append(reason)
    return Validation(
        anomalies=tuple(
            FeatureAnomaly(path, reasons)
            for path, found in sorted(run.found.items())
            if (reasons := _with_severities(found.reasons, against.severities))
        ),
        dataset=_with_severities(whole.reasons, against.severities),
        measurements={path: tuple(of.measurements) for path, of in sorted(run.found.items()) if of.measurements},
        shifts=(
            *_shifts(data, previous, "drift", against.shift_threshold),
            *_shifts(data, serving, "skew", against.shift_threshold),
            *_shifts(data, training, "skew", against.shift_threshold, serving=True),
        ),
        examples=data.examples,
        features=(*data.features, *(path for path in run.found if path not in data.features)),
    )


def update_schema(
    schema: schema_pb2.Schema,
    statistics: Data,
    *,
    only: Collection[Path] | None = None,
    max_domain: int = MAX_DOMAIN,
    against: Against | None = None,
) -> schema_pb2.Schema:
    """The schema as it would be, were the statistics right: of these features only, or of all.

    New features are taken in, domains and bounds grow, and what is missing is deprecated. Raises as `validate` does.
    """
    updated = schema_pb2.Schema()
    updated.CopyFrom(schema)
    data = DatasetView(statistics)
    against = against or Against()
    _check_environment(schema, against.environment)
    context = Context(
        against.environment, tuple(schema.default_environment),
        DatasetView(against.previous) if against.previous else None,
        DatasetView(against.serving) if against.serving else None,
    )  # fmt: skip
    described, domains = Described(updated), Domains(updated, copied=False)
    seen: set[Path] = set()
    for root in data.roots:
        _update(root, updated, described, domains, context, only, max_domain, seen)
    for path, feature in described.searched():
        if path not in data.features and required(feature, context) and (only is None or path in only):
            deprecate(feature)
    return updated


def _check_environment(schema: schema_pb2.Schema, environment: str | None) -> None:
    if environment is not None and environment not in schema.default_environment:
        there = ", ".join(schema.default_environment) or "none"
        raise StatisticsError(f"The schema has no environment {environment!r}; its default environments are: {there}.")


def _update(
    view: FeatureView, schema: schema_pb2.Schema, described: Described, domains: Domains, context: Context,
    only: Collection[Path] | None, max_domain: int, seen: set[Path],
) -> None:  # fmt: skip
    path, wanted = view.path, only is None or view.path in only
    if path not in described:
        parent = described.features.get(path[:-1])
        if wanted and view.data.WhichOneof("stats"):
            to = schema.feature if parent is None else parent.struct_domain.feature
            add_feature(to, view, domains, shapes=False, max_domain=max_domain)
        return
    if wanted:
        _check_described(view, described, domains, context, Found())
    feature = described.features.get(path)
    if feature is None or active(feature):
        for child in view.dataset.children.get(path, ()):
            _update(child, schema, described, domains, context, only, max_domain, seen)


def _check_described(view: FeatureView, described: Described, domains: Domains, context: Context, found: Found) -> None:
    """The checks of whatever the schema describes under this path, which changes it."""
    path = view.path
    feature, sparse, weighted = described.features.get(path), described.sparse.get(path), described.weighted.get(path)
    if weighted is not None:
        if (feature is not None or sparse is not None) and active(weighted):
            _collide("WEIGHTED", found, weighted, feature, sparse)
        else:
            check_weighted(weighted, view, found)
            if found.reasons:
                deprecate(weighted)
    elif sparse is not None and active(sparse):
        if feature is not None and active(feature):
            _collide("SPARSE", found, sparse, feature)
        else:
            check_sparse(sparse, view, found)
            if found.reasons:
                deprecate(sparse)
    elif feature is not None:
        check_feature(feature, view, domains, context, found)


def _collide(kind: str, found: Found, *of: object) -> None:
    found.add(
        f"{kind}_FEATURE_NAME_COLLISION", "Two features of one name",
        f"The schema describes a {kind.lower()} feature and another one by the same name.",
    )  # fmt: skip
    for feature in of:
        if feature is not None:
            deprecate(feature)


class _Run:
    """One validation: what was found so far, by feature."""

    def __init__(self, schema: schema_pb2.Schema, data: DatasetView, context: Context) -> None:
        self.described = Described(schema)
        self.data = data
        self.context = context
        self.domains = Domains(schema, copied=True)
        self.found: dict[Path, Found] = {}

    def note(self, path: Path) -> Found:
        return self.found.setdefault(path, Found())

    def check(self, view: FeatureView) -> None:
        """A feature and those below it: what is new is told once, what the schema leaves alone not at all."""
        path = view.path
        if path not in self.described:
            self.note(path).add("SCHEMA_NEW_COLUMN", NEW, "The data have the feature, and the schema does not.")
            return
        if self.described.left_alone(path):
            return
        one = _Copied(self.described, path)
        _check_described(view, one, self.domains, self.context, self.note(path))
        feature = one.features.get(path)
        if feature is not None and not active(feature):
            return
        for child in self.data.children.get(path, ()):
            self.check(child)

    def check_missing(self) -> None:
        """Features that are expected and of which there are no statistics."""
        for path, feature in self.described.searched():
            if path in self.data.features or not required(feature, self.context):
                continue
            found = self.note(path)
            found.add("SCHEMA_MISSING_COLUMN", GONE, "The schema expects the feature, and the data do not have it.")
            if self.context.precise:
                controls = (self.context.previous, self.context.serving)
                check_missing_precisely(feature, any(c is not None and path in c.features for c in controls), found)


class _Copied(Described):
    """What a schema describes under one path, as a copy that checks may change."""

    def __init__(self, of: Described, path: Path) -> None:
        self.features = _copy(of.features, path)
        self.sparse = _copy(of.sparse, path)
        self.weighted = _copy(of.weighted, path)


def _copy(of: Mapping[Path, T], path: Path) -> dict[Path, T]:
    if path not in of:
        return {}
    copy = type(of[path])()
    copy.CopyFrom(of[path])
    return {path: copy}


def _with_severities(reasons: Iterable[Reason], severities: Mapping[str, Severity]) -> tuple[Reason, ...]:
    return tuple(
        replace(reason, severity=severities[reason.type]) if reason.type in severities else reason for reason in reasons
    )


def _shifts(
    data: DatasetView, control: DatasetView | None, side: Side, threshold: float, *, serving: bool = False
) -> list[Shift]:
    shifts = []
    for path, view in data.features.items() if control else ():
        other = control.features.get(path) if control else None
        # The baseline of skew is what the model was trained on, and TFDV calls that the data that are validated: unless
        # these are what it is asked.
        trained = side == "skew" and not serving
        if other is not None and (distance := shift(*((view, other) if trained else (other, view)))) is not None:
            shifts.append(Shift(path, side, distance, threshold))
    return shifts
