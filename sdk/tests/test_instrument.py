"""`init(instrument=…)`: packages by name, one per library, with what to do where there is none."""

from __future__ import annotations

import logging
import re
import sys
import types
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from otlp_collector import Collector
from program import run

from tapetum import _instrument, _settings


class Dist:
    def __init__(self, name: str) -> None:
        self.name = name


def package(group: str, name: str, dist: str, conflict: str = "") -> tuple[EntryPoint, type]:
    """A package as pip would install it; its instrumentor keeps count."""

    class Instrumentor:
        is_instrumented_by_opentelemetry = False

        def _check_dependency_conflicts(self) -> str | None:
            return conflict or None

        def instrument(self) -> None:
            Instrumentor.is_instrumented_by_opentelemetry = True

        def uninstrument(self) -> None:
            Instrumentor.is_instrumented_by_opentelemetry = False

    module = types.ModuleType(dist.replace("-", "_"))
    module.Instrumentor = Instrumentor  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    entry = EntryPoint(name, f"{module.__name__}:Instrumentor", group)
    vars(entry).update(dist=Dist(dist))
    return entry, Instrumentor


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    otel, inference = "opentelemetry_instrumentor", "openinference_instrumentor"
    made = {
        "one": package(inference, "alpha", "openinference-instrumentation-alpha"),
        "two": package(otel, "alpha", "opentelemetry-instrumentation-alpha-v2"),
        "broken": package(inference, "mcp", "openinference-instrumentation-mcp", "mcp is not installed"),
        "spare": package(otel, "mcp", "opentelemetry-instrumentation-mcp"),
        "lonely": package(otel, "llamaindex", "opentelemetry-instrumentation-llamaindex"),
        "logging": package(otel, "logging", "opentelemetry-instrumentation-logging"),
    }
    entries = [entry for entry, _ in made.values()]
    monkeypatch.setattr(_instrument, "entry_points", lambda group: [e for e in entries if e.group == group])
    yield {name: kind for name, (_, kind) in made.items()}
    for entry in entries:
        sys.modules.pop(entry.module, None)


def active(shelf: dict[str, Any]) -> list[str]:
    return [name for name, kind in shelf.items() if kind.is_instrumented_by_opentelemetry]


@pytest.mark.covers("sdk-instrument")
def test_one_package_per_library_is_switched_on_and_off_again(
    shelf: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """OpenInference first; what misses something leaves it to the next; aliases are the same library."""
    done = _instrument.switch_on(["Alpha", "mcp", "llama_index", "logging", "alpha"])
    assert active(shelf) == ["one", "spare", "lonely"]
    assert [one.name for one in done] == ["alpha", "mcp", "llama-index"]
    assert "alpha is instrumented by openinference-instrumentation-alpha, and not also by" in caplog.text
    assert "logging needs no instrumentation" in caplog.text
    _instrument.switch_off(done)
    assert active(shelf) == []

    shelf["two"]().instrument()  # somebody else did
    done = _instrument.switch_on(["all"])
    assert active(shelf) == ["two", "spare", "lonely"]
    assert "alpha is instrumented already, by opentelemetry-instrumentation-alpha-v2" in caplog.text
    _instrument.switch_off(done)
    assert active(shelf) == ["two"]


@pytest.mark.covers("sdk-instrument")
@pytest.mark.parametrize(
    ("name", "todo"),
    [
        ("anthropic", "pip install openinference-instrumentation-anthropic"),
        ("alhpa", "did you mean 'alpha'"),
        ("nonesuch", "entry point opentelemetry_instrumentor"),
    ],
)
def test_what_is_not_installed_is_said_with_what_to_do_and_what_there_is(
    shelf: dict[str, Any], caplog: pytest.LogCaptureFixture, name: str, todo: str
) -> None:
    assert [one.name for one in _instrument.switch_on([name, "alpha"])] == ["alpha"]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert todo in record.getMessage()
    assert "Installed are those for: alpha, llama-index, mcp." in record.getMessage()


@pytest.mark.covers("sdk-instrument")
def test_names_come_from_the_argument_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPETUM_INSTRUMENT", "openai, langchain,")
    assert _settings.instruments(None) == ("openai", "langchain")
    assert _settings.instruments("all") == ("all",)
    assert _settings.instruments([]) == ()
    with pytest.raises(_settings.Unusable, match="'all' or a list of names"):
        _settings.instruments([1])  # type: ignore[list-item]


@pytest.mark.covers("docs-llm-set-up")
def test_what_the_page_of_set_ups_names_is_known_with_its_package() -> None:
    """Nobody pastes a line that only says that there is no such thing."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "set-up-llm.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### (.+?)\n(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL)
    assert len([title for title, _ in sections if title != "Anything else"]) == 15
    for title, text in sections:
        for names in re.findall(r"instrument=\[(.+?)\]", text):
            for name in re.findall(r'"(.+?)"', names):
                assert _instrument.canonical(name) in _instrument._OPENINFERENCE | _instrument._NATIVE.keys(), title
                packages = re.search(r"pip install (.+)", text)
                assert packages is not None
                wanted = f"openinference-instrumentation-{name}"
                assert wanted in packages[1].split() or name in _instrument._NATIVE, title


@pytest.mark.covers("sdk-instrument")
def test_init_instruments_and_shutdown_leaves_the_library_as_it_was(collector: Collector) -> None:
    """With a package that is really installed."""
    run(
        """
        import tapetum
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
        for _ in range(2):
            tapetum.init("x", instrument=["httpx"], metrics=False, resources=False)
            assert HTTPXClientInstrumentor().is_instrumented_by_opentelemetry
            tapetum.shutdown()
            assert not HTTPXClientInstrumentor().is_instrumented_by_opentelemetry
        """,
        collector.url,
    )
