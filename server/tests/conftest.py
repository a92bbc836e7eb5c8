"""Fixtures shared by all server tests. One test process has one engine; each test has its own database."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import scratch
import stores

from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.engine import Engine

_TESTS = Path(__file__).parent
_WAITS = [
    _TESTS / name for name in ("process/test_monitors.py", "process/test_scraping.py", "ground/test_demo_command.py")
]
"""Files that take longest, most of it waiting for time to pass."""

MOST_SAID = 6_000
"""Characters of what a server said, the last ones."""

scratch.into_memory()

# Nearly all that importing the tests makes stays to the end, and would be looked through again and again.
gc.set_threshold(50_000, 20, 100)


def pytest_collection_finish() -> None:
    """What is there by now is nobody's garbage."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files in the order in which workers take them (`--no-loadscope-reorder`), and of the wide lane the part asked for.

    What takes longest comes first, so that nobody waits for it at the end. Browser files stand together: a worker that
    goes from one of them to the next keeps its browser, its server and what is stored there. Files that wait are spread
    among them, so that the others use the processor meanwhile.
    """
    tests = Counter(item.path for item in items)
    slow = [_TESTS / "browser", _TESTS / "process", _TESTS / "ground", _TESTS / "demo"]

    def turn(path: Path) -> tuple[int, int, Path]:
        return (slow.index(path.parent) if path.parent in slow else len(slow)), -tests[path], path

    files = sorted(set(tests) - set(_WAITS), key=turn)
    apart = sum(path.parent == slow[0] for path in files) // len(_WAITS)
    for number, path in enumerate(_WAITS):
        files.insert(number * (apart + 1), path)
    place = {path: number for number, path in enumerate(files)}
    items.sort(key=lambda item: place[item.path])
    _keep_part(os.environ.get("TAPETUM_TEST_PART", "1/1"), config, items)


def _keep_part(part: str, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep, of files with wide tests, each n-th: "2/3" is the second of three parts, which together are all of them."""
    which, _, parts = part.partition("/")
    if not (which.isdecimal() and parts.isdecimal() and 1 <= int(which) <= int(parts)):
        raise pytest.UsageError(f"TAPETUM_TEST_PART is {part!r}: give a part and how many there are, such as 2/3")
    wide = list(dict.fromkeys(item.path for item in items if item.get_closest_marker("wide")))
    kept = set(wide[int(which) - 1 :: int(parts)])
    others = [item for item in items if item.get_closest_marker("wide") and item.path not in kept]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if not item.get_closest_marker("wide") or item.path in kept]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails is told with what the servers said that run just then."""
    report = yield
    servers = sys.modules.get("process.servers")
    if report.failed and servers is not None:
        for server in list(servers.running):
            if said := server.stderr()[-MOST_SAID:].strip():
                report.sections.append((f"said by the server at {getattr(server, 'url', server.data)}", said))
    return report


def pytest_sessionfinish(exitstatus: int) -> None:
    """Whoever looks for what failed finds the files."""
    if exitstatus:
        scratch.keep()


@pytest.fixture(scope="session")
def engine_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of this process's engine: chDB allows one per process, and starting it is slow."""
    home = tmp_path_factory.mktemp("engine")
    keep_running = EmbeddedEngine(home, "idle")
    yield home
    keep_running.close()


@pytest.fixture
def engine(engine_home: Path) -> Iterator[Engine]:
    """An empty, migrated store of its own on the embedded engine."""
    opened = stores.take(str(engine_home), lambda database: EmbeddedEngine(engine_home, database))
    yield opened
    stores.give_back(str(engine_home), opened)


@pytest.fixture(scope="session")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a ClickHouse to talk HTTP to: TAPETUM_TEST_CLICKHOUSE, else the bridge in another process."""
    real = os.environ.get("TAPETUM_TEST_CLICKHOUSE")
    if real:
        url = real.rstrip("/")
        yield url
        from tapetum_server.store.clickhouse_http import ClickHouseEngine

        keeper = ClickHouseEngine(f"{url}/default")
        stores.drop_empty(url, keeper)
        keeper.close()
        return
    bridge = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "clickhouse_bridge.py"), str(tmp_path_factory.mktemp("bridge"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert bridge.stdin is not None
    assert bridge.stdout is not None
    try:
        yield f"clickhouse://127.0.0.1:{int(bridge.stdout.readline())}"
    finally:
        bridge.stdin.close()
        bridge.wait(30)
        bridge.stdout.close()


@pytest.fixture(params=["embedded", "clickhouse"])
def any_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty, migrated store on each home that there is."""
    if request.param == "embedded":
        yield request.getfixturevalue("engine")
        return
    from tapetum_server.store.clickhouse_http import ClickHouseEngine

    url = request.getfixturevalue("clickhouse_server")
    opened = stores.take(url, lambda database: ClickHouseEngine(f"{url}/{database}"))
    yield opened
    stores.give_back(url, opened)
