"""`tapetum.init`: one line, three signals, whoever else is there, and what the environment says."""

from __future__ import annotations

import json
import socket

import pytest
from otlp_collector import Answer, Collector
from program import bodies, logs, metrics, run, spans


@pytest.mark.covers("sdk-init", "sdk-exit-flush")
def test_one_line_sends_spans_logs_and_metrics_and_what_waits_at_exit(collector: Collector) -> None:
    """Nothing is flushed by hand, and the program ends at once."""
    run(
        """
        import logging, tapetum
        from opentelemetry import metrics
        tapetum.init(service="shop", version="1.2", environment="test", key="k", project="loans")
        metrics.get_meter("shop").create_counter("orders").add(3)
        with tapetum.span("checkout"):
            logging.warning("low on %s", "eggs")
        """,
        collector.url,
    )
    (span,) = spans(collector)
    (log,) = logs(collector)
    assert (span["name"], log["body"]["stringValue"]) == ("checkout", "low on eggs")
    assert (log["traceId"], log["spanId"]) == (span["traceId"], span["spanId"])
    named = {metric["name"] for metric in metrics(collector)}
    assert {"orders", "process.memory.usage", "cpython.gc.collections"} <= named
    for record in (span, log, metrics(collector)[0]):
        who = record["resource"]
        assert (who["service.name"], who["service.version"], who["deployment.environment.name"]) == (
            "shop", "1.2", "test",
        )  # fmt: skip
        assert who["service.instance.id"]
        assert isinstance(who["process.pid"], int)
    for received in collector.received:
        assert received.headers["authorization"] == "Bearer k"
        assert received.headers["x-tapetum-project"] == "loans"


@pytest.mark.covers("sdk-init")
def test_flush_shutdown_and_init_again(collector: Collector) -> None:
    """Another init with other arguments is said and changes nothing; after a shutdown nothing is sent, until the next."""
    done = run(
        """
        import tapetum
        assert tapetum.stats() is None and tapetum.flush() and tapetum.shutdown()
        for _ in range(2):
            tapetum.init("one", metrics=False, resources=False, logs=False)
        tapetum.init("two")
        with tapetum.span("a"): pass
        assert tapetum.flush()
        print(tapetum.stats()["sent"])
        assert tapetum.shutdown() and tapetum.shutdown()
        with tapetum.span("unseen"): pass
        tapetum.init("one", metrics=False, resources=False, logs=False)
        with tapetum.span("b"): pass
        """,
        collector.url,
    )
    assert [span["name"] for span in spans(collector)] == ["a", "b"]
    assert {span["resource"]["service.name"] for span in spans(collector)} == {"one"}
    assert "'spans': 1" in done.stdout
    assert done.stderr.count("tapetum.init was called before, with other arguments") == 1


@pytest.mark.covers("sdk-init-environment")
def test_opentelemetrys_variables_say_what_arguments_and_our_own_do_not(collector: Collector) -> None:
    run(
        """
        import tapetum
        tapetum.init(metrics=False, resources=False)
        with tapetum.span("a"): pass
        """,
        "",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20theirs,x-tapetum-project=p",
        OTEL_SERVICE_NAME="named",
        OTEL_RESOURCE_ATTRIBUTES="service.version=7,team=red",
    )
    (span,) = spans(collector)
    who = span["resource"]
    assert (who["service.name"], who["service.version"], who["team"]) == ("named", "7", "red")
    assert collector.received[0].headers["authorization"] == "Bearer theirs"
    assert collector.received[0].headers["x-tapetum-project"] == "p"


@pytest.mark.covers("sdk-init-environment")
def test_somebodys_key_does_not_travel_to_a_server_named_in_another_way(collector: Collector) -> None:
    run(
        """
        import tapetum
        tapetum.init("mine", metrics=False, resources=False)
        with tapetum.span("a"): pass
        """,
        collector.url,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20theirs",
        OTEL_SERVICE_NAME="named",
    )
    (span,) = spans(collector)
    assert span["resource"]["service.name"] == "mine"
    assert "authorization" not in collector.received[0].headers


@pytest.mark.covers("sdk-init-environment")
@pytest.mark.parametrize(
    ("variable", "value", "left"),
    [
        ("OTEL_SDK_DISABLED", "true", set()),
        ("OTEL_TRACES_EXPORTER", "none", {"/v1/logs", "/v1/metrics"}),
        ("OTEL_LOGS_EXPORTER", "none", {"/v1/traces", "/v1/metrics"}),
        ("OTEL_METRICS_EXPORTER", "none", {"/v1/traces", "/v1/logs"}),
    ],
)
def test_what_the_environment_switches_off_is_not_sent(
    collector: Collector, variable: str, value: str, left: set[str]
) -> None:
    run(
        """
        import logging, tapetum
        tapetum.init("a")
        with tapetum.span("a"): logging.warning("b")
        """,
        collector.url,
        **{variable: value},
    )
    assert {received.path for received in collector.received} == left


@pytest.mark.covers("sdk-init-cooperates")
def test_providers_that_somebody_else_made_get_our_processors(collector: Collector) -> None:
    """Their resource stays, and their own processors go on."""
    done = run(
        """
        import logging, tapetum
        from opentelemetry import _logs, metrics, trace
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        theirs, memory = Resource.create({"service.name": "theirs"}), InMemorySpanExporter()
        tracing = TracerProvider(resource=theirs)
        tracing.add_span_processor(SimpleSpanProcessor(memory))
        trace.set_tracer_provider(tracing)
        _logs.set_logger_provider(LoggerProvider(resource=theirs))
        metrics.set_meter_provider(MeterProvider(resource=theirs))
        tapetum.init("ours")
        metrics.get_meter("m").create_counter("orders").add(1)
        with tapetum.span("a"): logging.warning("b")
        print(len(memory.get_finished_spans()))
        """,
        collector.url,
    )
    assert done.stdout.strip() == "1"
    found = [*spans(collector), *logs(collector), *(m for m in metrics(collector) if m["name"] == "orders")]
    assert {record["resource"]["service.name"] for record in found} == {"theirs"}
    assert len(found) == 3


@pytest.mark.covers("sdk-init-cooperates")
def test_a_foreign_provider_is_left_alone_and_that_is_said(collector: Collector) -> None:
    done = run(
        """
        import tapetum
        from opentelemetry import trace
        trace.set_tracer_provider(trace.NoOpTracerProvider())
        tapetum.init("ours", metrics=False, resources=False, logs=False)
        with tapetum.span("a"): pass
        """,
        collector.url,
    )
    assert collector.received == []
    assert "Spans go where NoOpTracerProvider sends them" in done.stderr


@pytest.mark.covers("sdk-init")
@pytest.mark.parametrize("argument", ["endpoint='localhost:4318'", "endpoint='http://h:x'", "logs='LOUD'"])
def test_a_setting_that_cannot_work_is_logged_and_does_not_raise(argument: str) -> None:
    done = run(f"import tapetum; tapetum.init({argument}); tapetum.span('a').__enter__()", "")
    assert "Nothing is sent to Tapetum" in done.stderr


@pytest.mark.covers("sdk-change")
def test_a_change_is_posted_in_the_background(collector: Collector) -> None:
    run(
        """
        import tapetum
        tapetum.change("deploy", "early")
        tapetum.init("ci", metrics=False, resources=False)
        tapetum.change("model", "fraud", before=13, after=14, attributes={"commit": "abc"})
        """,
        collector.url,
        TAPETUM_SDK_RAISE="0",
    )
    (received,) = collector.received
    assert received.path == "/v1/changes"
    (change,) = received.document
    assert change.pop("time").endswith("Z")
    assert change == {
        "kind": "model", "subject": "fraud", "before": "13", "after": "14", "source": "sdk",
        "attributes": {"commit": "abc"},
    }  # fmt: skip


@pytest.mark.covers("sdk-feedback")
def test_feedback_is_about_the_current_span_or_what_it_names(collector: Collector) -> None:
    run(
        """
        import tapetum
        tapetum.feedback("up")
        tapetum.init("chat", metrics=False, resources=False)
        with tapetum.span("answer"):
            tapetum.feedback("down", comment="old", user_id="ada")
            tapetum.evaluation("grounded", score=0.9, threshold=0.5)
        tapetum.feedback("up", session_id="s-1")
        tapetum.feedback("down", prediction_id="p-1")
        tapetum.evaluation("right", score=True, prediction_id="p-1")
        tapetum.feedback("up")
        tapetum.feedback("sideways", trace_id="ab" * 16)
        tapetum.feedback(trace_id="ab" * 16)
        """,
        collector.url,
        TAPETUM_SDK_RAISE="0",
    )
    (answer,) = spans(collector)
    said = [one for each in collector.received if each.path == "/v1/evaluations" for one in each.document]
    assert all(one.pop("time").endswith("Z") for one in said)
    here = {"trace_id": answer["traceId"], "span_id": answer["spanId"]}
    assert said == [
        {
            "name": "feedback",
            "score": 0.0,
            "label": "down",
            "comment": "old",
            "evaluator": "ada",
            "source": "user",
            **here,
        },
        {"name": "grounded", "score": 0.9, "threshold": 0.5, "source": "code", **here},
        {"name": "feedback", "score": 1.0, "label": "up", "session_id": "s-1", "source": "user"},
        {"name": "feedback", "score": 0.0, "label": "down", "prediction_id": "p-1", "source": "user"},
        {"name": "right", "score": True, "prediction_id": "p-1", "source": "code"},
    ]


@pytest.mark.covers("sdk-never-blocks")
@pytest.mark.parametrize("silent", [True, False])
def test_a_server_that_is_away_or_silent_costs_bounded_time_and_is_counted(silent: bool) -> None:
    """The host's threads never wait; at exit, as long as it was told."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if silent:
            taken.listen(16)  # takes connections and never answers
        done = run(
            """
            import json, threading, time, tapetum
            tapetum.init("a", exit_timeout_s=0.5)
            from tapetum import _outbox
            slowest = stood_still = 0.0
            over = threading.Event()
            def watch():
                # What everybody waits for is the machine, and not the server.
                global stood_still
                began = time.perf_counter()
                while not over.wait(0.05):
                    stood_still += max(0, time.perf_counter() - began - 0.5)
                    began = time.perf_counter()
            watching = threading.Thread(target=watch)
            watching.start()
            for _ in range(_outbox.MAX_RECORDS + 600):
                began = time.perf_counter()
                with tapetum.span("a"): pass
                slowest = max(slowest, time.perf_counter() - began)
            over.set()
            watching.join()
            assert not tapetum.flush(0.2)
            stats = tapetum.stats()
            print(json.dumps([slowest - stood_still, stats["lost"]["spans"], stats["waiting"]["spans"]]))
            """,
            f"http://127.0.0.1:{taken.getsockname()[1]}",
        )
    slowest, lost, waiting = json.loads(done.stdout)
    assert lost["queue_full"] > 0
    assert 0 < waiting <= 10_000
    assert slowest < 5  # one wait for the server would be ten seconds
    assert done.stderr.count("spans not delivered (queue_full)") == 1


@pytest.mark.covers("sdk-queue-bounds", "sdk-loss-told")
def test_a_full_queue_is_told_to_the_server_as_opentelemetrys_own_metric(collector: Collector) -> None:
    """By count and by bytes; each record is either sent or counted."""
    done = run(
        """
        import json, tapetum
        from tapetum import _outbox
        _outbox.MAX_RECORDS, _outbox.MAX_BYTES = 50, 100_000
        tapetum.init("a", metrics=False, resources=False)
        outbox = __import__("tapetum._runtime")._runtime.running().outbox
        round_, outbox._round = outbox._round, lambda: False
        for _ in range(70):
            with tapetum.span("small"): pass
        import logging
        for _ in range(10):
            logging.error("x" * 20_000)
        outbox._round = round_
        assert tapetum.flush()
        tapetum.flush()
        print(json.dumps(tapetum.stats()))
        """,
        collector.url,
    )
    stats = json.loads(done.stdout)
    assert stats["lost"] == {"spans": {"queue_full": 20}, "logs": {"queue_full": 6}}
    assert (stats["sent"]["spans"], stats["sent"]["logs"]) == (50, 4)
    assert len(spans(collector)) == 50
    assert len(bodies(collector)) == 4
    told = {metric["name"]: metric["sum"] for metric in metrics(collector)}
    assert set(told) == {"otel.sdk.processor.span.processed", "otel.sdk.processor.log.processed"}
    assert {name: point["dataPoints"][0]["asInt"] for name, point in told.items()} == {
        "otel.sdk.processor.span.processed": "20", "otel.sdk.processor.log.processed": "6",
    }  # fmt: skip
    assert all(total["aggregationTemporality"] == 1 for total in told.values())


@pytest.mark.covers("sdk-never-blocks")
def test_what_a_busy_server_could_not_take_waits_and_is_sent_later(collector: Collector) -> None:
    """Nothing is lost, nothing sent twice, and the order stays."""
    collector.answers = [Answer(503, {"Retry-After": "60"})] * 3
    done = run(
        """
        import json, time, tapetum
        from tapetum import _outbox
        _outbox.AGAIN_S = 0.05
        tapetum.init("a", metrics=False, resources=False)
        for name in "abc":
            with tapetum.span(name): pass
            tapetum.flush(0.2)
        assert tapetum.flush(60)
        print(json.dumps(tapetum.stats()))
        """,
        collector.url,
    )
    stats = json.loads(done.stdout)
    assert (stats["sent"]["spans"], stats["lost"]) == (3, {})
    kept = [span["name"] for span in spans(collector)]
    assert kept[-3:] == ["a", "b", "c"]
    assert done.stderr.count("takes nothing now (http_503") == 1
