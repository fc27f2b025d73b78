"""From the incident to the way off the lists: what must be true first, why it happened, and the facts to tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

from workbench.blocklists.catalogue import load
from workbench.blocklists.removal import Removal, plan_removals
from workbench.blocklists.removal import RemovalSituation as RemovalSituation
from workbench.blocklists.request_text import Facts
from workbench.blocklists.verdicts import Listing
from workbench.core.clock import as_moment
from workbench.core.redact import visible
from workbench.core.registered_names import registrable
from workbench.core.words import plural
from workbench.domain.blocklists.recorded import RefusalsRead
from workbench.domain.blocklists.refusals import quote, same_list
from workbench.domain.forensics.recorded import RecordedAssessment, RecordedWindow
from workbench.domain.leaks.recorded import LeaksFound
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import runbook
from workbench.domain.runbook.containment_state import containment, is_contained

# What "the cause is fixed" rests on before any list is asked: keys, strangers, logins, queued mail.
GATE = ("1", "1b", "2", "3")


def still_open(situation: Situation) -> tuple[str, ...]:
    """Return the steps that must be closed before a removal may be asked for, and are not."""
    return tuple(
        f"step {view.id}, {view.title.lower()}"
        for view in runbook.steps(situation)
        if view.id in GATE and not view.verdict.closed
    )


def removals(situation: Situation, listings: Iterable[Listing]) -> tuple[Removal, ...]:
    """Return the way off for every listing, the one that matters most first."""
    open_steps = still_open(situation)
    book = situation.state.listings
    about = RemovalSituation(
        facts=facts(situation),
        containment_done=not open_steps and is_contained(situation),
        still_open=open_steps or (() if is_contained(situation) else (containment(situation).words,)),
        why=_why(situation),
        refused_mail=_refused(situation.state.known(RefusalsRead)),
        quote=partial(quote, situation.state.fact(RefusalsRead)),
        own_names=frozenset(
            registrable(item.name)
            for item in situation.inventory.domains.values()
            if not item.domain.is_sandbox and not situation.of_domain(item).likely
        ),
    )
    return plan_removals(listings, about, book.requests(), situation.now)


def facts(situation: Situation) -> Facts:
    """Return what the incident knows and a list asks for; what is not known stays blank for the operator."""
    state = situation.state
    began, ended = _window(situation)
    said = [a.text for a in state.attestations if a.step == "7"]
    cause = "A credential of our Mailgun account was stolen and used to send spam"
    if said:
        cause += f": {visible(said[-1], 200)}"
    elif state.known(LeaksFound).found:
        cause += ", found in places of ours that were open to others"
    return Facts(
        organisation=visible(state.name, 60) if state.name and state.name != "account" else "",
        first_abuse=began,
        last_abuse=ended,
        cause=cause,
        changed=_changed(situation),
        prevents=_prevents(situation),
    )


def _window(situation: Situation) -> tuple[datetime | None, datetime | None]:
    state = situation.state
    window = state.known(RecordedAssessment).window or RecordedWindow()
    began, ended = as_moment(window.began), as_moment(window.ended)
    if began is None and situation.volume is not None:
        began = situation.volume.began
    if ended is None and is_contained(situation):
        ended = as_moment(state.last_abuse_at) or as_moment(state.contained_at)
    return began, ended


def _changed(situation: Situation) -> tuple[str, ...]:
    state = situation.state
    lines = []
    for kind, one, what in (
        (EffectKind.KEY_DELETE, "API key", "deleted, the old ones are refused"),
        (EffectKind.LOGIN_RESET, "SMTP password", "replaced, the new ones proven"),
        (EffectKind.LOGIN_DELETE, "stranger's SMTP login", "removed"),
    ):
        done = [r for r in state.of_kind(kind) if r.state is EffectState.VERIFIED]
        if done:
            lines.append(f"{plural(len(done), one)} {what} (by {max(r.done_at for r in done)})")
    purged = [r for r in state.effects.values() if r.effect.kind.value == "queue.purge" and r.state.settled]
    if purged:
        lines.append(f"queued mail of {plural(len(purged), 'domain')} purged")
    users = situation.inventory.users.values()
    cut = as_moment(state.last_cut_at)
    fresh = [
        item
        for item in users
        if cut is not None
        and item.user.password_updated_at is not None
        and item.user.password_updated_at > cut
    ]
    if fresh:
        lines.append(f"{plural(len(fresh), 'user')} of the account with a new password")
    if is_contained(situation):
        lines.append(f"{containment(situation).words}, with proof")
    return tuple(lines)


def _prevents(situation: Situation) -> tuple[str, ...]:
    lines = []
    users = [item.user for item in situation.inventory.users.values() if not item.user.is_disabled]
    if users and all(user.tfa_active for user in users):
        lines.append("two-factor sign-in is on for every user")
    if _watched_daily(situation):
        lines.append("the account, its complaint rate and the blocklists are watched daily")
    return tuple(lines)


def _watched_daily(situation: Situation) -> bool:
    """Return whether the lists were really asked on this day and on the day before."""
    looks = {
        one.at.astimezone(UTC).date()
        for seen in situation.state.listings.pairs.values()
        for one in seen.observations
    }
    today = situation.now.astimezone(UTC).date()
    return {today, today - timedelta(days=1)} <= looks


def _why(situation: Situation) -> dict[str, list[str]]:
    """Return, by subject, what the account itself shows of the cause."""
    volume = situation.volume
    found: dict[str, list[str]] = {}
    if volume is None or volume.began is None:
        return found
    since, total = volume.span("%d %b"), volume.abuse_accepted
    for name, count in volume.by_domain.items():
        usual = volume.usual_by_domain.get(name, 0.0)
        if count > 2 * usual + 10:
            line = f"{count:,} messages left as {visible(name, 120)} {since}, where {usual:,.0f} are usual"
            found.setdefault(name, []).append(line)
    for ip in situation.inventory.ips:
        found[ip] = [f"{total:,} messages were accepted by the account {since}, {volume.explained()}"]
    for line in situation.state.known(RecordedAssessment).lines[:2]:
        for lines in found.values():
            lines.append(visible(line, 200))
    return found


def _refused(fact: RefusalsRead) -> dict[str, int]:
    named = {same_list(zone): count for zone, count in fact.by_zone.items()}
    return {**named, **{name: count for name in load().zones if (count := named.get(same_list(name)))}}
