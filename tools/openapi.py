"""Writes ui/openapi.json, from which the UI's client types are generated, or checks that it is current.

python tools/openapi.py write|check
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tapetum_server.api.application import openapi_document

TARGET = Path(__file__).resolve().parent.parent / "ui" / "openapi.json"


def main(what: str) -> int:
    """0 when the file is current (or was written), 1 when it is stale."""
    text = json.dumps(openapi_document(), indent=1, sort_keys=True) + "\n"
    if what == "write":
        TARGET.write_text(text)
        return 0
    if not TARGET.is_file() or TARGET.read_text() != text:
        print("ui/openapi.json is not what the server says. Run: python tools/openapi.py write; cd ui; npm run gen")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
