"""Everything known about one row, in lines of text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from workbench.core.redact import key_tail, short_address
from workbench.presentation.cells import Look, hide_all_addresses, hide_people, moment_text, people_of
from workbench.presentation.credentials import record_words

if TYPE_CHECKING:
    from workbench.blocklists.verdicts import Listing
    from workbench.domain.detection.findings import Finding
    from workbench.domain.model.inventory import Inventory
    from workbench.domain.model.situation import Situation
    from workbench.domain.model.state import State
    from workbench.presentation.activity_log import LogLine


class ListingsHeld(Protocol):
    """The account's side of an incident, as far as details ask of it."""

    listings: dict[str, Listing]


class LogHeld(Protocol):
    """The journal's side of an incident, as far as details ask of it."""

    def log_lines(self) -> Sequence[LogLine]:
        """Return the activity log, oldest first."""


class DetailSource(Protocol):
    """What details are drawn from: an open incident, as far as they ask of it."""

    @property
    def account(self) -> ListingsHeld:
        """Return the account's side."""

    @property
    def recorder(self) -> LogHeld:
        """Return the journal's side."""

    @property
    def inventory(self) -> Inventory:
        """Return what was read of the account."""

    @property
    def state(self) -> State:
        """Return the journal replayed."""

    def situation(self) -> Situation:
        """Return everything that plans and steps look at."""

    def findings(self) -> list[Finding]:
        """Return what the operator must judge."""


FULL = "%Y-%m-%d %H:%M:%SZ"
FULL_LOCAL = "%Y-%m-%d %H:%M:%S %Z"
LOGINS_SHOWN = 200


def detail_lines(session: DetailSource, pane: str, key: str, look: Look) -> tuple[str, list[str]]:
    """Return (heading, lines) about the row ``key`` of a pane; a row that is gone says so."""
    makers = {
        "credentials": _credential,
        "domains": _domain,
        "users": _user,
        "blocklists": _listing,
        "activity": _line,
    }
    maker = makers.get(pane)
    heading, lines = maker(session, key, look) if maker is not None else (key, [])
    lines = list(lines)
    if pane in ("credentials", "domains", "users"):
        lines += _finding(session, key)
        lines += _effects(session, key, look)
    hide = hide_all_addresses if pane == "users" else None
    people = people_of(session.inventory, session.state)
    shown = [hide(line, look) if hide else hide_people(line, people, look) for line in lines]
    return heading, shown or ["Nothing is known of it any more."]


def _pairs(record: Any, names: tuple[str, ...], look: Look) -> Iterator[str]:
    for name in names:
        value = getattr(record, name, None)
        if value in (None, "", (), {}):
            continue
        if hasattr(value, "astimezone"):
            value = moment_text(value, look, FULL_LOCAL if look.local else FULL)
        yield f"{name.replace('_', ' ')}: {value}"


def _credential(session: DetailSource, key: str, look: Look) -> tuple[str, list[str]]:
    item = session.inventory.keys.get(key)
    if item is not None:
        names = (
            *("description", "kind", "role", "created_at", "updated_at", "expires_at", "is_disabled"),
            *("disabled_reason", "domain_name", "requestor", "user_name"),
        )
        return f"API key {item.name} {key_tail(key)}", [f"id: {key}", *_pairs(item.key, names, look)]
    login = session.inventory.logins.get(key)
    if login is not None:
        lines = [f"login: {login.login}", f"domain: {login.domain}", f"where: {login.place}"]
        lines += _pairs(login.credential, ("created_at", "mailbox"), look)
        if login.is_postmaster:
            lines.append("postmaster can be reset, but never deleted")
        return f"SMTP login {key}", lines
    return key, ["The account no longer names it."]


def _domain(session: DetailSource, key: str, look: Look) -> tuple[str, list[str]]:
    item = session.inventory.domains.get(key)
    if item is None:
        return key, ["The account no longer names it."]
    names = (
        *("state", "type", "created_at", "is_disabled", "smtp_login", "archive_to", "tracking_host"),
        *("wildcard", "spam_action", "require_tls", "skip_verification", "message_ttl", "subaccount_id"),
    )
    lines = [f"where: {item.place}", *_pairs(item.domain, names, look)]
    if item.domain.disabled is not None:
        lines += _pairs(item.domain.disabled, ("code", "reason", "note", "until"), look)
    logins = session.inventory.logins_of(key)
    lines.append(f"SMTP logins: {len(logins)}")
    lines += [f"  {login.login}" for login in logins[:LOGINS_SHOWN]]
    if len(logins) > LOGINS_SHOWN:
        lines.append(f"  and {len(logins) - LOGINS_SHOWN} more")
    return f"Domain {key}", lines


def _user(session: DetailSource, key: str, look: Look) -> tuple[str, list[str]]:
    item = session.inventory.users.get(key)
    if item is None:
        return key, ["The account no longer names this user."]
    user = item.user
    names = (
        *("email", "name", "role", "activated", "is_disabled", "is_master", "opened_ip", "tfa_enabled"),
        *("tfa_active", "tfa_created_at", "password_updated_at", "migration_status"),
    )
    lines = [f"id: {key}", f"where: {item.place}", *_pairs(user, names, look)]
    if user.auth is not None:
        lines += _pairs(user.auth, ("method", "prior_method"), look)
    from workbench.domain.runbook.user_actions import about

    lines += ["", *about(session.situation(), item)]
    email = user.email or key
    return f"User {short_address(email) if look.share_safe else email}", lines


def _listing(session: DetailSource, key: str, look: Look) -> tuple[str, list[str]]:
    listing = session.account.listings.get(key)
    if listing is None:
        return key, []
    lines = [
        f"verdict: {listing.verdict.value}",
        f"list: {listing.zone.title} ({listing.zone.name})",
        f"tier: {int(listing.tier)}",
        f"reason: {listing.reason}",
        *(f"the list says: {text}" for text in listing.txt),
        f"answers: {', '.join(listing.codes)}" if listing.codes else "",
        f"asked: {moment_text(listing.asked_at, look, FULL_LOCAL if look.local else FULL)} of {listing.resolver}",
        f"who may ask for removal: {listing.asked_by.value}",
        f"how it ends: {listing.ends}",
    ]
    return f"{listing.subject.value} on {listing.zone.title}", [line for line in lines if line]


def _line(session: DetailSource, key: str, look: Look) -> tuple[str, list[str]]:
    found = next((line for line in session.recorder.log_lines() if str(line.seq) == key), None)
    if found is None:
        return key, []
    return f"Journal row {key}", [moment_text(found.at, look, FULL_LOCAL if look.local else FULL), found.text]


def _finding(session: DetailSource, key: str) -> Iterator[str]:
    for finding in session.findings():
        if finding.id == key:
            yield ""
            yield f"Finding ({finding.severity}): {finding.title}"
            for why in finding.why:
                yield f"- {why}"
            yield f"judged: {finding.decision or 'not yet; d judges it'}"


def _effects(session: DetailSource, key: str, look: Look) -> Iterator[str]:
    """What this incident did to it, with the evidence."""
    for record in session.state.effects.values():
        about = (record.effect.target, record.result.key_id, record.effect.params.replaces)
        if key not in about:
            continue
        yield ""
        yield f"{record.effect.what or record.effect.kind.value}: {record_words(record, {})[0]}"
        if record.done_at:
            yield f"  at {moment_text(record.done_at, look, FULL_LOCAL if look.local else FULL)}"
        yield from (f"  {line}" for line in record.evidence)
        yield from (f"  {name}: {text}" for name, text in record.failure.items() if text)
