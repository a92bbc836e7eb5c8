"""Python's `logging` as OpenTelemetry log records, with the trace and span that each line was written in.

`tapetum.init` puts it in place. Without it, or with `logs=False`, add `LogHandler()` to the loggers of your choice.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opentelemetry import context
from opentelemetry._logs import LoggerProvider, LogRecord, SeverityNumber, get_logger

from tapetum import semconv
from tapetum._guard import faults, never_raise

__all__ = ["LogHandler"]

MAX_TEXT = 64 * 1024
MAX_STACK = 16 * 1024
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SKIPPED = ("tapetum", "opentelemetry.sdk", "opentelemetry.exporter")
_SEEN = "_tapetum_seen"
_SUPPRESS = context._SUPPRESS_INSTRUMENTATION_KEY
_SEVERITIES = (
    (logging.CRITICAL, "FATAL", SeverityNumber.FATAL),
    (logging.ERROR, "ERROR", SeverityNumber.ERROR),
    (logging.WARNING, "WARN", SeverityNumber.WARN),
    (logging.INFO, "INFO", SeverityNumber.INFO),
    (logging.DEBUG, "DEBUG", SeverityNumber.DEBUG),
)


class LogHandler(logging.Handler):
    """Hands every record to OpenTelemetry's logger of the same name. Never raises.

    `extra=` fields become attributes under their own names, exceptions `exception.*`. What this SDK and
    OpenTelemetry's write while they send is left out: it would make more of itself.
    """

    def __init__(self, level: int | str = logging.NOTSET, logger_provider: LoggerProvider | None = None) -> None:
        super().__init__(level)
        self._provider = logger_provider
        self._busy = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record, once, whichever handlers it passes."""
        if getattr(self._busy, "now", False) or getattr(record, _SEEN, False) or _is_our_own(record.name):
            return
        if context.get_value(_SUPPRESS):
            return
        self._busy.now = True
        try:
            with never_raise(faults, 1):
                setattr(record, _SEEN, True)
                get_logger(record.name, logger_provider=self._provider).emit(_translated(record))
        finally:
            self._busy.now = False


class Tap:
    """Shows a handler every record that any logger handles, without being anybody's handler.

    A handler on the root logger would keep `logging.basicConfig` from doing anything, silence the warnings that Python
    prints where no handler is configured, be thrown out by `dictConfig`, and miss loggers that do not propagate.
    """

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler
        self._before: Callable[[logging.Logger, logging.LogRecord], None] = logging.Logger.callHandlers
        self._open = True
        before = self._before

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            before(logger, record)
            if self._open and record.levelno >= handler.level and handler.filter(record):
                handler.emit(record)

        self._ours = call_handlers
        logging.Logger.callHandlers = call_handlers  # type: ignore[assignment, method-assign]

    def close(self) -> None:
        """Show nothing more."""
        self._open = False
        if logging.Logger.callHandlers is self._ours:
            logging.Logger.callHandlers = self._before  # type: ignore[assignment, method-assign]


def _is_our_own(name: str) -> bool:
    return any(name == skipped or name.startswith(skipped + ".") for skipped in _SKIPPED)


def _translated(record: logging.LogRecord) -> LogRecord:
    text, number = next(
        ((text, number) for level, text, number in _SEVERITIES if record.levelno >= level),
        ("TRACE", SeverityNumber.TRACE),
    )
    # The only question about names that Python 3.10 answers too: a number says that the level is known.
    standard = isinstance(logging.getLevelName(record.levelname), int)
    named = text if standard and record.levelno % 10 == 0 and record.levelno <= logging.CRITICAL else record.levelname
    return LogRecord(
        timestamp=int(record.created * 1e9),
        context=context.get_current(),
        severity_text=named,
        severity_number=number,
        body=_message(record),
        attributes=_attributes(record),
    )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()[:MAX_TEXT]
    except Exception:  # the arguments do not fit the format, or cannot be shown: say what there is
        return str(_value(record.msg))


def _attributes(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: _value(value) for key, value in vars(record).items() if key not in _KNOWN and not key.startswith("_")
    }
    found["code.file.path"] = record.pathname
    found["code.function.name"] = record.funcName or ""
    found["code.line.number"] = record.lineno
    if record.threadName:
        found["thread.name"] = record.threadName
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None:
        found |= exception_attributes(error)
    elif record.stack_info:
        found[semconv.EXCEPTION_STACKTRACE] = record.stack_info[-MAX_STACK:]
    return found


def exception_attributes(error: BaseException) -> dict[str, str]:
    """`exception.type`, `exception.message` and `exception.stacktrace`; the end of a long stack trace says most."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        message = str(error)
    except Exception:  # somebody's __str__ is broken
        message = f"<{name} that cannot be shown>"
    return {
        semconv.EXCEPTION_TYPE: name,
        semconv.EXCEPTION_MESSAGE: message[:MAX_TEXT],
        semconv.EXCEPTION_STACKTRACE: _stack_trace(error)[-MAX_STACK:],
    }


def _stack_trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def _value(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if depth < 4 and isinstance(value, Mapping):
        return {str(key): _value(inner, depth + 1) for key, inner in list(value.items())[:100]}
    if depth < 4 and isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_value(inner, depth + 1) for inner in value[:100]]
    try:
        return str(value)[:MAX_TEXT]
    except Exception:  # somebody's __str__ is broken
        return f"<{type(value).__name__} that cannot be shown>"
