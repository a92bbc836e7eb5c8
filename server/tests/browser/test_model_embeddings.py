"""Embeddings as a picture: a line around some points, what they have in common, and what to do with them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from process.servers import RunningServer

from browser.axe import violations
from browser.modelled import INCOME, MODELLED, TRIAGE, TRIAGED, predict, triage
from browser.watch import Watched, rows, settled

HALF = {"project": TRIAGED, "name": TRIAGE, "base": "half"}


def lasso(page: Page, *corners: tuple[float, float]) -> None:
    """Draw a line through these places of the picture, in shares of its width and height."""
    box = page.get_by_role("group", name=re.compile("^Points")).bounding_box()
    assert box is not None
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


@pytest.mark.covers("page-model-embeddings")
def test_a_line_around_points_tells_what_they_have_in_common(ui: Watched, server: RunningServer) -> None:
    triage(server)
    page = ui.open("/models/one", **HALF)
    page.get_by_role("radiogroup", name="Show").get_by_text("Embeddings").click()
    expect(page.get_by_role("figure", name="Embedding embedding")).to_be_visible()
    expect(page.get_by_role("list", name="Colours")).to_contain_text("this time")
    page.get_by_role("combobox", name="Colour").click()
    page.get_by_role("option", name="region").click()
    expect(page.get_by_role("list", name="Colours")).to_contain_text("south")
    settled(page)
    # The mails of the new sort lie by themselves at one side: the axes are those of the whole picture, its sign is fixed.
    lasso(page, (0.01, 0.01), (0.42, 0.01), (0.42, 0.99), (0.01, 0.99))
    chosen = page.get_by_role("complementary", name="Chosen points")
    common = chosen.get_by_role("row").filter(has_text="south")
    expect(common).to_contain_text("%")
    expect(chosen.get_by_role("table", name="Share of either window")).to_contain_text("baseline")
    expect(page).to_have_url(re.compile("area="))
    found = violations(page, "points that were chosen")
    chosen.get_by_role("button", name="Add to dataset…").click()
    window = page.get_by_role("dialog")
    window.get_by_label("Dataset").fill("odd/mails")
    window.get_by_role("button", name="Add", exact=True).click()
    expect(window.get_by_role("status")).to_contain_text("in version 1 of")
    window.get_by_role("button", name="Done").click()
    chosen.get_by_role("link", name=re.compile("^Open .*these predictions$")).click()
    expect(rows(page, "Predictions").first).to_contain_text("south")
    expect(page).to_have_url(re.compile("prediction_id"))
    page.go_back()
    expect(chosen).to_be_visible()
    plot = page.get_by_role("group", name=re.compile("^Points"))
    plot.focus()
    page.keyboard.press("Enter")
    expect(chosen.get_by_role("heading", name=re.compile("^4[0-9][0-9] predictions"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)
    predict(server)
    page = ui.open("/models/one", project=MODELLED, name=INCOME, view="embeddings")
    expect(page.get_by_role("heading", name="No embeddings in this time")).to_be_visible()
    found += violations(page, "no embeddings")
    page = ui.go("/models/one", project=MODELLED, name="spam")
    expect(page.get_by_role("radiogroup", name="Show")).not_to_contain_text("Embeddings")
    assert found == []


@pytest.mark.covers("page-model-drift-together")
def test_texts_vectors_and_attributions_drift_on_the_page_and_are_measured_as_asked(
    ui: Watched, server: RunningServer
) -> None:
    triage(server)
    page = ui.open("/models/one", **HALF, view="drift")
    together = page.get_by_role("list", name="Drift of several columns together").get_by_role("listitem")
    expect(together.filter(has_text="text mail")).to_contain_text("crypto")
    expect(together.filter(has_text="attributions")).to_contain_text("income")
    expect(together.filter(has_text="embedding (mmd)")).to_contain_text("drift")
    found = rows(page, "Columns by drift")
    found.filter(has_text="mail.unseen_words").click()
    one = page.get_by_role("complementary", name="Drift of a column")
    expect(one).to_contain_text("Drifted")
    # Which words nobody had seen only a baseline says; what a text is like by itself leads to its predictions.
    bars = one.get_by_role("list", name="Shares of values, baseline and window")
    expect(bars.get_by_role("listitem").first).to_be_visible()
    expect(bars.get_by_role("link")).to_have_count(0)
    found.filter(has_text="mail.characters").click()
    expect(one.get_by_role("heading", name="mail.characters")).to_be_visible()
    bar = bars.get_by_role("listitem").filter(has=page.get_by_role("link")).first
    share = float(bar.inner_text().replace("\n", " ").split(" → ")[-1].split(" %")[0])
    whole = int(one.get_by_text("predictions", exact=True).locator("xpath=../dd").inner_text().split(" → ")[1])
    bar.get_by_role("link").click()
    expect(page).to_have_url(re.compile("texts.mail.characters"))
    shown = page.get_by_role("status").filter(has_text=re.compile(r"^\d+ predictions$"))
    expect(shown).to_be_visible()
    assert abs(int(shown.inner_text().split(" ")[0]) - share / 100 * whole) <= 1.5
    page.go_back()
    page.keyboard.press("Escape")
    together.filter(has_text="text mail").get_by_role("link", name="crypto").click()
    expect(page.get_by_role("search")).to_contain_text("crypto")
    expect(rows(page, "Predictions").first).to_contain_text("crypto")
    page.go_back()
    page.get_by_role("button", name="Measured by …").click()
    page.get_by_role("combobox", name="Chunks of this time").click()
    page.get_by_role("option", name="of 200 predictions").click()
    page.keyboard.press("Escape")
    found.filter(has_text="region").click()
    one.get_by_role("list", name="Distance by chunk").get_by_role("link", name="0 – 199").click()
    expect(page.get_by_role("status").filter(has_text=re.compile("^200 predictions$"))).to_be_visible()
    page.go_back()
    together.filter(has_text="embedding (mmd)").get_by_role("link", name="See its points").click()
    expect(page.get_by_role("figure", name="Embedding embedding")).to_be_visible()
