"""What a search for leaks found, as the journal keeps it: the body of the fact ``leaks``.

A later search replaces only the places it covered; older places stay, and what is gone where it looked is
closed. No secret stands in it: fingerprints, ids, masked forms and places only. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.core.redact import visible
from workbench.domain.leaks.leaks import ACCEPTED, EXPOSURE, PLUGIN, SECRET, sentences, spot, title_of
from workbench.leaks.model import NO_HISTORY

if TYPE_CHECKING:
    from workbench.leaks.people import PersonSuspicion

_MOST, _MOST_PLACES = 200, 20
_SERVED = {"S3": "the whole file, by its size", "S2": "a body of its own"}
_SEVERITY = {"critical": "high", "high": "high", "medium": "medium"}


def fact(
    found: Mapping[str, Any],
    asked: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    people: Sequence[PersonSuspicion] = (),
    *,
    at: str,
    reset: Collection[str] = (),
) -> dict[str, Any]:
    """Return the body of the fact ``leaks``: this search's results, and older ones of places not searched now.

    ``found`` is the search's document (``workbench.leaks/1``). ``asked`` names targets, logs and sites, for the
    re-check, and ``again`` where only known paths of a site were asked; ``before`` is the fact as it was;
    ``at`` the moment; ``reset`` the logins whose reset had begun by then.
    """
    earlier = before or {}
    covered = _covered(found)
    fresh = [{**_row(one, reset), "seen": at} for one in found["findings"]][:_MOST]
    again = bool(asked.get("again"))
    kept, closed = _kept(earlier.get("exposures", ()), fresh, covered, again=again, at=at)
    exposures = _merged([*fresh, *kept])[:_MOST]
    thefts = _thefts(found["thefts"], earlier.get("thefts", ()))
    unread = _unread(found, earlier.get("unread", ()))
    body: dict[str, Any] = {
        "places": len({*covered, *earlier.get("searched", ())}),
        "searched": sorted({*covered, *earlier.get("searched", ())}),
        # A place that could not be read stays so until it was: a search of another place says nothing of it.
        "unread": unread,
        "failed": [f"{one['target']}: {one['error']}" for one in unread if one["error"]],
        "skipped": list(dict.fromkeys(reason for one in unread for reason in one["gaps"])),
        "found": sum(row["what"] == SECRET for row in exposures),
        "exposures": exposures,
        "closed": [*earlier.get("closed", ()), *closed][-_MOST:],
        "update_places": _to_update(exposures),
        "thefts": thefts,
        "logs": _logs(found["logs"]) or earlier.get("logs"),
        "people": [_person(one) for one in people] or list(earlier.get("people", ())),
        # The other secrets of the leaked files, by name: each is somebody's to replace.
        "neighbours": _beside(found.get("neighbours", ()), earlier.get("neighbours", ())),
        "search_elsewhere": list(found.get("search_elsewhere", ()))[:_MOST]
        or list(earlier.get("search_elsewhere", ())),
        "verdict": visible(found.get("verdict", ""), 300),
        "asked": {
            name: list(dict.fromkeys([*earlier.get("asked", {}).get(name, ()), *asked.get(name, ())]))
            for name in ("targets", "logs", "sites")
        },
    }
    body["open"] = sum(
        not row["accepted"] and (row["exposed"] or row["state"] != "dead") for row in exposures
    )
    body["lines"] = list(sentences(body, at))
    return body


def _beside(now: Iterable[Mapping[str, str]], before: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    rows = {
        (one["path"], one["name"]): {
            name: visible(one[name], 300) for name in ("root", "path", "name", "vendor")
        }
        for one in (*before, *now)
    }
    return list(rows.values())[:_MOST]


def _covered(found: Mapping[str, Any]) -> list[str]:
    """Return the places that were searched to the end."""
    sites = [one["site"] for one in found["sites"] if not one["stopped"]]
    done = [one for one in found["searched"] if not one["error"] and one["what"] in ("tree", "history")]
    return [*(one["target"] for one in done), *sites]


def _unread(found: Mapping[str, Any], earlier: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the places that were asked for and not read whole, by any search until now, each with the reason."""
    rows = [
        {"what": one["what"], "target": one["target"], "error": one["error"] or "", "gaps": one["gaps"]}
        for one in found["searched"]
    ]
    now = {(one["what"], one["target"]) for one in rows}
    with_history = not any(one["reason"] == NO_HISTORY for one in found["coverage"]["skipped"])
    trees = [one["target"] for one in found["searched"] if one["what"] == "tree" and not one["error"]]

    def gone(one: Mapping[str, Any]) -> bool:
        # A repository that the whole tree no longer shows was taken away.
        in_tree = one["what"] == "history" and with_history and _below(one["target"], trees)
        return (one["what"], one["target"]) in now or in_tree

    kept = [dict(one) for one in earlier if not gone(one)]
    return [*kept, *(one for one in rows if one["error"] or one["gaps"])][-_MOST:]


def _row(one: Mapping[str, Any], reset: Collection[str]) -> dict[str, Any]:
    what = one["kind"] if one["kind"] in (EXPOSURE, PLUGIN) else SECRET
    where = [_place(place) for place in one["where"]]
    first = where[0] if where else {"root": "", "path": ""}
    if what == SECRET:
        name = one["key_id"] or one["id"]
    elif what == EXPOSURE:
        name = f"{first['root']}{first['path']}"
    else:
        name = f"{one['id']} {first['path']}"
    logins = sorted({place["login"] for place in one["where"] if place.get("login")})[:_MOST_PLACES]
    return {
        "id": visible(name, 300),
        "what": what,
        "kind": one.get("exposes") or one["kind"],
        "shown": one.get("shown") or one.get("exposes") or one["id"],
        "key_id": one.get("key_id") or "",
        "logins": logins,
        "reset": [login for login in logins if login in reset],
        "account": one.get("account") or "",
        "state": one["state"] if what == SECRET else "",
        "why": visible(one["why"], 400),
        "severity": _SEVERITY.get(one["severity"], "low"),
        "accepted": one["decision"] == ACCEPTED,
        "exposed": what != SECRET or any(place["origin"] == "web" for place in where),
        "todo": one["todo"],
        "where": where[:_MOST_PLACES],
        "more": max(0, len(where) - _MOST_PLACES) + one.get("more_places", 0),
    }


def _place(place: Mapping[str, Any]) -> dict[str, Any]:
    row = {
        "origin": place["origin"],
        "root": visible(place["root"], 300),
        "path": visible(place["path"], 300),
        "line": place["line"],
    }
    if place["origin"] == "history":
        first, last = place.get("first_commit") or {}, place.get("last_commit") or {}
        row |= {
            "commit": first.get("commit", ""),
            "author": visible(first.get("author", ""), 120),
            "from": first.get("date", ""),
            "to": last.get("date", ""),
            "in_head": bool(place.get("in_head")),
        }
    return row


def _kept(
    earlier: Iterable[Mapping[str, Any]],
    fresh: Sequence[Mapping[str, Any]],
    covered: Sequence[str],
    *,
    again: bool,
    at: str,
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return (older rows whose places were not searched now, those that are closed since)."""
    here = {row["id"] for row in fresh}
    kept: list[dict[str, Any]] = []
    closed: list[dict[str, str]] = []
    for row in earlier:
        # A re-check asks a site for known paths only: it says nothing about versions of plugins.
        blind = again and row["what"] == PLUGIN and any("://" in place["path"] for place in row["where"])
        places = row["where"] if blind else [p for p in row["where"] if not _under(p, covered)]
        if places:
            exposed = row["what"] != SECRET or any(place["origin"] == "web" for place in places)
            kept.append({**row, "where": places, "exposed": exposed})
        elif row["id"] not in here:
            closed.append({"id": row["id"], "title": title_of(row), "at": at})
    return kept, closed


def _under(place: Mapping[str, Any], covered: Sequence[str]) -> bool:
    return _below(place["root"] or place["path"], covered)


def _below(where: str, roots: Iterable[str]) -> bool:
    return any(where == root or where.startswith(f"{root.rstrip('/')}/") for root in roots)


def _merged(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row an id, with all its places."""
    made: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = made.setdefault(row["id"], row)
        if known is not row:
            places = [*known["where"], *(place for place in row["where"] if place not in known["where"])]
            known["where"] = places[:_MOST_PLACES]
            known["exposed"] = known["exposed"] or row["exposed"]
            known["logins"] = sorted({*known["logins"], *row["logins"]})
    return list(made.values())


def _to_update(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the files where an old value still sits: there the replacement has to go (runbook step 10)."""
    return [
        {"key_id": row["key_id"], "logins": row["logins"], "place": spot(place)}
        for row in rows
        if row["what"] == SECRET
        for place in row["where"]
        if place["origin"] == "file"
    ]


def _thefts(fresh: Iterable[Mapping[str, Any]], earlier: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the surest answer for each credential, of this search and of older ones."""
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for one in (*fresh, *earlier):
        name = (str(one["key_id"] or ""), str(one["login"] or ""))
        if name not in best or one["strength"] < best[name]["strength"]:
            best[name] = dict(one)
    return sorted(best.values(), key=lambda one: (one["strength"], str(one["not_after"])))


def _logs(logs: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if logs is None:
        return None
    return {
        "first": logs["first"],
        "last": logs["last"],
        "lines": logs["lines"],
        "taken": [
            f"served {one['time']} {visible(one['path'], 200)} to {one['address']} ({one['size']} bytes, "
            f"{_SERVED.get(one['served'], one['served'])})"
            for one in logs["taken"][:_MOST_PLACES]
        ],
        "taken_count": logs["taken_count"],
    }


def _person(one: PersonSuspicion) -> dict[str, Any]:
    return {
        "user": one.person.id,
        "name": visible(one.person.name or one.person.email, 80),
        "keys": list(one.keys),
        "why": list(one.why),
        "questions": list(one.questions),
        "check": one.check,
    }
