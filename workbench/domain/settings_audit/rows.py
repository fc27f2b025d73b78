"""Each hiding place of the settings as rows with dates, signs and the remedy (dossier F). Pure.

One function a hiding place. A row says what speaks for the intruder and what against; the verdict is drawn in
``sweep``.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator
from typing import Any

from workbench.domain.detection.hosts import CustomerNames, holds_secret, host_of, mail_domains_in, urls_in
from workbench.domain.model.effect_params import (
    DkimDeactivateParams,
    DomainParams,
    DomainUpdateParams,
    ListCloseParams,
    RouteDeleteParams,
    WebhookDeleteParams,
)
from workbench.domain.model.settings import AccountSettings, DomainSettings, PlaceSettings, Settings
from workbench.domain.settings_audit import harm_rows
from workbench.domain.settings_audit.content_rows import Span, rules, templates
from workbench.domain.settings_audit.row import AuditRow, doubts

__all__ = ["AuditRow", "rows"]

# A network wider than this is hardly one company's own: a million addresses, more than any provider gives a customer.
WIDEST_V4, WIDEST_V6 = 12, 29
_HARM = {
    "wildcard": "every subdomain, also one that nobody set up, may send and be received for",
    "skip_verification": "mail goes out to servers whose certificate nobody checks",
}


def rows(
    settings: Settings,
    home: CustomerNames,
    known: frozenset[str],
    strange: frozenset[str],
    people: frozenset[str],
) -> Iterator[AuditRow]:
    """Yield a row for every setting that was read."""
    span = Span(settings.since, settings.read_at)
    for account in settings.accounts.values():
        yield from _allowlist(account, known, strange)
        yield from _sandbox(account, home, people)
    for held in settings.places.values():
        yield from _routes(held, home)
        yield from _account_webhooks(held, home)
        yield from _lists(held)
        yield from harm_rows.limits(held, settings.read_at)
        yield from templates(held.templates, str(held.place), "", home, span)
        yield from rules(held, span)
    selectors = Counter(
        key.selector for domain in settings.domains.values() for key in domain.dkim if key.selector
    )
    yield from harm_rows.suppressions(settings, home, people)
    for domain in settings.domains.values():
        yield from _domain_webhooks(domain, home)
        yield from _fields(domain, settings, home)
        yield from _tracking(domain, home)
        yield from templates(domain.templates, str(domain.place), domain.name, home, span)
        yield from _dkim(domain, selectors)
        yield from _allowed(domain)


def _routes(held: PlaceSettings, home: CustomerNames) -> Iterator[AuditRow]:
    for route in held.routes:
        text = " ".join(route.actions)
        hosts = [host_of(url) for url in urls_in(text)] + mail_domains_in(text)
        score, signs, calming, foreign = doubts(hosts, home)
        if any(host not in home.seen for host in foreign):
            # Inbound mail in a stranger's hands: the harm is the same whether the route is new or was edited.
            signs = (*signs, "it takes mail that people write to you there, and an edit leaves no date")
            score = 3
        if score and ("catch_all" in (route.expression or "") or ".*" in (route.expression or "")):
            signs = (*signs, f"takes every message: {route.expression}")
            score += 1
        yield AuditRow(
            "route",
            route.id,
            f"route “{route.description or route.expression or route.id}”",
            (str(held.place),),
            dated=route.created_at,
            edits_undated=True,
            score=score,
            signs=signs,
            calming=calming,
            remedy="route.delete",
            # Without the addresses: one may hold a token, and a plan enters the journal.
            params=RouteDeleteParams(
                expression=route.expression, hosts=tuple(dict.fromkeys(host for host in hosts if host))
            ),
            hosts=foreign,
        )


def _account_webhooks(held: PlaceSettings, home: CustomerNames) -> Iterator[AuditRow]:
    for hook in held.webhooks:
        score, signs, calming, foreign = doubts([host_of(hook.url or "")], home)
        yield AuditRow(
            "webhook",
            hook.webhook_id,
            f"account webhook “{hook.description or hook.webhook_id}” to {host_of(hook.url or '') or 'an odd URL'}",
            (str(held.place),),
            dated=hook.created_at,
            edits_undated=True,
            score=score,
            signs=signs,
            calming=calming,
            remedy="account_webhook.delete",
            hosts=foreign,
        )


def _domain_webhooks(held: DomainSettings, home: CustomerNames) -> Iterator[AuditRow]:
    for kind, urls in held.webhooks.items():
        for url in urls:
            score, signs, calming, foreign = doubts([host_of(url)], home)
            secret = holds_secret(url)
            yield AuditRow(
                "webhook",
                url,
                f"webhook of {held.name} ({kind}) to {host_of(url) or 'an odd URL'}",
                (str(held.place), held.name, kind),
                score=score,
                signs=signs,
                calming=calming,
                # A URL with a token must not enter the journal, and a plan does.
                remedy="" if secret else "webhook.delete",
                params=None if secret else WebhookDeleteParams(domain=held.name, url=url),
                instruct="its address holds a token: remove it in the control panel, Sending, Webhooks"
                if secret
                else "",
                hosts=foreign,
            )


def _fields(held: DomainSettings, settings: Settings, home: CustomerNames) -> Iterator[AuditRow]:
    """The domain's own settings: none has a date."""
    domain, where = held.domain, (str(held.place), held.name)
    if domain.archive_to:
        score, signs, calming, foreign = doubts([host_of(domain.archive_to)], home)
        yield AuditRow(
            "archive-to",
            domain.archive_to,
            f"{held.name} posts a copy of every delivered message to {host_of(domain.archive_to) or 'an odd URL'}",
            where,
            score=score + 1 if score else 0,
            signs=(*signs, "every delivered message is copied there") if score else (),
            calming=calming,
            remedy="domain.update",
            params=DomainUpdateParams(fields={"archive_to": ""}),
            hosts=foreign,
        )
    if domain.mailfrom_host:
        score, signs, calming, foreign = doubts([domain.mailfrom_host], home)
        yield AuditRow(
            "mailfrom-host", domain.mailfrom_host, f"bounces of {held.name} go to {domain.mailfrom_host}", where,
            score=score, signs=signs, calming=calming, hosts=foreign,
            instruct="set the custom MAIL FROM host back in the control panel, Domain settings",
        )  # fmt: skip
    for name, odd in (("wildcard", True), ("skip_verification", True)):
        value = getattr(domain, name)
        if value is not odd:
            continue
        same = sum(1 for other in settings.domains.values() if getattr(other.domain, name) is odd)
        alone = same == 1
        few = same * 2 <= len(settings.domains)
        yield AuditRow(
            "domain-setting",
            f"{held.name} {name}",
            f"{name} is on for {held.name}",
            where,
            score=2 if alone and len(settings.domains) > 1 else 1 if alone or few else 0,
            signs=(_HARM[name], *(("no other domain of yours has it",) if alone else ()))
            if alone or few
            else (),
            calming=() if alone or few else (f"{same} domains of yours have it",),
            remedy="domain.update",
            params=DomainUpdateParams(fields={name: False}),
        )


def _tracking(held: DomainSettings, home: CustomerNames) -> Iterator[AuditRow]:
    footer = held.tracking.unsubscribe if held.tracking is not None else None
    if footer is None:
        return
    text = f"{footer.html_footer or ''}\n{footer.text_footer or ''}"
    urls = [url for url in urls_in(text) if "%" not in host_of(url)]
    score, signs, calming, foreign = doubts([host_of(url) for url in urls], home)
    yield AuditRow(
        "tracking",
        held.name,
        f"unsubscribe footer of {held.name}" + (f" links to {', '.join(foreign)}" if foreign else ""),
        (str(held.place), held.name),
        score=score + 1 if score else 0,
        signs=(*signs, "it stands under every message of the domain") if score else (),
        calming=calming,
        remedy="tracking.footer" if urls else "",
        params=DomainParams(domain=held.name),
        hosts=foreign,
    )


def _lists(held: PlaceSettings) -> Iterator[AuditRow]:
    for listed in held.lists:
        open_ = listed.access_level == "everyone"
        yield AuditRow(
            "mailing-list",
            listed.address,
            f"mailing list {listed.address} ({listed.members_count or 0} members)",
            (str(held.place),),
            dated=listed.created_at,
            edits_undated=True,
            score=1 if open_ else 0,
            signs=("anybody may write to it (access everyone)",) if open_ else (),
            remedy="" if listed.access_level == "readonly" else "list.close",
            params=ListCloseParams(access_level=listed.access_level),
        )


def _dkim(held: DomainSettings, selectors: Counter[str]) -> Iterator[AuditRow]:
    for key in held.dkim:
        selector = key.selector or ""
        active = key.dns_record is None or key.dns_record.is_active is not False
        alone = active and selectors[selector] == 1 and len(held.dkim) > 1 and len(selectors) > 1
        yield AuditRow(
            "dkim-key",
            selector,
            f"DKIM key {selector}._domainkey.{held.name}",
            (str(held.place), held.name),
            score=2 if alone else 0,
            signs=(
                "a further signing key; no other domain of yours has this selector",
                "an imported key lets whoever holds it sign mail as you, from anywhere",
            )
            if alone
            else (),
            calming=() if alone else ("the usual selector of your domains" if active else "not active",),
            remedy="dkim.deactivate",
            params=DkimDeactivateParams(domain=held.name, selector=selector),
        )


def _allowed(held: DomainSettings) -> Iterator[AuditRow]:
    for entry in held.allowed:
        yield AuditRow(
            "suppression-allow",
            entry.value,
            f"{held.name} never suppresses {entry.value} ({entry.reason or 'no reason given'})",
            (str(held.place), held.name),
            dated=entry.created_at,
            remedy="suppression_allow.delete",
            params=DomainParams(domain=held.name),
        )


def _sandbox(held: AccountSettings, home: CustomerNames, people: frozenset[str]) -> Iterator[AuditRow]:
    for recipient in held.sandbox_recipients:
        domain = recipient.email.rpartition("@")[2].lower()
        score, signs, calming, foreign = doubts([domain], home)
        if recipient.email.lower() in people and not score:
            calming = ("one of the account's users",)
        yield AuditRow(
            "sandbox-recipient",
            recipient.email,
            f"the sandbox may write to {recipient.email}",
            (held.subaccount or "account",),
            score=score,
            signs=signs,
            calming=calming,
            remedy="sandbox_recipient.delete",
            hosts=foreign,
        )


def _allowlist(held: AccountSettings, known: frozenset[str], strange: frozenset[str]) -> Iterator[AuditRow]:
    for entry in held.allowlist:
        covers = _covering(entry.ip_address)
        ours = sorted(address for address in known if covers(address))
        theirs = sorted(address for address in strange if covers(address))
        signs: list[str] = []
        if theirs:
            signs.append(f"the intruder sent from inside it ({theirs[0]})")
        if not ours:
            signs.append("none of your own mail came from inside it")
        everybody = too_wide(entry.ip_address)
        if everybody:
            signs.insert(0, f"lets {everybody} in: with it the list protects nothing")
        wide = "/" in entry.ip_address and not entry.ip_address.endswith(("/32", "/128"))
        if signs and wide:
            signs.append("a whole network, not one address")
        yield AuditRow(
            "allowlist",
            entry.ip_address,
            f"IP allowlist entry {entry.ip_address} ({entry.description or 'no description'})",
            (held.subaccount or "account",),
            score=3 if theirs or everybody else min(2, len(signs)),
            signs=tuple(signs),
            calming=(f"your own mail comes from {ours[0]}",) if ours else (),
            remedy="allowlist.remove",
        )


def too_wide(entry: str) -> str:
    """Return how much of the internet an entry lets in, in words; empty where it may be a company's own."""
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return ""
    if network.prefixlen == 0:
        return "the whole internet"
    widest = WIDEST_V4 if network.version == 4 else WIDEST_V6
    return f"{network.num_addresses:,} addresses" if network.prefixlen < widest else ""


def _covering(entry: str) -> Any:
    """Return whether an address lies within an entry of the allowlist, as a function; odd entries cover nothing."""
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return lambda _address: False

    def covers(address: str) -> bool:
        try:
            return ipaddress.ip_address(address) in network
        except ValueError:
            return False

    return covers
