"""Subjects without what varies from message to message, so that the mail of one kind is one group. Pure."""

from __future__ import annotations

import re

from workbench.core.redact import masked

# A word with a digit in it, an address, letters that are hexadecimal. Words are tried from their beginning alone: every
# subject of a log passes here.
_VARIES = re.compile(r"(?<!\S)(?:[^\s\d#]*+[\d#]\S*+|\S+@\S+)|\b[A-Fa-f]{8,}\b")
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_REMEMBERED = 20_000


def shape_of(subject: str) -> str:
    """Return a subject with what varies from message to message replaced: ``Your order #``."""
    return _VARIES.sub("#", masked(subject[:300]))[:80].strip().lower()


class Shapes:
    """Shapes of the subjects that were asked for lately."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}

    def of(self, subject: str) -> str:
        """Return ``shape_of`` a subject, without making it anew for one that differs in its digits alone."""
        # Which digit it is makes no difference to a shape, and is mostly all that differs between two subjects.
        alike = subject.encode("utf-8", "surrogatepass").translate(_DIGITS)
        shape = self._known.get(alike)
        if shape is None:
            shape = shape_of(subject)
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            self._known[alike] = shape
        return shape
