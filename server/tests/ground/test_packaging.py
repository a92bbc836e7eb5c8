"""What we publish: two distributions of one version, and a server wheel with its web UI inside."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomllib

import tapetum
import tapetum_server
from server.ui_build import UiBuild

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "server" / "src" / "tapetum_server"


def test_both_distributions_have_one_version() -> None:
    """The server depends on the SDK of its own version, so they must move together."""
    server = tomllib.loads((ROOT / "server" / "pyproject.toml").read_text())["project"]
    assert tapetum.__version__ == tapetum_server.__version__
    assert f"tapetum-sdk=={tapetum.__version__}" in server["dependencies"]


def test_the_changelog_knows_the_version() -> None:
    assert f"## {tapetum_server.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_licence_is_in_both_distributions() -> None:
    licence = (ROOT / "LICENSE").read_bytes()
    assert b"Apache License" in licence
    assert (ROOT / "sdk" / "LICENSE").read_bytes() == licence
    assert (ROOT / "server" / "LICENSE").read_bytes() == licence


def test_every_extra_that_a_message_or_page_names_exists() -> None:
    """Somebody will paste the command from the error message."""
    extras = tomllib.loads((ROOT / "server" / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    texts = [*(ROOT / "server" / "src").rglob("*.py"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    named = {name for file in texts for name in re.findall(r"tapetum\[(\w+)\]", file.read_text(encoding="utf-8"))}
    assert {"demo", "postgres"} <= named <= set(extras)


@pytest.mark.parametrize(
    ("part", "package", "extra"),
    [("sdk", "tapetum", "resources"), ("server", "tapetum_server", "analysis"), ("server", "tapetum_demo", "demo")],
)
def test_every_library_that_is_imported_is_a_declared_dependency(part: str, package: str, extra: str) -> None:
    """What another library happens to bring today may be gone tomorrow."""
    project = tomllib.loads((ROOT / part / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"][extra]
    declared = {canonical(re.split(r"[<>=;\[ ]", requirement)[0]) for requirement in wanted}
    distributions = importlib.metadata.packages_distributions()
    ours = {"tapetum", "tapetum_demo", "tapetum_server"}
    missing = set()
    for file in (ROOT / part / "src" / package).rglob("*.py"):
        for name in imported(ast.parse(file.read_text(encoding="utf-8"))):
            top = name.partition(".")[0]
            # google and opentelemetry are shared by many distributions: any declared one of them will do
            providers = {canonical(distribution) for distribution in distributions.get(top, ())}
            if top not in sys.stdlib_module_names and top not in ours and not providers & declared:
                missing.add(f"{file.relative_to(ROOT)} imports {name}")
    assert sorted(missing) == []


def imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """The names inside the server's sdist, and inside the wheel made from that sdist with no Node.js on PATH."""
    if not UiBuild(ROOT / "server").is_current():
        pytest.skip("the web UI is not built or not current here: make ui")
    out = tmp_path_factory.mktemp("dist")
    env = {**os.environ, "PATH": "/nonexistent", "TAPETUM_UI_NODE": "wheel"}
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT / "server")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (sdist,) = out.glob("*.tar.gz")
    (wheel,) = out.glob("*.whl")
    with tarfile.open(sdist) as tar:
        in_sdist = [name.partition("/")[2] for name in tar.getnames()]
    with zipfile.ZipFile(wheel) as zipped:
        in_wheel = zipped.namelist()
    return in_sdist, in_wheel


@pytest.mark.covers("install-without-node")
def test_the_wheel_made_from_the_sdist_carries_the_web_ui(built: tuple[list[str], list[str]]) -> None:
    """Who installs a release needs neither Node.js nor the npm registry."""
    in_sdist, in_wheel = built
    assert "src/tapetum_server/static/index.html" in in_sdist
    assert "ui/package-lock.json" in in_sdist
    assert "tapetum_server/static/index.html" in in_wheel
    assert any(name.startswith("tapetum_server/static/assets/") and name.endswith(".js") for name in in_wheel)


def test_the_wheel_carries_every_file_the_server_reads(built: tuple[list[str], list[str]]) -> None:
    """SQL and migrations are not Python, and are as easily forgotten."""
    _, in_wheel = built
    data = [
        f"{package}/{file.relative_to(PACKAGE.parent / package).as_posix()}"
        for package in ("tapetum_server", "tapetum_demo")
        for file in (PACKAGE.parent / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    ]
    assert sorted(set(data) - set(in_wheel)) == []


def test_no_build_litter_is_published(built: tuple[list[str], list[str]]) -> None:
    in_sdist, in_wheel = built
    assert [name for name in in_sdist + in_wheel if "node_modules" in name or "__pycache__" in name] == []
    assert [name for name in in_wheel if not name.startswith(("tapetum_server/", "tapetum_demo/", "tapetum-"))] == []


@pytest.mark.interop
@pytest.mark.covers("install-without-node")
def test_a_plain_install_serves_the_web_ui_without_node(tmp_path: Path) -> None:
    """`pip install ./sdk ./server` in a plain environment, from sources without a bundle, with no Node.js."""
    checkout = tmp_path / "checkout"
    litter = shutil.ignore_patterns("node_modules", "static", "__pycache__", "tests", "*.egg-info")
    for part in ("sdk", "server", "ui"):
        shutil.copytree(ROOT / part, checkout / part, ignore=litter)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "env")], check=True)
    bin_dir = tmp_path / "env" / "bin"
    # The wheel's Node.js is forced: the test must not pass thanks to one that this machine happens to have.
    env = {**os.environ, "TAPETUM_UI_NODE": "wheel"}
    env.pop("PYTHONPATH", None)
    install = [str(bin_dir / "pip"), "install", "--quiet", "--disable-pip-version-check", "./sdk", "./server"]
    subprocess.run(install, cwd=checkout, env=env, check=True, stdin=subprocess.DEVNULL)
    assert not (checkout / "ui" / "node_modules").exists()
    look = (
        "import importlib.resources as r; "
        "print((r.files('tapetum_server') / 'static' / 'index.html').read_text()[:200])"
    )
    page = subprocess.run([bin_dir / "python", "-c", look], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert "<!doctype html>" in page.stdout.lower()
    version = subprocess.run([bin_dir / "tapetum", "--help"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert "serve" in version.stdout
