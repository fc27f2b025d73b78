"""httpx without its command line.

httpx looks for what its own command needs (click, pygments' lexers, rich's progress bars) each time it is imported,
and does without where something is missing. Nothing here runs that command: where click happens to be installed,
it would cost 3.4 MB and half of the time the import takes.
"""

from __future__ import annotations

import sys
from typing import Any

_COMMAND = "httpx._main"
# Python's own way to say that a module is not there (the import system, "The module cache").
_absent: dict[str, Any] = {} if "httpx" in sys.modules else {_COMMAND: None}
sys.modules.update(_absent)
import httpx as httpx  # noqa: E402

for _name in _absent:
    del sys.modules[_name]
