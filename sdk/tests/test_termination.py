"""The end by SIGTERM, as of containers, of uvicorn and of `Pool.terminate`."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import textwrap

import pytest
from otlp_collector import Collector
from program import PATIENCE_S, PATIENT, environment, spans

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM"),
    pytest.mark.covers("sdk-exit-flush"),
]
ITSELF = "\nimport os, signal; os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"


def ended(code: str, url: str) -> int:
    """How a program ends, as its parent sees it."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", PATIENT + textwrap.dedent(code)],
        env=environment(url), timeout=PATIENCE_S, check=False,
    ).returncode  # fmt: skip


def test_what_waits_is_sent_and_the_program_dies_of_the_signal(collector: Collector) -> None:
    code = "import time, tapetum; tapetum.init('job', heartbeat_s=0)\nwith tapetum.span('last'): pass" + ITSELF
    assert ended(code, collector.url) == -signal.SIGTERM
    assert [span["name"] for span in spans(collector)] == ["last"]


def test_a_handler_of_the_program_is_its_own(collector: Collector) -> None:
    before = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
    code = "import time, tapetum; tapetum.init('job', heartbeat_s=0)\nwith tapetum.span('last'): pass\n"
    assert ended(before + code + ITSELF, collector.url) == 7
    assert ended(code + before + ITSELF, collector.url) == 7
    assert [span["name"] for span in spans(collector)] == ["last", "last"]


def test_a_server_that_is_away_or_a_lock_that_is_held_delays_it_and_no_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        code = """
            import time, tapetum
            from tapetum import _runtime
            tapetum.init("job", exit_timeout_s=0.5)
            with tapetum.span("last"): pass
        """
        held = "with _runtime.running().outbox._changed: os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)\n"
        assert ended(textwrap.dedent(code) + ITSELF, url) == -signal.SIGTERM
        assert ended(textwrap.dedent(code) + "import os, signal\n" + held, url) == -signal.SIGTERM


def test_a_lock_that_the_signal_found_held_loses_nothing(collector: Collector) -> None:
    code = """
        import os, signal, tapetum
        from tapetum import _runtime
        tapetum.init("job", heartbeat_s=0, metrics=False, resources=False)
        with tapetum.span("last"): pass
        with _runtime.running().outbox._changed: os.kill(os.getpid(), signal.SIGTERM)
    """
    assert ended(code, collector.url) == -signal.SIGTERM
    assert [span["name"] for span in spans(collector)] == ["last"]


def test_children_of_a_pool_that_is_terminated_have_sent_theirs(collector: Collector) -> None:
    code = """
        import multiprocessing, tapetum
        tapetum.init("pool", metrics=False, resources=False, heartbeat_s=0)
        def work(number):
            with tapetum.span(f"work {number}"): return number
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(work, range(4))
    """
    # A fork beside our thread is what this is about; Python 3.12 and later warn of it.
    done = subprocess.run(
        [sys.executable, "-c", PATIENT + textwrap.dedent(code)],
        env=environment(collector.url),
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0
    assert sorted(span["name"] for span in spans(collector)) == [f"work {number}" for number in range(4)]


def test_a_child_that_waits_in_c_does_not_sleep_through_it(collector: Collector) -> None:
    code = """
        import multiprocessing, signal, threading, time, tapetum
        tapetum.init("pool", metrics=False, resources=False, heartbeat_s=0)
        context = multiprocessing.get_context("fork")
        never = context.Lock()
        def work():
            with tapetum.span("work"): pass
            # Handled by another thread, as one that comes a moment before the wait does: it interrupts nothing.
            elsewhere = lambda: (time.sleep(0.5), signal.pthread_kill(threading.get_ident(), signal.SIGTERM))
            threading.Thread(target=elsewhere, daemon=True).start()
            never.acquire()
        with never:
            child = context.Process(target=work)
            child.start()
            child.join(30)
        raise SystemExit(child.exitcode != -signal.SIGTERM)
    """
    assert ended(code, collector.url) == 0
    assert [span["name"] for span in spans(collector)] == ["work"]
