"""What comes late moves nothing that somebody is about to click: these pages ask several questions apart."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect
from process.servers import RunningServer

from browser.inspected import WATCHED, watch
from browser.judged import JUDGED, judge
from browser.modelled import DRIFTED, DUEL, duel
from browser.shop import Shop
from browser.watch import Watched, moved, settled


def slowly(route: Route) -> None:
    time.sleep(0.2)
    route.continue_()


@pytest.mark.covers("page-models")
@pytest.mark.parametrize(
    ("fill", "path", "search", "late", "there", "what"),
    [
        # The facts of a model stand above its tabs, what is to be said at a glance above its charts.
        (duel, "/models/one", {"project": DRIFTED, "name": DUEL}, r"models(/detail)?\?|findings\?", "At a glance",
         "[role=radiogroup], figure"),
        # What is wrong now stands above the list.
        (watch, "/data-quality", {"project": WATCHED}, r"findings(/histogram)?\?", "Wrong now", ".k-tr"),
        # What was said of a session and what failed in it stand above its turns.
        (judge, "/sessions/one", {"project": JUDGED, "id": "talk-1"}, r"sessions/(detail|evaluations|turns)\?", "Replay",
         "[aria-label=Replay]"),
        # What a service fails with stands above its operations.
        (lambda _: None, "/services/features", {"project": "shop"}, r"services/detail\?|errors\?", "Operations",
         "[aria-label=Operations]"),
    ],
    ids=["model", "data-quality", "session", "service"],
)  # fmt: skip
def test_late_answers_push_nothing_away(
    ui: Watched, server: RunningServer, shop: Shop, fill: Callable[[RunningServer], None], path: str, search: dict[str, str],
    late: str, there: str, what: str,
) -> None:  # fmt: skip
    fill(server)
    ui.page.route(re.compile(f"/api/v1/({late})"), slowly)
    page = ui.open(path, **search)
    expect(page.get_by_role("region", name=there)).to_be_visible()
    settled(page)
    assert moved(page, what) == []
