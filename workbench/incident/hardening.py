"""What would make the next leak matter less: checked from the account, scored before and after (step 11).

Each item says what it protects against and what it might break. What the API cannot read is attested. What
is not done today is left for later by name: it stays open in the report, and its points are not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from workbench.incident.plan import EffectKind, EffectState
from workbench.incident.situation import Situation
from workbench.incident.state import Attestation
from workbench.redact import short_address, visible

# Roles of panel users that can read credentials (dossier A2: Admin everything, Developer may view them).
READS_CREDENTIALS = ("admin", "developer")
MOST_ADMINS = 2
STEP = "11"
# What is attested of a measure left for later carries this before the measure's id.
LATER_MARK = "later:"
_NAMED = 4  # people named one by one


class Standing(StrEnum):
    """How an item stands: by the account's evidence, or a person's word."""

    GOOD = "good"
    OPEN = "open"
    UNKNOWN = "cannot tell"
    ATTESTED = "attested"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Item:
    """One measure."""

    id: str
    title: str
    standing: Standing
    evidence: str
    protects: str
    breaks: str
    how: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Score:
    """Points reached of points possible; what cannot be told counts as not reached."""

    reached: int
    possible: int

    @property
    def percent(self) -> int:
        """Return the score in percent."""
        return round(100 * self.reached / self.possible) if self.possible else 100


def items(situation: Situation) -> list[Item]:
    """Return every measure with its standing, the heaviest first."""
    made = [judge(situation) for judge in _JUDGES]
    # The latest word on a measure counts: what was left for later may be attested tomorrow.
    said: dict[str, Attestation] = {}
    for one in situation.state.attestations:
        if one.step == STEP and one.subject:
            said[one.subject.removeprefix(LATER_MARK)] = one
    done = [_with_word(item, said.get(item.id)) for item in made]
    return sorted(done, key=lambda item: -item.weight)


def _with_word(item: Item, word: Attestation | None) -> Item:
    if word is None or item.standing is Standing.GOOD:
        return item
    later = word.subject.startswith(LATER_MARK)
    evidence = (
        f"{item.evidence}; {'left for later' if later else 'attested'} by {visible(word.who, 40)}, {word.at}"
    )
    return replace(item, standing=Standing.LATER if later else Standing.ATTESTED, evidence=evidence)


def settled(item: Item) -> bool:
    """Return whether nobody needs to look at a measure now: it stands, or was left for later by name."""
    return item.standing in (Standing.GOOD, Standing.ATTESTED, Standing.LATER)


def document(situation: Situation) -> dict[str, Any]:
    """Return score and measures as plain JSON values, the score before beside the one now."""
    measures = items(situation)
    now = score(measures)
    before = situation.state.facts.get("hardening_before", {})
    return {
        "score": {"reached": now.reached, "possible": now.possible, "percent": now.percent},
        "score_before": before.get("percent"),
        "measures": [
            {
                "id": item.id,
                "title": item.title,
                "standing": item.standing.value,
                "evidence": item.evidence,
                "protects": item.protects,
                "breaks": item.breaks,
                "how": item.how,
                "weight": item.weight,
            }
            for item in measures
        ],
    }


def first_fact(situation: Situation) -> dict[str, Any] | None:
    """Return the fact of the score before anything was changed, None when it is kept already or access was cut."""
    if "hardening_before" in situation.state.facts or situation.state.first_cut_at:
        return None
    first = score(items(situation))
    return {"percent": first.percent, "reached": first.reached, "possible": first.possible}


def score(measures: list[Item]) -> Score:
    """Return the score of some measures."""
    good = (Standing.GOOD, Standing.ATTESTED)
    return Score(sum(i.weight for i in measures if i.standing in good), sum(i.weight for i in measures))


def _two_factor(situation: Situation) -> Item:
    people = [i for i in situation.inventory.users.values() if not i.user.is_disabled]
    without = [i for i in people if not i.user.tfa_active]
    standing = _of(not without) if people else Standing.UNKNOWN
    return Item(
        "two-factor",
        "Two-factor for every user",
        standing,
        f"{len(people) - len(without)} of {len(people)} users",
        "phished and reused passwords",
        "users without their second device cannot sign in",
        "step 5 of the runbook",
        3,
    )


def _readers(situation: Situation) -> Item:
    readers = [
        i
        for i in situation.inventory.users.values()
        if i.user.role in READS_CREDENTIALS and not i.user.is_disabled
    ]
    names = [short_address(i.user.email or i.user.name or i.id) for i in readers if not i.user.is_master]
    shown = ", ".join(visible(name, 60) for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return Item(
        "credential-readers",
        "Few users who can read credentials",
        _of(len(readers) <= MOST_ADMINS) if situation.inventory.users else Standing.UNKNOWN,
        f"{len(readers)} users are Admin or Developer"
        + (f", beside the owner {shown}{more}" if names else ""),
        "a well-meant copy of a secret in the wrong place",
        "those users can no longer see keys and SMTP credentials",
        "change the role in the control panel: Security, Users",
        2,
    )


def _admin_keys(situation: Situation) -> Item:
    admin = [i for i in situation.inventory.keys.values() if i.key.role == "admin"]
    return Item(
        "admin-keys",
        "Few admin keys; senders use domain sending keys",
        _of(len(admin) <= MOST_ADMINS),
        f"{len(admin)} keys with the admin role",
        "a leaked key that can make more keys and read everything",
        "a program that does more than send needs a role of its own",
        "replace admin keys that only send by sending keys",
        3,
    )


def _expiry(situation: Situation) -> Item:
    lasting = [i for i in situation.inventory.keys.values() if i.key.expires_at is None]
    total = len(situation.inventory.keys)
    return Item(
        "key-expiry",
        "Keys expire",
        _of(not lasting) if total else Standing.UNKNOWN,
        f"{total - len(lasting)} of {total} keys have an expiry",
        "a leaked key that works for years",
        "a program stops when its key expires and nobody renews it",
        "give an expiry when a key is made; it cannot be added later",
    )


def _allowlist(situation: Situation) -> Item:
    used = bool(situation.inventory.allowlist)
    known = "allowlist" in situation.inventory.read_at
    return Item(
        "ip-allowlist",
        "IP allowlist with production's addresses",
        _of(used) if known else Standing.UNKNOWN,
        f"{len(situation.inventory.allowlist)} entries",
        "a stolen key or password used from anywhere else",
        "every sender whose address is not on it, API and SMTP alike",
        "only once adoption has shown all production addresses; all of them and your own in one plan",
        3,
    )


def _signing_key(situation: Situation) -> Item:
    renewed = any(
        r.state is EffectState.VERIFIED for r in situation.state.of_kind(EffectKind.SIGNING_KEY_RENEW)
    )
    return Item(
        "signing-key",
        "New HTTP webhook signing key",
        _of(renewed),
        "renewed in this incident" if renewed else "an admin key could have read it",
        "forged webhook calls to your programs",
        "webhook receivers refuse events until they have the new key",
        "the action “account: renew the webhook signing key”",
        2,
    )


def _alerts(situation: Situation) -> Item:
    settings = situation.state.baseline.get("settings")
    count = (
        sum(str(name).startswith("alert|") for name in settings) if isinstance(settings, Mapping) else None
    )
    return Item(
        "alerts",
        "Alerts on volume, complaints and bounces",
        Standing.UNKNOWN if count is None else _of(int(count) > 0),
        "the settings are not read yet" if count is None else f"{count} alert rule(s) at the snapshot",
        "abuse that runs for hours before somebody notices",
        "nothing",
        "control panel: Send, Alerts",
        2,
    )


def _limit(situation: Situation) -> Item:
    limits = list(situation.inventory.limits.values())
    return Item(
        "sending-limit",
        "A monthly sending limit",
        _of(any(limit is not None for limit in limits)) if limits else Standing.UNKNOWN,
        "set" if any(limit is not None for limit in limits) else "none",
        "abuse without an end",
        "sending stops for everybody when it is reached",
        "set it well above a usual month",
    )


def _tls(situation: Situation) -> Item:
    domains = [i for i in situation.inventory.domains.values() if not i.domain.is_sandbox]
    weak = [i for i in domains if not i.domain.require_tls]
    return Item(
        "domain-tls",
        "Domains require TLS",
        _of(not weak) if domains else Standing.UNKNOWN,
        f"{len(domains) - len(weak)} of {len(domains)} domains",
        "mail read on the way",
        "mail to servers without TLS bounces",
        "control panel: domain settings",
    )


def _dkim(situation: Situation) -> Item:
    domains = [i for i in situation.inventory.domains.values() if i.domain.sending_dns_records]
    bad = [
        i
        for i in domains
        if any(r.valid == "invalid" for r in i.domain.sending_dns_records if r.is_active is not False)
    ]
    return Item(
        "domain-dkim",
        "DNS records of every domain are valid",
        _of(not bad) if domains else Standing.UNKNOWN,
        f"{len(domains) - len(bad)} of {len(domains)} domains"
        if domains
        else "the account shows no DNS records",
        "mail in your name that receivers cannot tell from yours",
        "nothing",
        "publish the records that the control panel shows: Send, Domain settings",
    )


def _attested_only(
    item_id: str, title: str, protects: str, breaks: str, how: str
) -> Callable[[Situation], Item]:
    def judge(_situation: Situation) -> Item:
        return Item(item_id, title, Standing.UNKNOWN, "no call reads it", protects, breaks, how)

    return judge


def _of(good: bool) -> Standing:
    return Standing.GOOD if good else Standing.OPEN


_JUDGES: tuple[Callable[[Situation], Item], ...] = (
    _two_factor,
    _admin_keys,
    _allowlist,
    _readers,
    _signing_key,
    _alerts,
    _expiry,
    _limit,
    _tls,
    _dkim,
    _attested_only(
        "session-timeouts",
        "Short session timeouts in the panel",
        "a stolen browser session",
        "users sign in more often",
        "control panel: Account settings, Security",
    ),
    _attested_only(
        "logout-address",
        "Logout address is yours",
        "users sent to a look-alike page when they log out",
        "nothing",
        "control panel: Account settings",
    ),
)
