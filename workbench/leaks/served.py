"""What a web server would serve of a folder: the sizes its log should show, the paths a secret was open at."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from workbench.core.clock import as_moment
from workbench.leaks.correlate import ReadablePlace
from workbench.leaks.findings import AccountFacts, LeakFinding, Liveness
from workbench.leaks.model import LeakPlace

# Folders that are usually the web root of the project around them.
_WEB_ROOTS = ("public", "web", "htdocs", "html", "public_html", "www", "webroot", "dist", "static")


def served_sizes(roots: Sequence[Path]) -> Callable[[str], frozenset[int]]:
    """Return a function from a served path to the sizes, in bytes, the file has in any of ``roots``.

    Each root counts as a web root itself and by its usual subfolder. Paths come from a log and are hostile:
    one with ``..`` names nothing, links are not followed.
    """
    bases = [base for root in roots for base in (root, *(root / name for name in _WEB_ROOTS))]
    bases = [base for base in bases if base.is_dir()]
    remembered: dict[str, frozenset[int]] = {}

    def sizes(path: str) -> frozenset[int]:
        if path not in remembered:
            if len(remembered) > 10_000:
                remembered.clear()
            remembered[path] = frozenset(size for base in bases if (size := _size(base, path)) is not None)
        return remembered[path]

    return sizes


def _size(base: Path, path: str) -> int | None:
    parts = path.strip("/").split("/")
    if not parts[0] or any(part in ("", ".", "..") or "\0" in part for part in parts) or len(path) > 1000:
        return None
    current = base
    for part in parts:
        current = current / part
        try:
            info = current.lstat()
        except OSError:
            # No such file here: another root may have it.
            return None
        if stat.S_ISLNK(info.st_mode):
            return None
    return info.st_size if stat.S_ISREG(info.st_mode) else None


def exposures(findings: Iterable[LeakFinding], facts: AccountFacts | None = None) -> list[ReadablePlace]:
    """Return every path at which a secret could have been fetched, with the key ids and logins it held.

    ``facts`` tell when a secret that is dead by now was ended.
    """
    return [
        ReadablePlace(
            path,
            frozenset({finding.key_id} - {""}),
            frozenset({place.login} - {""}),
            dead=_ended(finding, place.login, facts or AccountFacts()),
        )
        for finding in findings
        for place in finding.where
        for path in _served_at(place)
    ]


def _ended(finding: LeakFinding, login: str, facts: AccountFacts) -> datetime | None:
    """Return when a secret was ended by this incident: a key with its id, a password with the next one of its login."""
    if finding.liveness is not Liveness.DEAD:
        return None
    by_login = facts.gone.get(login) or facts.resets.get(login)
    return as_moment(facts.deleted_ids.get(finding.key_id) if finding.key_id else by_login)


def _served_at(place: LeakPlace) -> list[str]:
    if place.origin == "web":
        return [place.path.partition("?")[0]]
    if place.origin not in {"file", "history"} or place.path.startswith("("):
        return []
    first, _, rest = place.path.partition("/")
    below = [f"/{rest}"] if rest and first in _WEB_ROOTS else []
    return [f"/{place.path}", *below]
