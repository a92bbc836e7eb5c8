"""The last thing that the process imports from which commands are forked: what is there by then is nobody's garbage, and
no command looks through it again."""

from __future__ import annotations

import gc

gc.collect()
gc.freeze()
