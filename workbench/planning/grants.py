"""What a replacement key may do: no more than the old one was seen to need (issue: least privilege).

The API has no log of what a key did besides sending. So a key that was seen sending, and nothing is known of
anything else, is proposed sending keys for the domains it sent for; the operator can widen that in the plan.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.domain.model.credential_use import BOTH, PRODUCTION, RecordedUse
from workbench.domain.model.effect_params import KeyCreateParams, ShownUse
from workbench.domain.model.inventory import KeyItem
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.handover import uses
from workbench.planning.ranking import plural

# More sending keys than this for one old key would be a burden, and use up the plan's number of keys.
MOST_DOMAINS = 5
SENDING = "sending"
PROPOSED = "proposed"
SAME = "same"
# What replacement keys get: "proposed", "same" as the old keys, or a grant for each key id.
Grants = Mapping[str, "Grant"] | str


@dataclass(frozen=True, slots=True)
class Grant:
    """What one old key is replaced by.

    ``domains`` empty: one account key of ``role``. Otherwise one sending key for each domain. ``expiration``
    is the new key's life in seconds, None for no end. ``why`` is shown in the plan.
    """

    role: str
    domains: tuple[str, ...] = ()
    expiration: int | None = None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "role": self.role,
            "domains": list(self.domains),
            "expiration": self.expiration,
            "why": self.why,
        }


# Roles that the API takes for a new key (dossier A2), and the least of them that an account key may have.
ROLES = frozenset({"admin", "developer", "basic", SENDING})
LEAST = "basic"


def unknown(item: KeyItem) -> str:
    """Return what of a key's rights is not known, ``""`` where they are: nothing is made up, somebody is asked."""
    key = item.key
    if key.kind == "web":
        return ""
    sends = key.kind == "domain" or key.role == SENDING
    if sends and not key.domain_name:
        return "the domain it may send for is not known"
    if key.kind == "domain":
        return ""
    if not key.role:
        return "its role is not known"
    if key.role not in ROLES:
        return f"its role {visible(key.role, 30)!r} is none that a new key can have"
    return ""


def same(item: KeyItem) -> Grant:
    """Return the grant that gives the replacement what the old key had: kind, role, length of life.

    Where that is not known it is the least there is, never more: a key without a role must not come back as admin.
    """
    key = item.key
    life = None
    if key.expires_at is not None and key.created_at is not None:
        # The same length of life, not the same end: who set an end wants it renewed.
        life = max(3600, round((key.expires_at - key.created_at).total_seconds()))
    if key.domain_name and (key.kind == "domain" or key.role == SENDING):
        return Grant(SENDING, (key.domain_name,), life, "a sending key, as before")
    if missing := unknown(item):
        return Grant(LEAST, (), life, f"{missing}: the least role, {LEAST}; say which rights it needs")
    return Grant(key.role or LEAST, (), life, f"role {visible(key.role, 20)}, as before")


def ungrantable(situation: Situation, item: KeyItem, grants: Grants) -> str:
    """Return why no replacement can be proposed for a key, ``""`` where one can.

    A sending key whose domain neither the account nor its use shows is not made anew for the whole account.
    """
    missing = unknown(item)
    if not missing or (not isinstance(grants, str) and item.id in grants):
        return ""
    if item.id == situation.own_key_id:
        return f"{missing}, and the workbench itself runs on it"
    sends = item.key.kind == "domain" or item.key.role == SENDING
    return missing if sends and not granted(situation, item, grants).domains else ""


def proposed(situation: Situation, item: KeyItem) -> Grant:
    """Return the least that the key's use of the last hours asks for; the same as before where that is unknown."""
    before = same(item)
    if before.domains or item.id == situation.own_key_id:
        return before
    use = _use(situation, item.id)
    held = situation.inventory.domains
    domains = tuple(
        name for name in use.domains if name in held and held[name].place.subaccount == item.place.subaccount
    )
    if use.looks not in (PRODUCTION, BOTH) or not domains or use.more_domains:
        return before
    if len(domains) > MOST_DOMAINS:
        return Grant(before.role, (), before.expiration, f"{before.why}: it sends for {len(domains)} domains")
    if refused := _refused(situation, item.id):
        return Grant(before.role, (), before.expiration, f"{before.why}: {refused}")
    why = (
        f"seen only sending, for {', '.join(visible(d, 80) for d in domains)}: "
        f"{plural(len(domains), 'sending key')} instead of the role {visible(before.role, 20)}. "
        "No log shows other calls: widen it if the program does more than send"
    )
    return Grant(SENDING, domains, before.expiration, why)


def lasting(situation: Situation, item: KeyItem, life: int) -> Grant:
    """Return the least that a key was seen to need, with an end after ``life`` seconds where it had none."""
    grant = proposed(situation, item)
    return grant if grant.expiration is not None else replace(grant, expiration=life)


def _use(situation: Situation, key_id: str) -> RecordedUse:
    """Return the last hour's use of a key; of one made here that is not in use yet, that of the one before it."""
    found = uses(situation.state)
    use = found.get(f"key:{key_id}", RecordedUse())
    made = situation.state.created_keys.get(key_id)
    if use.last_hour or made is None:
        return use
    # The plan keeps of a use what it shows; the domains it names are in the latest reading alone.
    before = msgspec.convert(made.effect.params.use or ShownUse(), RecordedUse, from_attributes=True)
    return found.get(f"key:{made.effect.params.replaces}", before)


def granted(situation: Situation, item: KeyItem, grants: Grants) -> Grant:
    """Return the grant for a key: the operator's own, the proposed, or the same as before."""
    if isinstance(grants, str):
        return proposed(situation, item) if grants == PROPOSED else same(item)
    chosen = grants.get(item.id)
    return chosen if chosen is not None else proposed(situation, item)


def of_words(words: Collection[str]) -> dict[str, Grant]:
    """Return grants from ``ID=ROLE`` and ``ID=sending:DOMAIN[,DOMAIN]``; raises UsageError for anything else."""
    made: dict[str, Grant] = {}
    for word in words:
        key_id, _, rights = word.partition("=")
        role, _, names = rights.partition(":")
        domains = tuple(name for name in names.split(",") if name)
        if not key_id or role not in ROLES or (role == SENDING) != bool(domains):
            raise UsageError(
                f"{visible(word, 80)!r} does not say what a key may do.",
                "Nothing was done.",
                f"Write it as ID=ROLE (one of {', '.join(sorted(ROLES - {SENDING}))}) or ID=sending:DOMAIN.",
            )
        made[key_id] = Grant(role, domains, None, "chosen by the operator")
    return made


def _refused(situation: Situation, key_id: str) -> str:
    """Return why sending keys were refused for this key before, ``""`` when they were not: plan around it."""
    for record in situation.state.of_kind(EffectKind.KEY_CREATE):
        mint = record.effect.given(KeyCreateParams)
        failed = record.state is EffectState.FAILED and mint.replaces == key_id
        if failed and mint.kind == "domain":
            return f"sending keys were refused ({record.failure.get('what', '')})"
    return ""
