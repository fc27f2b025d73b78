"""Secrets in the names of things: a file, a branch, a tag called after the key it was made for."""

from __future__ import annotations

import re

from workbench.core.redact import Secret
from workbench.leaks import context
from workbench.leaks.model import Match, SecretKind

# Shorter than any key: most names need no second look.
SHORTEST = 36
_CURRENT = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![0-9a-f-])")
# A hash behind "key-" names many a cache file: Mailgun's must be called so.
_LEGACY = re.compile(r"(?i:mailgun|(?<![a-z])mg[_-])[^/]{0,80}?(?-i:(key-[0-9a-z]{32}))(?![0-9A-Za-z])")


def in_name(name: str) -> Match | None:
    """Return the secret in the name of a file or a branch, None where there is none."""
    if len(name) < SHORTEST:
        return None
    if (found := _CURRENT.search(name)) and not context.is_sample(found.group()):
        return Match(0, 0, SecretKind.UNKNOWN_50, Secret(found.group()), "name")
    if (found := _LEGACY.search(name)) and not context.is_sample(found.group(1)):
        return Match(0, 0, SecretKind.API_KEY, Secret(found.group(1)), "name")
    return None
