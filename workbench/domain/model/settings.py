"""Everything the account can be made to do behind its owner's back, as read: the sweep's and snapshot's input.

Pure. The values are verbatim and may be hostile or secret; ``document`` is what may be stored, with secrets
in URLs replaced by keyed fingerprints, and ``baseline`` is what the journal keeps to see a change later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from workbench.core.clock import iso
from workbench.domain.detection.hosts import scrubbed
from workbench.domain.model.inventory import Gap
from workbench.domain.model.plan import Place
from workbench.mailgun.evidence_models import Alert
from workbench.mailgun.models import (
    AccountWebhook,
    AllowEntry,
    DkimKey,
    Domain,
    Ip,
    IpPool,
    Limit,
    MailingList,
    PoolMove,
    Route,
    SandboxRecipient,
    SendingQueues,
    Suppression,
    Template,
    Tracking,
    WhitelistEntry,
)

Fingerprint = Callable[[str], str]
# Suppression entries of the window kept one by one; beyond this they are only counted.
MOST_FRESH = 50_000
SUPPRESSION_KINDS = ("bounces", "complaints", "unsubscribes")


@dataclass(slots=True)
class SuppressionTable:
    """One table of a domain: how many entries, and those made since ``since`` (the abuse window) one by one."""

    count: int = 0
    fresh: list[Suppression] = field(default_factory=list)
    fresh_more: int = 0
    undated: int = 0


@dataclass(slots=True)
class DomainSettings:
    """The settings of one domain. None and empty where a part could not be read: see the gaps."""

    domain: Domain
    place: Place
    webhooks: dict[str, list[str]] = field(default_factory=dict)
    tracking: Tracking | None = None
    templates: list[Template] = field(default_factory=list)
    dkim: list[DkimKey] = field(default_factory=list)
    queues: SendingQueues | None = None
    allowed: list[WhitelistEntry] = field(default_factory=list)
    suppressions: dict[str, SuppressionTable] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the domain's name."""
        return self.domain.name


@dataclass(slots=True)
class PlaceSettings:
    """The settings of a region of the account, or of one of a subaccount."""

    place: Place
    routes: list[Route] = field(default_factory=list)
    webhooks: list[AccountWebhook] = field(default_factory=list)
    lists: list[MailingList] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    limit_rules: list[Alert] = field(default_factory=list)
    hits: list[Alert] = field(default_factory=list)
    ips: list[Ip] = field(default_factory=list)
    pools: list[IpPool] = field(default_factory=list)
    pool_moves: list[PoolMove] = field(default_factory=list)
    limit: Limit | None = None


@dataclass(slots=True)
class AccountSettings:
    """What is global to the account, or to one subaccount (``subaccount`` None: the account itself)."""

    subaccount: str | None = None
    allowlist: list[AllowEntry] = field(default_factory=list)
    sandbox_recipients: list[SandboxRecipient] = field(default_factory=list)
    signing_key: str = ""


@dataclass(slots=True)
class Settings:
    """All settings read at one time. ``since`` is where the abuse window begins, as known then."""

    read_at: datetime
    since: datetime
    accounts: dict[str, AccountSettings] = field(default_factory=dict)
    places: dict[Place, PlaceSettings] = field(default_factory=dict)
    domains: dict[str, DomainSettings] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)

    @property
    def looked_at(self) -> int:
        """Return how many settings were looked at."""
        return sum(1 for _ in items(self))


@dataclass(frozen=True, slots=True)
class SettingItem:
    """One setting under the name the baseline keeps it by: kind, place, its id, and its content as text."""

    kind: str
    place: str
    id: str
    content: str

    @property
    def name(self) -> str:
        """Return the item's name in the baseline."""
        return f"{self.kind}|{self.place}|{self.id}"


def template_content(template: Template) -> str:
    """Return what a template's active version sends: headers and body, as one text to compare."""
    version = template.version
    if version is None:
        return ""
    headers = "\n".join(f"{name}: {version.headers[name]}" for name in sorted(version.headers))
    return f"{version.tag}\n{headers}\n\n{version.template or version.mjml or ''}"


def domain_fields(domain: Domain) -> dict[str, Any]:
    """Return a domain's own settings that have no date (dossier F), by their API names."""
    return {
        name: getattr(domain, name)
        for name in (
            "archive_to",
            "wildcard",
            "mailfrom_host",
            "spam_action",
            "require_tls",
            "skip_verification",
            "message_ttl",
            "web_prefix",
            "web_scheme",
            "tracking_host",
            "encrypt_incoming_message",
            "use_automatic_sender_security",
        )
    }


def items(settings: Settings) -> Iterator[SettingItem]:
    """Yield every setting with its content, in a form that can be compared with an earlier reading."""
    for account in settings.accounts.values():
        where = account.subaccount or "account"
        for entry in account.allowlist:
            yield SettingItem("allowlist", where, entry.ip_address, entry.description or "")
        for recipient in account.sandbox_recipients:
            yield SettingItem("sandbox-recipient", where, recipient.email, str(recipient.activated))
        if account.signing_key:
            yield SettingItem("signing-key", where, "http", account.signing_key)
    for place, held in settings.places.items():
        yield from _place_items(str(place), held)
    for domain in settings.domains.values():
        yield from _domain_items(domain)


def _place_items(where: str, held: PlaceSettings) -> Iterator[SettingItem]:
    for route in held.routes:
        yield SettingItem("route", where, route.id, _text(route))
    for hook in held.webhooks:
        yield SettingItem("webhook", where, hook.webhook_id, _text(hook))
    for listed in held.lists:
        yield SettingItem(
            "mailing-list", where, listed.address, f"{listed.access_level} {listed.reply_preference}"
        )
    for template in held.templates:
        yield SettingItem("template", where, template.id or template.name, template_content(template))
    for kind, rules in (("alert", held.alerts), ("limit-rule", held.limit_rules)):
        for rule in rules:
            yield SettingItem(kind, where, rule.name, f"{rule.metric} {rule.comparator} {rule.limit}")
    for ip in held.ips:
        yield SettingItem("ip", where, ip.ip, str(ip.dedicated))
    for pool in held.pools:
        yield SettingItem("ip-pool", where, pool.pool_id, " ".join(pool.ips))
    yield SettingItem("limit", where, "monthly", str(held.limit.limit) if held.limit else "none")


def _domain_items(held: DomainSettings) -> Iterator[SettingItem]:
    where = held.name
    yield SettingItem("domain", str(held.place), held.name, str(domain_fields(held.domain)))
    if held.domain.archive_to:
        yield SettingItem("archive-to", where, held.domain.archive_to, held.domain.archive_to)
    for kind, urls in held.webhooks.items():
        for url in urls:
            yield SettingItem("webhook", f"{where}/{kind}", url, url)
    for template in held.templates:
        yield SettingItem("template", where, template.id or template.name, template_content(template))
    for key in held.dkim:
        record = key.dns_record
        yield SettingItem("dkim-key", where, key.selector or "", (record.value or "") if record else "")
    for entry in held.allowed:
        yield SettingItem("suppression-allow", where, entry.value, f"{entry.type} {entry.reason}")
    if held.tracking is not None:
        yield SettingItem("tracking", str(held.place), held.name, _text(held.tracking))


def odd_fields(settings: Settings) -> list[str]:
    """Return in words which fields of which settings could not be read and so were not judged."""
    counts: Counter[str] = Counter()
    holders: list[AccountSettings | PlaceSettings | DomainSettings] = [
        *settings.accounts.values(),
        *settings.places.values(),
        *settings.domains.values(),
    ]
    for held in holders:
        for slot in fields(held):
            value = getattr(held, slot.name)
            for record in value if isinstance(value, list) else (value,):
                for name in getattr(record, "unreadable", ()):
                    counts[f"{name} of {type(record).__name__}"] += 1
    return [f"{count} × {what} could not be read and is not judged" for what, count in sorted(counts.items())]


def _text(record: Any) -> str:
    return msgspec.json.encode(record).decode()


def baseline(settings: Settings, fingerprint: Fingerprint) -> dict[str, str]:
    """Return every setting's name and the fingerprint of its content: what the journal keeps.

    Names that hold a URL are fingerprinted too, because a URL may hold a token.
    """
    return {named(item, fingerprint): fingerprint(item.content)[:16] for item in items(settings)}


def named(item: SettingItem, fingerprint: Fingerprint) -> str:
    """Return the name of an item in the baseline, harmless to keep."""
    return f"{item.kind}|{item.place}|{fingerprint(item.id)[:16] if '://' in item.id else item.id}"


def document(settings: Settings, incident: str, fingerprint: Fingerprint) -> dict[str, Any]:
    """Return snapshot 0b as plain JSON values: every setting with its place, secrets in URLs fingerprinted."""

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return scrubbed(value, fingerprint) if "://" in value else value
        if isinstance(value, dict):
            return {plain(name): plain(held) for name, held in value.items()}
        if isinstance(value, list | tuple):
            return [plain(held) for held in value]
        return value

    return {
        "schema": "workbench.snapshot/1",
        "incident": incident,
        "part": "0b",
        "taken_at": iso(settings.read_at),
        "accounts": [plain(msgspec.to_builtins(held)) for held in settings.accounts.values()],
        "places": [plain(msgspec.to_builtins(held)) for held in settings.places.values()],
        "domains": [_domain_document(held, plain) for held in settings.domains.values()],
        "gaps": [{"slice": gap.slice, "place": str(gap.place or ""), "reason": gap.reason}
                 for gap in settings.gaps.values()],
    }  # fmt: skip


def _domain_document(held: DomainSettings, plain: Callable[[Any], Any]) -> dict[str, Any]:
    made: dict[str, Any] = plain(msgspec.to_builtins(held))
    for template, shown in zip(held.templates, made["templates"], strict=True):
        shown["content_sha256"] = sha256(template_content(template).encode()).hexdigest()
    return made
