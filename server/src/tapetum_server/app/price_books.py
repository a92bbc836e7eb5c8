"""The prices of the catalog, ready for calls: what a project's calls cost by its own prices, and by the list."""

from __future__ import annotations

from tapetum_server.catalog.prices import Prices
from tapetum_server.processors.price_book import PriceBook
from tapetum_server.signals.prices import PriceRule


class PriceBooks:
    """The price book of each project, made anew when its prices change: two look-ups a batch when they did not."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._books: dict[str, tuple[tuple[PriceRule, ...], PriceBook]] = {}

    def of(self, project: str) -> PriceBook:
        """The project's prices as they are now."""
        rules = self._prices.of(project)
        kept = self._books.get(project)
        if kept is None or kept[0] is not rules:
            kept = self._books[project] = rules, PriceBook(rules)
        return kept[1]
