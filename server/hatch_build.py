"""Build hook: the wheel and the sdist carry the built web UI, so that nobody who installs them needs Node.js.

The bundle is built once and reused while the UI's sources stay the same. Where no usable Node.js
is installed, the hook asks for one as a build dependency; it goes away with the build environment.
`TAPETUM_SKIP_UI=1` leaves the UI out, for machines that cannot reach a package registry.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))
from ui_build import NODE_WHEEL, UiBuild, system_npm


class WebUiHook(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    def _wanted(self) -> bool:
        return os.environ.get("TAPETUM_SKIP_UI") != "1"

    def dependencies(self) -> list[str]:
        """Node.js, only when there is something to build and the system has none."""
        ui = UiBuild(Path(self.root))
        if not self._wanted() or ui.is_current() or not ui.has_sources() or system_npm():
            return []
        return [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        ui = UiBuild(Path(self.root))
        if not self._wanted():
            self.app.display_warning("TAPETUM_SKIP_UI=1: this build has no web UI")
        elif not ui.is_current():
            self.app.display_info("building the web UI")
            ui.build()
        if self.target_name == "sdist":
            for file in ui.inputs():
                build_data["force_include"][str(file)] = f"ui/{file.relative_to(ui.sources).as_posix()}"
