"""What would make the next leak matter less: checked from the account, scored before and after (step 11).

Each item says what it protects against and what it might break. What the API cannot read is attested. What
is not done today is left for later by name: it stays open in the report, and its points are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from workbench.core.redact import short_address, visible
from workbench.core.words import plural
from workbench.domain.hardening import deliverability, facts
from workbench.domain.hardening.item import HardeningItem as HardeningItem
from workbench.domain.hardening.item import Standing as Standing
from workbench.domain.hardening.recorded import ScoreBefore
from workbench.domain.model.inventory import DomainItem, UserItem
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation
from workbench.domain.runbook.handover import kept
from workbench.domain.settings_audit.harm_rows import stops_nothing

# Measures that are planned here ("harden.apply"), and those that ask something first, by their own action.
APPLY = "harden.apply"
MOST_ADMINS = 2
STEP = "11"
# What is attested of a measure left for later carries this before the measure's id.
LATER_MARK = "later:"
_NAMED = 4  # people named one by one


@dataclass(frozen=True, slots=True)
class Score:
    """Points reached of points possible; what cannot be told counts as not reached."""

    reached: int
    possible: int

    @property
    def percent(self) -> int:
        """Return the score in percent."""
        return round(100 * self.reached / self.possible) if self.possible else 100


def items(situation: Situation) -> list[HardeningItem]:
    """Return every measure with its standing, the heaviest first."""
    made = [judge(situation) for judge in _JUDGES]
    said = _words(situation)
    done = [_with_word(item, said.get(item.id)) for item in made]
    return sorted(done, key=lambda item: -item.weight)


def _words(situation: Situation) -> dict[str, Attestation]:
    """Return the latest word on each measure: what was left for later may be attested tomorrow, alone or as a whole."""
    said: dict[str, Attestation] = {}
    for one in situation.state.attestations:
        if one.step == STEP and one.subject:
            said[one.subject.removeprefix(LATER_MARK)] = one
        elif one.step == STEP:
            said = {name: word for name, word in said.items() if not word.subject.startswith(LATER_MARK)}
    return said


def _with_word(item: HardeningItem, word: Attestation | None) -> HardeningItem:
    if word is None or item.standing is Standing.GOOD:
        return item
    later = word.subject.startswith(LATER_MARK)
    evidence = (
        f"{item.evidence}; {'left for later' if later else 'attested'} by {visible(word.who, 40)}, {word.at}"
    )
    return replace(item, standing=Standing.LATER if later else Standing.ATTESTED, evidence=evidence)


def settled(item: HardeningItem) -> bool:
    """Return whether nobody needs to look at a measure now: it stands, or was left for later by name."""
    return item.standing in (Standing.GOOD, Standing.ATTESTED, Standing.LATER)


def document(situation: Situation) -> dict[str, Any]:
    """Return score and measures as plain JSON values, the score before beside the one now."""
    measures = items(situation)
    now = score(measures)
    return {
        "score": {"reached": now.reached, "possible": now.possible, "percent": now.percent},
        "score_before": situation.state.known(ScoreBefore).percent,
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
                "action": item.action,
            }
            for item in measures
        ],
    }


def first_fact(situation: Situation) -> ScoreBefore | None:
    """Return the fact of the score before anything was changed, None when it is kept already or access was cut."""
    if situation.state.fact(ScoreBefore) is not None or situation.state.first_cut_at:
        return None
    first = score(items(situation))
    return ScoreBefore(
        percent=first.percent,
        reached=first.reached,
        possible=first.possible,
        # Deleting a key destroys who made it, and with it the only sign of what a user needs a role for.
        key_makers=dict(Counter(facts.makers(situation))),
    )


def score(measures: list[HardeningItem]) -> Score:
    """Return the score of some measures."""
    good = (Standing.GOOD, Standing.ATTESTED)
    return Score(sum(i.weight for i in measures if i.standing in good), sum(i.weight for i in measures))


def _two_factor(situation: Situation) -> HardeningItem:
    people = [i for i in situation.inventory.users.values() if not i.user.is_disabled]
    without = [i for i in people if not i.user.tfa_active]
    standing = _of(not without) if people else Standing.UNKNOWN
    return HardeningItem(
        "two-factor",
        "Two-factor for every user",
        standing,
        f"{len(people) - len(without)} of {len(people)} users",
        "phished and reused passwords",
        "users without their second device cannot sign in",
        "step 5 of the runbook",
        3,
    )


def _readers(situation: Situation) -> HardeningItem:
    readers = facts.credential_readers(situation)
    idle = [one.item for one in readers if not one.needs]
    names = ", ".join(_person(item) for item in idle[:_NAMED])
    more = f" and {len(idle) - _NAMED} more" if len(idle) > _NAMED else ""
    evidence = f"{len(readers)} beside the owner are Admin or Developer"
    if idle:
        evidence += f"; {len(idle)} of them made no key that the account showed: {names}{more}"
    return HardeningItem(
        "credential-readers",
        "Few users who can read credentials",
        _of(len(readers) < MOST_ADMINS) if situation.inventory.users else Standing.UNKNOWN,
        evidence,
        "a well-meant copy of a secret in the wrong place",
        "those users can no longer see keys and SMTP credentials",
        "give those who need no credentials Analyst or Support in the control panel: Security, Users; the account "
        "is read again and shows it. Who only looked something up leaves no trace: ask them first",
        2,
    )


def _person(item: UserItem) -> str:
    name = visible(short_address(item.user.email or item.user.name or item.id), 60)
    return f"{name} ({visible(item.user.role or '', 20)})"


def _admin_keys(situation: Situation) -> HardeningItem:
    admin = [i for i in situation.inventory.keys.values() if i.key.role == "admin"]
    unread = not situation.inventory.keys and "keys" not in situation.inventory.read_at
    doubtful = sum(situation.of_key(i).likely and not situation.minted_here(i.id) for i in admin)
    strange = f", {doubtful} of them not known to be yours" if doubtful else ""
    return HardeningItem(
        "admin-keys",
        "Few admin keys; senders use domain sending keys",
        Standing.UNKNOWN if unread else _of(len(admin) <= MOST_ADMINS and not strange),
        "the keys could not be read"
        if unread
        else f"{plural(len(admin), 'admin key')}{strange}{_waiting(situation)}",
        "a leaked key that can make more keys and read everything",
        "nothing at once: the broad key goes on working until the new one is in use and you end it",
        "plan: mint what was seen in use and no more, prove it, hand it over, then delete the broad key",
        3,
        APPLY,
    )


def _expiry(situation: Situation) -> HardeningItem:
    lasting = facts.broad_keys(situation)
    total = sum(item.id != situation.own_key_id for item in situation.inventory.keys.values())
    return HardeningItem(
        "key-expiry",
        "Keys expire",
        _of(not lasting) if total else Standing.UNKNOWN,
        f"{total - len(lasting)} of {total} keys have an expiry{_waiting(situation)}",
        "a leaked key that works for years",
        "a program stops when its key expires and nobody renews it: put the date into a calendar",
        "plan: an expiry cannot be added to a key, so each gets a replacement that has one",
        1,
        APPLY,
    )


def _waiting(situation: Situation) -> str:
    count = sum(item.is_key for item in kept(situation))
    return f"; {count} wait for their hand-over" if count else ""


def _allowlist(situation: Situation) -> HardeningItem:
    used = bool(situation.inventory.allowlist)
    known = "allowlist" in situation.inventory.read_at
    bad = facts.allowlist_fault(situation)
    seen = facts.production_addresses(situation)
    shown = f"; adoption saw {', '.join(seen[:_NAMED])}{' …' if len(seen) > _NAMED else ''}" if seen else ""
    return HardeningItem(
        "ip-allowlist",
        "IP allowlist with production's addresses",
        _of(used and not bad) if known else Standing.UNKNOWN,
        f"{len(situation.inventory.allowlist)} entries{shown}{f'; {bad}' if bad else ''}",
        "a stolen key or password used from anywhere else",
        "every sender whose address is not on it, API and SMTP alike",
        "plan: your own address, typed and confirmed, then all that adoption saw; only once no sender is down",
        3,
        "allowlist.add",
    )


def _signing_key(situation: Situation) -> HardeningItem:
    renewed = any(
        r.state is EffectState.VERIFIED for r in situation.state.of_kind(EffectKind.SIGNING_KEY_RENEW)
    )
    return HardeningItem(
        "signing-key",
        "New HTTP webhook signing key",
        _of(renewed),
        "renewed in this incident" if renewed else "an admin key could have read it",
        "forged webhook calls to your programs",
        "webhook receivers refuse events until they have the new key",
        "plan: make a new one, stored in the vault, for the receivers' people to fetch",
        2,
        APPLY,
    )


def _alerts(situation: Situation) -> HardeningItem:
    settings = situation.state.baseline.settings
    made = facts.alerts_made(situation)
    known = settings is not None
    count = sum(name.startswith("alert|") for name in settings or ())
    words = [f"{plural(count, 'rule')} at the snapshot" if known else "the settings are not read yet"]
    words += [f"{len(made)} made in this incident"] if made else []
    enough = bool(made) and not facts.alerts_missing(situation)
    if count and not enough and (blind := facts.unwatched(situation)):
        words, count = [*words, f"none of them on the {' and the '.join(blind)}"], 0
    fault = facts.open_finding(situation, "alert")
    return HardeningItem(
        "alerts",
        "Alerts on complaint and bounce rates",
        Standing.GOOD if (enough or count) and not fault else Standing.OPEN if known else Standing.UNKNOWN,
        "; ".join((*words, *((f"not counted while this is open: {fault}",) if fault else ()))),
        "abuse that runs for hours before somebody notices",
        "nothing",
        "plan: a rule for complaints over 0.1 % and one for hard bounces over 5 %, by mail. The API has no rule for "
        "volume: the sending limit caps that",
        2,
        APPLY,
    )


def _limit(situation: Situation) -> HardeningItem:
    limits = list(situation.inventory.limits.values())
    held = [limit for limit in limits if limit is not None and limit.limit is not None]
    loose = [
        limit
        for limit in held
        if stops_nothing(float(limit.limit or 0), float(limit.current or 0), situation.now)
    ]
    words = ", ".join(f"{float(limit.limit or 0):,.0f} a month" for limit in held) or "none"
    if loose:
        words += "; far above what a month needs, so it stops no abuse"
    elif fault := facts.open_finding(situation, "limit"):
        words += f"; not counted while this is open: {fault}"
    return HardeningItem(
        "sending-limit",
        "A monthly sending limit (volume)",
        _of(bool(held) and not loose and not facts.open_finding(situation, "limit"))
        if limits
        else Standing.UNKNOWN,
        words,
        "abuse without an end",
        "sending stops for everybody when it is reached",
        "plan: set it well above a usual month, and not more",
        1,
        "limit.set",
    )


def _tls(situation: Situation) -> HardeningItem:
    held = situation.inventory.domains.values()
    domains = [i for i in held if not i.domain.is_sandbox and not situation.of_domain(i).likely]
    weak = [i for i in domains if weak_tls(i)]
    return HardeningItem(
        "domain-tls",
        "Domains require TLS, with a certificate that is checked",
        _of(not weak) if domains else Standing.UNKNOWN,
        f"{len(domains) - len(weak)} of {len(domains)} domains",
        "mail read on the way",
        "mail to servers without TLS, or with a bad certificate, bounces instead of going out in clear",
        "plan: require_tls on and skip_verification off, domain by domain; each can be set back",
        1,
        APPLY,
    )


def weak_tls(item: DomainItem) -> dict[str, bool]:
    """Return the TLS settings of a domain that let mail go out in clear, with the values that do not."""
    domain = item.domain
    fields = {} if domain.require_tls else {"require_tls": True}
    return {**fields, "skip_verification": False} if domain.skip_verification else fields


def _dkim(situation: Situation) -> HardeningItem:
    bad, shown = facts.dns_records(situation)
    return HardeningItem(
        "domain-dkim",
        "DNS records of every domain are valid",
        _of(not bad) if shown else Standing.UNKNOWN,
        f"{shown - bad} of {shown} domains" if shown else "read by the sweep of step 6",
        "mail in your name that receivers cannot tell from yours",
        "nothing",
        "publish the records that the control panel shows: Send, Domain settings",
    )


def _dkim_keys(situation: Situation) -> HardeningItem:
    short, shown = facts.short_keys(situation)
    ready = sum(bool(one.ready) for one in short)
    waiting = sum(one.waiting is not None for one in short)
    words = [f"{shown - len(short)} of {shown} domains" if shown else "read by the sweep of step 6"]
    if waiting:
        words.append(f"{plural(waiting, 'new key')} waiting for a DNS record")
    if ready:
        words.append(f"{plural(ready, 'new key')} published, to be switched on")
    return HardeningItem(
        "dkim-keys",
        "DKIM keys of 2,048 bits",
        _of(not short) if shown else Standing.UNKNOWN,
        "; ".join(words),
        "signatures forged with a short key, or with one whose private half was imported",
        "nothing: the old key signs until the new record is published and its key switched on",
        "plan: make a longer key (it shows the record to publish), later switch it on; where Mailgun manages the "
        "key, roll it. Which domain is the authority for DKIM is set in the control panel",
        1,
        APPLY,
    )


def _attested_only(
    item_id: str, title: str, protects: str, breaks: str, how: str
) -> Callable[[Situation], HardeningItem]:
    def judge(_situation: Situation) -> HardeningItem:
        return HardeningItem(item_id, title, Standing.UNKNOWN, "no call reads it", protects, breaks, how)

    return judge


def _of(good: bool) -> Standing:
    return Standing.GOOD if good else Standing.OPEN


_JUDGES: tuple[Callable[[Situation], HardeningItem], ...] = (
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
    _dkim_keys,
    deliverability.dmarc,
    *(_attested_only(*words) for words in deliverability.BY_HAND),
    _attested_only(
        "session-timeouts",
        "Short session timeouts in the panel",
        "a stolen browser session",
        "users sign in more often",
        "control panel: Account settings, Security; then attest it here",
    ),
    _attested_only(
        "logout-address",
        "Logout address is yours",
        "users sent to a look-alike page when they log out",
        "nothing",
        "control panel: Account settings; then attest it here",
    ),
)
