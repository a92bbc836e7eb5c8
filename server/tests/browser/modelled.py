"""A project with a model in production: two versions, predictions within traces, some labels, an odd score."""

from __future__ import annotations

import math
import time
from random import Random

from process.servers import RunningServer

from browser.shop import host_of
from browser.telemetry import SECOND, Spans

MODELLED, INCOME = "modelled", "team/income 🎉"
TRACE = "7a" * 16


def predict(server: RunningServer, project: str = MODELLED) -> None:
    """Send them: 40 predictions, the newest 20 of version 2, with labels for the oldest 30. Sent again the same."""
    named = {"x-tapetum-project": project}
    now = time.time_ns() // (60 * SECOND) * 60 * SECOND
    sent = Spans()
    began = now - 60 * SECOND
    sent.add(host_of("scoring"), TRACE, TRACE[:16], "POST /score", began, began + SECOND, parent="")
    assert server.send("traces", sent.body(), project=project).status_code == 200
    predictions = [
        {"model": INCOME, "version": "2" if n < 20 else "1", "prediction_id": f"p-{n:02d}", "time": (began - 30 * n * SECOND) // 10**6,
         "features": {"age": 20 + n, "job": ("clerk", "nurse", None)[n % 3], "member": n % 2 == 0, "hours": [n, n + 1]},
         "output": n % 2, "score": 1.5 if n == 5 else n / 40, "latency_ms": 10 + n, "tags": {"region": "eu"}}
        | ({"trace_id": TRACE, "span_id": TRACE[:16]} if n == 0 else {})
        for n in range(40)
    ]  # fmt: skip
    predictions += [
        {
            "model": "spam",
            "prediction_id": "s-1",
            "time": began // 10**6,
            "output": "ham",
            "text_features": {"mail": "Dear sir"},
        }
    ]
    labels = [
        {"model": INCOME, "prediction_id": f"p-{n:02d}", "label": n % 2, "time": now // 10**6} for n in range(10, 40)
    ]
    for path, said in (("predictions", predictions), ("labels", labels)):
        answer = server.client.post(f"/v1/{path}", json=said, headers=named)
        assert answer.json() == {"accepted": len(said), "refused": []}, answer.text


DRIFTED, CREDIT = "drifted", "credit"


def drift_away(server: RunningServer) -> None:
    """Send 720 predictions of the last 48 minutes. In the newer half the incomes of mobile are told per month, so that
    the model takes the rich for poor; all but the newest forty have their label. Sent again the same."""
    named = {"x-tapetum-project": DRIFTED}
    now = time.time_ns() // (60 * SECOND) * 60 * SECOND
    random = Random(3)
    predictions, labels = [], []
    for n in range(720):
        channel, income = ("web", "mobile")[n % 2], 20_000 + 30_000 * random.random()
        told = income / 12 if n < 400 and channel == "mobile" else income
        score = 1 / (1 + math.exp((told - 27_000) / 4_000))
        predictions.append(
            {"model": CREDIT, "version": "1", "prediction_id": f"c-{n}", "time": (now - 4 * n * SECOND) // 10**6,
             "features": {"income": told, "channel": channel, "age": 20 + n % 50}, "score": score,
             "output": "default" if score > 0.5 else "repaid"}
        )  # fmt: skip
        right = "default" if random.random() < 1 / (1 + math.exp((income - 27_000) / 4_000)) else "repaid"
        if n >= 40:
            labels.append({"model": CREDIT, "prediction_id": f"c-{n}", "label": right, "time": now // 10**6})
    for path, said in (("predictions", predictions), ("labels", labels)):
        answer = server.client.post(f"/v1/{path}", json=said, headers=named)
        assert answer.json() == {"accepted": len(said), "refused": []}, answer.text


DUEL = "duel"
REQUESTS = 240


def duel(server: RunningServer) -> None:
    """Send what two versions of a model said to the same requests of the last hours: the newer one is right more often, but
    for the channel mobile in the newer half. Sent again the same."""
    named = {"x-tapetum-project": DRIFTED}
    now = time.time_ns() // (60 * SECOND) * 60 * SECOND
    random = Random(8)
    predictions, labels = [], []
    for n in range(REQUESTS):
        truth, channel = random.random() < 0.5, ("web", "mobile", "shop")[n % 3]
        for version, right in (("1", 0.7), ("2", 0.1 if channel == "mobile" and n < REQUESTS / 2 else 0.95)):
            told = truth if random.random() < right else not truth
            predictions.append(
                {"model": DUEL, "version": version, "prediction_id": f"{version}-{n}", "latency_ms": 8 * int(version),
                 "time": (now - 10 * n * SECOND) // 10**6, "features": {"channel": channel, "age": 20 + n % 50},
                 "tags": {"request": f"r-{n}"}, "score": 0.6 + n / 1_000 if told else 0.4 - n / 1_000,
                 "output": "default" if told else "repaid"}
            )  # fmt: skip
            label = "default" if truth else "repaid"
            labels.append(
                {"model": DUEL, "prediction_id": f"{version}-{n}", "label": label, "time": now // 10**6}
            )  # fmt: skip
    for path, said in (("predictions", predictions), ("labels", labels)):
        answer = server.client.post(f"/v1/{path}", json=said, headers=named)
        assert answer.json() == {"accepted": len(said), "refused": []}, answer.text
