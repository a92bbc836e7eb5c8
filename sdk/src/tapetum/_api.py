"""What `import tapetum` offers, without loading anything before it is used."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from tapetum import _settings
from tapetum._guard import faults, never_raise

if TYPE_CHECKING:
    from tapetum._datasets import Dataset
    from tapetum._model import Model
    from tapetum._prompts import Prompt, Template
    from tapetum._redaction_setting import Redaction
    from tapetum._runtime import Stats

logger = logging.getLogger("tapetum")
FLUSH_S = 10.0


def init(
    service: str | None = None,
    *,
    endpoint: str | None = None,
    key: str | None = None,
    project: str | None = None,
    environment: str | None = None,
    version: str | None = None,
    traces: bool = True,
    logs: bool | int | str = True,
    metrics: bool = True,
    resources: bool = True,
    capture: bool | None = None,
    redaction: Redaction = None,
    instrument: Sequence[str] | str | None = None,
    heartbeat_s: float = 10.0,
    exit_timeout_s: float = 5.0,
) -> None:
    """Send this process's traces, logs and metrics to Tapetum, from now until it ends.

    `service`, `environment` and `version` say who sends; `endpoint`, `key` and `project` say where to. What is not
    given comes from TAPETUM_URL, TAPETUM_KEY and TAPETUM_PROJECT, then from OpenTelemetry's variables.

    `logs` may be a level, such as `"INFO"`: lines below it are not sent. `resources` measures the process and its
    GPUs. `capture=False` keeps arguments and results of observed functions out of spans. `redaction` takes secrets out
    before anything is sent: `True`, names of rules or families such as `["secrets", "email"]`, or a table of `on`,
    `off`, `pattern`, `allow` and `key`. `instrument` switches on the installed OpenInference and OpenTelemetry packages
    for these libraries, such as `["openai", "langchain"]`, or `"all"`. A span that is open for long is reported every
    `heartbeat_s` seconds; 0 reports none. At exit, what waits has `exit_timeout_s` seconds.

    Calling it again changes nothing. It never raises: a setting that cannot work is logged, and nothing is sent.
    """
    with never_raise(faults, 1):
        if _settings.disabled():
            return
        url, headers, notes = _settings.endpoint_of(endpoint)
        try:
            level = _level(logs)
            settings = _settings.Settings(
                endpoint=_settings.checked(url),
                headers=headers,
                key=key,
                project=project,
                resource=_settings.resource_of(service, environment, version),
                traces=_settings.switched_on("TRACES", traces),
                logs=_settings.switched_on("LOGS", logs is not False),
                log_level=level,
                metrics=_settings.switched_on("METRICS", metrics),
                resources=_settings.switched_on("METRICS", resources),
                capture=_settings.flag("TAPETUM_CAPTURE", True) if capture is None else capture,
                redactor=_redactor(redaction, project),
                instrument=_settings.instruments(instrument),
                heartbeat_s=heartbeat_s,
                metric_interval_s=_settings.metric_interval_s(),
                exit_timeout_s=exit_timeout_s,
                notes=notes,
            )
        except _settings.Unusable as problem:
            logger.error("Nothing is sent to Tapetum: %s", problem)
            return
        from tapetum import _runtime

        _runtime.start(settings)


def flush(timeout_s: float = FLUSH_S) -> bool:
    """Send what waits now, and wait for it; `False` when the time was up first."""
    done = False
    with never_raise(faults, 1):
        runtime = _running()
        done = runtime.outbox.flush(timeout_s) if runtime is not None else True
    return done


def shutdown(timeout_s: float = FLUSH_S) -> bool:
    """Send what waits and stop; `False` when the time was up first. `init` may be called again afterwards."""
    done = False
    with never_raise(faults, 1):
        from tapetum import _runtime

        done = _runtime.stop(timeout_s)
    return done


def stats() -> Stats | None:
    """How many records were sent, wait, or were lost and why; `None` before `init`."""
    runtime = _running()
    return runtime.stats() if runtime is not None else None


def change(
    kind: str,
    subject: str,
    *,
    before: Any = None,
    after: Any = None,
    source: str = "sdk",
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Record that something was changed, so that charts show it: `change("model", "fraud", before=13, after=14)`.

    `kind` is deploy, config, schema, data, prompt or model. It is sent in the background.
    """
    with never_raise(faults, 1):
        from tapetum import _change

        runtime = _running()
        if runtime is None:
            faults.add("not_initialised", 1, "tapetum.change needs tapetum.init before it")
            return
        made = _change.made(kind, subject, before, after, source, time.time_ns(), attributes or {})
        runtime.outbox.put("changes", made, _change.SIZE)


def feedback(
    thumb: Literal["up", "down"] | None = None,
    *,
    score: float | bool | None = None,
    label: str | None = None,
    comment: str | None = None,
    expected_output: str | None = None,
    name: str = "feedback",
    trace_id: str | None = None,
    span_id: str | None = None,
    session_id: str | None = None,
    response_id: str | None = None,
    prediction_id: str | None = None,
    user_id: str | None = None,
) -> None:
    """Record what a user says of an answer: `feedback("down", comment="out of date", trace_id=…)`.

    It is about the current span, or what the ids name. What the same user says again of the same thing replaces it.
    It is sent in the background.
    """
    said = {
        "name": name, "score": score, "label": label, "comment": comment, "expected_output": expected_output,
        "trace_id": trace_id, "span_id": span_id, "session_id": session_id, "response_id": response_id,
        "prediction_id": prediction_id, "evaluator": user_id, "source": "user",
    }  # fmt: skip
    _say(said, thumb)


def evaluation(
    name: str,
    *,
    score: float | bool | None = None,
    label: str | None = None,
    threshold: float | None = None,
    explanation: str | None = None,
    comment: str | None = None,
    expected_output: str | None = None,
    trace_id: str | None = None,
    span_id: str | None = None,
    session_id: str | None = None,
    response_id: str | None = None,
    prediction_id: str | None = None,
    evaluator: str | None = None,
    source: Literal["code", "llm", "human", "user"] = "code",
) -> None:
    """Record how an answer turned out by a check or a judge: `evaluation("grounded", score=0.9, threshold=0.5)`.

    It is about the current span, or what the ids name, and sent in the background.
    """
    said = {
        "name": name, "score": score, "label": label, "threshold": threshold, "explanation": explanation,
        "comment": comment, "expected_output": expected_output, "trace_id": trace_id, "span_id": span_id,
        "session_id": session_id, "response_id": response_id, "prediction_id": prediction_id, "evaluator": evaluator,
        "source": source,
    }  # fmt: skip
    _say(said, None)


def _say(said: Mapping[str, Any], thumb: str | None) -> None:
    with never_raise(faults, 1):
        from tapetum import _feedback

        runtime = _running()
        if runtime is None:
            faults.add("not_initialised", 1, "tapetum.feedback and tapetum.evaluation need tapetum.init before them")
            return
        made = _feedback.made(said, thumb, time.time_ns())
        runtime.outbox.put("evaluations", made, _feedback.size_of(made))


def model(name: str, version: str | int = "") -> Model:
    """A model whose predictions are logged: `tapetum.model("income", version="3").log(features=…, output=…)`.

    It costs nothing to ask for it each time.
    """
    from tapetum._model import Model

    return Model(name, str(version))


def prompt(
    name: str,
    *,
    version: int | None = None,
    label: str = "production",
    fallback: Template | None = None,
    cache_s: float = 60.0,
    timeout_s: float = 3.0,
) -> Prompt:
    """A prompt of the registry: the version of that number, else the one that has the label.

    The first call fetches it, for at most `timeout_s` seconds. It is then kept for `cache_s` seconds, and after them
    handed out all the same while a new one is fetched in the background: no later call waits. Where the registry
    cannot be asked and nothing is kept, `fallback` (a text, or chat messages) is used; without one `LookupError` is
    raised.
    """
    from tapetum import _prompts

    endpoint, headers = _registry()
    wanted = _prompts.Wanted(endpoint, headers, name, version, label)
    return _prompts.registry.find(wanted, fallback=fallback, cache_s=cache_s, timeout_s=timeout_s)


def dataset(name: str, *, version: int | None = None, timeout_s: float = 30.0) -> Dataset:
    """A dataset of the server: that version, the newest without one, as a sequence of its items.

    Each call asks the server. Raises `LookupError` where it has no such dataset or version, or does not answer within
    `timeout_s` seconds a page.
    """
    from tapetum import _datasets

    endpoint, headers = _registry()
    return _datasets.fetch(endpoint, headers, name, version, timeout_s)


def _registry() -> tuple[str, tuple[tuple[str, str], ...]]:
    """Whom `init` named, else whom the environment names, and what to say to them."""
    runtime = _running()
    if runtime is None:
        endpoint, headers, _ = _settings.endpoint_of(None)
        endpoint, key, project = _settings.checked(endpoint), None, None
    else:
        told = runtime.settings
        endpoint, headers, key, project = told.endpoint, dict(told.headers), told.key, told.project
    if key := key or os.environ.get("TAPETUM_KEY"):
        headers["authorization"] = f"Bearer {key}"
    if project := project or os.environ.get("TAPETUM_PROJECT"):
        headers["x-tapetum-project"] = project
    return endpoint, tuple(headers.items())


def _running() -> Any:
    from tapetum import _runtime

    return _runtime.running()


def _redactor(redaction: Redaction, project: str | None) -> Any:
    if redaction is False or (redaction is None and not os.environ.get("TAPETUM_REDACTION")):
        return None  # the rules take a while to load
    from tapetum import _redaction_setting

    return _redaction_setting.redactor_of(redaction, project)


def _level(logs: bool | int | str) -> int:
    if isinstance(logs, bool):
        return logging.NOTSET
    level = logging.getLevelName(logs.upper()) if isinstance(logs, str) else logs
    if not isinstance(level, int):
        raise _settings.Unusable(f"logs is True, False or a level such as 'INFO', not {logs!r}")
    return level
