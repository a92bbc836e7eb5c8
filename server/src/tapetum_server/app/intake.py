"""The head of the chain behind every receiver."""

from __future__ import annotations

from collections.abc import Callable

from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.errors import CatalogError
from tapetum_server.signals.consumer import Batch, Consumer, Receipt


class Intake:
    """Makes a project on its first authorised write, passes the batch on, and shows live viewers what was kept."""

    def __init__(self, catalog: Catalog, following: Consumer, published: Callable[[Batch], None]) -> None:
        self._catalog = catalog
        self._following = following
        self._published = published

    async def consume(self, batch: Batch) -> Receipt:
        """See `signals.Consumer`."""
        try:
            self._catalog.ensure_project(batch.project)
        except CatalogError as error:
            receipt = Receipt(messages=[str(error)])
            receipt.refused["project_not_made"] = len(batch)
            return receipt
        receipt = await self._following.consume(batch)
        self._published(batch)
        return receipt
