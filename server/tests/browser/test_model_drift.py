"""A model that drifts: from the verdict to the column, its values and its predictions; and where it is worst."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect
from process.servers import RunningServer

from browser.axe import violations
from browser.modelled import CREDIT, DRIFTED, INCOME, MODELLED, drift_away, predict, rank, topics
from browser.watch import Watched, click_chart, rows, settled

TRAINED = "loans/train"
HALF = {"project": DRIFTED, "name": CREDIT, "base": "half"}


def leads_to(page: Page, number: str, *terms: str) -> tuple[int, dict[str, str]]:
    """The page shows so many predictions, found by these terms. Goes back, and says how many and by which address."""
    expect(page).to_have_url(re.compile("view=predictions"))
    found = page.get_by_role("status").filter(has_text=re.compile(f"^{number} predictions?$"))
    expect(found).to_be_visible()
    shown = int(found.inner_text().split(" ")[0].replace(",", ""))
    asked = {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}
    assert set(terms) <= set(asked.get("q", "").split(" ")), asked
    page.go_back()
    settled(page)
    return shown, asked


def seconds(asked: dict[str, str]) -> float:
    """How long the time of an address is. The model has a prediction every four seconds."""
    began, ended = (datetime.fromisoformat(asked[end]) for end in ("from", "to"))
    return (ended - began).total_seconds()


@pytest.mark.covers("page-model-drift", "page-model-charts-to-rows", "page-prediction-baseline")
@pytest.mark.golden
def test_from_the_verdict_to_the_predictions_that_moved(ui: Watched, server: RunningServer) -> None:
    drift_away(server)
    page = ui.open("/models/one", project=DRIFTED, name=CREDIT)
    glance = page.get_by_role("region", name="At a glance")
    expect(glance).to_contain_text("Right")
    click_chart(page, "Predictions per second", 0.6)
    shown, asked = leads_to(page, r"\d+", "version:1")
    detail = server.client.get("/api/v1/models/detail", params={"project": DRIFTED, "model": CREDIT}).json()
    times = [time[:19] for time in detail["trend"]["times"]]
    rate = detail["by_version"][0]["trend"]["rate_per_s"][times.index(asked["from"][:19])]
    assert shown == round(rate * detail["trend"]["interval_ms"] / 1_000) > 0
    page = ui.go("/models/one", **HALF, view="drift")
    expect(page.get_by_role("status").filter(has_text="Drift:")).to_contain_text("income")
    expect(page.get_by_text("whether answers got worse anywhere")).to_be_visible()
    found = rows(page, "Columns by drift")
    moved = found.filter(has=page.get_by_text("drift", exact=True))
    expect(moved.filter(has_text="income")).to_have_count(1)
    expect(moved.filter(has_text="channel")).to_have_count(0)
    expect(found.filter(has_text="age").first).to_contain_text("no drift")
    expect(found.filter(has_text="income").get_by_role("img")).to_have_attribute("aria-label", re.compile("income: < "))
    found.filter(has_text="income").click()
    one = page.get_by_role("complementary", name="Drift of a column")
    expect(one).to_contain_text("Drifted")
    click_chart(page, "Distance of income", 0.5)
    shown, asked = leads_to(page, r"\d+")
    assert shown > 0
    assert abs(shown - seconds(asked) / 4) < 1
    low = one.get_by_role("list", name="Shares of values, baseline and window").get_by_role("link").first
    expect(low).to_have_text(re.compile("^< "))
    one.get_by_role("combobox", name="By the values of").click()
    page.get_by_role("option", name="channel").click()
    expect(one.get_by_role("row").filter(has_text="mobile")).to_be_visible()
    settled(page)
    found_wrong = violations(page, "drift and one column")
    one.get_by_role("link", name=re.compile("^< ")).first.click()
    expect(page).to_have_url(re.compile("view=predictions.*"))
    expect(rows(page, "Predictions").first).to_contain_text("mobile")
    # One of them: no income of the baseline was so low, and now half of them are.
    rows(page, "Predictions").first.click()
    whole = page.get_by_role("complementary", name="Prediction")
    expect(whole).to_contain_text(re.compile("The baseline: .* to .*, [23][0-9]{2} predictions"))
    income = whole.get_by_role("row").filter(has_text="income").get_by_role("cell")
    expect(income.nth(1).locator(".warn")).to_have_text("above 0 %")
    expect(income.nth(2)).to_contain_text("above")
    expect(income.nth(2).locator(".warn")).to_have_count(0)
    settled(page)
    found_wrong += violations(page, "a prediction beside the baseline")
    page = ui.open("/models/one", project=DRIFTED, name=CREDIT, view="drift", version="1")
    expect(page.get_by_role("heading", name="Nothing to compare")).to_be_visible()
    found_wrong += violations(page, "nothing to compare")
    page.get_by_role("button", name="Compare the newer half of its predictions with the older").click()
    expect(rows(page, "Columns by drift").first).to_be_visible()
    assert found_wrong == []


@pytest.mark.covers("page-model-drift")
def test_a_model_without_predictions_is_asked_about_once_and_not_for_ever(ui: Watched) -> None:
    page = ui.open("/models/one", project=DRIFTED, name="nobody", view="drift")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_role("heading", name="Nothing to compare")).to_be_visible()
    settled(page)
    before = len(asked)
    page.wait_for_timeout(1_500)
    assert [url for url in asked[before:] if "/api/v1/models/" in url] == []
    page.get_by_role("button", name="Look at the last 24 hours").click()
    expect(page).to_have_url(re.compile("from=now-24h"))


@pytest.mark.covers("page-prediction-baseline", "model-drift-training-data")
def test_one_prediction_beside_the_training_data(ui: Watched, server: RunningServer) -> None:
    drift_away(server)
    edges = [[5_000 * n, 5_000 * (n + 1), 100] for n in range(4, 10)]
    told = [
        {"dataset": TRAINED, "rows": 600, "feature": "income", "kind": "numeric", "type": "FLOAT", "present": 600,
         "finite": 600, "mean": 35_000, "std_dev": 8_660, "min": 20_000, "max": 50_000, "quantiles_histogram": edges},
        {"dataset": TRAINED, "rows": 600, "feature": "channel", "kind": "categorical", "type": "STRING", "present": 600,
         "unique": 2, "top_values": ["mobile", "web"], "top_frequencies": [450, 150]},
    ]  # fmt: skip
    sent = server.client.post("/v1/feature_statistics", json=told, headers={"x-tapetum-project": DRIFTED})
    assert sent.json() == {"accepted": 2, "refused": []}
    page = ui.open("/models/one", project=DRIFTED, name=CREDIT, view="drift")
    page.get_by_role("combobox", name="Against").click()
    page.get_by_role("option", name=f"data set {TRAINED}").click()
    expect(rows(page, "Columns by drift").filter(has_text="income")).to_contain_text("drift")
    page.get_by_role("radiogroup", name="Show").get_by_text("Predictions", exact=True).click()
    rows(page, "Predictions").filter(has_text="mobile").first.click()
    whole = page.get_by_role("complementary", name="Prediction")
    expect(whole).to_contain_text(f"The baseline: the data set {TRAINED}, 600 rows. Now: the others of this time, ")
    beside = {
        name: whole.get_by_role("row").filter(has_text=name).get_by_role("cell")
        for name in ("income", "channel", "age")
    }
    # No income of the training data was per month; of those of now many are.
    expect(beside["income"].nth(1).locator(".warn")).to_have_text("above 0 %")
    expect(beside["income"].nth(2).locator(".warn")).to_have_count(0)
    expect(beside["channel"].nth(1)).to_have_text("as 75 %")
    expect(beside["channel"].nth(2)).to_have_text("as 50 %")
    expect(beside["age"].nth(1)).to_have_text("–")
    settled(page)
    assert violations(page, "a prediction beside the training data") == []


@pytest.mark.covers("page-model-performance", "page-model-decision", "page-model-charts-to-rows")
def test_from_how_good_it_is_to_where_it_is_worst(ui: Watched, server: RunningServer) -> None:
    drift_away(server)
    page = ui.open("/models/one", **HALF, view="performance")
    expect(page.get_by_role("status").filter(has_text="Accuracy")).to_contain_text("predictions with a label")
    expect(page.get_by_role("region", name="Confusion")).to_contain_text("said default")
    expect(page.get_by_role("figure", name="Accuracy")).to_be_visible()
    wrong = page.get_by_role("region", name="Confusion").get_by_role("row").filter(has_text="was repaid")
    number = wrong.get_by_role("link").first.inner_text()
    wrong.get_by_role("link").first.click()
    leads_to(page, number, "-label:default", "labelled:true", "score:>0.5")
    bins = page.get_by_role("group", name="Calibration").get_by_role("link")
    number = re.search(r"of ([\d,]+) prediction", bins.first.get_attribute("aria-label") or "")[1]  # type: ignore[index]
    bins.first.click()
    leads_to(page, number, "labelled:true", "score:<0.1")
    outcome = page.get_by_role("region", name="At another threshold").get_by_role("link").first
    number = outcome.inner_text()
    outcome.click()
    leads_to(page, number, "label:default", "score:>0.5")
    click_chart(page, "Predictions whose label has come", 0.4)
    shown, asked = leads_to(page, r"\d+", "labelled:true")
    assert shown > 0
    assert abs(shown - seconds(asked) / 4) < 1
    expect(page.get_by_text("CBPE, learned from")).to_be_visible()
    page.get_by_role("list", name="Versions against their estimate").get_by_role("link", name="Version 1").click()
    assert leads_to(page, r"\d+", "version:1")[0] > 0
    worst = page.get_by_role("region", name="Where it is worst")
    expect(worst).to_contain_text("wrong")
    page.get_by_role("combobox", name="By the values of").click()
    page.get_by_role("option", name="channel").click()
    by = page.get_by_role("region", name="Metrics by value")
    expect(by.get_by_role("row")).to_have_count(3)
    expect(page.get_by_role("region", name="Gaps between groups")).to_contain_text("where mobile")
    expect(page.get_by_role("region", name="Evaluations", exact=True)).to_contain_text("not blessed")
    expect(page.get_by_role("region", name="Evaluations", exact=True)).to_contain_text("is below 0.9")
    page.get_by_role("slider", name="Threshold").press("ArrowLeft")
    expect(page.get_by_role("heading", name="Called positive above 0.49")).to_be_visible()
    page.get_by_role("img", name="ROC curve").click(position={"x": 60, "y": 60})
    expect(page.get_by_role("heading", name="Called positive above 0.49")).to_have_count(0)
    for name, worth in (("a right yes", 0), ("a wrong yes", -1), ("a right no", 0), ("a missed yes", -5)):
        page.get_by_role("textbox", name=name).fill(str(worth))
        page.get_by_role("textbox", name=name).press("Enter")
    page.get_by_role("button", name="Look there").click()
    expect(page).to_have_url(re.compile("at=0.*worth=0%2C-1%2C0%2C-5"))
    expect(page.get_by_role("button", name="Look there")).to_have_count(0)
    page.get_by_role("switch", name=re.compile("Weigh the baseline")).press("Space")
    expect(page.get_by_text("CBPE, importance-weighted")).to_be_visible()
    settled(page)
    found_wrong = violations(page, "performance")
    by.get_by_role("link", name="mobile").click()
    expect(page).to_have_url(re.compile("view=predictions"))
    # More than are loaded at once, and all are counted.
    expect(page.get_by_role("status").filter(has_text=re.compile(r"^[12]\d\d predictions$"))).to_be_visible()
    expect(rows(page, "Predictions").first).to_contain_text("mobile")
    predict(server)
    page = ui.open("/models/one", project=MODELLED, name="spam", view="performance")
    expect(page.get_by_role("heading", name="No labels in this time")).to_be_visible()
    found_wrong += violations(page, "performance without labels")
    page = ui.go("/models/one", project=MODELLED, name=INCOME, view="performance")
    expect(page.get_by_role("region", name="Confusion")).to_be_visible()
    assert found_wrong == []


@pytest.mark.covers("page-model-ranking", "page-model-classes", "page-model-charts-to-rows", "filter-contains")
def test_a_model_that_ranks_and_one_of_several_classes_at_once(ui: Watched, server: RunningServer) -> None:
    rank(server)
    page = ui.open("/models/one", project=DRIFTED, name="offers", view="performance")
    expect(page.get_by_role("status").filter(has_text="NDCG at 10 0.815")).to_be_visible()
    expect(page.get_by_role("combobox", name="Ranked within")).to_have_value("tags.query_id")
    page = ui.go("/models/one", project=DRIFTED, name="topics", view="performance")
    classes = page.get_by_role("region", name="Classes")
    settled(page)
    assert violations(page, "classes at once") == []
    heads = classes.get_by_role("columnheader").all_inner_texts()
    assert heads == ["Said", "Was so", "Right", "Wrongly said", "Missed", "Precision", "Recall"]
    known = [(set(said), set(was)) for said, was in topics() if was is not None]
    for name in ("sport", 'say "hi", now'):
        counts = [(name in said, name in was) for said, was in known]
        expected = (
            sum(said for said, _ in counts), sum(was for _, was in counts), counts.count((True, True)),
            counts.count((True, False)), counts.count((False, True)),
        )  # fmt: skip
        # Each is of other predictions, and so many of them.
        assert len(set(expected)) > 2
        assert min(expected) > 0
        for place, number in enumerate(expected):
            if name != "sport" and place != 3:
                continue
            row = classes.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
            cell = row.get_by_role("cell").nth(place)
            expect(cell).to_have_text(str(number))
            cell.get_by_role("link").click()
            leads_to(page, str(number))
    classes.get_by_role("row").filter(has_text="travel").get_by_role("link").nth(4).click()
    expect(page.get_by_role("search")).to_contain_text("label contains travel")
    assert (
        page.get_by_role("search")
        .inner_text()
        .replace("\n", " ")
        .split("not ")[1]
        .startswith("output_label contains travel")
    )
    page.get_by_role("combobox", name="Filter").fill("label:sp")
    page.get_by_role("option", name="sports contains").click()
    expect(page.get_by_role("search")).to_contain_text("label contains sports")
    known = [(said, was) for said, was in known if "travel" in was - said and "sports" in was]
    expect(page.get_by_role("status").filter(has_text=re.compile(f"^{len(known)} prediction"))).to_be_visible()
    assert known
