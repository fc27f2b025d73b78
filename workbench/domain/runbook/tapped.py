"""Routes that copy the users' password mail to somebody else, and passwords that were set while one did. Pure.

A mailbox on a domain that Mailgun receives for can be copied by a route; whoever reads the mail of a password reset
has the session that follows, and a new password set meanwhile shuts nobody out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from workbench.core.clock import as_moment
from workbench.domain.detection.hosts import CustomerNames, home_of, host_of, mail_domains_in, urls_in
from workbench.domain.model.effect_params import RouteDeleteParams
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import OURS, Situation
from workbench.mailgun.models import Route
from workbench.mailgun.records import NAME_ALONE


def routes(situation: Situation) -> Iterator[tuple[Route, str]]:
    """Yield every route there is now that takes a user's mail to a host that is not the customer's, with that host.

    What the operator called ours is no such route.
    """
    home = _home(situation)
    for route in situation.inventory.routes.values():
        host = _foreign(route.actions, home)
        if host and not _ours(situation, route.id) and any(_users_of(situation, route.expression or "")):
            yield route, host


def unclear(situation: Situation) -> Iterator[Route]:
    """Yield every route that may take a user's mail away: to where nobody could read, or from a mailbox not known."""
    home, nameless = _home(situation), any(_mailbox_unknown(situation))
    for route in situation.inventory.routes.values():
        # A route has actions, always.
        unread = not route.actions or not {"actions", NAME_ALONE}.isdisjoint(route.unreadable)
        if any(_users_of(situation, route.expression or "")):
            doubtful = unread  # Where it is known to go to a stranger, it is one of ``routes``.
        else:
            doubtful = nameless and (unread or bool(_foreign(route.actions, home)))
        if doubtful and not _ours(situation, route.id):
            yield route


def could_be(situation: Situation) -> bool:
    """Return whether a route could take a user's password mail: Mailgun receives for the domain of a mailbox.

    A mailbox that nobody could read may be on such a domain.
    """
    held = (*_received(situation), *_mailbox_unknown(situation))
    return any(not item.user.is_disabled for item in held)


def password_of(situation: Situation, item: UserItem) -> str:
    """Return which route copied the mail with which a user set the present password, ``""`` where none is known."""
    changed = item.user.password_updated_at
    cut = as_moment(situation.state.first_cut_at)
    if changed is None or cut is None or changed < cut:
        return ""
    home = _home(situation)
    for route in situation.inventory.routes.values():
        if (
            (route.created_at is None or route.created_at <= changed)
            and _foreign(route.actions, home)
            and not _ours(situation, route.id)
            and item in _users_of(situation, route.expression or "")
        ):
            return f"route “{route.description or route.id}”"
    for record in situation.state.of_kind(EffectKind.ROUTE_DELETE):
        gone = record.effect.given(RouteDeleteParams)
        ended = as_moment(record.done_at)
        if (
            record.state in (EffectState.DONE, EffectState.VERIFIED)
            and ended is not None
            and changed <= ended
            and any(not home.owns(host) for host in gone.hosts)
            and item in _users_of(situation, gone.expression or "")
        ):
            return "a route that was deleted since"
    return ""


def _ours(situation: Situation, route_id: str) -> bool:
    return any(
        decision.decision == OURS and name.startswith(("route:", "alarm:"))
        for name, decision in situation.state.decisions.items()
        if name.endswith(f":{route_id}")
    )


def _foreign(actions: Iterable[str], home: CustomerNames) -> str:
    text = " ".join(str(action) for action in actions)
    hosts = [host_of(url) for url in urls_in(text)] + mail_domains_in(text)
    return next((host for host in hosts if host and not home.owns(host)), "")


def _users_of(situation: Situation, expression: str) -> list[UserItem]:
    """Return the users whose mailbox a route may take; an expression nobody can read takes every one.

    The expression is the intruder's: it is looked through for names, never run as a pattern.
    """
    there = _received(situation)
    plain = expression.replace("\\", "").lower()
    if "match_recipient" not in plain or "catch_all" in plain:
        return there
    return [
        item
        for item in there
        if (item.user.email or "").lower() in plain
        or (
            f"@{(item.user.email or '').rpartition('@')[2].lower()}" in plain
            and ("*@" in plain or "+@" in plain)
        )
    ]


def _received(situation: Situation) -> list[UserItem]:
    """Return the users whose mailbox is on a domain of the account."""
    received = {name.lower() for name in situation.inventory.domains}
    return [
        item
        for item in situation.inventory.users.values()
        if (item.user.email or "").rpartition("@")[2].lower() in received
    ]


def _mailbox_unknown(situation: Situation) -> Iterator[UserItem]:
    return (item for item in situation.inventory.users.values() if "@" not in (item.user.email or ""))


def _home(situation: Situation) -> CustomerNames:
    return home_of(situation.inventory, situation.background.since)
