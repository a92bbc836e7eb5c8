"""From what is kept to one data set, one feature, what is wrong with it, and the change accepted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from process.servers import RunningServer

from browser.axe import violations
from browser.inspected import ASKED, FAULTS, TRAIN, inspect, watch
from browser.watch import Watched, choose, rows, settled

pytestmark = pytest.mark.covers("page-data-quality")
OF = "inspected-here"


def test_from_a_data_set_to_an_anomaly_and_the_change_accepted(ui: Watched, server: RunningServer) -> None:
    inspect(server, OF)
    page = ui.open("/data-quality", project=OF)
    listed = rows(page, "Data sets and models")
    expect(listed).to_have_count(2)
    expect(listed.filter(has_text=TRAIN)).to_contain_text("not validated")
    faulty = listed.filter(has_text=FAULTS)
    expect(faulty).to_contain_text("14 anomalies in 8 features")
    expect(faulty).to_contain_text("20,000")
    faulty.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(FAULTS)
    expect(page.get_by_text("There are 20000 examples; at least 25000 are expected.")).to_be_visible()
    # The faults that were put in, by the values that offend.
    grid = rows(page, "Features")
    expect(grid.filter(has_text="MAR")).to_contain_text("Z")
    expect(grid.filter(has_text="RAC1P")).to_contain_text("42")
    expect(grid.filter(has_text="SCHL")).to_contain_text("20 %")
    expect(grid.filter(has_text="DEYE")).to_contain_text("Feature is missing")
    # Beside a baseline: rows without one have no distance.
    expect(page.get_by_role("combobox", name="Baseline")).to_have_value(f"against {TRAIN}")
    page.get_by_role("columnheader", name="Distance").get_by_role("button").click()
    expect(page).to_have_url(re.compile("sort=-distance"))
    expect(grid.first).to_contain_text("year")
    expect(grid.first.get_by_label("moved", exact=True)).to_be_visible()
    page.get_by_role("textbox", name="Find a feature").fill("rac1")
    expect(grid).to_have_count(1)
    grid.first.click()
    one = page.get_by_role("complementary", name="Feature")
    expect(one.get_by_role("region", name="Anomalies")).to_contain_text("ENUM_TYPE_UNEXPECTED_STRING_VALUES")
    expect(one.get_by_role("region", name="Anomalies")).to_contain_text("If these values are right, accept them")
    expect(one.get_by_role("table", name="Numbers").get_by_role("row").filter(has_text="Rows")).to_have_text(
        re.compile("68,785.*20,000")
    )
    settled(page)
    found = violations(page, "a feature and its anomalies")
    one.get_by_role("button", name="Accept this change").click()
    differs = page.get_by_role("region", name="What differs")
    expect(differs).to_contain_text("RAC1P")
    expect(differs.locator("ins")).to_contain_text("42")
    expect(page.get_by_text("13 anomalies in 7 features")).to_be_visible()
    found += violations(page, "what one version of a schema has otherwise")
    page.get_by_text("Features", exact=True).click()
    expect(grid.filter(has_text="RAC1P")).not_to_contain_text("42")
    assert found == []


def test_a_data_set_without_a_schema_gets_one_by_a_click(ui: Watched, server: RunningServer) -> None:
    project = f"{OF}-2"
    server.client.post("/api/v1/projects", json={"name": project}).raise_for_status()
    page = ui.open("/data-quality", project=project)
    for label in ("statistics of a file", "statistics of TFDV", "a schema"):
        expect(page.get_by_label(label, exact=True)).to_contain_text(f"--project {project}")
    found = violations(page, "no statistics")
    inspect(server, project)
    page = ui.go("/data-quality", project=project, dataset=TRAIN, view="schema")
    expect(page.get_by_label("making a schema", exact=True)).to_contain_text(f"schema push {TRAIN} schema.pbtxt")
    found += violations(page, "no schema")
    page.get_by_role("button", name="Infer one from these statistics").click()
    expect(page.get_by_label("schema.pbtxt", exact=True)).to_contain_text('name: "AGEP"')
    expect(page.get_by_text("as the schema says")).to_be_visible()
    page = ui.go("/data-quality", project=project, dataset="nobody's")
    expect(page.get_by_text("there are no statistics of data set")).to_be_visible()
    assert found + violations(page, "a data set that is not there") == []


@pytest.mark.covers("page-findings")
@pytest.mark.golden
def test_from_what_is_wrong_now_to_the_predictions_and_the_change_accepted(ui: Watched, server: RunningServer) -> None:
    project = f"{OF}-4"
    watch(server, project)
    page = ui.open("/data-quality", project=project)
    now = page.get_by_role("region", name="Wrong now")
    expect(now).to_contain_text("income The smallest value is 2000; at least 7000 is expected. 5 of 12 predictions")
    expect(page.get_by_role("region", name="Anomalies over time")).to_contain_text(
        "12 predictions held against a schema"
    )
    expect(rows(page, "Data sets and models")).to_contain_text("2 anomalies in 2 features")
    chart = page.get_by_role("figure", name="Anomalies over time")
    chart.get_by_role("button", name="show as table").click()
    # Only a step with findings leads on: to those of every model in it.
    chart.get_by_role("row").get_by_role("button").last.click()
    expect(page).to_have_url(re.compile("view=findings"))
    expect(rows(page, "Findings")).to_have_count(2)
    expect(rows(page, "Findings").first).to_contain_text(ASKED)
    page = ui.go("/data-quality", project=project)
    now.get_by_role("link", name="income").click()
    one = page.get_by_role("complementary", name="Finding")
    expect(one).to_contain_text("Look for another unit")
    expect(rows(page, "Findings")).to_have_count(2)
    # No change was told of: that is said too.
    expect(one).to_contain_text("No change is known of the quarter of an hour before.")
    settled(page)
    found = violations(page, "findings, and one of them")
    one.get_by_role("link", name="The 5 predictions").click()
    expect(rows(page, "Predictions")).to_have_count(5)
    page = ui.go("/data-quality", project=project, model=ASKED)
    grid = rows(page, "Features")
    expect(grid.filter(has_text="channel")).to_contain_text("fax")
    expect(page.get_by_text("as the schema says")).to_have_count(0)
    expect(grid.filter(has_text="outcome")).to_have_count(0)
    choose(page, "Environment", "as TRAINING")
    expect(grid.filter(has_text="outcome")).to_contain_text("Feature is missing")
    choose(page, "Environment", "as SERVING")
    grid.filter(has_text="channel").click()
    page.get_by_role("button", name="Accept this change").click()
    expect(page.get_by_role("region", name="What differs").locator("ins")).to_contain_text("fax")
    page.get_by_text("Findings", exact=True).click()
    expect(rows(page, "Findings")).to_have_count(1)
    page = ui.go("/data-quality", project=project, model="nobody's", view="findings")
    expect(page.get_by_text("No schema yet")).to_be_visible()
    assert found + violations(page, "no findings") == []


def test_who_may_only_read_is_told_what_accepting_takes(ui: Watched, server: RunningServer) -> None:
    project = f"{OF}-3"
    inspect(server, project)
    page = ui.page
    page.route("**/api/v1/info*", lambda route: route.fulfill(json=_reading(route.fetch().json())))
    ui.open("/data-quality", project=project, dataset=FAULTS, sel="MAR")
    one = page.get_by_role("complementary", name="Feature")
    expect(one).to_contain_text("takes a key with the admin scope")
    expect(one.get_by_role("button", name="Accept this change")).to_have_count(0)


def _reading(info: dict[str, object]) -> dict[str, object]:
    identity = info["identity"]
    assert isinstance(identity, dict)
    return {**info, "identity": {**identity, "scopes": ["read"]}}
