"""Secrets in the names of things: a file, a folder, a branch, a tag called after the key it was made for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.core.redact import Secret
from workbench.leaks import context
from workbench.leaks.model import KnownValue, Match, SecretKind

_CURRENT = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![0-9a-f-])")
_LEGACY = re.compile(r"(?<![0-9A-Za-z])key-[0-9a-z]{32}(?![0-9A-Za-z])")
# A hash behind "key-" names many a cache file: Mailgun's must be called so, on the way to it at least.
_OURS = re.compile(r"(?i)mailgun|(?<![a-z])mg[_-]")
_HASHED = re.compile(r"(?i)cache|hash|etag|thumb|session")
_SHAPES = rb"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}|key-[0-9a-z]{32}"
# Folded, a key of the current form is one fixed string, found many times as fast as by its expression.
_HEX = bytes(ord("0") if chr(code) in "0123456789abcdef" else code for code in range(256))
_CURRENT_FOLDED = b"0" * 32 + b"-" + b"0" * 8 + b"-" + b"0" * 8


class Names:
    """Looks for secrets in names: the shapes of keys, and the values of ``known`` as they stand."""

    def __init__(self, known: Sequence[KnownValue], *, shapes: bool = True) -> None:
        self._known = known
        rules = [re.escape(one.secret.reveal().encode()) for one in known] + [_SHAPES] * shapes
        # What some name in a listing must hold before any is looked at; matches nothing if nothing is wanted.
        self._rule = re.compile(b"|".join(rules) or rb"(?!)")

    def among(self, listing: bytes) -> bool:
        """Return whether one of the names in a listing (a git tree as it is stored) may hold a secret."""
        if not self._known and b"key-" not in listing and _CURRENT_FOLDED not in listing.translate(_HEX):
            return False
        return self._rule.search(listing) is not None

    def search(self, name: str, path: str = "") -> Match | None:
        """Return the secret in a name, None where there is none; ``path`` is the way to it, which may name Mailgun."""
        if self._rule.search(name.encode("utf-8", "surrogateescape")) is None:
            return None
        for one in self._known:
            if one.secret.reveal() in name:
                return Match(0, 0, one.kind, one.secret, "name", known=one.label)
        if (found := _CURRENT.search(name)) and not context.is_sample(found.group()):
            return Match(0, 0, SecretKind.UNKNOWN_50, Secret(found.group()), "name")
        found, way = _LEGACY.search(name), f"{path}/{name}"
        if found is None or not _OURS.search(way) or _HASHED.search(way) or context.is_sample(found.group()):
            return None
        return Match(0, 0, SecretKind.API_KEY, Secret(found.group()), "name")
