"""The documentation builds into a site of which every link leads somewhere, and which loads nothing from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

# Building the site takes a minute on a busy machine; a test that waits for five ends (pyproject.toml).
pytestmark = [pytest.mark.wide, pytest.mark.timeout(290)]

DOCS = Path(__file__).resolve().parents[3] / "docs"


class Links(HTMLParser):
    """Ids of a page, where it leads to, and what it loads."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: list[str] = []
        self.loaded: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids |= {value for name in ("id", "name") if (value := found.get(name))}
        if target := found.get("href") if tag in ("a", "link") else found.get("src"):
            self.targets.append(target)
            if tag != "a":
                self.loaded.append(target)


def build(source: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """As `make docs` does: a warning is an error."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", site.parent / "trees", source, site]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    made = tmp_path_factory.mktemp("docs") / "site"
    built = build(DOCS, made)
    assert built.returncode == 0, built.stderr
    return made


@pytest.mark.covers("docs-site")
def test_every_page_is_in_the_site_and_every_link_leads_somewhere(site: Path) -> None:
    pages = {page.resolve(): Links(page) for page in site.rglob("*.html")}
    sources = [source.relative_to(DOCS).with_suffix(".html") for source in DOCS.rglob("*.md")]
    assert [str(page) for page in sources if (site / page).resolve() not in pages] == []
    broken = []
    for page, links in pages.items():
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            anchor = unquote(parts.fragment)
            if not file.is_file() or (anchor and file in pages and anchor not in pages[file].ids):
                broken.append(f"{page.name}: {target}")
    assert broken == []


@pytest.mark.covers("docs-site")
def test_the_site_loads_nothing_from_another_host(site: Path) -> None:
    """Its search too: the index is a file beside the pages."""
    loaded = [target for page in site.rglob("*.html") for target in Links(page).loaded]
    assert [target for target in loaded if urlsplit(target).netloc] == []
    fetched = [
        url
        for sheet in site.rglob("*.css")
        for url in re.findall(r"(?:url\(|@import)\s*[\"']?(https?:)?//", sheet.read_text(encoding="utf-8"))
    ]
    assert fetched == []
    assert "sql cookbook" in (site / "searchindex.js").read_text(encoding="utf-8").lower()


@pytest.mark.covers("docs-site")
def test_a_forgotten_page_and_a_broken_anchor_fail_the_build(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    shutil.copytree(DOCS, source, ignore=lambda _, names: [n for n in names if n.endswith(".md") and n != "index.md"])
    (source / "decisions").mkdir(exist_ok=True)
    (source / "index.md").write_text("# Index\n\n## Start\n\n| page |\n|---|\n| [One](one.md) |\n", encoding="utf-8")
    (source / "one.md").write_text("# One\n\n[gone](#nowhere)\n", encoding="utf-8")
    (source / "two.md").write_text("# Two\n", encoding="utf-8")
    built = build(source, tmp_path / "site")
    assert built.returncode != 0
    assert "two.md" in built.stderr
    assert "toctree" in built.stderr
    assert "nowhere" in built.stderr
