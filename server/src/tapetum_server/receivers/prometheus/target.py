"""What is scraped, and how: one entry of `scrape` in the configuration file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path
from urllib.parse import urlsplit

from tapetum_server.signals.identity import DEFAULT_PROJECT

MAX_TARGETS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeTarget:
    """One address that answers metrics. The metadata's `help` is the documentation."""

    job: str = field(metadata={"help": "what it is: the service that its metrics belong to"})
    url: str = field(metadata={"help": "address of its metrics, http or https, without a user or password in it"})
    instance: str = field(default="", metadata={"help": "which of several it is; else the URL's host and port"})
    project: str = field(default=DEFAULT_PROJECT, metadata={"help": "project that its metrics go to"})
    interval_s: float = field(default=15.0, metadata={"help": "seconds from one scrape to the next, 1 to 86400"})
    timeout_s: float = field(
        default=0.0, metadata={"help": "seconds one scrape may take as a whole; else 10, or the interval if shorter"}
    )
    labels: Mapping[str, str] = field(default_factory=dict, metadata={"help": "resource attributes of all its metrics"})
    honor_labels: bool = field(
        default=False,
        metadata={"help": "let a sample's own `job`, `instance` and `labels` win; else they become `exported_…`"},
    )
    honor_timestamps: bool = field(
        default=True, metadata={"help": "keep times that the target gives; else all samples have the scrape's"}
    )
    openmetrics: bool = field(
        default=True, metadata={"help": "ask for OpenMetrics first; else only for the older text format"}
    )
    keep: tuple[str, ...] = field(default=(), metadata={"help": "patterns of metric names (`vllm:*`): keep only these"})
    drop: tuple[str, ...] = field(default=(), metadata={"help": "patterns of metric names: leave these out"})
    headers: Mapping[str, str] = field(
        default_factory=dict, repr=False, metadata={"help": "headers to send; never shown"}
    )
    bearer_token: str = field(default="", repr=False, metadata={"help": "token to send as `Authorization: Bearer`"})
    bearer_token_file: Path | None = field(default=None, metadata={"help": "file with the token, read at every scrape"})
    username: str = field(default="", repr=False, metadata={"help": "user of Basic authentication"})
    password: str = field(default="", repr=False, metadata={"help": "its password"})
    password_file: Path | None = field(default=None, metadata={"help": "file with it, read at every scrape"})
    tls_ca: Path | None = field(default=None, metadata={"help": "certificates (PEM) to trust, and no others"})
    tls_insecure_skip_verify: bool = field(default=False, metadata={"help": "do not check the target's certificate"})
    allow_link_local: bool = field(default=False, metadata={"help": "let it be a link-local or cloud metadata address"})
    max_body_mib: int = field(default=16, metadata={"help": "largest answer in MiB, inflated, 1 to 256"})
    max_samples: int = field(default=50_000, metadata={"help": "most samples of one answer, up to 1000000"})

    @property
    def patience_s(self) -> float:
        """How long one scrape may take."""
        return self.timeout_s or min(10.0, self.interval_s)

    @property
    def name(self) -> str:
        """What tells instances of a job apart."""
        return self.instance or urlsplit(self.url).netloc

    @property
    def shown_url(self) -> str:
        """The address as people may see it: what stands behind `?` may be a secret."""
        plain, query, _ = self.url.partition("?")
        return f"{plain}?…" if query else plain

    @property
    def own_labels(self) -> dict[str, str]:
        """What Prometheus would put on every sample."""
        return {"job": self.job, "instance": self.name, **self.labels}


class NameFilter:
    """Which metrics are kept, by patterns as a shell has them."""

    def __init__(self, keep: tuple[str, ...], drop: tuple[str, ...]) -> None:
        self._keep = [re.compile(translate(pattern)) for pattern in keep]
        self._drop = [re.compile(translate(pattern)) for pattern in drop]

    def __call__(self, name: str) -> bool:
        """Whether a metric of this name is kept."""
        kept = not self._keep or any(pattern.match(name) for pattern in self._keep)
        return kept and not any(pattern.match(name) for pattern in self._drop)
