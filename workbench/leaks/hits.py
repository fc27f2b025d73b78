"""Matches of one buffer put in order: numbered by line, each value once a line."""

from __future__ import annotations

from workbench.leaks.model import Match, SecretKind


def replaced(match: Match, *, start: int = -1, line: int = -1, placement: str = "") -> Match:
    """Return a match at another offset or line, or with another placement; what is not given stays."""
    return Match(
        match.start if start < 0 else start,
        match.line if line < 0 else line,
        match.kind,
        match.secret,
        placement or match.placement,
        match.name,
        match.login,
        match.known,
    )


def numbered(data: bytes, hits: list[Match]) -> list[Match]:
    """Return the hits in order, each with its line; one pass over the buffer however many hits there are."""
    hits.sort(key=lambda hit: hit.start)
    line = last = 0
    numbered = []
    for hit in hits:
        line += data.count(b"\n", last, hit.start)
        last = hit.start
        numbered.append(replaced(hit, line=line))
    return numbered


def merged(hits: list[Match]) -> list[Match]:
    """Return each value once a line: the hit that says most about it (a name, a login, a placement)."""
    best: dict[tuple[int, str], Match] = {}
    for hit in hits:
        slot = (hit.line, hit.secret.reveal())
        other = best.get(slot)
        if other is None or _weight(hit) > _weight(other):
            best[slot] = hit
    return sorted(best.values(), key=lambda hit: hit.start)


def _weight(hit: Match) -> tuple[bool, bool, bool, int]:
    return (hit.kind is not SecretKind.UNKNOWN_50, hit.placement != "bare", bool(hit.login), bool(hit.name))
