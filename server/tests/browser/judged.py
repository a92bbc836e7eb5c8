"""A project with evaluations: defined ones and others, of two models, by judges, reviewers and users."""

from __future__ import annotations

import time

from process.servers import RunningServer

from browser.shop import host_of
from browser.telemetry import SECOND, Spans

JUDGED = "judged"
LABELS = [{"label": "rude", "passes": False}, {"label": "cold"}, {"label": "kind", "passes": True}]
DEFINED = (
    {
        "name": "correctness",
        "kind": "numeric",
        "minimum": 0,
        "maximum": 1,
        "threshold": 0.5,
        "description": "Is it so?",
    },
    {"name": "tone", "kind": "categorical", "direction": "higher", "labels": LABELS},
)


def judge(server: RunningServer, project: str = JUDGED) -> None:
    """Send them: 20 calls, of which those of `small` are wrong. Sent again they are the same."""
    named = {"x-tapetum-project": project}
    now = time.time_ns() // (60 * SECOND) * 60 * SECOND
    sent, said = Spans(), []
    for n in range(20):
        trace, span, began = f"{n + 1:032x}", f"{n + 1:016x}", now - (60 + 20 * n) * SECOND
        model = "small" if n % 4 == 0 else "large"
        asked = {"gen_ai.operation.name": "chat", "gen_ai.request.model": model, "session.id": f"talk-{n % 3}"}
        sent.add(host_of("web"), trace, span, f"chat {model}", began, began + SECOND, parent="", attributes=asked)
        about = {"trace_id": trace, "span_id": span, "time": began // 10**6}
        score = 0.1 + n / 100 if model == "small" else 0.6 + n / 100
        said.append(about | {"name": "correctness", "score": score, "source": "llm", "evaluator": "judge-1",
                             "explanation": f"case {n}"})  # fmt: skip
        said.append(about | {"name": "tone", "label": ("rude", "cold", "kind", "kind")[n % 4], "source": "code"})
        said.append(about | {"name": "stars", "score": n % 5 + 1, "source": "human", "evaluator": "ada"})
    assert server.send("traces", sent.body(), project=project).status_code == 200
    for definition in DEFINED:
        server.client.put("/api/v1/scores", params={"project": project}, json=definition).raise_for_status()
    answer = server.client.post("/v1/evaluations", json=said, headers=named)
    assert answer.json() == {"accepted": len(said), "refused": []}, answer.text
