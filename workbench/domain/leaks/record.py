"""From what a search for leaks found to what the journal keeps of it, ``LeaksFound``.

A later search replaces only the places it covered; older places stay, and what is gone where it looked is
closed. No secret stands in it: fingerprints, ids, masked forms and places only. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import msgspec
from msgspec.structs import replace

from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.leaks.leaks import ACCEPTED, sentences, spot, title_of
from workbench.domain.leaks.recorded import (
    EXPOSURE,
    PLUGIN,
    SECRET,
    AskedPlaces,
    ClosedLeak,
    FoundLeak,
    FoundPlace,
    FoundTheft,
    LeaksFound,
    NeighbourSecret,
    OldValuePlace,
    ReadLogs,
    SuspectedPerson,
    UnreadPlace,
)
from workbench.leaks.model import FILES_LEFT_OUT, NO_HISTORY

if TYPE_CHECKING:
    from workbench.leaks.people import PersonSuspicion

_MOST, _MOST_PLACES = 200, 20
WORDPRESS = "wordpress"  # the origin of a place where a plugin's version was read
_SERVED = {"S3": "the whole file, by its size", "S2": "a body of its own"}
_SEVERITY = {"critical": "high", "high": "high", "medium": "medium"}


def fact(
    found: Mapping[str, Any],
    asked: Mapping[str, Any],
    before: LeaksFound | None,
    people: Sequence[PersonSuspicion] = (),
    *,
    at: str,
    reset: Collection[str] = (),
) -> LeaksFound:
    """Return the fact to record: this search's results, and older ones of places not searched now.

    ``found`` is the search's document (``workbench.leaks/1``). ``asked`` names targets, logs and sites, for the
    re-check; ``before`` is the fact as it was;
    ``at`` the moment; ``reset`` the logins whose reset had begun by then.
    """
    earlier = before or LeaksFound()
    covered = _Covered.by(found)
    fresh = [_row(one, reset, at) for one in found["findings"]]
    kept, closed = _kept(earlier.exposures, fresh, covered, _versions_told(found), at=at)
    every = _merged([*fresh, *kept])
    exposures, more = every[:_MOST], len(every) - _MOST
    untold = (f"{plural(more, 'more find')} than an incident keeps",) if more > 0 else ()
    unread = _unread(found, earlier.unread)
    searched = tuple(sorted({*_places(found), *earlier.searched}))
    made = LeaksFound(
        places=len(searched),
        searched=searched,
        # A place that could not be read stays so until it was: a search of another place says nothing of it.
        unread=unread,
        failed=tuple(f"{one.target}: {one.error}" for one in unread if one.error),
        skipped=(*dict.fromkeys(reason for one in unread for reason in one.gaps), *untold),
        found=sum(row.what == SECRET for row in exposures),
        exposures=exposures,
        closed=(*earlier.closed, *closed)[-_MOST:],
        update_places=_to_update(exposures),
        thefts=_thefts(msgspec.convert(found["thefts"], tuple[FoundTheft, ...]), earlier.thefts),
        logs=_logs(found["logs"]) or earlier.logs,
        people=tuple(_person(one) for one in people) or earlier.people,
        # The other secrets of the leaked files, by name: each is somebody's to replace.
        neighbours=_beside(found.get("neighbours", ()), earlier.neighbours),
        search_elsewhere=tuple(found.get("search_elsewhere", ()))[:_MOST] or earlier.search_elsewhere,
        verdict=visible(found.get("verdict", ""), 300),
        asked=AskedPlaces(
            targets=_each_once(earlier.asked.targets, asked.get("targets", ())),
            logs=_each_once(earlier.asked.logs, asked.get("logs", ())),
            sites=_each_once(earlier.asked.sites, asked.get("sites", ())),
        ),
        open=sum(not row.accepted and (row.exposed or row.state != "dead") for row in exposures),
    )
    return replace(made, lines=tuple(sentences(made, at)))


def _each_once(before: Iterable[str], now: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*before, *now)))


def _beside(
    now: Iterable[Mapping[str, Any]], before: Iterable[NeighbourSecret]
) -> tuple[NeighbourSecret, ...]:
    rows = {(one.root, one.path, one.name): one for one in before}
    for one in now:
        at_root, at_path, name, vendor = (
            visible(one[part], 300) for part in ("root", "path", "name", "vendor")
        )
        also = tuple((visible(at["root"], 300), visible(at["path"], 300)) for at in one.get("also", ()))
        for root, path in also:
            # An earlier search may have seen one of these places alone: it is the same secret.
            rows.pop((root, path, name), None)
        rows[at_root, at_path, name] = NeighbourSecret(at_root, at_path, name, vendor, also)
    return tuple(rows.values())[:_MOST]


def _places(found: Mapping[str, Any]) -> list[str]:
    """Return the places that were searched; what of them was left out stands among the unread."""
    sites = [one["site"] for one in found["sites"] if not one["stopped"]]
    done = [one for one in found["searched"] if not one["error"] and one["what"] in ("tree", "history")]
    return [*(one["target"] for one in done), *sites]


@dataclass(frozen=True, slots=True)
class _Covered:
    """What was searched so that what is gone there is gone: trees and sites, and repositories for their ``histories``.

    ``away`` are the trees that showed every repository that is left in them, ``dark`` the histories that could not be
    read.
    """

    files: tuple[str, ...]
    histories: tuple[str, ...]
    away: tuple[str, ...]
    dark: tuple[str, ...]

    @classmethod
    def by(cls, found: Mapping[str, Any]) -> Self:
        """Return what a search covered, from its document."""
        rows = found["searched"]
        trees = tuple(one["target"] for one in rows if one["what"] == "tree" and _whole(one))
        sites = tuple(one["site"] for one in found["sites"] if not one["stopped"])
        histories = [one for one in rows if one["what"] == "history"]
        return cls(
            (*trees, *sites),
            tuple(one["target"] for one in histories if not one["error"]),
            trees if _with_history(found) else (),
            tuple(one["target"] for one in histories if one["error"]),
        )

    def holds(self, place: FoundPlace) -> bool:
        """Return whether what was found at a place once would have been found there again."""
        where = place.root or place.path
        if place.origin != "history":
            return _below(where, self.files)
        return where in self.histories or (where not in self.dark and _below(where, self.away))


def _whole(tree: Mapping[str, Any]) -> bool:
    """Return whether every plain file of a tree was read: one that is left out may hold what it held before."""
    return not tree["error"] and not any(one.startswith(FILES_LEFT_OUT) for one in tree["gaps"])


def _with_history(found: Mapping[str, Any]) -> bool:
    return not any(one["reason"] == NO_HISTORY for one in found["coverage"]["skipped"])


def _unread(found: Mapping[str, Any], earlier: Iterable[UnreadPlace]) -> tuple[UnreadPlace, ...]:
    """Return the places that were asked for and not read whole, by any search until now, each with the reason."""
    rows = [
        UnreadPlace(one["what"], one["target"], one["error"] or "", tuple(one["gaps"]))
        for one in found["searched"]
    ]
    now = {(one.what, one.target) for one in rows}
    with_history = _with_history(found)
    trees = [one["target"] for one in found["searched"] if one["what"] == "tree" and not one["error"]]

    def gone(one: UnreadPlace) -> bool:
        # A repository that the whole tree no longer shows was taken away.
        in_tree = one.what == "history" and with_history and _below(one.target, trees)
        return (one.what, one.target) in now or in_tree

    kept = (one for one in earlier if not gone(one))
    return (*kept, *(one for one in rows if one.error or one.gaps))[-_MOST:]


def _row(one: Mapping[str, Any], reset: Collection[str], at: str) -> FoundLeak:
    what = one["kind"] if one["kind"] in (EXPOSURE, PLUGIN) else SECRET
    where = [_place(place) for place in one["where"]]
    first = where[0] if where else FoundPlace()
    if what == SECRET:
        name = one["key_id"] or one["id"]
    elif what == EXPOSURE:
        name = f"{first.root}{first.path}"
    else:
        name = f"{one['id']} {first.path}"
    logins = sorted({place["login"] for place in one["where"] if place.get("login")})[:_MOST_PLACES]
    return FoundLeak(
        id=visible(name, 300),
        what=what,
        kind=one.get("exposes") or one["kind"],
        shown=one.get("shown") or one.get("exposes") or one["id"],
        key_id=one.get("key_id") or "",
        logins=tuple(logins),
        reset=tuple(login for login in logins if login in reset),
        account=one.get("account") or "",
        state=one["state"] if what == SECRET else "",
        why=visible(one["why"], 400),
        severity=_SEVERITY.get(one["severity"], "low"),
        accepted=one["decision"] == ACCEPTED,
        exposed=what != SECRET or any(place.origin == "web" for place in where),
        todo=one["todo"],
        where=tuple(where[:_MOST_PLACES]),
        more=max(0, len(where) - _MOST_PLACES) + one.get("more_places", 0),
        seen=at,
    )


def _place(place: Mapping[str, Any]) -> FoundPlace:
    found = FoundPlace(
        place["origin"], visible(place["root"], 300), visible(place["path"], 300), place["line"]
    )
    if found.origin != "history":
        return found
    first, last = place.get("first_commit") or {}, place.get("last_commit") or {}
    return replace(
        found,
        commit=first.get("commit", ""),
        author=visible(first.get("author", ""), 120),
        since=first.get("date", ""),
        until=last.get("date", ""),
        in_head=bool(place.get("in_head")),
    )


def _kept(
    earlier: Iterable[FoundLeak],
    fresh: Sequence[FoundLeak],
    covered: _Covered,
    versions: Collection[str],
    *,
    at: str,
) -> tuple[list[FoundLeak], list[ClosedLeak]]:
    """Return (older rows whose places were not searched now, those that are closed since)."""
    here = {row.id for row in fresh}
    kept: list[FoundLeak] = []
    closed: list[ClosedLeak] = []
    for row in earlier:
        # A site that was asked to the end may still have kept its plugins' versions to itself.
        places = tuple(p for p in row.where if not covered.holds(p) or _untold(p, versions))
        if places:
            exposed = row.what != SECRET or any(place.origin == "web" for place in places)
            kept.append(replace(row, where=places, exposed=exposed))
        elif row.id not in here:
            key_id, logins = (row.key_id, row.logins) if row.exposed else ("", ())
            closed.append(ClosedLeak(row.id, title_of(row), at, key_id, logins))
    return kept, closed


def _versions_told(found: Mapping[str, Any]) -> set[str]:
    """Return the addresses at which a site said which version of a plugin it has, or that it has none."""
    told = (one for site in found["sites"] for one in (*site["installed"], *site.get("not_installed", ())))
    return {one["where"] for one in told if one.get("where")}


def _untold(place: FoundPlace, versions: Collection[str]) -> bool:
    return "://" in place.path and place.origin == WORDPRESS and place.path not in versions


def _below(where: str, roots: Iterable[str]) -> bool:
    return any(where == root or where.startswith(f"{root.rstrip('/')}/") for root in roots)


def _merged(rows: Sequence[FoundLeak]) -> tuple[FoundLeak, ...]:
    """Return one row an id, with all its places."""
    made: dict[str, FoundLeak] = {}
    for row in rows:
        known = made.setdefault(row.id, row)
        if known is not row:
            places = (*known.where, *(place for place in row.where if place not in known.where))
            made[row.id] = replace(
                known,
                where=places[:_MOST_PLACES],
                exposed=known.exposed or row.exposed,
                logins=tuple(sorted({*known.logins, *row.logins})),
            )
    return tuple(made.values())


def _to_update(rows: Iterable[FoundLeak]) -> tuple[OldValuePlace, ...]:
    """Return the files where an old value still sits: there the replacement has to go (runbook step 10)."""
    return tuple(
        OldValuePlace(row.key_id, row.logins, spot(place))
        for row in rows
        if row.what == SECRET
        for place in row.where
        if place.origin == "file"
    )


def _thefts(fresh: Iterable[FoundTheft], earlier: Iterable[FoundTheft]) -> tuple[FoundTheft, ...]:
    """Return the surest answer for each credential, of this search and of older ones."""
    best: dict[tuple[str, str], FoundTheft] = {}
    for one in (*fresh, *earlier):
        name = (one.key_id or "", one.login or "")
        if name not in best or one.strength < best[name].strength:
            best[name] = one
    return tuple(sorted(best.values(), key=lambda one: (one.strength, str(one.not_after))))


def _logs(logs: Mapping[str, Any] | None) -> ReadLogs | None:
    if logs is None:
        return None
    return ReadLogs(
        first=logs["first"],
        last=logs["last"],
        lines=logs["lines"],
        taken=tuple(
            f"served {one['time']} {visible(one['path'], 200)} to {one['address']} ({one['size']} bytes, "
            f"{_SERVED.get(one['served'], one['served'])})"
            for one in logs["taken"][:_MOST_PLACES]
        ),
        taken_count=logs["taken_count"],
    )


def _person(one: PersonSuspicion) -> SuspectedPerson:
    name = visible(one.person.name or one.person.email, 80)
    return SuspectedPerson(one.person.id, name, one.keys, one.why, one.questions, one.check)
