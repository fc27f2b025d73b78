"""How it leaked, as the incident keeps it: the journal's fact ``leaks``, judged again whenever it is looked at.

A search is journaled as found; whether a secret still lives is told by what happened since (its key deleted,
its login reset), and *still exposed* is kept apart from *still live*: a dead key on a public page names the
hole the next one will fall through. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.incident.leak_facts import account_facts
from workbench.incident.state import State
from workbench.leaks.document import document
from workbench.redact import key_tail, visible

if TYPE_CHECKING:
    from workbench.leaks.command import LeakReport
    from workbench.leaks.people import Suspicion

FACT = "leaks"
# What somebody judged and leaves where it lies.
ACCEPTED = "accepted"
# What somebody says is taken away; a later search that still finds it knows better.
CLOSED = "closed"
# Attestations about a person are kept apart from the step's own: an answer closes no step.
PERSON = "7.person"
_MOST, _MOST_PLACES = 200, 20
_SECRET, _EXPOSURE, _PLUGIN = "secret", "exposure", "wordpress-plugin"
_SEVERITY = {"critical": "high", "high": "high", "medium": "medium"}


@dataclass(frozen=True, slots=True)
class Leak:
    """One secret, exposure or flaw as it stands now.

    ``live`` is live, dead or cannot tell (empty where it is no secret); ``exposed`` says that anybody can
    still fetch it, as far as the last look told.
    """

    key: str
    id: str
    what: str
    title: str
    live: str
    exposed: bool
    severity: str
    why: tuple[str, ...]
    where: tuple[str, ...]
    todo: str
    decision: str

    @property
    def open(self) -> bool:
        """Return whether somebody still has to act: neither accepted, nor dead and out of reach."""
        return not self.decision and (self.exposed or self.live != "dead")


# ── what a search becomes ────────────────────────────────────────────────────────────────────────────────


def fact(
    report: LeakReport,
    asked: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    people: Sequence[Suspicion] = (),
    *,
    at: str,
    reset: Collection[str] = (),
) -> dict[str, Any]:
    """Return the body of the fact ``leaks``: this search's results, and older ones of places not searched now.

    ``asked`` names targets, logs and sites, for the re-check, and ``again`` where only known paths of a
    site were asked; ``before`` is the fact as it was; ``at`` the moment.
    """
    found = document(report)
    earlier = before or {}
    covered = _covered(report)
    fresh = [{**_row(one, reset), "seen": at} for one in found["findings"]][:_MOST]
    again = bool(asked.get("again"))
    kept, closed = _kept(earlier.get("exposures", ()), fresh, covered, again=again, at=at)
    exposures = _merged([*fresh, *kept])[:_MOST]
    thefts = _thefts(found["thefts"], earlier.get("thefts", ()))
    body: dict[str, Any] = {
        "places": len({*covered, *earlier.get("searched", ())}),
        "searched": sorted({*covered, *earlier.get("searched", ())}),
        "failed": [f"{one['target']}: {one['error']}" for one in found["searched"] if one["error"]],
        "skipped": [one["reason"] for one in found["coverage"]["skipped"] if one["gap"]],
        "found": sum(row["what"] == _SECRET for row in exposures),
        "exposures": exposures,
        "closed": [*earlier.get("closed", ()), *closed][-_MOST:],
        "update_places": _to_update(exposures),
        "thefts": thefts,
        "logs": _logs(found["logs"]) or earlier.get("logs"),
        "people": [_person(one) for one in people] or list(earlier.get("people", ())),
        "asked": {
            name: list(dict.fromkeys([*earlier.get("asked", {}).get(name, ()), *asked.get(name, ())]))
            for name in ("targets", "logs", "sites")
        },
    }
    body["open"] = sum(
        not row["accepted"] and (row["exposed"] or row["state"] != "dead") for row in exposures
    )
    body["lines"] = list(_lines(body, at))
    return body


def _covered(report: LeakReport) -> list[str]:
    """Return the places that were searched to the end."""
    stopped = {one.site for one in report.sites if one.stopped}
    sites = [one.site for one in report.sites if one.site not in stopped]
    return [
        *(one.target for one in report.searched if not one.error and one.what in ("tree", "history")),
        *sites,
    ]


def _row(one: Mapping[str, Any], reset: Collection[str]) -> dict[str, Any]:
    what = one["kind"] if one["kind"] in (_EXPOSURE, _PLUGIN) else _SECRET
    where = [_place(place) for place in one["where"]]
    first = where[0] if where else {"root": "", "path": ""}
    if what == _SECRET:
        name = one["key_id"] or one["id"]
    elif what == _EXPOSURE:
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
        "state": one["state"] if what == _SECRET else "",
        "why": visible(one["why"], 400),
        "severity": _SEVERITY.get(one["severity"], "low"),
        "accepted": one["decision"] == ACCEPTED,
        "exposed": what != _SECRET or any(place["origin"] == "web" for place in where),
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
        blind = again and row["what"] == _PLUGIN and any("://" in place["path"] for place in row["where"])
        places = row["where"] if blind else [p for p in row["where"] if not _under(p, covered)]
        if places:
            exposed = row["what"] != _SECRET or any(place["origin"] == "web" for place in places)
            kept.append({**row, "where": places, "exposed": exposed})
        elif row["id"] not in here:
            closed.append({"id": row["id"], "title": _title(row), "at": at})
    return kept, closed


def _under(place: Mapping[str, Any], covered: Sequence[str]) -> bool:
    spot = place["root"] or place["path"]
    return any(spot == root or spot.startswith(f"{root.rstrip('/')}/") for root in covered)


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
        {"key_id": row["key_id"], "logins": row["logins"], "place": _spot(place)}
        for row in rows
        if row["what"] == _SECRET
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
            f"{one['time']} {visible(one['path'], 200)} by {one['address']} ({one['size']} bytes, {one['served']})"
            for one in logs["taken"][:_MOST_PLACES]
        ],
        "taken_count": logs["taken_count"],
    }


def _person(one: Suspicion) -> dict[str, Any]:
    return {
        "user": one.person.id,
        "name": visible(one.person.name or one.person.email, 80),
        "keys": list(one.keys),
        "why": list(one.why),
        "questions": list(one.questions),
        "check": one.check,
    }


# ── as it stands now ─────────────────────────────────────────────────────────────────────────────────────


def leaks(state: State) -> list[Leak]:
    """Return every leak of the last searches as it stands now, what is open first."""
    body = state.facts.get(FACT)
    if body is None:
        return []
    found = [_leak(row, state) for row in body.get("exposures", ())]
    order = {"high": 0, "medium": 1, "low": 2}
    return sorted(found, key=lambda one: (not one.open, order[one.severity], one.what, one.title))


def _leak(row: Mapping[str, Any], state: State) -> Leak:
    key = f"leak:{row['id']}"
    live, why = _live(row, state) if row["what"] == _SECRET else ("", row["why"])
    decision = state.decisions.get(key)
    again = decision is not None and decision.decision == CLOSED and decision.at < row["seen"]
    still = row["exposed"] and bool(row["where"])
    reasons = [why]
    if again:
        reasons.append("it was said to be closed, and a later search found it again")
    if row["what"] == _SECRET and still:
        reasons.append("still exposed: anybody can fetch it, as far as the last look told")
    only_past = all(place["origin"] == "history" and not place["in_head"] for place in row["where"])
    if row["what"] == _SECRET and only_past:
        reasons.append("only in the history, no longer in HEAD")
    return Leak(
        key=key,
        id=row["key_id"] or row["id"],
        what=row["what"],
        title=_title(row),
        live=live,
        exposed=still,
        severity="low" if live == "dead" and not still else row["severity"],
        why=tuple(reasons),
        where=tuple(_spot(place) for place in row["where"]),
        todo=_todo(row, live, still),
        decision=ACCEPTED if row["accepted"] else "" if decision is None or again else decision.decision,
    )


def _live(row: Mapping[str, Any], state: State) -> tuple[str, str]:
    """Return whether a found secret lives by now: what was replaced after it was found is dead."""
    if row["state"] == "dead":
        return "dead", row["why"]
    facts = account_facts(state)
    if row["key_id"] and row["key_id"] in facts.deleted_ids:
        return "dead", "rotated: the key was deleted and its absence shown"
    # It was found before the new password was set, so it cannot be the new one.
    older = [login for login in row["logins"] if login in facts.resets and login not in row["reset"]]
    if row["logins"] and len(older) + len(facts.gone & set(row["logins"])) == len(row["logins"]):
        return "dead", f"rotated: another password was set and proven for {', '.join(row['logins'])}"
    return row["state"], row["why"]


def _title(row: Mapping[str, Any]) -> str:
    if row["what"] == _SECRET:
        whose = f" of {', '.join(row['logins'][:2])}" if row["logins"] else ""
        name = f"key {key_tail(row['key_id'])}" if row["key_id"] else row["shown"]
        places = len(row["where"]) + row["more"]
        return f"leaked {row['kind']} {name}{whose} in {places} place{'s' if places != 1 else ''}"
    place = _spot(row["where"][0]) if row["where"] else row["id"]
    return f"{'exposed' if row['what'] == _EXPOSURE else 'vulnerable plugin'}: {row['shown']} at {place}"


def _spot(place: Mapping[str, Any]) -> str:
    """Return a place in words: file and line, commit, or address."""
    if place["origin"] == "web":
        return f"{place['root']}{place['path']}"
    root = f"{place['root'].rstrip('/')}/" if place["root"] and not place["path"].startswith("/") else ""
    line = f":{place['line']}" if place["line"] else ""
    spot = f"{root}{place['path']}{line}"
    if place["origin"] != "history":
        return spot
    commit = str(place.get("commit", ""))[:12] or "no commit reaches it"
    head = "still in HEAD" if place.get("in_head") else f"gone since {place.get('to') or 'unknown'}"
    return f"{spot} (commit {commit} by {place.get('author') or 'unknown'}, {place.get('from') or 'undated'}, {head})"


def _todo(row: Mapping[str, Any], live: str, still: bool) -> str:
    """Return what to do, in the order it matters; what is done already is left out."""
    if row["what"] != _SECRET:
        return str(row["todo"])
    steps = [] if live == "dead" else ["Replace this secret first."]
    if still:
        steps.append("Block the path on the site at once.")
    if any(place["origin"] == "file" for place in row["where"]):
        steps.append("Put the new value where this one lies, or remove it there.")
    if any(place["origin"] == "history" for place in row["where"]):
        steps.append(
            "Purge it from the history (git filter-repo --replace-text), force-push, and ask the forge to drop "
            "cached views and forks; who cloned before keeps it."
        )
    return " ".join(steps)


def exposed_paths(state: State) -> dict[str, frozenset[str]]:
    """Return the paths found exposed, by site: what a re-check asks for again."""
    paths: dict[str, set[str]] = {}
    for row in state.facts.get(FACT, {}).get("exposures", ()):
        for place in row["where"]:
            if place["origin"] == "web":
                paths.setdefault(place["root"], set()).add(place["path"])
    return {site: frozenset(held) for site, held in paths.items()}


def places_of(state: State, *, key_id: str = "", login: str = "") -> tuple[str, ...]:
    """Return the files where the old value of a credential still sits."""
    return tuple(
        str(one["place"])
        for one in state.facts.get(FACT, {}).get("update_places", ())
        if (key_id and one["key_id"] == key_id) or (login and login in one["logins"])
    )


def devices(state: State) -> list[str]:
    """Return whose devices must be checked before they are handed new secrets, unless attested since."""
    said = {one.subject for one in state.attestations if one.step == PERSON}
    people = state.facts.get(FACT, {}).get("people", ())
    return [str(one["check"]) for one in people if one["user"] not in said]


def lines(state: State) -> list[str]:
    """Return how it leaked in sentences, as it stands now: for the runbook and the report."""
    body = state.facts.get(FACT)
    if body is None:
        return []
    now = [_sentence(one) for one in leaks(state)]
    return [*_lines(body, str(body.get("at", "")), now), *_answers(state)]


def _sentence(one: Leak) -> str:
    state = ", ".join(
        part for part in (one.live, "still exposed" if one.exposed else "", one.decision) if part
    )
    first = f"; first place: {one.where[0]}" if one.where and one.what == _SECRET else ""
    return f"{one.title}: {state or 'open'}{first}"


def _lines(body: Mapping[str, Any], at: str, now: Sequence[str] | None = None) -> Iterator[str]:
    for one in body["thefts"]:
        yield f"{one['sentence']} (how sure: {one['how_sure']})"
    places = body["searched"]
    more = f" and {len(places) - 8} more" if len(places) > 8 else ""
    yield f"searched {at}: {', '.join(visible(place, 120) for place in places[:8]) or 'no place'}{more}"
    logs = body.get("logs")
    if logs:
        yield (
            f"web access logs read from {logs['first']} to {logs['last']}: {logs['lines']:,} lines, "
            f"{logs['taken_count']} request(s) that were served a file with secrets"
        )
        yield from logs["taken"][:5]
    yield from (
        now
        if now is not None
        else (f"{_title(row)}: {row['state'] or 'exposed'}" for row in body["exposures"])
    )
    yield from (f"closed {one['at']}: {one['title']}" for one in body["closed"])
    yield from (f"not searched: {text}" for text in body["failed"])
    yield from (f"{one['name']}: {'; '.join(one['why'])}" for one in body["people"])


def _answers(state: State) -> Iterator[str]:
    for one in state.attestations:
        if one.step == PERSON:
            yield f"asked: {one.text} (attested by {one.who}, {one.at})"
