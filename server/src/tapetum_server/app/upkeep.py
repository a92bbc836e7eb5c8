"""Keeps the catalog's memory fresh while the server runs."""

from __future__ import annotations

import asyncio
import logging

from tapetum_server.catalog.catalog import Catalog

logger = logging.getLogger("tapetum.catalog")

UPKEEP_EVERY_S = 5.0
"""A key that another process revoked opens no door after at most this long."""


async def keep_catalog(catalog: Catalog, every_s: float = UPKEEP_EVERY_S) -> None:
    """Learn what other processes changed and note when keys were used, until cancelled.

    A database that is away for a while is logged once and asked again; keys that are known stay good.
    """
    failing = False
    while True:
        await asyncio.sleep(every_s)
        try:
            await asyncio.to_thread(catalog.upkeep)
            failing = False
        except Exception as error:
            if not failing:
                logger.warning("The catalog cannot be reached, keys stay as they were: %s", error)
            failing = True
