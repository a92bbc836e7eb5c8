"""The documentation as a site: `make docs`. The index is the table of contents; a page that it does not name fails."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

project = "Tapetum"
copyright = "the Tapetum authors, Apache-2.0"
extensions = ["myst_parser"]
# Headings have the anchors that GitHub gives them, so a link works in both places.
myst_heading_anchors = 4
nitpicky = True
pygments_style = "friendly"
pygments_dark_style = "github-dark"

html_theme = "furo"
html_title = "Tapetum"
html_static_path = ["_static"]
html_css_files = ["tapetum.css"]
html_copy_source = False
html_show_sphinx = False
_SHARED = {"font-stack": "system-ui, sans-serif", "font-stack--monospace": "ui-monospace, monospace"}
html_theme_options = {
    "dark_css_variables": _SHARED
    | {
        "color-brand-primary": "#4cc2ad",
        "color-brand-content": "#4cc2ad",
        "color-brand-visited": "#4cc2ad",
        "color-background-primary": "#0e1214",
        "color-background-secondary": "#13181b",
        "color-background-border": "#263036",
        "color-foreground-primary": "#dfe6e9",
    },
    "light_css_variables": _SHARED
    | {
        "color-brand-primary": "#0a7466",
        "color-brand-content": "#0a7466",
        "color-brand-visited": "#0a7466",
        "color-background-secondary": "#f6f8f8",
        "color-background-border": "#dbe2e4",
        "color-foreground-primary": "#1a2327",
    },
}

_ROW = re.compile(r"^\| \[[^\]]+\]\(([\w-]+)\.md\)", re.MULTILINE)


def _table_of_contents(app: Sphinx, docname: str, content: list[str]) -> None:
    """Each section of the index with a table of pages becomes a part of the site's navigation."""
    # A file of the repository outside this folder is not a page: the site has a copy of it to download.
    if "/" not in docname:
        content[0] = re.sub(r"\]\((\.\./[^)#\s]+\.md)\)", r"](path:\1)", content[0])
    if docname != "index":
        return
    for section in re.split(r"^## ", content[0], flags=re.MULTILINE)[1:]:
        caption, pages = section.partition("\n")[0], _ROW.findall(section)
        if pages:
            content[0] += _toctree(caption, pages)
    folder = Path(app.srcdir) / "decisions"
    content[0] += _toctree("Decisions", [f"decisions/{page.stem}" for page in sorted(folder.glob("*.md"))])


def _toctree(caption: str, pages: list[str]) -> str:
    return "\n\n```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(pages) + "\n```\n"


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _table_of_contents)
