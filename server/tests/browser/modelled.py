"""A project with a model in production: two versions, predictions within traces, some labels, an odd score."""

from __future__ import annotations

import math
import time
from random import Random
from typing import Any

from loan_world import loans
from process.servers import RunningServer

from browser.shop import host_of
from browser.telemetry import SECOND, Spans
from tapetum_demo.model import FLIPPED_REGION, train

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
    keep(server, named, predictions=predictions, labels=labels)


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
    keep(server, named, predictions=predictions, labels=labels)
    common = {"target_type": "model_version", "target_id": f"{CREDIT}@1", "evaluator": "tapetum evaluate",
              "time": now // 10**6, "attributes": {"model": CREDIT, "version": "1", "evaluation": "e1"}}  # fmt: skip
    verdict = {"name": "blessed", "slice": "all rows", "score": 0, "label": "not blessed", "explanation": "1 failed"}
    failed = {
        "name": "auc",
        "slice": "channel=mobile",
        "score": 0.7,
        "label": "failed",
        "explanation": "0.7 is below 0.9",
    }
    keep(server, named, evaluations=[common | verdict, common | failed])


def toss(server: RunningServer) -> None:
    """Send 600 predictions whose scores come true as they promise, and whose feature has nothing to do with it."""
    now, random = time.time_ns() // 10**6, Random(4)
    predictions = []
    for n in range(600):
        score = random.random()
        predictions.append(
            {"model": "coin", "version": "1", "prediction_id": f"k-{n}", "time": now - 4_000 * n, "score": score,
             "output": int(score > 0.5), "features": {"noise": random.random()}, "label": int(random.random() < score)}
        )  # fmt: skip
    keep(server, {"x-tapetum-project": DRIFTED}, predictions=predictions)


def rank(server: RunningServer) -> None:
    """Send forty searches of three offers, of which the relevant one stands first or second; and texts of several
    topics (`topics`). Sent again the same."""
    named = {"x-tapetum-project": DRIFTED}
    now = time.time_ns() // (60 * SECOND) * 60 * SECOND // 10**6
    offers = [
        {"model": "offers", "prediction_id": f"{n}-{place}", "time": now - 1_000 * n, "score": 3 - place,
         "tags": {"query_id": f"s{n}"}, "label": int(place == n % 2)}
        for n in range(40) for place in range(3)
    ]  # fmt: skip
    texts = [
        {"model": "topics", "prediction_id": f"t{n}", "time": now, "output": said}
        | ({} if was is None else {"label": was})
        for n, (said, was) in enumerate(topics())
    ]  # fmt: skip
    keep(server, named, predictions=offers + texts)


def topics() -> list[tuple[list[str], list[str] | None]]:
    """What was said of each of 72 texts, and what it was; none of the last twelve has a label. One topic's name is within
    another's, and one has a comma and quotes in it."""
    names = ["sport", "sports", 'say "hi", now', "travel"]
    said = [[name for place, name in enumerate(names) if (n >> place) & 1] for n in range(16)]
    return [
        (said[n * 5 % 16] + (["sport"] if n % 9 == 0 else []), None if n >= 60 else said[(n * 11 + n // 3) % 16])
        for n in range(72)
    ]


TRIAGED, TRIAGE = "triaged", "mail-triage"
ALL = "-99_-99~99_-99~99_99~-99_99"
"""The outline of every point there is."""


def triage(server: RunningServer) -> None:
    """Send 480 mails of the last 48 minutes with vectors, texts and attributions. In the newer half every third is of a
    sort that nobody had seen: its vectors lie apart, it comes from the south, and is taken for something else. Sent
    again the same."""
    named = {"x-tapetum-project": TRIAGED}
    now = time.time_ns() // (60 * SECOND) * 60 * SECOND
    random = Random(5)
    usual, new = (
        ["the", "payment", "of", "my", "loan", "was", "not", "booked", "yet", "please", "help"],
        ["crypto", "wallet", "transfer", "blocked"],
    )
    predictions = []
    for n in range(480):
        far = n < 240 and n % 3 == 0
        centre = [5.0, -3.0] if far else [(n % 2) * 3.0, (n % 5) * 0.8]
        weights = {"income": 0.1, "age": 0.6} if n < 240 else {"income": 0.6, "age": 0.1}
        predictions.append(
            {"model": TRIAGE, "version": "1", "prediction_id": f"t-{n:03d}", "time": (now - 6 * n * SECOND) // 10**6,
             "features": {"region": "south" if far else ("north", "east")[n % 2], "income": 20_000 + 30_000 * random.random(),
                          "age": 20 + n % 50},
             "text_features": {"mail": " ".join(random.choices(new if far else usual, k=9))},
             "embedding": [random.gauss(at, 1) for at in (*centre, *[0.0] * 10)],
             "attributions": {name: random.gauss(0, size) for name, size in {**weights, "region": 0.3}.items()},
             "output": "other" if far else ("refund", "question")[n % 2], "score": 0.4 + 0.5 * random.random()}
        )  # fmt: skip
    keep(server, named, predictions=predictions)


def keep(server: RunningServer, named: dict[str, str], **said: list[dict[str, Any]]) -> None:
    """Send records to the doors of these names; all of them are kept."""
    for path, records in said.items():
        answer = server.client.post(f"/v1/{path}", json=records, headers=named)
        assert answer.json() == {"accepted": len(records), "refused": []}, answer.text


LOANS = "loans"


def retrain(server: RunningServer) -> int:
    """Send loans of the last hour: 500 that version 1 judged, with labels, and 200 of version 2 without any, which was
    trained on outcomes that are the wrong way round in the region east. How many of these are from there."""
    named = {"x-tapetum-project": LOANS}
    now = time.time_ns() // (60 * SECOND) * 60 * SECOND // 10**6
    good, bad = train(7, rows=600), train(7, "2", flipped=FLIPPED_REGION, rows=600)
    predictions, labels = loans(good, 500, now - 3_300_000, 5_000, prefix="b")
    newer, _ = loans(bad, 200, now - 600_000, 2_500, prefix="wi")
    keep(server, named, predictions=predictions + newer, labels=labels)
    return sum(one["features"]["region"] == FLIPPED_REGION for one in newer)


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
    keep(server, named, predictions=predictions, labels=labels)
