"""What measures are judged and planned from: who needs to read credentials, where production sends from, keys. Pure."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workbench.core.redact import visible
from workbench.domain.detection.alarms import open_alarms
from workbench.domain.hardening.recorded import ScoreBefore, SeenAlert, SeenDkimKey, SettingsSeen
from workbench.domain.model.inventory import DomainItem, KeyItem, UserItem
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.settings import Settings
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import adoption
from workbench.domain.runbook.handover import uses
from workbench.domain.settings_audit.results import REMOVED, open_items
from workbench.domain.settings_audit.rows import too_wide
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import User

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
class CredentialReader:
    """A user who can read credentials, beside the owner: what they did with it, as far as the account shows."""

    item: UserItem
    keys: int

    @property
    def needs(self) -> bool:
        """Return whether the account shows a use of the role: keys made."""
        return self.keys > 0


def credential_readers(situation: Situation) -> list[CredentialReader]:
    """Return enabled users with Admin or Developer, the owner left out, those without a visible need first.

    No call lists what a user did in the control panel. What shows is who made keys: those of now, and those of
    the reading before the first cut (fact ``hardening_before``).
    """
    made = Counter(makers(situation))
    for user, count in situation.state.known(ScoreBefore).key_makers.items():
        made[user] = max(made[user], count)
    found = [
        CredentialReader(item, made[item.id])
        for item in situation.inventory.users.values()
        if item.user.role in READS_CREDENTIALS and not item.user.is_disabled and not item.user.is_master
    ]
    return sorted(found, key=lambda one: (one.needs, one.item.user.role or "", one.item.id))


def makers(situation: Situation) -> Iterator[str]:
    """Yield the user id of whoever made each key that is not this incident's, where the account names one."""
    known: dict[str, set[str]] = {}
    for held in situation.inventory.users.values():
        for name in _names(held.user):
            known.setdefault(name, set()).add(held.id)
    ours = set(situation.state.created_keys)
    for item in situation.inventory.keys.values():
        names = {name.lower() for name in (item.key.requestor, item.key.user_name) if name}
        if names and item.id not in ours:
            yield from set().union(*(known.get(name, set()) for name in names))


def _names(user: User) -> set[str]:
    return {name.lower() for name in (user.id, user.email, user.name) if name}


def production_addresses(situation: Situation) -> list[str]:
    """Return the addresses from which replacements were seen in use, without any that looked strange before."""
    strange = {address for use in uses(situation.state).values() for address in use.strange}
    seen = dict.fromkeys(adoption.addresses_in_use(situation))
    return [address for address in seen if address not in strange]


def open_finding(situation: Situation, kind: str) -> str:
    """Return the title of a finding about a thing of this kind that nobody settled, ``""`` where there is none.

    The sweep's findings and the watch's alarms count: no measure gets credit for a thing that is in doubt.
    """
    for item, decision in open_items(situation):
        if item.kind == kind and decision != REMOVED:
            return visible(item.title, 100)
    kinds = {"limit": "limits", "allowlist": "allowlist"}
    for alarm in open_alarms(situation):
        if alarm.kind == kinds.get(kind, ""):
            return visible(alarm.text, 100)
    return ""


def allowlist_fault(situation: Situation) -> str:
    """Return why the allowlist protects nothing, or is in doubt; ``""`` where it stands."""
    for entry in situation.inventory.allowlist:
        if share := too_wide(entry):
            return f"{visible(entry, 60)} lets {share} in, so it protects nothing"
    fault = open_finding(situation, "allowlist")
    return f"not counted while this is open: {fault}" if fault else ""


def broad_keys(situation: Situation) -> list[KeyItem]:
    """Return keys without an end, the workbench's own and panel sessions left out, admin keys first."""
    found = [
        item
        for item in situation.inventory.keys.values()
        if item.key.expires_at is None and item.key.kind != "web" and item.id != situation.own_key_id
    ]
    return sorted(found, key=lambda item: (item.key.role != "admin", item.name, item.id))


def alerts_made(situation: Situation) -> set[tuple[Region, str]]:
    """Return the alert rules that this incident made: each region has its own, by their names."""
    records = situation.state.of_kind(EffectKind.ALERT_CREATE)
    return {(r.effect.place.region, r.effect.target) for r in records if r.state in _REACHED}


def alerts_missing(situation: Situation) -> list[tuple[Region, str]]:
    """Return the alert rules that this incident would make and has not, region by region."""
    made = alerts_made(situation)
    regions = sorted({place.region for place in situation.inventory.places if place.subaccount is None})
    return [(region, name) for region in regions for name in ALERTS if (region, name) not in made]


def unwatched(situation: Situation) -> list[str]:
    """Return the rates that no alert rule of the latest sweep watches, in words; none where it tells of no rule."""
    held = {one.metric for one in situation.state.known(SettingsSeen).alerts}
    return [rate.replace("_", " ") for rate, _ in ALERTS.values() if held and rate not in held]


def seen(settings: Settings, at: str) -> SettingsSeen:
    """Return what the journal keeps of a sweep made ``at`` (ISO 8601 UTC): DKIM keys and alert rules."""
    return SettingsSeen(
        dkim=tuple(
            SeenDkimKey(
                domain=held.name,
                selector=key.selector or "",
                active=key.dns_record.is_active is not False,
                valid=key.dns_record.valid or "",
                bytes=public_bytes(key.dns_record.value or ""),
                record=key.dns_record.value or "",
                sandbox=held.domain.is_sandbox,
            )
            for held in settings.domains.values()
            for key in held.dkim
            if key.dns_record is not None
        ),
        alerts=tuple(
            SeenAlert(str(place), rule.name, rule.metric or "")
            for place, held in settings.places.items()
            for rule in held.alerts
        ),
        at=at,
    )


def made_here(situation: Situation) -> set[tuple[str, str]]:
    """Return what this incident made, as a sweep names it: kind and id of alert rules, DKIM keys, allowlist entries."""
    state = situation.state
    found = {("alert", name) for _, name in alerts_made(situation)}
    found |= {
        ("dkim-key", r.effect.target) for r in state.of_kind(EffectKind.DKIM_CREATE) if r.state in _REACHED
    }
    for record in state.of_kind(EffectKind.ALLOWLIST_ADD):
        if record.state in _REACHED:
            # One address is listed with or without the length of its network.
            address = record.effect.target
            found |= {("allowlist", address), ("allowlist", address.removesuffix("/32").removesuffix("/128"))}
    return found


def dns_records(situation: Situation) -> tuple[int, int]:
    """Return how many domains have a record that Mailgun found invalid, and how many show records at all.

    The list of domains may hold none; then the DKIM records that the latest sweep read speak.
    """
    shown: dict[str, bool] = {}
    for item in situation.inventory.domains.values():
        records = [r for r in item.domain.sending_dns_records if r.is_active is not False]
        if records:
            shown[item.name] = any(r.valid == "invalid" for r in records)
    for key in situation.state.known(SettingsSeen).dkim:
        if key.active and not key.sandbox and key.domain in situation.inventory.domains:
            shown[key.domain] = shown.get(key.domain, False) or key.valid == "invalid"
    return sum(shown.values()), len(shown)


@dataclass(frozen=True, slots=True)
class ShortKey:
    """A domain that signs with a short DKIM key, as the latest sweep read it.

    ``selectors`` are its active short keys; ``ready`` a longer key made here whose record is published, and
    ``waiting`` the record (name, value) of one that waits to be published.
    """

    domain: DomainItem
    selectors: tuple[str, ...]
    ready: str = ""
    waiting: tuple[str, str] | None = None


def short_keys(situation: Situation) -> tuple[list[ShortKey], int]:
    """Return the domains that sign with a DKIM key under 2,048 bits alone, and how many show a key at all."""
    shown: dict[str, list[SeenDkimKey]] = {}
    for key in situation.state.known(SettingsSeen).dkim:
        if not key.sandbox:
            shown.setdefault(key.domain, []).append(key)
    found, judged = [], 0
    for name, keys in shown.items():
        item = situation.inventory.domains.get(name)
        active = [key for key in keys if key.active]
        if item is None or item.domain.is_disabled or not active or situation.of_domain(item).likely:
            continue
        judged += 1
        if all(0 < key.bytes < LEAST_DKIM_BYTES for key in active) and not _rolled(situation, name):
            found.append(_short(situation, item, keys, active))
    return found, judged


def _short(
    situation: Situation,
    item: DomainItem,
    keys: Iterable[SeenDkimKey],
    active: Iterable[SeenDkimKey],
) -> ShortKey:
    made = {
        r.effect.target
        for r in situation.state.of_kind(EffectKind.DKIM_CREATE)
        if r.effect.params.domain == item.name and r.state in _REACHED
    }
    fresh = next((key for key in keys if key.selector in made), None)
    selectors = tuple(sorted(key.selector for key in active))
    if fresh is None:
        # Made since the sweep: the next sweep shows its record.
        return ShortKey(item, selectors, waiting=("", "") if made else None)
    if fresh.valid == "valid":
        return ShortKey(item, selectors, ready=fresh.selector)
    return ShortKey(item, selectors, waiting=(f"{fresh.selector}._domainkey.{item.name}", fresh.record))


def _rolled(situation: Situation, domain: str) -> bool:
    """Return whether this incident rolled the domain's key or switched a longer one on, unless swept since."""
    done = situation.state.of_kind(EffectKind.DKIM_ROTATE, EffectKind.DKIM_ACTIVATE)
    at = situation.state.known(SettingsSeen).at
    return any(
        r.state is EffectState.VERIFIED and r.done_at >= at
        for r in done
        if domain in (r.effect.target, r.effect.params.domain)
    )


def public_bytes(record: str) -> int:
    """Return the length of the RSA public key in a DKIM record, 0 where there is none or it cannot be read."""
    parts: dict[str, str] = {}
    for part in record.split(";"):
        name, _, value = part.partition("=")
        parts[name.strip().lower()] = "".join(value.split())
    if parts.get("k", "rsa") != "rsa":
        return 0
    try:
        return len(base64.b64decode(parts.get("p", ""), validate=True))
    except (binascii.Error, ValueError):
        return 0
