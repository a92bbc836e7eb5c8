"""How the targets of Prometheus scraping stand: what a scraper knows, and pages show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ScrapeHealth = Literal["waiting", "up", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeStatus:
    """One target as its last scrape left it. Holds nothing secret."""

    project: str
    job: str
    instance: str
    url: str
    interval_s: float
    timeout_s: float
    health: ScrapeHealth = "waiting"
    """`waiting` until the first scrape is over."""
    last_unix_nano: int = 0
    """When the last scrape began; 0 if there was none."""
    duration_s: float = 0.0
    samples: int = 0
    """In the last answer, as the target counts them."""
    series: int = 0
    """Points that became of them."""
    refused: int = 0
    """Points of the last answer that were left out, each for a reason that is counted."""
    error: str = ""
    """Why the last scrape failed, or what was left out of it."""
    failing_since_unix_nano: int = 0
    next_unix_nano: int = 0
