"""What a drift report is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tapetum_server.detectors.drift.methods import BY_NAME, METHODS, DriftMethod
from tapetum_server.detectors.drift.several import Correction
from tapetum_server.detectors.drift.thresholds import Threshold, VariationThreshold
from tapetum_server.detectors.drift.verdict import MIN_ROWS
from tapetum_server.query.drift_texts import descriptor_names
from tapetum_server.query.errors import QueryError

MAX_BINS = 100
NANNYML_CHUNK = 5_000
Definitions = Literal["tapetum", "nannyml"]
MULTIVARIATE = ("classifier", "pca")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSettings:
    """A question about drift. `checked` says what is wrong with it."""

    definitions: Definitions = "tapetum"
    features: tuple[str, ...] = ()
    """Columns to compare; none are all."""
    ignore: tuple[str, ...] = ()
    """Columns to leave out."""
    late: tuple[str, ...] = ()
    """Columns whose values come later, such as labels: that they are missing says nothing."""
    categorical: tuple[str, ...] = ()
    """Columns of numbers that are names and no quantities."""
    methods: tuple[str, ...] = (METHODS[0].name,)
    """The first decides how features are ranked; each of them may find drift."""
    threshold: Threshold | None = None
    """Above which value of every method a feature drifts; none is each method's own."""
    alpha: float = 0.05
    """Rate of false discoveries among the features."""
    correction: Correction = "bh"
    min_rows: int = MIN_ROWS
    bins: int = 10
    chunk_size: int | None = None
    time: str | None = None
    """Column of times that chunks of time are cut by."""
    chunk_period_ns: int | None = None
    slices: tuple[str, ...] = ()
    """Columns by whose values drifted features are broken down."""
    importance: Mapping[str, float] = field(default_factory=dict)
    """Weight of a feature in the ranking; 1 where it is not named. Without any, what `attributions` say."""
    multivariate: tuple[str, ...] = ()
    """Of `MULTIVARIATE`: looks at all features together."""
    embeddings: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    attributions: str = ""
    """What columns of attributions begin with; before the feature's name."""
    drifted_share: float = 0.0
    """Share of the compared features beyond which the whole drifted: with 0, any one of them."""

    @property
    def chosen(self) -> tuple[DriftMethod, ...]:
        """The methods by their names."""
        return tuple(BY_NAME[name] for name in self.methods)

    @property
    def described(self) -> Mapping[str, str]:
        """Which column of texts a descriptor is of."""
        return {name: text for text in self.texts for name in descriptor_names(text)}

    @property
    def chunked(self) -> bool:
        """Whether chunks are looked at too."""
        return self.chunk_size is not None or self.chunk_period_ns is not None

    def checked(self) -> DriftSettings:
        """Itself. Raises `QueryError` for what contradicts itself or makes no sense."""
        for name in self.methods:
            if name not in BY_NAME:
                raise QueryError(
                    f"there is no method {name!r}", code="unknown_method", field="method",
                    hint=f"There are: {', '.join(BY_NAME)}.",
                )  # fmt: skip
        if not self.methods:
            raise QueryError("no method is named", code="no_method", field="method", hint="Leave it out for js.")
        if self.chunk_size is not None and self.chunk_period_ns is not None:
            raise QueryError("chunks are of so many rows or of a time, not both", code="two_chunkings", field="chunk")
        if self.chunk_period_ns is not None and self.time is None:
            raise QueryError(
                "chunks of time need a column of times", code="no_time", field="time", hint="Name it with --time."
            )
        if isinstance(self.threshold, VariationThreshold) and not self.chunked:
            raise QueryError(
                "a threshold from the baseline's own variation needs chunks of it", code="no_chunks", field="threshold",
                hint="Say how large they are: --chunk-size 5000, or --time COLUMN --chunk-period 1d.",
            )  # fmt: skip
        if not 2 <= self.bins <= MAX_BINS:
            raise QueryError(f"there may be 2 to {MAX_BINS} bins, not {self.bins}", code="bins", field="bins")
        if not 0 < self.alpha < 1:
            raise QueryError(f"alpha {self.alpha:g} is not between 0 and 1", code="alpha", field="alpha")
        if not 0 <= self.drifted_share < 1:
            raise QueryError(
                f"a share of {self.drifted_share:g} of the features is not from 0 to below 1", code="share",
                field="drifted_share",
            )  # fmt: skip
        for name in self.multivariate:
            if name not in MULTIVARIATE:
                raise QueryError(
                    f"nothing called {name!r} looks at all features", code="unknown_method", field="multivariate",
                    hint=f"There are: {', '.join(MULTIVARIATE)}.",
                )  # fmt: skip
        for name, weight in self.importance.items():
            if not 0 <= weight < float("inf"):
                raise QueryError(f"the importance of {name!r} is {weight:g}", code="importance", field="importance",
                                 hint="Importances are numbers from 0.")  # fmt: skip
        return self._for_nannyml() if self.definitions == "nannyml" else self

    def _for_nannyml(self) -> DriftSettings:
        plain = DriftSettings()
        own = {
            "method": "methods", "threshold": "threshold", "slice": "slices", "bins": "bins", "alpha": "alpha",
            "multivariate": "multivariate", "embedding": "embeddings", "text": "texts", "attributions": "attributions",
        }  # fmt: skip
        for option, name in own.items():
            if getattr(self, name) != getattr(plain, name):
                raise QueryError(
                    f"NannyML's definitions say what {option} is", code="fixed", field=option, hint="Leave it out."
                )
        return self if self.chunked else replace(self, chunk_size=NANNYML_CHUNK)
