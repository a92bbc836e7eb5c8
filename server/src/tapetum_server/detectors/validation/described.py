"""Where the features of a schema are described, by path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.detectors.validation.contradictions import active
from tapetum_server.detectors.validation.paths import Path


class Described:
    """The features, sparse features and weighted features of a schema. Of several with one name, the first counts."""

    def __init__(self, schema: schema_pb2.Schema) -> None:
        self.schema = schema
        self.features: dict[Path, schema_pb2.Feature] = {}
        self.sparse: dict[Path, schema_pb2.SparseFeature] = {}
        self.weighted: dict[Path, schema_pb2.WeightedFeature] = {}
        for path, feature in _below((), schema.feature):
            self.features.setdefault(path, feature)
            for sparse in feature.struct_domain.sparse_feature if feature.HasField("struct_domain") else ():
                self.sparse.setdefault((*path, sparse.name), sparse)
        for sparse in schema.sparse_feature:
            self.sparse.setdefault((sparse.name,), sparse)
        for weighted in schema.weighted_feature:
            self.weighted.setdefault((weighted.name,), weighted)

    def __contains__(self, path: Path) -> bool:
        return path in self.features or path in self.sparse or path in self.weighted

    def twice(self) -> Iterator[Path]:
        """Features that are described more than once."""
        counted = Counter(path for path, feature in _below((), self.schema.feature) if active(feature))
        return (path for path, times in counted.items() if times > 1)

    def left_alone(self, path: Path) -> bool:
        """Whether the schema describes the feature and does not want it validated."""
        one = self.features.get(path) or self.sparse.get(path)
        return one is not None and not active(one)

    def searched(self) -> Iterator[tuple[Path, schema_pb2.Feature]]:
        """Features that may be missing: those below one that is not validated are not looked for."""
        return _below((), self.schema.feature, skip=True)


def _below(
    path: Path, features: Iterable[schema_pb2.Feature], skip: bool = False
) -> Iterator[tuple[Path, schema_pb2.Feature]]:
    for feature in features:
        here = (*path, feature.name)
        yield here, feature
        if feature.HasField("struct_domain") and not (skip and not active(feature)):
            yield from _below(here, feature.struct_domain.feature, skip)
