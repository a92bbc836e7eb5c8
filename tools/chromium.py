"""Print the path of the Chromium that the browser tests drive; install it with apt where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The shell without a window costs tests a quarter less.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find() -> str | None:
    """The browser named by TAPETUM_CHROMIUM, else the system's."""
    if named := os.environ.get("TAPETUM_CHROMIUM"):
        return named if shutil.which(named) else None
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return next((app for app in MAC_APPS if Path(app).is_file()), None)


def install() -> None:
    """Install Chromium with apt, as root. Whatever apt says goes to stderr: stdout is for the path."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = [["update"], *(["install", "-y", name] for name in NAMES[:2])]
    for command in apt:
        done = subprocess.run(
            ["apt-get", "-q", *command], stdin=subprocess.DEVNULL, stdout=sys.stderr, env=env, check=False
        )
        if command[0] == "install" and done.returncode == 0:
            return


def main() -> int:
    """Print the path, or fail with the command that installs a browser."""
    path = find()
    if path is None and shutil.which("apt-get") and os.geteuid() == 0 and "TAPETUM_CHROMIUM" not in os.environ:
        print("no Chromium found: installing it with apt", file=sys.stderr)
        install()
        path = find()
    if path is None:
        how = (
            "brew install --cask chromium"
            if sys.platform == "darwin"
            else "sudo apt-get install chromium    (or your distribution's package)"
        )
        print(
            f"The browser tests need Chromium or Google Chrome, and none was found. Install it with:\n\n    {how}\n\n"
            "or name one: TAPETUM_CHROMIUM=/path/to/chromium make test",
            file=sys.stderr,
        )
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
