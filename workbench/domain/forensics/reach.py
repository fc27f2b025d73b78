"""What could be read with each credential that was stolen or planted: its rights, the time it lived, what lay there.

Three answers: *seen* (the account shows it), *could have been* (the rights allowed it while it lived), *cannot tell*
(what would say so was not read). Nothing here says that something was not read: no call shows who read what. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workbench.core.redact import key_tail, short_address, visible
from workbench.domain.forensics.planted import planted
from workbench.domain.forensics.since import abuse_began_text, exposed, stolen
from workbench.domain.leaks.recorded import LeaksFound
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.effect_params import KeyDeleteParams
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import INTRUDER as INTRUDERS
from workbench.domain.model.situation import Situation
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.domain.settings_audit.results import REMOVED, open_items

# Settings that copy mail or events to somebody, by the kind their findings carry.
_COPIES = {
    "route": "incoming mail copied or forwarded",
    "webhook": "events with recipients' addresses",
    "archive_to": "delivered messages, whole",
}
# What the roles of a key may read (docs/vendor-facts.md, A2). A sending key and an SMTP login read nothing.
_BY_ROLE: dict[str, tuple[str, ...]] = {
    "admin": ("log", "bodies", "lists", "suppressions", "templates", "people"),
    "developer": ("log", "bodies", "lists", "suppressions", "templates"),
    "support": ("log", "bodies", "lists", "suppressions", "templates"),
    "basic": ("log", "bodies", "lists", "templates"),
}
_WORDS = {
    "log": "log entries with senders, recipients and subjects, as far back as the plan keeps them",
    "bodies": "stored messages, for the days the plan keeps them",
    "lists": "mailing lists with their members",
    "suppressions": "addresses that bounced, complained or unsubscribed",
    "templates": "templates",
    "people": "names and addresses of the panel's users",
}


# What became of a copy, by what somebody said of it.
_STANDS = {INTRUDERS: "still stands", REMOVED: "removed"}
_SESSION = "cannot tell: Support ends panel sessions"


class Sure(StrEnum):
    """How much is known about whether data was read."""

    SEEN = "seen"
    POSSIBLE = "could have been"
    UNKNOWN = "cannot tell"

    @property
    def said(self) -> str:
        """Return it as the head of a line that names the data."""
        return {Sure.SEEN: "seen", Sure.POSSIBLE: "could have been read"}.get(
            self, "cannot tell whether read"
        )


@dataclass(frozen=True, slots=True)
class Data:
    """One kind of data and how sure it is that the intruder had it."""

    kind: str
    words: str
    sure: Sure


@dataclass(frozen=True, slots=True)
class Reach:
    """One credential: what it is, since and until when it was in the intruder's hands, and what that opened.

    ``since`` and ``until`` are ``""`` where nobody knows; ``until`` is *still works* while it does.
    """

    credential: str
    rights: str
    since: str
    until: str
    data: tuple[Data, ...]


def reach(situation: Situation) -> list[Reach]:
    """Return every credential and seat in the panel the intruder used, planted or may have had, the widest first."""
    parts = (_keys, _logins, _people, _sessions, _copies)
    found = [one for part in parts for one in part(situation)]
    return sorted(found, key=lambda one: (-len(one.data), one.credential))


def gaps(situation: Situation) -> list[str]:
    """Return what would say more and was not read, in sentences."""
    missing = []
    if situation.state.fact(CredentialUses) is None:
        missing.append("Which credential the intruder used was not read from the log.")
    if situation.state.fact(SweepRead) is None:
        missing.append("Settings that copy mail to others were not swept.")
    if "keys" not in situation.inventory.read_at:
        missing.append("The list of API keys was not read.")
    return [
        *missing,
        "Who only read leaves no trace that the API shows: ask Mailgun Support for the access log of each key.",
    ]


def _keys(situation: Situation) -> Iterator[Reach]:
    used, open_to_all, made = stolen(situation), exposed(situation), planted(situation.state)
    ended = _ended(situation, EffectKind.KEY_DELETE)
    for item in situation.inventory.keys.values():
        name, likely = f"key:{item.id}", situation.of_key(item).likely
        if not situation.minted_here(item.id) and (likely or name in used or name in open_to_all):
            since = _text(item.key.created_at if likely else None) or _since(situation, name, used)
            rights, data = _rights(item.key.role, item.key.kind)
            until = ended.get(item.id) or "still works"
            yield Reach(f"API key {key_tail(item.id)}", rights, since, until, data)
    params = {
        r.effect.target: r.effect.given(KeyDeleteParams)
        for r in situation.state.of_kind(EffectKind.KEY_DELETE)
    }
    known = {name.removeprefix("key:") for name in made if name.startswith("key:")}
    for key_id in sorted({*ended, *known} - set(situation.inventory.keys)):
        name = f"key:{key_id}"
        if name in used or name in open_to_all or name in made:
            # Deleted since: its role went with it, but whoever planned the end of it read the role first.
            was = params.get(key_id, KeyDeleteParams())
            rights, data = _rights(was.role, was.kind)
            since = _text(made.get(name)) or _since(situation, name, used)
            until = ended.get(key_id) or _gone(situation, "keys")
            yield Reach(f"API key {key_tail(key_id)}", rights, since, until, data)


def _people(situation: Situation) -> Iterator[Reach]:
    """Strangers among the panel's users, there or gone: who is signed in sees what the role shows."""
    made, listed = planted(situation.state), situation.inventory.users
    known = {name.removeprefix("user:") for name in made if name.startswith("user:")}
    strangers = {user for user, item in listed.items() if situation.of_user(item).likely}
    for user in sorted({*strangers, *(known - set(listed))}):
        item, there = listed.get(user), made.get(f"user:{user}")
        shown = item.user.email or item.user.name or user if item is not None else user
        rights, data = _rights(item.user.role if item is not None else None, "user")
        since = f"{_text(there)} at the latest" if there is not None else ""
        until = "still among the users" if item is not None else _gone(situation, "users")
        yield Reach(f"panel user {visible(short_address(shown), 80)}", rights, since, until, data)


def _sessions(situation: Situation) -> Iterator[Reach]:
    """Users of ours under whose name keys were planted: somebody was probably signed in as them."""
    made = planted(situation.state)
    for one in situation.state.known(LeaksFound).people:
        item = situation.inventory.users.get(one.user)
        first = min((made[f"key:{key}"] for key in one.keys if f"key:{key}" in made), default=None)
        rights, data = _rights(item.user.role if item is not None else None, "user")
        since = f"{_text(first)} at the latest" if first is not None else ""
        who = visible(short_address(one.name), 80)
        yield Reach(f"panel session of {who}, probably", rights, since, _SESSION, data)


def _gone(situation: Situation, what: str) -> str:
    """Return how long a thing of ``what`` (keys, users) that is not listed lived, as far as anybody can tell."""
    read = what in situation.inventory.read_at
    return "gone from the account, nobody saw when" if read else f"cannot tell: the {what} were not read"


def _rights(role: object, kind: object) -> tuple[str, tuple[Data, ...]]:
    """Return a key's rights in words and what they open; a role nobody knows is taken for the widest, as a guess."""
    name = str(role or "").lower()
    if kind == "domain" or name == "sending":
        return "sends for one domain, reads nothing", ()
    sure = Sure.POSSIBLE if name in _BY_ROLE else Sure.UNKNOWN
    kinds = _BY_ROLE.get(name, _BY_ROLE["admin"])
    return f"role {visible(name, 20) or 'not told'}", tuple(Data(kind, _WORDS[kind], sure) for kind in kinds)


def _logins(situation: Situation) -> Iterator[Reach]:
    used, made = stolen(situation), planted(situation.state)
    ended = _ended(situation, EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE)
    for name in sorted({*used, *made, *exposed(situation)}):
        kind, _, login = name.partition(":")
        if kind == "smtp":
            listed = login in situation.inventory.logins
            until = ended.get(login, "") or ("still works" if listed else "cannot tell: it is not listed")
            since = _text(made.get(name)) or _since(situation, name, used)
            yield Reach(f"SMTP login {visible(login, 80)}", "sends, reads nothing", since, until, ())


def _copies(situation: Situation) -> Iterator[Reach]:
    """Settings of the intruder's that send copies: what went through them while they stood was given away."""
    for item, decision in open_items(situation):
        words = _COPIES.get(item.kind)
        theirs = decision in _STANDS
        if words is not None and (theirs or (not decision and item.hosts)):
            data = (Data("copies", words, Sure.SEEN if theirs else Sure.UNKNOWN),)
            until = _STANDS.get(decision, "still stands, not judged yet")
            yield Reach(visible(item.title, 100), "copies to somebody else", "", until, data)


def _ended(situation: Situation, *kinds: EffectKind) -> dict[str, str]:
    """Return when each credential was ended, by its name in the account."""
    return {
        record.effect.target: record.done_at
        for record in situation.state.of_kind(*kinds)
        if record.state in (EffectState.DONE, EffectState.VERIFIED)
    }


def _since(situation: Situation, name: str, used: Mapping[str, str]) -> str:
    """Return since when a credential was in the intruder's hands, as far as its use, or else the abuse, tells.

    It may have been taken long before: what lay open to all is said, without a moment.
    """
    if name not in used:
        return "cannot tell: anybody could fetch it"
    if used[name]:
        return f"{used[name]} at the latest"
    began = abuse_began_text(situation)
    return f"{began} at the latest, as far as is known" if began else ""


def _text(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z" if moment is not None else ""


def kinds_of(found: Iterable[Reach]) -> list[tuple[str, Sure]]:
    """Return each kind of data once with the surest answer of all credentials, the surest first."""
    order = (Sure.SEEN, Sure.POSSIBLE, Sure.UNKNOWN)
    best: dict[str, Sure] = {}
    for one in found:
        for data in one.data:
            held = best.get(data.words)
            if held is None or order.index(data.sure) < order.index(held):
                best[data.words] = data.sure
    return sorted(best.items(), key=lambda pair: (order.index(pair[1]), pair[0]))
