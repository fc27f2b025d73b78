"""What measures are judged and planned from: who needs to read credentials, where production sends from, keys. Pure."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workbench.incident import adoption
from workbench.incident.handover import uses
from workbench.incident.inventory import DomainItem, KeyItem, UserItem
from workbench.incident.plan import EffectKind, EffectState
from workbench.incident.situation import Situation
from workbench.mailgun.models import DnsRecord, User

# Roles of panel users that can read credentials (dossier A2: Admin everything, Developer may view them).
READS_CREDENTIALS = ("admin", "developer")
# The alert rules that the API can make (its metrics are rates only; there is none for volume): a complaint rate
# that Gmail watches senders by, and a bounce rate where senders' guides begin to worry.
ALERTS = {
    "workbench: complaint rate": ("complained_rate", "0.001"),
    "workbench: hard bounce rate": ("hard_bounce_rate", "0.05"),
}
# An RSA key of 2,048 bits takes 294 bytes in its public form, one of 1,024 bits 162.
LEAST_DKIM_BYTES = 270
LEAST_DKIM_BITS = 2048
_REACHED = (EffectState.DONE, EffectState.VERIFIED)


@dataclass(frozen=True, slots=True)
class Reader:
    """A user who can read credentials, beside the owner: what they did with it, as far as the account shows."""

    item: UserItem
    keys: int

    @property
    def needs(self) -> bool:
        """Return whether the account shows a use of the role: keys made."""
        return self.keys > 0


def credential_readers(situation: Situation) -> list[Reader]:
    """Return enabled users with Admin or Developer, the owner left out, those without a visible need first.

    No call lists what a user did in the control panel. What shows is who made keys: those of now, and those of
    the reading before the first cut (fact ``hardening_before``).
    """
    made = Counter(makers(situation))
    for user, count in situation.state.facts.get("hardening_before", {}).get("key_makers", {}).items():
        made[str(user)] = max(made[str(user)], int(count))
    found = [
        Reader(item, made[item.id])
        for item in situation.inventory.users.values()
        if item.user.role in READS_CREDENTIALS and not item.user.is_disabled and not item.user.is_master
    ]
    return sorted(found, key=lambda one: (one.needs, one.item.user.role or "", one.item.id))


def makers(situation: Situation) -> Iterator[str]:
    """Yield the user id of whoever made each key that is not this incident's, where the account names one."""
    users = situation.inventory.users.values()
    for item in situation.inventory.keys.values():
        names = {name.lower() for name in (item.key.requestor, item.key.user_name) if name}
        if situation.minted_here(item.id) or not names:
            continue
        yield from (held.id for held in users if names & _names(held.user))


def _names(user: User) -> set[str]:
    return {name.lower() for name in (user.id, user.email, user.name) if name}


def production_addresses(situation: Situation) -> list[str]:
    """Return the addresses from which replacements were seen in use, without any that looked strange before."""
    strange = {str(a) for use in uses(situation.state).values() for a in use.get("strange", ())}
    seen = (address for one in adoption.replacements(situation) if one.in_use for address in one.seen_from)
    return [address for address in dict.fromkeys(seen) if address not in strange]


def broad_keys(situation: Situation) -> list[KeyItem]:
    """Return keys without an end, the workbench's own and panel sessions left out, admin keys first."""
    found = [
        item
        for item in situation.inventory.keys.values()
        if item.key.expires_at is None and item.key.kind != "web" and item.id != situation.own_key_id
    ]
    return sorted(found, key=lambda item: (item.key.role != "admin", item.name, item.id))


def alerts_made(situation: Situation) -> set[str]:
    """Return the names of the alert rules that this incident made."""
    records = situation.state.of_kind(EffectKind.ALERT_CREATE)
    return {r.effect.target for r in records if r.state in _REACHED}


@dataclass(frozen=True, slots=True)
class ShortKey:
    """A domain that signs with a short DKIM key.

    ``selectors`` are its active short keys; ``ready`` a longer key made here whose record is published, and
    ``waiting`` one that waits for its record (name and value).
    """

    domain: DomainItem
    selectors: tuple[str, ...]
    ready: str = ""
    waiting: DnsRecord | None = None


def short_keys(situation: Situation) -> tuple[list[ShortKey], int]:
    """Return the domains that sign with a DKIM key under 2,048 bits, and how many domains show a key at all."""
    found, shown = [], 0
    for item in situation.inventory.domains.values():
        if item.domain.is_sandbox or item.domain.is_disabled:
            continue
        records = {selector: r for r in item.domain.sending_dns_records if (selector := _selector(r, item))}
        active = {s: r for s, r in records.items() if r.is_active is not False}
        shown += bool(active)
        short = tuple(sorted(s for s, r in active.items() if _short(r)))
        if not short or any(not _short(r) for r in active.values()):
            continue
        new = _made(situation, item)
        fresh = records.get(new)
        published = fresh is not None and fresh.valid == "valid"
        found.append(ShortKey(item, short, new if published else "", None if published else fresh))
    return found, shown


def _made(situation: Situation, item: DomainItem) -> str:
    """Return the selector of the DKIM key that this incident made for a domain, ``""`` for none."""
    records = situation.state.of_kind(EffectKind.DKIM_CREATE)
    made = (r for r in records if r.effect.params.get("domain") == item.name and r.state in _REACHED)
    return next((r.effect.target for r in made), "")


def _selector(record: DnsRecord, item: DomainItem) -> str:
    name, mark = record.name or "", f"._domainkey.{item.name}"
    return name.removesuffix(mark) if record.record_type == "TXT" and name.endswith(mark) else ""


def _short(record: DnsRecord) -> bool:
    """Return whether the public key of a record is an RSA key under 2,048 bits; what cannot be read is not."""
    parts: dict[str, Any] = {}
    for part in (record.value or "").split(";"):
        name, _, value = part.partition("=")
        parts[name.strip().lower()] = "".join(value.split())
    if parts.get("k", "rsa") != "rsa":
        return False
    try:
        raw = base64.b64decode(parts.get("p", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return 0 < len(raw) < LEAST_DKIM_BYTES
