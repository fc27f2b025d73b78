"""Every way in that the account shows to be open: what is not cut, kept, a stranger's, queued, or copied away. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from workbench.core.redact import key_tail, short_address, visible
from workbench.core.words import plural
from workbench.domain.detection.abused_domains import abused_domains, figures_unread, senders_known
from workbench.domain.detection.alarms import excess_since_cut, leaked_again, open_alarms
from workbench.domain.model.effect_params import KeyDeleteParams
from workbench.domain.model.inventory import Gap
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import claims, coverage, proof_age, tapped
from workbench.domain.runbook.containment import key_is_left, rogue_subaccounts, untouched
from workbench.domain.runbook.handover import Kept, kept, not_yet
from workbench.domain.runbook.old_and_new import still_answers
from workbench.domain.runbook.queues import queues_left
from workbench.domain.runbook.verdict import attested

__all__ = ["WayIn", "gaps", "told_together", "ways"]

# Which steps' attestation says that a person looked where this key cannot.
_LOOKED = {"keys": "1", "users": "1b", "domains": "2", "logins": "2", "subaccounts": "3", "routes": "6"}
_FROM_BEFORE = 3  # named one by one


@dataclass(frozen=True, slots=True)
class WayIn:
    """One way in. ``known`` False: nobody could tell whether it is shut; ``used``: somebody came through it.

    ``kind`` is ``key``, ``login``, ``kept``, ``user``, ``password``, ``subaccount``, ``queue``, ``route``,
    ``sending``, ``alarm`` or ``unread``; ``target`` the thing as the API names it; ``administers`` says that whoever
    has it can make further ways. Of what is ``kept``, ``what`` says whether it is a key or a
    login, ``until`` how long, in words, and ``due`` until when.
    """

    kind: str
    target: str
    words: str
    short: str
    known: bool = True
    used: bool = False
    administers: bool = False
    what: str = ""
    until: str = ""
    due: datetime | None = None

    @property
    def only_waits(self) -> bool:
        """Return whether it is kept for its hand-over and nobody came through it."""
        return self.kind == "kept" and not self.used


def told_together(found: Sequence[WayIn]) -> list[WayIn]:
    """Return the ways as they are told: many that are kept for their hand-over are one that counts them."""
    waiting = [way for way in found if way.only_waits]
    if len(waiting) <= _FROM_BEFORE:
        return list(found)
    counts = Counter(way.what for way in waiting)
    what = " and ".join(plural(count, f"old {name}") for name, count in sorted(counts.items()))
    soonest = min(waiting, key=lambda way: (way.due is None, way.due or datetime.max.replace(tzinfo=UTC)))
    until = soonest.until if len({way.until for way in waiting}) == 1 else f"the first: {soonest.until}"
    one = WayIn(
        "kept",
        "*",
        f"{what}, kept for their hand-over ({until})",
        f"{what} kept, {until}",
        administers=any(way.administers for way in waiting),
    )
    first = waiting[0]
    return [one if way is first else way for way in found if way is first or not way.only_waits]


def ways(situation: Situation) -> list[WayIn]:
    """Return the ways that the readings show, those that were used marked."""
    rang = {alarm.target for alarm in open_alarms(situation)}
    found = [
        *_keys(situation),
        *_logins(situation),
        *(_kept(situation, item) for item in kept(situation) if not item.calm),
        *_users(situation),
        *_subaccounts(situation),
        *_queues(situation),
        *_routes(situation),
        *_sending(situation),
    ]
    return [replace(way, used=True) if way.target in rang else way for way in found]


def gaps(situation: Situation) -> list[Gap]:
    """Return where a way could be and nobody could read, unless a person looked there and attested it.

    Routes are a way where one could take the mail with which a user's password is set.
    """
    wanted = [name for name in _LOOKED if name != "routes" or tapped.could_be(situation)]
    held = coverage.unread(situation.inventory, wanted)
    return [gap for gap in held if attested(situation.state, _LOOKED[coverage.part(gap)]) is None]


def _keys(situation: Situation) -> Iterator[WayIn]:
    waiting = {item.target for item in kept(situation)}
    cut = bool(situation.state.first_cut_at)
    left = [
        item
        for item in situation.inventory.keys.values()
        if key_is_left(situation, item) and item.id not in waiting
    ]
    before = [item for item in left if situation.state.baseline.had_key(item.id)]
    for item in left:
        if item not in before or (cut and len(before) <= _FROM_BEFORE):
            name = f"API key “{visible(item.name, 60)}” {key_tail(item.id)}"
            if item.id in leaked_again(situation):
                name = f"the new {name}, which somebody else uses already"
            yield WayIn("key", item.id, name, name, administers=item.key.role == "admin")
    if before and (not cut or len(before) > _FROM_BEFORE):
        words = f"{plural(len(before), 'API key')} from before"
        yield WayIn("key", "*", words, words, administers=any(i.key.role == "admin" for i in before))
    for record in situation.state.of_kind(EffectKind.KEY_DELETE):
        alive, target = still_answers(record), record.effect.target
        if alive or record.open:
            end = "which still answers although it was deleted" if alive else "whose end is not known"
            words = f"API key {key_tail(target)}, {end}"
            powerful = record.effect.given(KeyDeleteParams).role not in proof_age.LESSER
            yield WayIn("key", target, words, words, known=alive, administers=powerful)


def _logins(situation: Situation) -> Iterator[WayIn]:
    waiting = {item.target for item in kept(situation) if not item.is_key}
    left, unproven = untouched(situation)
    left = [login for login in left if login not in waiting]
    if len(left) <= _FROM_BEFORE and situation.state.first_cut_at:
        for login in left:
            words = f"SMTP login {visible(login, 80)}"
            if login in leaked_again(situation):
                words = f"{words}, used by somebody else since its new password was set"
            yield WayIn("login", login, words, f"login {visible(login, 40)}")
    elif left:
        words = f"{plural(len(left), 'SMTP login')} with the password from before"
        yield WayIn("login", "*", words, f"{plural(len(left), 'login')}")
    if unproven and attested(situation.state, "2") is None:
        words = f"{plural(len(unproven), 'SMTP login')} whose new password could not be proven"
        yield WayIn("login", "?", words, f"{plural(len(unproven), 'login')} not proven", known=False)
    again = proof_age.overtaken(situation.state).keys() & situation.inventory.logins.keys()
    if again and attested(situation.state, "2") is None:
        words = (
            f"{plural(len(again), 'SMTP login')} last proven before the last way to set passwords was shut"
        )
        yield WayIn("login", "again", words, f"{plural(len(again), 'login')} to prove again", known=False)


def _kept(situation: Situation, item: Kept) -> WayIn:
    name = f"key {key_tail(item.target)}" if item.is_key else f"login {visible(item.target, 60)}"
    if item.due is None:
        left = not_yet(item)
    elif span := claims.left(item.due - situation.now):
        left = f"{span} left"
    else:
        left = f"time up since {claims.stamp(item.due)}"
    return WayIn(
        "kept",
        item.target,
        f"old {name}, kept for its hand-over ({left})",
        f"old {name} kept, {left}",
        administers=_is_admin(situation, item),
        what="key" if item.is_key else "login",
        until=left,
        due=item.due,
    )


def _is_admin(situation: Situation, item: Kept) -> bool:
    held = situation.inventory.keys.get(item.target)
    return item.is_key and held is not None and held.key.role == "admin"


def _users(situation: Situation) -> Iterator[WayIn]:
    for item in situation.inventory.users.values():
        name = visible(short_address(item.user.email or item.user.name or item.id), 60)
        if item.user.is_disabled:
            continue
        if situation.of_user(item).likely:
            yield WayIn("user", item.id, f"panel user {name}", f"panel user {name}", administers=True)
        elif not item.user.tfa_active and (through := tapped.password_of(situation, item)):
            words = f"panel user {name}, whose password mail was copied by {through}"
            yield WayIn("password", item.id, words, f"password of {name}", administers=True)


def _subaccounts(situation: Situation) -> Iterator[WayIn]:
    for sub in rogue_subaccounts(situation):
        name = f"subaccount {visible(sub.name or sub.id, 60)}"
        yield WayIn("subaccount", sub.id, name, name)


def _queues(situation: Situation) -> Iterator[WayIn]:
    if attested(situation.state, "3") is not None:
        return
    if situation.volume is None:
        yield WayIn(
            "queue", "?", "queued mail (the sending figures are not read)", "queued mail?", known=False
        )
    elif not senders_known(situation) and (unread := figures_unread(situation)):
        where = ", ".join(region.upper() for region in unread)
        words = f"queued mail in {where} (the sending figures there could not be read)"
        yield WayIn("queue", "?", words, f"queued mail in {where}?", known=False)
    elif not senders_known(situation) and not abused_domains(situation):
        words = (
            "queued mail (the figures name no abused domain, and the log is not read whole: workbench assess)"
        )
        yield WayIn("queue", "?", words, "queued mail?", known=False)
    for name in queues_left(situation):
        words = f"mail queued or scheduled for {visible(name, 80)}, not purged"
        yield WayIn("queue", name, words, f"queued mail of {visible(name, 40)}")


def _routes(situation: Situation) -> Iterator[WayIn]:
    for route, host in tapped.routes(situation):
        name = visible(route.description or route.expression or route.id, 40)
        words = f"route “{name}”, which copies users' password mail to {visible(host, 60)}"
        yield WayIn("route", route.id, words, f"route “{name}”", administers=True)
    for route in tapped.unclear(situation):
        name = visible(route.description or route.expression or route.id, 40)
        words = f"route “{name}”, which may take users' password mail away: not all of it could be read"
        yield WayIn("route", route.id, words, f"route “{name}”", known=False, administers=True)


def _sending(situation: Situation) -> Iterator[WayIn]:
    """Far more than usual goes out in hours that began after the cut, whoever it is that sends it."""
    if (excess := excess_since_cut(situation)) and situation.volume is not None:
        as_of = claims.stamp(situation.volume.as_of)
        words = f"{excess:,.0f} an hour above the usual go out, measured since the cut (as of {as_of})"
        yield WayIn("sending", "*", words, f"{excess:,.0f}/h above usual", used=True)
