"""Forked children: of servers that load first and fork then, of multiprocessing, and amid anything."""

from __future__ import annotations

import sys

import pytest
from otlp_collector import Collector
from program import bodies, metrics, run, spans

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork"),
    pytest.mark.covers("sdk-fork"),
]


def test_a_child_sends_its_own_and_not_its_parents(collector: Collector) -> None:
    """As gunicorn does with `preload_app`: the parent has records in its queue, its children serve and end."""
    run(
        """
        import logging, os, sys, tapetum
        tapetum.init("server")
        with tapetum.span("load"): logging.warning("loaded")
        children = []
        for number in range(3):
            if (child := os.fork()) == 0:
                with tapetum.span(f"serve {number}"): logging.warning("served %d", number)
                sys.exit(0)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
        """,
        collector.url,
    )
    found = spans(collector)
    assert sorted(span["name"] for span in found) == ["load", "serve 0", "serve 1", "serve 2"]
    assert sorted(bodies(collector)) == ["loaded", "served 0", "served 1", "served 2"]
    who = {(span["resource"]["service.instance.id"], span["resource"]["process.pid"]) for span in found}
    assert len(who) == 4
    measured = {metric["resource"]["service.instance.id"] for metric in metrics(collector)}
    assert len(measured) == 4


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_flush_though_they_end_without_atexit(
    collector: Collector, method: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A spawned child is a new program: it calls `init` itself."""
    program = tmp_path_factory.mktemp("program") / "program.py"
    program.write_text(
        f"""
import multiprocessing, tapetum

def work(number):
    tapetum.init("pool", metrics=False, resources=False)
    with tapetum.span(f"work {{number}}"): pass

if __name__ == "__main__":
    tapetum.init("pool", metrics=False, resources=False)
    context = multiprocessing.get_context({method!r})
    children = [context.Process(target=work, args=(number,)) for number in range(2)]
    for child in children: child.start()
    for child in children: child.join()
    assert [child.exitcode for child in children] == [0, 0]
"""
    )
    run(f"import subprocess, sys; subprocess.run([sys.executable, {str(program)!r}], check=True)", collector.url)
    assert sorted(span["name"] for span in spans(collector)) == ["work 0", "work 1"]


def test_a_fork_amid_everything_does_not_hang_the_child(collector: Collector) -> None:
    """Locks that other threads hold at that moment are made anew in the child."""
    run(
        """
        import logging, os, sys, threading, tapetum
        tapetum.init("busy", heartbeat_s=0.01)
        over = threading.Event()
        def work():
            while not over.is_set():
                with tapetum.span("parent"): logging.getLogger("parent").warning("x")
        def flush():
            while not over.is_set(): tapetum.flush(0.05)
        threads = [threading.Thread(target=target) for target in (work, work, flush)]
        for thread in threads: thread.start()
        children = []
        for number in range(20):
            if (child := os.fork()) == 0:
                with tapetum.span("child"): pass
                os._exit(0 if tapetum.flush(20) else 3)
            children.append(child)
        codes = [os.waitpid(child, 0)[1] for child in children]
        over.set()
        for thread in threads: thread.join()
        assert codes == [0] * 20, codes
        """,
        collector.url,
    )
    assert sum(span["name"] == "child" for span in spans(collector)) == 20


def test_a_child_does_not_report_its_parents_open_spans(collector: Collector) -> None:
    run(
        """
        import os, sys, time, tapetum
        tapetum.init("trainer", heartbeat_s=0.05, metrics=False, resources=False)
        with tapetum.span("train"):
            if (child := os.fork()) == 0:
                time.sleep(0.5)
                os._exit(0 if tapetum.flush(20) else 3)
            assert os.waitpid(child, 0)[1] == 0
        """,
        collector.url,
    )
    assert len({span["resource"]["process.pid"] for span in spans(collector)}) == 1
