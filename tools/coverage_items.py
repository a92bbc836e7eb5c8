"""Which test proves which named item of docs/coverage.toml, written to docs/coverage.md.

A test says what it proves with `@pytest.mark.covers("otlp-http-gzip", …)`. This reads the marks from
the sources, so that it sees every lane (fast, wide, slow, interop) without importing anything.

    python tools/coverage_items.py check    fail on an item that has neither a test nor a reason
    python tools/coverage_items.py write    write docs/coverage.md
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parent.parent
TEST_FOLDERS = ("server/tests", "sdk/tests", "examples", "bench")
ITEMS, PAGE = Path("docs/coverage.toml"), Path("docs/coverage.md")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the product promises."""

    name: str
    what: str
    group: str
    not_done: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Proof:
    """A test that proves an item."""

    path: str
    test: str


def read_items(text: str) -> list[Item]:
    """The items of docs/coverage.toml: `name = "what"`, or `name = {what = "…", not_done = "why"}`."""
    items: list[Item] = []
    for group in tomllib.loads(text)["group"]:
        for name, value in group["items"].items():
            entry = {"what": value} if isinstance(value, str) else value
            items.append(Item(name, entry["what"], group["name"], entry.get("not_done", "")))
    return items


def marks(source: str, path: str) -> Iterator[tuple[str, Proof]]:
    """Every (item, proof) that a test module's marks name."""
    yield from _marks_of(ast.parse(source, path).body, path, ())


def _marks_of(body: Sequence[ast.stmt], path: str, outer: tuple[str, ...]) -> Iterator[tuple[str, Proof]]:
    inherited = outer + tuple(
        name
        for node in body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)
        for name in _covered(node.value, path)
    )
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            own = tuple(name for decorator in node.decorator_list for name in _covered(decorator, path))
            yield from _marks_of(node.body, path, inherited + own)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            if any(_is_mark(inner, "skip") for decorator in node.decorator_list for inner in ast.walk(decorator)):
                continue  # a test that never runs proves nothing
            for decorator in node.decorator_list:
                for name in _covered(decorator, path):
                    yield name, Proof(path, node.name)
            for name in inherited:
                yield name, Proof(path, node.name)


def _covered(node: ast.expr, path: str) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and _is_mark(call.func, "covers"):
            for argument in call.args:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    raise SystemExit(f"{path}:{call.lineno}: covers() takes item names as plain strings")
                yield argument.value


def _is_mark(node: ast.AST, name: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == name
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "mark"
    )


def read_proofs(root: Path) -> dict[str, list[Proof]]:
    """The tests that prove each item, in the whole repository."""
    proofs: defaultdict[str, set[Proof]] = defaultdict(set)
    for folder in TEST_FOLDERS:
        for file in sorted((root / folder).rglob("test_*.py")):
            path = file.relative_to(root).as_posix()
            for name, proof in marks(file.read_text(encoding="utf-8"), path):
                proofs[name].add(proof)
    return {name: sorted(found) for name, found in proofs.items()}


def problems(items: Iterable[Item], proofs: Mapping[str, Sequence[Proof]]) -> list[str]:
    """What is wrong, one sentence each: nothing here may be left unsaid."""
    found: list[str] = []
    known: set[str] = set()
    for item in items:
        if item.name in known:
            found.append(f"{item.name}: listed twice in {ITEMS}")
        known.add(item.name)
        tests = proofs.get(item.name, ())
        if not tests and not item.not_done:
            found.append(f'{item.name}: no test has @pytest.mark.covers("{item.name}") and {ITEMS} has no not_done')
        if tests and item.not_done:
            found.append(f"{item.name}: said to be not done, yet {tests[0].path}::{tests[0].test} proves it")
    for name in sorted(set(proofs) - known):
        found.append(f"{name}: named by {proofs[name][0].path}::{proofs[name][0].test} and not in {ITEMS}")
    return found


def page(items: Sequence[Item], proofs: Mapping[str, Sequence[Proof]]) -> str:
    """docs/coverage.md."""
    done = sum(1 for item in items if item.name in proofs)
    lines = [
        "# What is proved, and by which test",
        "",
        "Generated by `make coverage` from the tests' marks and `docs/coverage.toml`. `make test` fails when an item "
        "has neither a test nor a reason.",
        "",
        f"{done} of {len(items)} items have a test.",
    ]
    group = ""
    for item in items:
        if item.group != group:
            group = item.group
            lines += ["", f"## {group}", "", "| item | what | proof |", "|---|---|---|"]
        lines.append(f"| `{item.name}` | {_cell(item.what)} | {_cell(_proof(item, proofs))} |")
    return "\n".join(lines) + "\n"


def _proof(item: Item, proofs: Mapping[str, Sequence[Proof]]) -> str:
    tests = proofs.get(item.name, ())
    if not tests:
        return f"not done: {item.not_done}"
    return "<br>".join(f"[`{proof.test}`](../{proof.path})" for proof in tests)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands of the module's docstring."""
    if list(arguments) not in (["check"], ["write"]):
        print(__doc__, file=sys.stderr)
        return 2
    items = read_items((ROOT / ITEMS).read_text(encoding="utf-8"))
    proofs = read_proofs(ROOT)
    text = page(items, proofs)
    if list(arguments) == ["write"]:
        (ROOT / PAGE).write_text(text, encoding="utf-8")
        return 0
    found = problems(items, proofs)
    written = (ROOT / PAGE).read_text(encoding="utf-8") if (ROOT / PAGE).is_file() else ""
    if not found and written != text:
        found.append(f"{PAGE} is not up to date: run make coverage")
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
