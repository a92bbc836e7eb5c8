"""The table of docs/emitters.md, from the emitters' tables of the server.

python tools/emitters_page.py check    fail where the page is not what the tables say
python tools/emitters_page.py write    write it
"""

from __future__ import annotations

import sys
from pathlib import Path

from tapetum_server.processors.emitter_files import Emitter, emitters

PAGE = Path(__file__).resolve().parent.parent / "docs" / "emitters.md"
BEGIN, END = "<!-- from here: python tools/emitters_page.py write -->\n", "<!-- to here -->\n"


def table() -> str:
    """The table of all emitters, in the order in which their say counts."""
    rows = ["| emitter | recognised by | read besides the kind | notes |", "|---|---|---|---|"]
    for e in emitters():
        cells = (f"**{e.title}** (`{e.name}`)", _recognised(e), _read(e), e.docs)
        rows.append(f"| {' | '.join(c.replace('|', chr(92) + '|') for c in cells)} |")
    return "\n".join(rows) + "\n"


def _recognised(e: Emitter) -> str:
    found = []
    if e.scopes:
        found.append("scope " + ", ".join(f"`{s}`" for s in e.scopes))
    if e.keys:
        found.append("key " + ", ".join(f"`{k}`" for k in e.keys))
    return "; ".join(found) or "every span"


def _read(e: Emitter) -> str:
    names = [name for targets in e.fields.values() for name in targets]
    names += [side for side in e.messages if side not in names]
    if e.logs:
        names.append("log records")
    return ", ".join(dict.fromkeys(f"`{n}`" if " " not in n else n for n in names if n != "server"))


def page(text: str) -> str:
    """`text` with the table in its place."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "\n" + table() + "\n" + END + rest.partition(END)[2]


def main() -> int:
    text = PAGE.read_text("utf-8")
    if sys.argv[1:] == ["write"]:
        PAGE.write_text(page(text), "utf-8")
        return 0
    if text != page(text):
        print("docs/emitters.md is not what the emitters' tables say. Run: python tools/emitters_page.py write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
