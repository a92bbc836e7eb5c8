"""Python's logging as OpenTelemetry log records: complete, once each, and without disturbing anybody's set-up."""

from __future__ import annotations

from typing import Any

import pytest
from otlp_collector import Collector
from program import bodies, logs, run

pytestmark = pytest.mark.covers("sdk-log-handler")
START = 'import logging, tapetum\ntapetum.init("a", metrics=False, resources=False)\n'


def test_a_line_keeps_its_level_place_fields_and_exception(collector: Collector) -> None:
    run(
        START
        + """
logging.basicConfig(level=logging.DEBUG)
shop = logging.getLogger("shop.cart")
def pay():
    shop.info("paid %d", 7, extra={"order": 12, "cart": {"eggs": [1, 2]}, "who": object})
pay()
class Declined(Exception): pass
try: raise Declined("no money")
except Declined: shop.exception("failed")
shop.log(25, "odd level")
shop.critical("down")
""",
        collector.url,
    )
    paid, failed, odd, down = logs(collector)
    said: dict[str, Any] = paid["attributes"]
    assert (paid["scope"], paid["severityText"], paid["severityNumber"]) == ("shop.cart", "INFO", 9)
    assert (said["order"], said["cart"], said["who"]) == (12, {"eggs": [1, 2]}, "<class 'object'>")
    assert (said["code.function.name"], said["thread.name"]) == ("pay", "MainThread")
    assert said["code.line.number"] > 0
    assert (failed["attributes"]["exception.type"], failed["attributes"]["exception.message"]) == (
        "__main__.Declined", "no money",
    )  # fmt: skip
    assert failed["attributes"]["exception.stacktrace"].startswith("Traceback (most recent call last)")
    assert (odd["severityNumber"], odd["severityText"]) == (9, "Level 25")
    assert (down["severityNumber"], down["severityText"]) == (21, "FATAL")


def test_logging_as_it_was_set_up_stays_as_it_was(collector: Collector) -> None:
    """`basicConfig` still works, `dictConfig` does not throw us out, loggers that do not propagate are seen."""
    done = run(
        START
        + """
import logging.config
shop = logging.getLogger("shop")
shop.warning("printed by default")
logging.basicConfig(format="HERE %(message)s", force=False)
shop.warning("printed by basicConfig")
logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR", "handlers": []},
    "loggers": {"alone": {"propagate": False, "level": "INFO"}}})
logging.getLogger("alone").info("alone")
logging.getLogger("other").info("below its level")
""",
        collector.url,
    )
    assert done.stderr.splitlines() == ["printed by default", "HERE printed by basicConfig"]
    assert bodies(collector) == ["printed by default", "printed by basicConfig", "alone"]


def test_a_line_is_sent_once_though_our_handler_is_on_a_logger_too(collector: Collector) -> None:
    run(
        START
        + """
from tapetum.log_handler import LogHandler
logging.getLogger("a").addHandler(LogHandler())
logging.getLogger().addHandler(LogHandler())
logging.getLogger("a.b").warning("once")
""",
        collector.url,
    )
    assert bodies(collector) == ["once"]


def test_the_handler_alone_works_where_one_chooses(collector: Collector) -> None:
    run(
        """
import logging, tapetum
from tapetum.log_handler import LogHandler
tapetum.init("a", metrics=False, resources=False, logs=False)
from opentelemetry import _logs
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from tapetum.exporter import TapetumLogExporter
provider = LoggerProvider()
provider.add_log_record_processor(SimpleLogRecordProcessor(TapetumLogExporter()))
logging.getLogger("a").addHandler(LogHandler("ERROR", logger_provider=provider))
logging.getLogger("a").warning("below")
logging.getLogger("a").error("chosen")
logging.getLogger("b").error("not chosen")
""",
        collector.url,
    )
    assert bodies(collector) == ["chosen"]


def test_a_level_keeps_lines_at_home(collector: Collector) -> None:
    run(START.replace('"a",', '"a", logs="error",') + 'logging.warning("home")\nlogging.error("sent")\n', collector.url)
    assert bodies(collector) == ["sent"]


def test_what_sending_writes_is_not_sent(collector: Collector) -> None:
    """Or a server that is away would be told about itself for ever."""
    run(
        START
        + """
logging.basicConfig(level=logging.DEBUG)
import http.client, threading
http.client.HTTPConnection.debuglevel = 0
request = http.client.HTTPConnection.request
def chatty(self, *args, **more):
    logging.getLogger("urllib3.connectionpool").debug("connecting")
    return request(self, *args, **more)
http.client.HTTPConnection.request = chatty
logging.getLogger("tapetum").warning("ours")
logging.getLogger("tapetum_shop").warning("not ours")
tapetum.flush()
tapetum.flush()
""",
        collector.url,
    )
    assert bodies(collector) == ["not ours"]


@pytest.mark.parametrize(
    "line",
    [
        'logging.warning("%d eggs", "many")',
        'logging.warning("x", extra={"bad": Rude()})',
        "logging.warning(Rude())",
        'logging.error("x", exc_info=(RudeError, RudeError(), None))',
    ],
)
def test_what_cannot_be_shown_is_sent_as_far_as_it_can(collector: Collector, line: str) -> None:
    run(
        START
        + f"""
class Rude:
    def __str__(self): raise RuntimeError("never")
    __repr__ = __str__
class RudeError(Exception):
    __str__ = __repr__ = Rude.__str__
logging.raiseExceptions = False
{line}
logging.warning("after")
""",
        collector.url,
    )
    assert bodies(collector)[-1] == "after"
    assert len(bodies(collector)) == 2


def test_levels_have_their_names_on_python_3_10_too(collector: Collector) -> None:
    """Which has no `logging.getLevelNamesMapping`."""
    run(
        'import logging\nif hasattr(logging, "getLevelNamesMapping"): del logging.getLevelNamesMapping\n'
        + START
        + """
logging.addLevelName(35, "NOTICE")
logging.warning("w"); logging.critical("c"); logging.log(35, "n")
""",
        collector.url,
    )
    assert [record["severityText"] for record in logs(collector)] == ["WARN", "FATAL", "NOTICE"]
