"""Dashboards in the catalog, where two processes change one at the same time."""

from __future__ import annotations

import threading

import pytest

from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.dashboards import DashboardContent
from tapetum_server.catalog.errors import DashboardChanged


@pytest.mark.covers("dashboards")
def test_of_two_processes_that_change_one_revision_one_is_told(catalog: Catalog, other_process: Catalog) -> None:
    def content(title: str) -> DashboardContent:
        return DashboardContent(title=title, description="", panels=0, document="{}")

    made = catalog.dashboards.create("default", content("first"), by="a")
    outcomes: list[object] = []

    def change(through: Catalog, title: str) -> None:
        try:
            kept = through.dashboards.change("default", made.id, content(title), revision=1, by=title)
            outcomes.append(kept.title)
        except DashboardChanged as error:
            outcomes.append(error)

    threads = [threading.Thread(target=change, args=args) for args in ((catalog, "ours"), (other_process, "theirs"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (kept,) = [outcome for outcome in outcomes if isinstance(outcome, str)]
    (told,) = [outcome for outcome in outcomes if isinstance(outcome, DashboardChanged)]
    assert kept in str(told), "it says who was faster"
    now = catalog.dashboards.get("default", made.id).summary
    assert (now.title, now.revision) == (kept, 2)
