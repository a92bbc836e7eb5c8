"""The text of a stack trace into frames, whatever the language (`languages`)."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from functools import lru_cache

from tapetum_server.processors.errors.languages import DOTNET, GO, JAVA, LANGUAGES, PYTHON, Language

MAX_CHARACTERS = 65_536
"""Of a stack trace that are kept and read: of a longer one the beginning and the end."""
_CUT = "\n    … cut …\n"
_MAX_LINE = 2_000
_LOOKED_AT = 60
"""Lines at each end by which the language is told."""
_TITLE = re.compile(r"[\s|]*(?P<type>[*&]?[A-Za-z_][\w.$:]*)(?:: (?P<message>.*))?$")
_HASHED = re.compile(r"[.-](?:(?=[0-9a-zA-Z]*\d)[0-9a-zA-Z_]{8,}|(?=[\w-]*[A-Z])[\w-]{8})(?=\.)", re.ASCII)
"""What a build puts into a file's name: with a digit, or eight characters of which one is a capital (Vite, esbuild)."""
_NAMELESS = frozenset({"__init__", "__main__", "index", "mod"})


@dataclass(frozen=True, slots=True)
class Frame:
    """One call. `key` names it whatever the line, the directory it is installed in and the build."""

    function: str
    file: str
    line: int
    in_app: bool
    key: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One exception of a chain: its type and message where the text says them, and its frames, innermost first."""

    type: str = ""
    message: str = ""
    frames: tuple[Frame, ...] = ()
    direct: bool = True
    """Whether it is said to be the cause of the one before, and not only what was being handled."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A chain of exceptions: the one that was reported first, then what caused it."""

    language: str
    sections: tuple[Section, ...]


def shortened(text: str) -> str:
    """`text`, of which only the beginning and the end are kept where it is too long."""
    if len(text) <= MAX_CHARACTERS:
        return text
    half = (MAX_CHARACTERS - len(_CUT)) // 2
    start, end = text[:half], text[-half:]
    # At the ends of lines, where there are any near: half a line would be read as something else.
    if (last := start.rfind("\n", half - _MAX_LINE)) > 0:
        start = start[:last]
    if (first := end.find("\n", 0, _MAX_LINE)) >= 0:
        end = end[first + 1 :]
    return start + _CUT + end


@lru_cache(maxsize=512)
def parse_stack(text: str) -> Stack | None:
    """The stack that `text` shows, or `None` where there are no frames in it. `text` is `shortened` before."""
    lines = [line[:_MAX_LINE].rstrip("\r") for line in text.split("\n")]
    language = _language(lines)
    if language is None:
        return None
    if language is GO:
        return Stack(GO.name, _go(lines))
    sections = _sections(lines, language)
    return Stack(language.name, tuple(sections)) if any(s.frames for s in sections) else None


def _language(lines: list[str]) -> Language | None:
    seen = lines if len(lines) <= 2 * _LOOKED_AT else lines[:_LOOKED_AT] + lines[-_LOOKED_AT:]
    best, most = None, 0
    for language in LANGUAGES:
        if language is GO:
            count = sum(1 for a, b in itertools.pairwise(seen) if b[:1] == "\t" and GO.frame.match(f"{a}\n{b}"))
        else:
            count = sum(1 for line in seen if language.frame.match(line))
        if count > most:
            best, most = language, count
    return best


@dataclass(slots=True)
class _Open:
    """A section that is being read."""

    title: str = ""
    frames: list[Frame] = field(default_factory=list)
    direct: bool = True
    ignored: bool = False


def _sections(lines: list[str], language: Language) -> list[Section]:
    found = [_Open()]
    for at, line in enumerate(lines):
        now = found[-1]
        if matched := language.frame.match(line):
            code = _code(lines, at) if language is PYTHON else ""
            if not now.ignored:
                now.frames.append(_frame(matched, language, code))
            if type := matched.groupdict().get("type"):
                now.title = f"{type}: {matched['message']}"
        elif language.cause and (cause := language.cause.match(line)):
            if language.cause_first and not now.frames:
                continue
            direct = "During handling" not in line
            found.append(_Open(title=cause.groupdict().get("title") or "", direct=direct))
        elif language is JAVA and line.lstrip().startswith("Suppressed: "):
            found.append(_Open(ignored=True))
        elif language is PYTHON:
            # The first line after the frames that is not indented names the exception.
            if now.frames and not now.title and line.strip(" |+-") and not line.lstrip("|+ ").startswith("Traceback"):
                text = line.lstrip(" |") if line.lstrip().startswith("|") else line
                if text[:1] not in (" ", "\t"):
                    now.title = text
        elif not now.frames and not now.title and line.strip():
            now.title = line
    if language is DOTNET:
        _name_dotnet(found, lines)
    kept = [open for open in found if not open.ignored and (open.frames or open.title)]
    if language.cause_first:
        kept = _reversed(kept)
    return [_section(open, language) for open in kept]


def _reversed(sections: list[_Open]) -> list[_Open]:
    """What was reported first. Whether a section is a cause is said by the marker that begins the one after it."""
    flags = [section.direct for section in sections[1:]] + [True]
    for section, direct in zip(sections, flags):
        section.direct = direct
    return sections[::-1]


def _name_dotnet(sections: list[_Open], lines: list[str]) -> None:
    """`Outer: message ---> Inner: message`, also over several lines: outermost first, while its frames come last."""
    head = []
    for line in lines:
        if DOTNET.frame.match(line):
            break
        head.append(line.strip())
    titles = [title.strip() for title in re.split(r" ?---> ?", "\n".join(head)) if title.strip()]
    for section, title in zip(reversed(sections), titles):
        section.title = title.split("\n", 1)[0]


def _section(open: _Open, language: Language) -> Section:
    title = open.title.removeprefix("Uncaught ").removeprefix("Unhandled exception. ")
    title = re.sub(r'^Exception in thread "[^"]*" ', "", title)
    named = _TITLE.match(title)
    frames = tuple(reversed(open.frames)) if language.outermost_first else tuple(open.frames)
    if named is None:
        return Section("", title.strip(), frames, open.direct)
    return Section(named["type"], (named["message"] or "").strip(), frames, open.direct)


def _go(lines: list[str]) -> tuple[Section, ...]:
    """The first goroutine. After a panic, what ran before it is the recovering, not the cause."""
    frames: list[Frame] = []
    title = ""
    goroutines = 0
    for at, line in enumerate(lines):
        if line.startswith("goroutine "):
            goroutines += 1
            if goroutines > 1 and frames:
                break
        elif at + 1 < len(lines) and (matched := GO.frame.match(f"{line}\n{lines[at + 1]}")):
            if matched["function"] == "panic":
                frames.clear()
            elif not line.startswith("created by "):
                frames.append(_frame(matched, GO, ""))
        elif not title and line.startswith(("panic: ", "fatal error: ")):
            title = line
    kind, _, message = title.partition(": ")
    return (Section(kind, message.strip(), tuple(frames)),)


def _code(lines: list[str], at: int) -> str:
    """The source line below a frame of Python."""
    if at + 1 >= len(lines) or PYTHON.frame.match(lines[at + 1]):
        return ""
    below = lines[at + 1].lstrip(" |")
    return below.strip()[:300] if lines[at + 1][:1] in (" ", "\t") and below.strip("^~ ") else ""


def _frame(matched: re.Match[str], language: Language, code: str) -> Frame:
    named = matched.groupdict()
    function = (named.get("function") or "").strip()
    file = (named.get("file") or "").strip()
    plain = function
    for pattern, replacement in language.renames:
        plain = pattern.sub(replacement, plain)
    if language.by_function or language is GO:
        key = plain
    else:
        key = f"{_module(file)}.{plain or '<anonymous>'}"
    where = function if language.by_function else file
    return Frame(
        function=function or "<anonymous>",
        file=file,
        line=int(named.get("line") or 0) if len(named.get("line") or "") < 10 else 0,
        in_app=language.library.search(where) is None,
        key=key,
        code=code,
    )


def _module(file: str) -> str:
    """The file's own name: without the directory it is installed in, its ending, and the hash of a build."""
    parts = re.split(r"[/\\]", file.split("?", 1)[0])
    stem = _HASHED.sub("", parts[-1])
    stem = re.sub(r"\.\w{1,5}$", "", stem)
    return f"{parts[-2]}/{stem}" if stem in _NAMELESS and len(parts) > 1 else stem
