"""How a service process hangs on its parent: orders come in on stdin, news goes out on stdout.

The pipe is the lifeline. When the parent goes away in whatever manner, kill -9 included, the kernel
closes its end, the child reads the end of its stdin and leaves. No orphan survives, and nobody polls.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping

_logger = logging.getLogger(__name__)

Order = Callable[[bool], None]
_LAST_RESORT_S = 5.0


class Leash:
    """The child's end of the lifeline."""

    def __init__(self, release: Callable[[], None], orders: Mapping[str, Order] | None = None) -> None:
        """`release` is called once, from another thread, when the parent lets go; it should make the service stop.

        `orders` maps the name of a fault to what switches it on or off.
        """
        self._release = release
        self._orders = orders or {}

    def take(self) -> None:
        """Start to listen to the parent."""
        threading.Thread(target=self._follow, name="leash", daemon=True).start()

    def announce(self, news: Mapping[str, object]) -> None:
        """Tell the parent something."""
        try:
            sys.stdout.write(json.dumps(news) + "\n")
            sys.stdout.flush()
        except OSError:
            pass  # the parent is gone; the end of stdin is on its way too

    def _follow(self) -> None:
        for line in sys.stdin:
            order = json.loads(line)
            name, on = str(order["fault"]), bool(order["on"])
            try:
                self._orders[name](on)
            except Exception as error:
                _logger.exception("could not switch the fault %s", name)
                self.announce({"fault": name, "on": on, "error": f"{type(error).__name__}: {error}"})
            else:
                self.announce({"fault": name, "on": on})
        # A stuck request or an exporter that waits for a dead server must not keep the process alive.
        last_resort = threading.Timer(_LAST_RESORT_S, os._exit, args=(1,))
        last_resort.daemon = True
        last_resort.start()
        self._release()
