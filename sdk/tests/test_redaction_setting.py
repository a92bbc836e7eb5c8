"""How `tapetum.init` is told what to redact, and that it sends nothing by a rule that it does not understand."""

from __future__ import annotations

import json

import pytest
from otlp_collector import Answer, Collector
from program import run, spans

KEY = "sk-" + "proj-" + "Ab3dEf6hIj9lMn2pQr5tUv8xYz1"
NPM = "npm_" + "a1B2" * 9
PROGRAM = f"""
import os, tapetum

def told(variable="", key="", again=False, **arguments):
    os.environ.update(TAPETUM_REDACTION=variable, TAPETUM_REDACTION_KEY=key)
    tapetum.init("shop", logs=False, metrics=False, resources=False, **arguments)
    with tapetum.span("{KEY} {NPM} ada@example.org"): pass
    tapetum.flush()
    if again:
        tapetum.flush()
    tapetum.shutdown()
"""
SECRETS = {"openai_key", "npm_token"}
ASKED: list[tuple[str, set[str]]] = [
    ("", set()),
    ("variable='true'", SECRETS),
    ("variable='secrets, email,-npm_token'", {"openai_key", "email"}),
    ("variable='true', redaction=False", set()),
    ("variable='false', redaction=True", SECRETS),
    ("redaction=['email']", {"email"}),
    ("redaction={'off': ['openai_key'], 'pattern': [{'name': 'ada', 'pattern': 'ada'}]}", {"npm_token", "ada"}),
]
UNUSABLE = [
    ("variable='secrets,emial'", "there is no rule 'emial'"),
    ("redaction='email'", "redaction is 'email'; expected True, False, names"),
    ("redaction={'of': []}", "redaction has no 'of'"),
    ("redaction={'on': 'email'}", "on of redaction is 'email'; expected a list"),
    ("redaction={'pattern': [{'name': 'x', 'pattern': '(a+)+b'}]}", "may take for ever"),
    ("redaction={'key': 5}", "expected a text or bytes"),
]


@pytest.mark.covers("redaction-sdk-setting")
def test_an_argument_stands_above_the_environment(collector: Collector) -> None:
    run(PROGRAM + "\n".join(f"told({call})" for call, _ in ASKED), collector.url)
    names = [span["name"] for span in spans(collector)]
    found = [{rule for rule in (*SECRETS, "email", "ada") if f"[redacted:{rule}:" in name} for name in names]
    assert found == [rules for _, rules in ASKED]


@pytest.mark.covers("redaction-sdk-setting")
def test_with_a_key_marks_agree_between_processes_and_with_it_alone(collector: Collector) -> None:
    run(PROGRAM + "for key in ('one', 'two', ''): told('true', key)", collector.url)
    run(PROGRAM + "for key in ('one', ''): told('true', key)", collector.url)
    one, two, process, one_again, other_process = (span["name"] for span in spans(collector))
    assert one == one_again
    assert len({one, two, process, other_process}) == 4


@pytest.mark.covers("redaction-sdk-setting")
def test_nothing_is_sent_by_rules_that_cannot_work(collector: Collector) -> None:
    done = run(PROGRAM + "\n".join(f"told({call})" for call, _ in UNUSABLE), collector.url)
    lines = [line for line in done.stderr.splitlines() if line.startswith("Nothing is sent to Tapetum: ")]
    assert len(lines) == len(UNUSABLE)
    for line, (call, said) in zip(lines, UNUSABLE):
        assert said in line, call
    assert collector.received == []


@pytest.mark.covers("redaction-sdk")
def test_what_is_sent_again_and_what_is_told_of_losses_holds_no_secret_either(collector: Collector) -> None:
    collector.answers = [Answer(503, {"Retry-After": "0"}), Answer(400, {}, b"no")]
    run(PROGRAM + "told('true', again=True)", collector.url, OTEL_RESOURCE_ATTRIBUTES=f"note={KEY}")
    assert [received.path for received in collector.received] == ["/v1/traces", "/v1/traces", "/v1/metrics"]
    sent = [json.dumps(received.document) for received in collector.received]
    assert all(KEY not in body and "[redacted:openai_key:" in body for body in sent)
