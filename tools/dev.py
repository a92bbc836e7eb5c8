"""Run the server and the web UI's development server, restarting the server when a Python file changes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WATCHED = (ROOT / "server" / "src", ROOT / "sdk" / "src")


def newest() -> float:
    """When any source file was last changed."""
    files = (file for folder in WATCHED for suffix in ("*.py", "*.sql") for file in folder.rglob(suffix))
    return max((file.stat().st_mtime for file in files), default=0.0)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a child to end; the server flushes what it has."""
    if process.poll() is None:
        process.terminate()
        process.wait()


def main(arguments: list[str]) -> int:
    """Until interrupted."""
    serve = [sys.executable, "-m", "tapetum_server", "serve", *arguments]
    ui = subprocess.Popen([sys.executable, str(ROOT / "server" / "ui_build.py"), "npm", "run", "dev"])
    server = subprocess.Popen(serve)
    seen = newest()
    try:
        while ui.poll() is None:
            time.sleep(0.5)
            if (now := newest()) > seen:
                seen = now
                print("a source file changed: restarting the server", flush=True)
                stop(server)
                server = subprocess.Popen(serve)
    except KeyboardInterrupt:
        pass
    finally:
        stop(ui)
        stop(server)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
