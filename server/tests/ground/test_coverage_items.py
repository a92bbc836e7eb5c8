"""docs/coverage.md cannot claim what no test proves."""

from __future__ import annotations

from tools.coverage_items import ITEMS, ROOT, Item, Proof, marks, page, problems, read_items, read_proofs

SOURCE = """
import pytest

pytestmark = pytest.mark.covers("whole-module")

@pytest.mark.covers("one", "two")
def test_both(): ...

@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.covers("three"))])
async def test_parametrised(n): ...

@pytest.mark.skip(reason="later")
@pytest.mark.covers("four")
def test_skipped(): ...

@pytest.mark.covers("five")
class TestMany:
    def test_inner(self): ...

@pytest.mark.covers("six")
def helper(): ...
"""


def test_marks_are_found_wherever_pytest_finds_them() -> None:
    """On functions, parameters, classes and modules; not on skipped tests or helpers."""
    found = {(name, proof.test) for name, proof in marks(SOURCE, "t.py")}
    assert found == {
        ("one", "test_both"),
        ("two", "test_both"),
        ("whole-module", "test_both"),
        ("three", "test_parametrised"),
        ("whole-module", "test_parametrised"),
        ("five", "test_inner"),
        ("whole-module", "test_inner"),
    }


def test_an_item_with_neither_test_nor_reason_is_a_problem() -> None:
    items = [Item("a", "A", "g"), Item("b", "B", "g", "too early"), Item("c", "C", "g", "no"), Item("a", "A", "g")]
    found = problems(items, {"c": [Proof("t.py", "test_c")], "z": [Proof("t.py", "test_z")]})
    assert [sentence.split(":")[0] for sentence in found] == ["a", "c", "a", "a", "z"]


def test_the_page_names_the_test_or_the_reason() -> None:
    items = [Item("a", "A | B", "g"), Item("b", "B", "g", "too early")]
    written = page(items, {"a": [Proof("server/tests/t.py", "test_a")]})
    assert "| `a` | A \\| B | [`test_a`](../server/tests/t.py) |" in written
    assert "| `b` | B | not done: too early |" in written
    assert "1 of 2 items have a test." in written


def test_every_named_item_is_proved_or_said_to_be_missing() -> None:
    """The rule of this repository: a missing item that is said is better than a stub."""
    items = read_items((ROOT / ITEMS).read_text(encoding="utf-8"))
    assert problems(items, read_proofs(ROOT)) == []
