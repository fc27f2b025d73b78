"""How it leaked, as the incident keeps it: the journal's fact ``leaks``, judged again whenever it is looked at.

A search is journaled as found; whether a secret still lives is told by what happened since (its key deleted,
its login reset), and *still exposed* is kept apart from *still live*: a dead key on a public page names the
hole the next one will fall through. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from workbench.core.redact import key_tail, visible
from workbench.core.words import plural
from workbench.domain.detection.findings import Finding
from workbench.domain.leaks.recorded import (
    EXPOSURE,
    PLUGIN,
    SECRET,
    FoundLeak,
    FoundPlace,
    LeaksFound,
    SuspectedPerson,
)
from workbench.domain.model.state import State

if TYPE_CHECKING:
    from workbench.leaks.findings import AccountFacts

# What somebody judged and leaves where it lies.
ACCEPTED = "accepted"
# What somebody says is taken away; a later search that still finds it knows better.
CLOSED = "closed"
# Attestations about a person are kept apart from the step's own: an answer closes no step.
PERSON = "7.person"


@dataclass(frozen=True, slots=True)
class Leak:
    """One secret, exposure or flaw as it stands now.

    ``name`` is short, ``title`` a line of its own. ``live`` is live, dead or cannot tell (empty where it is no
    secret); ``exposed`` says that anybody can still fetch it, as far as the last look told.
    """

    key: str
    id: str
    what: str
    name: str
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


# ── as it stands now ─────────────────────────────────────────────────────────────────────────────────────


def leaks(state: State) -> list[Leak]:
    """Return every leak of the last searches as it stands now, what is open first."""

    @cache
    def facts() -> AccountFacts:
        # With the search's own rules, a megabyte that an incident without a found secret never asks for; and once, for
        # it reads what was done to every credential.
        from workbench.domain.leaks.account_facts import account_facts

        return account_facts(state)

    found = [_leak(row, state, facts) for row in state.known(LeaksFound).exposures]
    order = {"high": 0, "medium": 1, "low": 2}
    kinds = (SECRET, EXPOSURE, PLUGIN)
    return sorted(
        found, key=lambda one: (not one.open, order[one.severity], kinds.index(one.what), one.title)
    )


def _leak(row: FoundLeak, state: State, facts: Callable[[], AccountFacts]) -> Leak:
    key = f"leak:{row.id}"
    live, why = _live(row, facts) if row.what == SECRET else ("", row.why)
    decision = state.decisions.get(key)
    again = decision is not None and decision.decision == CLOSED and decision.at < row.seen
    still = row.exposed and bool(row.where)
    reasons = [why]
    if again:
        reasons.append("it was said to be closed, and a later search found it again")
    if row.what == SECRET and still:
        reasons.append("still exposed: anybody can fetch it, as far as the last look told")
    only_past = all(place.origin == "history" and not place.in_head for place in row.where)
    if row.what == SECRET and only_past:
        reasons.append("only in the history, no longer in HEAD")
    return Leak(
        key=key,
        id=row.key_id or row.id,
        what=row.what,
        name=_name(row),
        title=title_of(row),
        live=live,
        exposed=still,
        severity="low" if live == "dead" and not still else row.severity,
        why=tuple(reasons),
        where=tuple(spot(place) for place in row.where),
        todo=_todo(row, live, still),
        decision=ACCEPTED if row.accepted else "" if decision is None or again else decision.decision,
    )


def _live(row: FoundLeak, known: Callable[[], AccountFacts]) -> tuple[str, str]:
    """Return whether a found secret lives by now: what was replaced after it was found is dead."""
    if row.state == "dead":
        return "dead", row.why
    facts = known()
    if row.key_id and row.key_id in facts.deleted_ids:
        return "dead", "rotated: the key was deleted and its absence shown"
    # It was found before the new password was set, so it cannot be the new one.
    older = [login for login in row.logins if login in facts.resets and login not in row.reset]
    if row.logins and len(older) + len(facts.gone.keys() & set(row.logins)) == len(row.logins):
        return "dead", f"rotated: another password was set and proven for {', '.join(row.logins)}"
    return row.state, row.why


def _name(row: FoundLeak) -> str:
    if row.what != SECRET:
        return f"{'served' if row.what == EXPOSURE else 'plugin'}: {row.shown}"
    whose = f" of {', '.join(row.logins[:2])}" if row.logins else ""
    return f"{row.kind} {key_tail(row.key_id) if row.key_id else row.shown}{whose}"


def title_of(row: FoundLeak) -> str:
    if row.what == SECRET:
        places = len(row.where) + row.more
        return f"leaked {_name(row)} in {places} place{'s' if places != 1 else ''}"
    place = spot(row.where[0]) if row.where else row.id
    return f"{'exposed' if row.what == EXPOSURE else 'vulnerable plugin'}: {row.shown} at {place}"


def spot(place: FoundPlace) -> str:
    """Return a place in words: file and line, commit, or address."""
    if place.origin == "web":
        return f"{place.root}{place.path}"
    root = f"{place.root.rstrip('/')}/" if place.root and not place.path.startswith("/") else ""
    line = f":{place.line}" if place.line else ""
    spot = f"{root}{place.path}{line}"
    if place.origin != "history":
        return spot
    commit = (place.commit or "")[:12] or "no commit reaches it"
    head = "still in HEAD" if place.in_head else f"gone since {place.until or 'unknown'}"
    return f"{spot} (commit {commit} by {place.author or 'unknown'}, {place.since or 'undated'}, {head})"


def below_what_was_searched(state: State, text: str) -> str:
    """Return a text in which the folders that were searched go by their last name alone.

    Where they lie on the searching machine says nothing to whoever reads a paper, and may name a person.
    """
    asked = state.known(LeaksFound).asked
    roots = {one.rstrip("/") for one in (*asked.targets, *asked.logs)}
    for root in sorted(roots, key=len, reverse=True):
        if root.startswith("/") and root.count("/") > 1:
            text = text.replace(root, root.rpartition("/")[2])
    return text


def _todo(row: FoundLeak, live: str, still: bool) -> str:
    """Return what to do, in the order it matters; what is done already is left out."""
    if row.what != SECRET:
        return row.todo
    steps = [] if live == "dead" else ["Replace this secret first."]
    if still:
        steps.append("Block the path on the site at once.")
    if any(place.origin == "file" for place in row.where):
        steps.append("Put the new value where this one lies, or remove it there.")
    if any(place.origin == "history" for place in row.where):
        steps.append(
            "Purge it from the history (git filter-repo --replace-text), force-push, and ask the forge to drop "
            "cached views and forks; who cloned before keeps it."
        )
    return " ".join(steps)


def exposed_paths(state: State) -> dict[str, frozenset[str]]:
    """Return the paths found exposed, by site: what a re-check asks for again."""
    paths: dict[str, set[str]] = {}
    for row in state.known(LeaksFound).exposures:
        for place in row.where:
            if place.origin == "web":
                paths.setdefault(place.root, set()).add(place.path)
    return {site: frozenset(held) for site, held in paths.items()}


def places_of(state: State, *, key_id: str = "", login: str = "") -> tuple[str, ...]:
    """Return the files where the old value of a credential still sits."""
    found = state.fact(LeaksFound)
    if found is None:
        return ()
    return tuple(
        one.place
        for one in found.update_places
        if (key_id and one.key_id == key_id) or (login and login in one.logins)
    )


def devices(state: State) -> list[str]:
    """Return whose devices must be checked before they are handed new secrets, unless attested since."""
    said = {one.subject for one in state.attestations if one.step == PERSON}
    return [one.check for one in state.known(LeaksFound).people if one.user not in said]


def lines(state: State) -> list[str]:
    """Return how it leaked in sentences, as it stands now: for the runbook and the report."""
    body = state.fact(LeaksFound)
    if body is None:
        return []
    now = [_sentence(one) for one in leaks(state)]
    return [*sentences(body, body.at, now), *_answers(state)]


def headlines(state: State) -> list[str]:
    """Return how it leaked without the single leaks: when it was taken, what was searched, what is closed, who."""
    body = state.fact(LeaksFound)
    return [] if body is None else [*sentences(body, body.at, ()), *_answers(state)]


def _sentence(one: Leak) -> str:
    state = ", ".join(
        part for part in (one.live, "still exposed" if one.exposed else "", one.decision) if part
    )
    first = f"; first place: {one.where[0]}" if one.where and one.what == SECRET else ""
    return f"{one.title}: {state or 'open'}{first}"


def sentences(body: LeaksFound, at: str, now: Sequence[str] | None = None) -> Iterator[str]:
    for theft in body.thefts:
        yield f"{theft.sentence} (how sure: {theft.how_sure})"
    places = body.searched
    more = f" and {len(places) - 8} more" if len(places) > 8 else ""
    yield f"searched {at}: {', '.join(visible(place, 120) for place in places[:8]) or 'no place'}{more}"
    logs = body.logs
    if logs is not None:
        yield (
            f"web access logs read from {logs.first} to {logs.last}: {logs.lines:,} lines, "
            f"{plural(logs.taken_count, 'request')} served a file with secrets"
        )
        yield from logs.taken[:5]
    yield from (
        now if now is not None else (f"{title_of(row)}: {row.state or 'exposed'}" for row in body.exposures)
    )
    yield from (f"closed {one.at}: {one.title}" for one in body.closed)
    yield from (f"not searched: {text}" for text in body.failed)
    yield from map(suspicion, body.people)


def suspicion(one: SuspectedPerson) -> str:
    """Return in a sentence why somebody was probably signed in as a person of ours."""
    return f"{one.name}: {'; '.join(one.why)}"


def _answers(state: State) -> Iterator[str]:
    for one in state.attestations:
        if one.step == PERSON:
            yield f"asked: {one.text} (attested by {one.who}, {one.at})"


def leak_findings(state: State) -> list[Finding]:
    """Return one finding for each leaked secret, exposure and vulnerable plugin, what is open first."""
    return [
        Finding(
            key=one.key,
            id=one.id,
            kind="leak" if one.what == SECRET else one.what,
            title=one.title,
            where=one.where,
            severity=one.severity,
            why=(*one.why, one.todo),
            decision=one.decision or ("" if one.open else "closed"),
            remedy="leaks.judge" if one.open else "",
        )
        for one in leaks(state)
    ]
