"""Six libraries, a mock provider, and a real server: what was said, used, spent, and in which session.

Runs in an environment that has requirements.txt and pytest. The server is `tapetum` of PATH or of TAPETUM_BIN, and the
provider that of its demo, beside it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.tour import LOOPBACK, ask, free_port, running, until

pytestmark = pytest.mark.interop

HERE = Path(__file__).resolve().parent
SENDERS = ("openai", "openai-responses", "openai-agents", "anthropic", "langgraph", "pydantic-ai")
WITH_TOOL = ("openai-responses", "openai-agents", "langgraph", "pydantic-ai")
CALLS = {name: 2 if name in WITH_TOOL else 1 for name in SENDERS}
MODELS = {"anthropic": "claude-sonnet-4-5", "openai-responses": "gpt-5-mini", "openai-agents": "gpt-5-mini"}
PER_MILLION = {"gpt-4o-mini": (0.15, 0.60), "gpt-5-mini": (0.25, 2.0), "claude-sonnet-4-5": (3.0, 15.0)}
SENDER_S = 300
PATIENT = "import runpy, tapetum; runpy.run_path('chat.py', run_name='__main__'); tapetum.flush(120)"
"""All six at once on a small machine may keep the server from hearing of it within the seconds that an exit waits."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's API after each of them asked its question, all at once."""
    tapetum = os.environ.get("TAPETUM_BIN") or shutil.which("tapetum")
    if not tapetum:
        pytest.fail("no server to run against: install tapetum, or name its program in TAPETUM_BIN")
    home = tmp_path_factory.mktemp("senders")
    port, provider = free_port(), free_port()
    base, mock = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{provider}"
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "TAPETUM_"))}
    plain |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    asking = plain | {
        "TAPETUM_URL": base, "OPENAI_BASE_URL": f"{mock}/v1", "OPENAI_API_KEY": "mock",
        "ANTHROPIC_BASE_URL": mock, "ANTHROPIC_API_KEY": "mock",
    }  # fmt: skip
    serve = [tapetum, "serve", "--data", str(home / "data"), "--port", str(port), "--grpc-port", "-1"]
    python = str(Path(tapetum).parent / "python")
    with contextlib.ExitStack() as started:
        started.enter_context(running(serve, home / "tapetum.log", plain, home))
        mocked = [python, "-m", "tapetum_demo.provider", "--port", str(provider)]
        started.enter_context(running(mocked, home / "provider.log", plain, home))
        until("tapetum serve", lambda: LOOPBACK.open(f"{base}/readyz", timeout=5).status == 200)
        until("the provider", lambda: ask(f"{mock}/v1/models"))
        asked = {
            name: subprocess.Popen(
                [sys.executable, "-c", PATIENT, name],
                cwd=HERE,
                env=asking,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for name in SENDERS
        }
        try:
            said = {name: process.communicate(timeout=SENDER_S)[0].decode() for name, process in asked.items()}
        finally:
            for process in asked.values():
                process.kill()
        failed = {name: said[name] for name, process in asked.items() if process.returncode != 0}
        assert not failed, failed
        yield f"{base}/api/v1"


@pytest.mark.covers("llm-senders")
@pytest.mark.parametrize("name", SENDERS)
def test_a_library_that_is_switched_on_by_name_is_a_priced_conversation_of_its_session(api: str, name: str) -> None:
    """Each call once, though Anthropic's client and its instrumentor both tell of it."""
    (session,) = [row for row in ask(f"{api}/sessions")["rows"] if row["id"] == f"{name}-1"]
    used = (session["input_tokens"], session["output_tokens"])
    assert (session["calls"], session["unpriced"], session["services"]) == (CALLS[name], 0, [name])
    assert min(used) > 10
    price = PER_MILLION[MODELS.get(name, "gpt-4o-mini")]
    assert session["cost_usd"] == pytest.approx(sum(n * p for n, p in zip(used, price)) / 1e6)
    assert f"{name}-1" in str(ask(f"{api}/sessions", q="user_id:ada")["rows"])

    (row,) = ask(f"{api}/traces", q=f"session_id:{name}-1")["rows"]
    said = str(ask(f"{api}/traces/{row['trace_id']}/conversation"))
    assert "What is the weather in Oslo?" in said
    if name in WITH_TOOL:
        (tool,) = ask(f"{api}/llm/tools", q=f"session_id:{name}-1")["rows"]
        assert (tool["tool"], tool["uses"], tool["errors"]) == ("get_weather", 1, 0)
        assert ("Rain in Oslo." in said, "Here is what I found" in said) == (True, True)
    else:
        assert "You said: What is the weather in Oslo. " in said
    if name == "openai-responses":
        total = ask(f"{api}/llm", q=f"session_id:{name}-1")["now"]["total"]
        assert total["reasoning_tokens"] == 10, "five words and signs of a thought, in each of two calls"
