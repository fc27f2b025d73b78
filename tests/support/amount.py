"""How much of a long series the suite plays: a slice, or with ``WORKBENCH_WHOLE=1`` all of it.

``make coverage`` plays every example of the properties, ``make crash-matrix`` every kill and every life.
"""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")
WHOLE = os.environ.get("WORKBENCH_WHOLE") == "1"


def amount(part: T, whole: T) -> T:
    """Return ``part``, or ``whole`` where everything was asked for."""
    return whole if WHOLE else part
