"""From the models to one, its versions, its predictions, one of them whole, its trace and back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.axe import violations
from browser.modelled import DRIFTED, DUEL, INCOME, LOANS, MODELLED, REQUESTS, TRACE, duel, predict, retrain, toss
from browser.watch import Watched, pick, rows, settled

pytestmark = pytest.mark.covers("page-models")


@pytest.mark.golden
def test_from_a_model_to_a_prediction_its_trace_and_back(ui: Watched, server: RunningServer) -> None:
    predict(server)
    page = ui.open("/models", project=MODELLED)
    listed = rows(page, "Models")
    expect(listed).to_have_count(2)
    expect(listed.first).to_contain_text(INCOME)
    expect(listed.first).to_contain_text("75 %")
    # A verdict of the row leads to what it is about, the row to the model.
    expect(listed.first.locator("a[href*='view=performance']")).to_be_visible()
    expect(listed.first.locator("a[href*='view=findings']")).to_be_visible()
    pick(listed.first)
    expect(page.get_by_role("heading", level=1)).to_have_text(INCOME)
    expect(page.get_by_role("figure", name="Predictions per second")).to_be_visible()
    glance = page.get_by_role("region", name="At a glance")
    expect(glance.get_by_role("link", name="Performance")).to_be_visible()
    expect(page.get_by_role("figure", name="Predictions whose label has come")).to_be_visible()
    page.get_by_text("Versions", exact=True).click()
    expect(rows(page, "Versions")).to_have_count(2)
    rows(page, "Versions").filter(has_text=re.compile("^2")).click()
    expect(page.get_by_role("status").filter(has_text="20 predictions")).to_be_visible()
    page.get_by_role("combobox", name="Filter").fill("age:<=22")
    page.keyboard.press("Enter")
    listed = rows(page, "Predictions")
    expect(listed).to_have_count(3)
    listed.first.click()
    one = page.get_by_role("complementary", name="Prediction")
    expect(one.get_by_role("row").filter(has_text="job")).to_contain_text("clerk")
    expect(one).to_contain_text("has not come yet")
    expect(one.get_by_role("row").filter(has_text="age")).to_contain_text("above")
    expect(one).to_contain_text("The baseline: the time just before, as long, in which there are none.")
    expect(one).to_contain_text("the others of this time, 39 predictions")
    settled(page)
    found = violations(page, "predictions and one of them")
    one.get_by_role("link", name="its trace").click()
    of_span = page.get_by_role("list", name="Predictions of this span")
    expect(of_span).to_contain_text(f"{INCOME} said 0")
    ui.open(f"/traces/{TRACE}", project=MODELLED)
    of_trace = page.get_by_role("list", name="Predictions of this trace")
    expect(of_trace).to_contain_text("no label yet")
    of_trace.get_by_role("link").click()
    expect(page.get_by_role("complementary", name="Prediction")).to_contain_text("p-00")
    assert found == []


@pytest.mark.covers("dataset-save-prediction")
def test_a_prediction_becomes_an_item_of_a_dataset_that_leads_back(ui: Watched, server: RunningServer) -> None:
    predict(server)
    page = ui.open("/models/one", project=MODELLED, name=INCOME, view="predictions", sel="p-12")
    page.get_by_role("button", name="Save to dataset").click()
    window = page.get_by_role("dialog", name="Save this prediction to a dataset")
    expect(window).to_contain_text("Its label.")
    window.get_by_role("combobox", name="Dataset").fill("incomes")
    settled(page)
    assert violations(page, "saving a prediction") == []
    window.get_by_role("button", name="Save", exact=True).click()
    window.get_by_role("link", name="incomes").click()
    page.get_by_role("grid", name="Items").get_by_role("row").nth(1).click()
    item = page.get_by_role("complementary", name="Item")
    expect(item.get_by_role("region", name="Input")).to_contain_text('"age": 32')
    item.get_by_role("link", name="Open the prediction it came from").click()
    expect(page.get_by_role("complementary", name="Prediction")).to_contain_text("p-12")


def test_a_project_without_predictions_says_how_to_send_them(ui: Watched, server: RunningServer) -> None:
    server.client.post("/api/v1/projects", json={"name": "no-models"}).raise_for_status()
    page = ui.open("/models", project="no-models")
    expect(page.get_by_text("No models in project no-models")).to_be_visible()
    expect(page.get_by_label("a prediction", exact=True)).to_contain_text("/v1/predictions")
    found = violations(page, "no models")
    page = ui.go("/models/one", project="no-models", name="nobody's")
    expect(page.get_by_role("alert")).to_contain_text("has no predictions in this time")
    assert found + violations(page, "a model that is not there") == []


@pytest.mark.covers("page-model-versions")
def test_two_versions_are_held_against_each_other_down_to_the_predictions(ui: Watched, server: RunningServer) -> None:
    duel(server)
    page = ui.open("/models/one", project=DRIFTED, name=DUEL, view="versions", by="channel")
    compared = page.get_by_role("region", name="Comparison", exact=True)
    expect(compared.get_by_role("status").first).to_contain_text("Version 2 is better: accuracy is")
    expect(compared).to_contain_text(f"same tags.request: {REQUESTS} of them")
    side = compared.get_by_role("region", name="Side by side").get_by_role("row")
    expect(side.filter(has_text="Accuracy")).to_contain_text("same requests")
    expect(side.filter(has_text="Duration, p95")).to_contain_text("16.0 ms")
    by_value = compared.get_by_role("region", name="By value").get_by_role("row").filter(has_text="web")
    expect(by_value.get_by_role("cell").last).to_have_text("2")
    compared.get_by_text("broken", exact=True).click()
    changed = compared.get_by_role("region", name="Changed answers").get_by_role("row")
    expect(changed.nth(1).get_by_role("cell").last).to_have_text("champion")
    assert "flip=broken" in page.url
    changed.nth(1).get_by_role("link").first.click()
    expect(page.get_by_role("complementary", name="Prediction")).to_contain_text("request")


@pytest.mark.covers("page-model-slices")
def test_slices_are_found_chosen_and_written_in_sql(ui: Watched, server: RunningServer) -> None:
    duel(server)
    page = ui.open("/models/one", project=DRIFTED, name=DUEL, view="slices", version="2")
    worst = page.get_by_role("region", name="Worst slices").get_by_role("row").filter(has_text="channel = mobile")
    expect(worst.get_by_role("img", name="Error over time: channel = mobile")).to_be_visible()
    worst.get_by_role("button", name="As SQL").click()
    chosen = page.get_by_role("region", name="Chosen slices").get_by_role("row")
    expect(chosen).to_have_count(3)
    expect(chosen.last).to_contain_text("worse")
    page.get_by_role("textbox", name="In SQL").fill("age > 60")
    page.get_by_role("button", name="Look").click()
    expect(chosen.last).to_contain_text("age > 60")
    # Also a condition in SQL leads to as many predictions as it has, where a filter can say it.
    number = chosen.last.get_by_role("cell").first.inner_text()
    chosen.last.get_by_role("link", name="age > 60").click()
    expect(page.get_by_role("status").filter(has_text=re.compile(f"^{number} predictions$"))).to_be_visible()
    page.go_back()
    expect(chosen.nth(1).get_by_role("link", name="all predictions")).to_be_visible()
    page.get_by_role("textbox", name="In SQL").fill("nothing = 1")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("alert")).to_contain_text("no column 'nothing'")
    ui.go("/models/one", project=DRIFTED, name=DUEL, view="slices", version="2", by="channel")
    expect(page.get_by_role("region", name="Gaps between groups")).to_contain_text("channel = mobile")
    page.get_by_text("Performance", exact=True).click()
    expect(page.get_by_role("img", name="Precision-recall curve")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Half of them came within")).to_be_visible()
    page.get_by_text("Slices", exact=True).click()
    page.get_by_role("region", name="Worst slices").get_by_role("link", name="channel = mobile", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="80 predictions")).to_be_visible()


@pytest.mark.covers("page-model-expected")
def test_where_features_do_not_tell_what_comes_true_that_alone_is_said(ui: Watched, server: RunningServer) -> None:
    toss(server)
    page = ui.open("/models/one", project=DRIFTED, name="coin", view="performance", base="half")
    expect(page.get_by_text("Features do not tell what comes true")).to_be_visible()
    expect(page.locator(".k-legend").first).to_contain_text("by labels")
    expect(page.get_by_text("by what came true of such rows")).to_have_count(0)
    expect(page.get_by_role("list", name="Versions by what came true of rows like theirs")).to_have_count(0)


@pytest.mark.covers("page-model-expected")
@pytest.mark.golden
def test_a_badly_trained_version_is_named_before_its_labels_come_and_leads_to_its_predictions(
    ui: Watched, server: RunningServer
) -> None:
    east = retrain(server)
    page = ui.open("/models/one", project=LOANS, name="credit-risk", view="performance")
    told = page.get_by_role("region", name="Expected before labels come")
    expect(told).to_contain_text("Version 2")
    expect(told).to_contain_text("if version 1 had answered the same; its scores promise")
    expect(told.get_by_role("listitem").filter(has_text="region = east").last).to_contain_text(
        "if version 1 had answered"
    )
    judged = page.get_by_role("list", name="Versions by what came true of rows like theirs").get_by_role("listitem")
    expect(judged).to_have_count(2)
    expect(judged.filter(has_text="Version 1")).to_contain_text("as expected")
    settled(page)
    found = violations(page, "versions before their labels come")
    told.get_by_role("link", name="region = east").click()
    expect(page.get_by_role("status").filter(has_text=f"{east} predictions")).to_be_visible()
    assert "q=version%3A2+region%3Aeast" in page.url
    assert found == []
