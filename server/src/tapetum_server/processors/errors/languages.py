"""What a stack trace looks like in each language: one row per language, read by `stacktrace`.

A frame's pattern names `function` or `member` (with `owner` before it), `file` and `line` where the language says
them. `library` matches where code lies that is not the application's own: the file, or the owner where frames are
known by their class. `renames` takes away what compilers number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Language:
    """How one language writes its stack traces."""

    name: str
    frame: re.Pattern[str]
    library: re.Pattern[str]
    """Searched in the frame's file, or in its function where `by_function`."""
    by_function: bool = False
    outermost_first: bool = False
    """Python's way: the frame that raised is the last."""
    cause: re.Pattern[str] | None = None
    """A line that begins another exception of the chain; the group `title` is its type and message."""
    cause_first: bool = False
    """Whether what went wrong first also stands first."""
    renames: tuple[tuple[re.Pattern[str], str], ...] = field(default_factory=tuple)


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


PYTHON = Language(
    "python",
    frame=_re(r'[\s|+]*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?$'),
    library=_re(
        r"[/\\](?:site|dist)-packages[/\\]|[/\\]lib(?:64)?[/\\]python\d|[/\\][Pp]ython[\d.]+[/\\][Ll]ib[/\\]|^<frozen"
    ),
    outermost_first=True,
    cause=_re(r"[\s|]*(?:The above exception was the direct cause|During handling of the above exception)"),
    cause_first=True,
)
JAVA = Language(
    "java",
    frame=_re(
        r"\s*at (?:[\w.@-]*/{1,2}){0,3}(?P<function>[\w.$<>/-]+)"
        r"\((?:(?P<file>[\w$-]+\.(?:java|kt|kts|scala|groovy|clj))(?::(?P<line>\d+))?"
        r"|Native Method|Unknown Source|<generated>)\)"
    ),
    library=_re(
        r"^(?:java|javax|jdk|sun|com\.sun|jakarta|kotlin|kotlinx|scala|groovy|clojure|akka|reactor|"
        r"org\.(?:springframework|apache|hibernate|eclipse|jboss|junit|slf4j|glassfish|postgresql|mongodb)|"
        r"io\.(?:netty|grpc|opentelemetry|micrometer|undertow|vertx|quarkus|micronaut|ktor|lettuce)|"
        r"com\.(?:google|fasterxml|zaxxer|mysql|amazonaws|netflix)|software\.amazon|ch\.qos|okhttp3|okio|redis\.clients)\."
    ),
    by_function=True,
    cause=_re(r"Caused by: (?P<title>.+)"),
    renames=(
        (_re(r"\$\$[^.]*"), ""),
        (_re(r"lambda\$([\w]+)\$\d+"), r"lambda$\1"),
        (_re(r"\$\d+(?=[.$]|$)"), ""),
    ),
)
NODE = Language(
    "javascript",
    frame=_re(r"\s*at (?:async )?(?:(?P<function>[^()\n]{1,300}?) \()?(?P<file>[^()\n]+?):(?P<line>\d+):\d+\)?$"),
    library=_re(r"[/\\]node_modules[/\\]|^node:|^internal/|^webpack/|/deno\.land/std"),
    cause=_re(r"\s*(?:\[cause\]|Caused by): (?P<title>.+)"),
    renames=(
        (_re(r" \[as [^\]]*\]"), ""),
        (_re(r"^(?:async|new) "), ""),
        (_re(r"^(?:Object|Module)\.<anonymous>$"), "<anonymous>"),
    ),
)
BROWSER = Language(
    "javascript",
    frame=_re(
        r"(?P<function>[^@\s]{0,300})@(?P<file>(?:https?|file|webpack|moz-extension):[^\s]+?):(?P<line>\d+)(?::\d+)?$"
    ),
    library=_re(r"/node_modules/|^moz-extension:|^chrome-extension:"),
)
GO = Language(
    "go",
    frame=_re(
        r"(?P<function>[\w./*()\[\]{}·~%-]+)\([^()]*\)\n"
        r"\t(?P<file>.+?\.go):(?P<line>\d+)(?: \+0x[0-9a-f]+)?$"
    ),
    library=_re(
        r"[/\\]pkg[/\\]mod[/\\]|[/\\]go(?:[\d.]+)?[/\\]src[/\\](?!.*\.\w+[/\\])|[/\\](?:vendor|libexec[/\\]src)[/\\]|^_cgo"
    ),
    renames=((_re(r"\[\.\.\.\]"), ""), (_re(r"(?:\.func\d+)?(?:\.\d+)*$"), ""), (_re(r"\.func\d+(?:\.\d+)*"), "")),
)
DOTNET = Language(
    "dotnet",
    frame=_re(
        r"\s+(?:at|bei|en|à|in|em|w|в|na|i|位置|在|場所) (?P<function>[\w.`+<>\[\],|$-]+(?:\[\S+\])?)\([^()\n]*\)"
        r"(?:\s\S+ (?P<file>(?:[A-Za-z]:)?[^:\n]+):\S+ (?P<line>\d+))?$"
    ),
    library=_re(
        r"^(?:System|Microsoft|Npgsql|Newtonsoft|MySql|Grpc|Google|OpenTelemetry|StackExchange|Polly|MediatR|Serilog|"
        r"RabbitMQ|MongoDB|Dapper|Hangfire|MassTransit|AutoMapper|FluentValidation)\."
    ),
    by_function=True,
    cause=_re(r"\s+--- .+ ---\s*$"),
    cause_first=True,
    renames=(
        (_re(r"[.+]<([\w.]*)>[dg]__[\w|]*(?:\.MoveNext)?"), r".\1"),
        (_re(r"[.+]<>c(?:__DisplayClass[\w]*)?(?:`\d+)?\.<(\w+)>b__[\w]*"), r".\1"),
        (_re(r"`\d+(?:\[[^\]]*\])?"), ""),
    ),
)
RUBY = Language(
    "ruby",
    frame=_re(
        r"\s*(?:from )?(?P<file>[^\s:][^:\n]*):(?P<line>\d+):in [`'](?P<function>[^'\n]+)'"
        r"(?:: (?P<message>.*) \((?P<type>[\w:]+)\)$)?"
    ),
    library=_re(r"[/\\]gems[/\\]|[/\\]ruby[/\\]\d|[/\\]rubies[/\\]|^<internal:"),
    renames=(
        (_re(r"^(?:block|rescue|ensure)(?: \(\d+ levels\))? in "), ""),
        (_re(r"^(?:block|rescue|ensure) in "), ""),
    ),
)

LANGUAGES: tuple[Language, ...] = (PYTHON, JAVA, NODE, BROWSER, GO, RUBY, DOTNET)
"""In this order: where two match equally many lines, the first is it."""
