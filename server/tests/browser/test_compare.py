"""Two traces side by side: from the list, from a trace, by ids; and what made one of them slow."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from process.servers import RunningServer

from browser.shop import Shop
from browser.watch import Watched, pick, rows, settled

pytestmark = pytest.mark.covers("page-compare")


def steps(page: Page) -> list[str]:
    return page.get_by_role("tree", name="Steps").get_by_role("treeitem").locator(".t-name .cut").all_inner_texts()


def test_two_marked_traces_are_compared_and_the_slow_step_is_named(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces", project="shop", q="service:web")
    pick(rows(page, "Traces").nth(1))
    page.keyboard.press("x")
    expect(page.get_by_text("1 marked, mark another to compare")).to_be_visible()
    rows(page, "Traces").first.get_by_role("checkbox").check()
    page.get_by_role("link", name="Compare the two").click()
    settled(page)
    # The newest order failed, waiting for a lock.
    expect(page.get_by_text(re.compile(r"^B is 1\.\d\d s slower .* of it in SELECT customer_features"))).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^\+1\.\d+ s SELECT customer_features")).click()
    selected = page.get_by_role("tree", name="Steps").locator("[aria-selected=true]")
    expect(selected).to_contain_text("SELECT customer_features")
    step = page.get_by_role("complementary", name="Step")
    expect(step.get_by_role("row", name=re.compile("^Own time"))).to_contain_text("+1.")

    # What waited most stands first, and the address keeps the order that was chosen.
    assert "SELECT carts" not in steps(page)[1]
    page.get_by_text("By start", exact=True).click()
    expect(page).to_have_url(re.compile("sort=start"))
    assert "SELECT carts" in steps(page)[1]
    page.get_by_label("Only differences").check()
    expect(page.get_by_role("treeitem").filter(has_text="predict fraud")).to_have_count(0)
    page.reload()
    settled(page)
    expect(page.get_by_label("Only differences")).to_be_checked()
    expect(selected).to_contain_text("SELECT customer_features")


def test_a_pair_of_spans_is_read_attribute_by_attribute_and_by_keys(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces/compare", project="shop", a=shop.orders[0], b=shop.failed[0], sort="start")
    page.keyboard.press("j")
    step = page.get_by_role("complementary", name="Step")
    expect(step.get_by_role("row", name=re.compile("^http.response.status_code"))).to_contain_text("200")
    expect(step.get_by_role("row", name=re.compile("^http.response.status_code"))).to_contain_text("504")
    expect(step.locator(".t-message")).to_contain_text("scoring did not answer in time")
    page.keyboard.press("n")
    expect(page.locator("[role=treeitem][aria-selected=true]")).to_contain_text("POST /score web")
    page.get_by_role("tree", name="Steps").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[role=treeitem][aria-selected=true]")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[role=treeitem][aria-selected=true]")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("x")
    expect(page.get_by_text(re.compile("^B is .* faster"))).to_be_visible()
    expect(page.locator("[role=treeitem][aria-selected=true]")).to_contain_text("POST /score web")
    step.get_by_role("link", name="A", exact=True).click()
    expect(page).to_have_url(re.compile(f"/traces/{shop.failed[0]}.*span="))


def test_from_a_trace_to_one_of_its_peers_or_to_any_other(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.failed[-1]}", project="shop")
    page.keyboard.press("x")
    expect(page.get_by_text("59 traces begin with POST /checkout (web) within a day.")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Fastest")).click()
    settled(page)
    expect(page).to_have_url(re.compile(f"/traces/compare.*b={shop.failed[-1]}"))
    expect(page.get_by_role("region", name="Trace B")).to_contain_text("3 errors")

    page.get_by_role("button", name="Change trace A").click()
    page.get_by_label("Any other trace").fill(shop.chats[0].upper())
    page.get_by_role("button", name="Compare", exact=True).click()
    settled(page)
    expect(page.get_by_role("region", name="Trace A")).to_contain_text("invoke_agent parcel-helper")


def test_turns_of_an_agent_stand_beside_each_other(ui: Watched, shop: Shop) -> None:
    page = ui.open("/traces/compare", project="shop", a=shop.chats[0], b=shop.chats[1], sort="start")
    tree = page.get_by_role("tree", name="Steps")
    expect(tree.get_by_role("treeitem")).to_have_count(10)
    expect(tree.get_by_role("treeitem").filter(has_text="only in B")).to_have_count(3)


def test_the_same_trace_twice_an_unknown_one_and_none_each_say_what_they_are(
    ui: Watched, server: RunningServer, shop: Shop
) -> None:
    page = ui.open("/traces/compare", project="shop", a=shop.orders[0], b=shop.orders[0], only="1")
    expect(page.get_by_text("A and B are the same trace.")).to_be_visible()
    expect(page.get_by_text("These traces do not differ")).to_be_visible()
    ui.go("/traces/compare", project="shop", a="0e" * 16, b=shop.orders[0])
    expect(page.get_by_role("alert")).to_contain_text("has no trace")
    page.get_by_role("button", name="Choose another trace").click()
    expect(page.get_by_role("button", name=re.compile("^Median duration"))).to_be_visible()
    ui.go("/traces/compare", project="shop")
    expect(page.get_by_text("Which two traces?")).to_be_visible()
    page.get_by_label("Trace id").fill("nonsense!")
    expect(page.get_by_text("A trace id has 32 hex digits")).to_be_visible()


@pytest.mark.covers("span-conventions")
def test_a_query_a_call_and_an_answer_have_icons_of_their_own(ui: Watched, shop: Shop) -> None:
    page = ui.open(f"/traces/{shop.failed[0]}", project="shop")
    tree = page.get_by_role("tree", name="Spans")
    for name, title in (
        ("SELECT carts", "database client, web"),
        ("POST /checkout", "HTTP server, web"),
        ("predict fraud", "internal, scoring"),
    ):
        row = tree.get_by_role("treeitem").filter(has_text=name)
        expect(row.get_by_title(title, exact=True)).to_have_count(1)
    icons = {
        name: tree.get_by_role("treeitem").filter(has_text=name).locator(".t-kind svg").get_attribute("class")
        for name in ("SELECT carts", "POST /checkout", "predict fraud")
    }
    assert len(set(icons.values())) == 3
