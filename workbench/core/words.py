"""Words that every text forms alike: counts with their plurals, and lists that say what they leave out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``3 keys``, ``1 key`` or ``1,200 keys``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def estimated(count: int, one: str, *, exact: bool) -> str:
    """Return ``plural`` of a count, an estimate with the two digits that it is good for: ``about 5,200 keys``."""
    if exact:
        return plural(count, one)
    step = 10 ** max(0, len(str(count)) - 2)
    return f"about {plural(round(count / step) * step, one)}"


def clauses(said: Iterable[str]) -> str:
    """Return sentences and parts of sentences as one: ``; `` between them, no full stop before it."""
    return "; ".join(one.rstrip(".") for one in said if one)


def listed(names: Iterable[str], limit: int = 5) -> str:
    """Return names as a list that says how many it leaves out."""
    names = list(names)
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def together(lines: Iterable[str], limit: int = 400) -> list[str]:
    """Return lines of the form ``name: reason``, the names in one where more than two share a reason.

    ``reason: name, name, name`` leaves no name out: what would be longer than ``limit`` characters goes on in a line
    of its own. The order is that of the first name of each reason.
    """
    reasons: dict[str, list[str]] = {}
    for line in lines:
        reasons.setdefault(line.partition(": ")[2] or line, []).append(line)
    made: list[str] = []
    for reason, same in reasons.items():
        names = [line.partition(": ")[0] for line in same]
        shared = len(same) > 2 and reason != same[0]
        made += [f"{reason}: {part}" for part in _parts(names, limit)] if shared else same
    return made


def _parts(names: Iterable[str], limit: int) -> Iterator[str]:
    part = ""
    for name in names:
        if part and len(part) + len(name) > limit:
            yield part
            part = ""
        part = f"{part}, {name}" if part else name
    yield part


def ended(said: str) -> str:
    """Return what somebody else said as a whole sentence: with a full stop where it has no end of its own."""
    text = said.rstrip()
    return text if not text or text[-1] in ".!?…" else f"{text}."
