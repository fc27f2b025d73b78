"""Refusals read as what they mean: what a delivery status says, and who is to be asked. Pure.

Large receivers publish no zone; their refusals are the only list there is. Evidence is weighed in a fixed
order: who said it (the receiving host, else codes and links only one provider writes); that provider's own
codes; a list that is named; then words, first known sentences, then what the words of any sentence speak of
together. A provider's codes never claim what another one refused, and what nothing fits is *not understood*:
counted and shown, never dropped and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from workbench.blocklists import refusal_concepts, refusal_rules
from workbench.blocklists.named_zones import named_stranger, named_zone
from workbench.blocklists.refusal_rules import (
    ABOUT_OTHERS,
    LISTINGS,
    BounceKind,
    Receiver,
    RefusalRule,
    Rules,
)
from workbench.blocklists.refusal_text import looks_up, of_recipient, shape, without_advice
from workbench.blocklists.zones import Zone
from workbench.core.redact import visible
from workbench.core.registered_names import registrable

__all__ = ["BounceKind", "BounceMeaning", "classify", "every_meaning"]
NOT_UNDERSTOOD = "not-understood"
TOGETHER = "words-together"
_NOBODY = "the receiver"
_UNNAMED = "an unnamed list"
# Words that speak of somebody's rule, list or delay say so outright; the rest of the refusal does not take it back.
_SAID_OUTRIGHT = (BounceKind.LIST, BounceKind.RECIPIENT, BounceKind.GREYLISTING)
# Codes and names stand anywhere; words do not mean the same in a refusal and in the advice behind it.
_NAMED = ("mistakes", "codes", "lists")
_WORDED = ("words", "statuses", "replies")
_LINK_HOST = re.compile(r"https?://([\w.-]{3,253})", re.IGNORECASE)
_USING = re.compile(r"\b(?:block|list|reject|refus)\w* using (?P<list>.{3,60})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BounceMeaning:
    """What one refusal means.

    ``provider`` is who refuses or runs the list; ``zone`` the catalogue's zone where one is named, ``tier``
    and ``do_not_pay`` that zone's; ``about`` is *address* or *domain* where the entry says what is listed;
    ``page`` is where to ask (a page we know, never one from the text); ``ground`` is what decided: *code*,
    *list*, *words*, or *nothing*.
    """

    id: str
    provider: str
    kind: BounceKind
    means: str
    todo: str
    page: str
    zone: str
    asks: tuple[str, ...]
    about: str = ""
    tier: int | None = None
    do_not_pay: str = ""
    ground: str = ""

    @property
    def is_listing(self) -> bool:
        """Return whether somebody lists or blocks the sender; False for what only looks like it."""
        return self.kind in LISTINGS

    @property
    def understood(self) -> bool:
        """Return whether anything known was in the refusal."""
        return self.kind is not BounceKind.NOT_UNDERSTOOD


def meanings() -> tuple[RefusalRule, ...]:
    """Return every entry the data file holds, in the order they are tried."""
    return refusal_rules.load().rules


def classify(code: int | None, text: str, host: str = "") -> BounceMeaning:
    """Return what a delivery status (SMTP code, diagnostic text, receiving host) means.

    ``host`` is who answered, as the log names it; a host that the text itself quotes (``host mx… said``)
    comes second. Never fails: what nothing fits is of the kind *not understood*.
    """
    shaped = shape(text, code)
    return meaning_of(shaped.text, (host or shaped.host).lower().rstrip("."))


def every_meaning(code: int | None, text: str, host: str = "") -> tuple[BounceMeaning, ...]:
    """Return all that fits a refusal, the deciding meaning first."""
    shaped = shape(text, code)
    rules = refusal_rules.load()
    receiver = _receiver(rules, shaped.text, host or shaped.host)
    found = dict.fromkeys(_fitting(rules, receiver, shaped.text, host or shaped.host))
    return tuple(found) or (_not_understood(rules, receiver, host),)


# A wave of spam is refused with the same few texts: each is searched once and remembered.
@lru_cache(maxsize=4096)
def meaning_of(text: str, host: str) -> BounceMeaning:
    """Return what a shaped refusal means; ``host`` is who answered, in small letters and without a final dot."""
    rules = refusal_rules.load()
    receiver = _receiver(rules, text, host)
    return next(_fitting(rules, receiver, text, host), None) or _not_understood(rules, receiver, host)


def _receiver(rules: Rules, text: str, host: str) -> Receiver | None:
    """Return who refused: the receiving host decides; its own words only where the host is not known."""
    return rules.receiver_of(host) or rules.receiver_in(text)


def _fitting(rules: Rules, receiver: Receiver | None, text: str, host: str) -> Iterator[BounceMeaning]:
    """Yield all that fits: codes and lists wherever they stand, then what the words say, those of advice last."""
    spared = of_recipient(text)
    asked = _asked_list(rules, text)
    looked_up = looks_up(text)
    for stage in _NAMED:
        if stage == "lists":
            if spared:
                continue
            yield from _by_zone(rules, receiver, text, host)
        for rule in rules.of_stage(stage):
            if rule.of and (receiver is None or rule.of != receiver.id):
                continue
            if asked and stage == "codes" and rule.kind is BounceKind.BLOCK:
                continue
            if stage == "lists" and not rule.of and not looked_up:
                continue
            if rule.matches(text):
                yield _meaning(rules, rule, receiver, host)
        if stage == "lists":
            yield from _by_strange_zone(text)
    own = receiver is not None and _sends_to(rules, receiver, text)
    told = without_advice(text)
    if told != text:
        yield from _by_words(rules, receiver, told, host, own, _WORDED[:1])
        yield from _by_clear_words(rules, receiver, told, host)
    yield from _by_words(rules, receiver, text, host, own, _WORDED)


def _by_words(
    rules: Rules, receiver: Receiver | None, text: str, host: str, own: bool, stages: tuple[str, ...]
) -> Iterator[BounceMeaning]:
    """Yield what the words of a refusal say, known phrases before all words together, and what its status says.

    ``own`` tells that it sends its reader to a page of the receiver: an unnamed list is then the receiver's own.
    """
    spared = of_recipient(text)
    for stage in stages:
        if stage == "statuses":
            yield from _by_clear_words(rules, receiver, text, host)
        if stage == "replies":
            yield from _by_words_together(rules, receiver, text, host, refusal_concepts.spoken(text))
        for rule in rules.of_stage(stage):
            if rule.of and (receiver is None or rule.of != receiver.id):
                continue
            if spared and stage == "words" and rule.kind in LISTINGS:
                continue
            if rule.owner == _UNNAMED and own and stage == "words":
                continue
            if rule.matches(text):
                if stage == "words" and not _is_certain(rules, rule, text):
                    other = refusal_concepts.contradicting(text, rule.kind)
                    yield from _by_words_together(rules, receiver, text, host, other)
                yield _meaning(rules, rule, receiver, host)


def _by_clear_words(rules: Rules, receiver: Receiver | None, text: str, host: str) -> Iterator[BounceMeaning]:
    """Yield what all the words speak of where they do so more clearly than a status does."""
    spoken = refusal_concepts.spoken(text)
    if spoken is not None and spoken.lead >= refusal_concepts.AGAINST_STATUS:
        yield from _by_words_together(rules, receiver, text, host, spoken)


def _is_certain(rules: Rules, phrase: RefusalRule, text: str) -> bool:
    """Return whether a known phrase stands whatever the other words say: it is outright, or the status agrees."""
    return (
        phrase.outright
        or phrase.kind in _SAID_OUTRIGHT
        or any(rule.kind is phrase.kind and rule.matches(text) for rule in rules.of_stage("statuses"))
    )


def _asked_list(rules: Rules, text: str) -> bool:
    """Return whether a refusal says itself which list it used: then its code is no block of its own."""
    said = _USING.search(text)
    return said is not None and any(
        rule.matches(said["list"])
        for rule in rules.of_stage("lists")
        if not rule.of and rule.kind is BounceKind.LIST
    )


def _sends_to(rules: Rules, receiver: Receiver, text: str) -> bool:
    """Return whether a refusal sends its reader to a page of the receiver: then the list is the receiver's own."""
    return any(rules.receiver_of(host.lower()) is receiver for host in _LINK_HOST.findall(text))


def _by_zone(rules: Rules, receiver: Receiver | None, text: str, host: str) -> Iterator[BounceMeaning]:
    """Yield the list whose zone a refusal names, in the words of its entry where the data file has one."""
    zone = named_zone(text)
    if zone is None:
        return
    rule = next((one for one in rules.of_stage("lists") if one.zone is zone and not one.of), None)
    if rule is not None:
        yield _meaning(rules, rule, receiver, host)
    else:
        means, todo = rules.defaults[BounceKind.LIST]
        pay = "Do not pay." if zone.do_not_pay else todo
        yield _of_zone(zone, f"zone-{zone.name}", means.format(who=zone.title), pay)


def _by_strange_zone(text: str) -> Iterator[BounceMeaning]:
    """Yield a list named by a zone the catalogue does not hold: a stranger's, or one that is gone."""
    name, retired = named_stranger(text)
    if not name:
        return
    if retired is not None and retired.state in ("dead", "closed", "never-existed"):
        yield BounceMeaning(
            id="dead-list",
            provider=_NOBODY,
            kind=BounceKind.RECEIVER,
            means=f"Not your listing: the receiver asks {visible(name, 80)}, a list that is gone ({retired.reason}).",
            todo="Tell the receiver's postmaster; nothing is to be removed.",
            page="",
            zone="",
            asks=(),
            ground="list",
        )
        return
    yield BounceMeaning(
        id="unknown-zone",
        provider=visible(name, 80),
        kind=BounceKind.LIST,
        means=f"The receiver asks the list {visible(name, 80)}, which is not in the catalogue.",
        todo="Read the text for its page; ask the receiver's postmaster how this list removes entries.",
        page="",
        zone="",
        asks=(),
        ground="list",
    )


def _of_zone(zone: Zone, id_: str, means: str, todo: str) -> BounceMeaning:
    about = "domain" if {kind.value for kind in zone.lists} == {"domain"} else "address"
    return BounceMeaning(
        id=id_,
        provider=zone.owner.name,
        kind=BounceKind.LIST,
        means=means,
        todo=todo,
        page=zone.page,
        zone=zone.name,
        asks=zone.owner.asks,
        about=about,
        tier=int(zone.tier),
        do_not_pay=zone.do_not_pay,
        ground="list",
    )


def _meaning(rules: Rules, rule: RefusalRule, receiver: Receiver | None, host: str) -> BounceMeaning:
    zone = rule.zone
    who = rule.owner or (zone.owner.name if zone is not None else "") or rule.who
    if not who:
        who = _NOBODY if rule.kind is BounceKind.RECEIVER else _name(receiver, host)
    if rule.kind is BounceKind.RECIPIENT and who == _NOBODY:
        who = "the recipient"
    means, todo = rules.defaults[rule.kind]
    page = rule.page or (zone.page if zone is not None else "")
    if rule.owner == _UNNAMED and receiver is not None:
        # Who asks an unnamed list is who can name it.
        who, page = _name(receiver, host), receiver.page
    if not page and not rule.owner and receiver is not None and rule.kind not in ABOUT_OTHERS:
        page = "" if rule.kind in (BounceKind.RECEIVER, BounceKind.RECIPIENT) else receiver.page
    return BounceMeaning(
        id=rule.id,
        provider=who,
        kind=rule.kind,
        means=rule.means or _sentence(means.format(who=who)),
        todo=rule.todo or todo.format(who=who),
        page=page,
        zone=zone.name if zone is not None else "",
        asks=rule.asks or (zone.owner.asks if zone is not None else ()),
        about=rule.about,
        tier=int(zone.tier) if zone is not None else None,
        do_not_pay=zone.do_not_pay if zone is not None else "",
        ground={"codes": "code", "lists": "list"}.get(rule.stage, "words"),
    )


def _by_words_together(
    rules: Rules, receiver: Receiver | None, text: str, host: str, found: refusal_concepts.Spoken | None
) -> Iterator[BounceMeaning]:
    """Yield what all the words speak of, whatever sentence they make, if they speak of anything."""
    if found is None or (found.kind in LISTINGS and of_recipient(text)):
        return
    means, todo = rules.defaults[found.kind]
    name = _name(receiver, host)
    if found.kind is BounceKind.RECIPIENT and name == _NOBODY:
        name = "the recipient"
    page = receiver.page if receiver is not None else ""
    if found.kind in ABOUT_OTHERS or found.kind is BounceKind.RECIPIENT:
        page = ""
    means = (
        f"{_sentence(means.format(who=name))} Its words speak of this together; no known sentence says it."
    )
    yield _in_default_words(found.kind, TOGETHER, name, (means, todo.format(who=name), page), "words")


def _not_understood(rules: Rules, receiver: Receiver | None, host: str) -> BounceMeaning:
    means, todo = rules.defaults[BounceKind.NOT_UNDERSTOOD]
    page = receiver.page if receiver is not None else ""
    name = _name(receiver, host)
    return _in_default_words(BounceKind.NOT_UNDERSTOOD, NOT_UNDERSTOOD, name, (means, todo, page), "nothing")


def _in_default_words(
    kind: BounceKind, id_: str, provider: str, told: tuple[str, str, str], ground: str
) -> BounceMeaning:
    means, todo, page = told
    return BounceMeaning(
        id=id_,
        provider=provider,
        kind=kind,
        means=means,
        todo=todo,
        page=page,
        zone="",
        asks=(),
        ground=ground,
    )


def _name(receiver: Receiver | None, host: str) -> str:
    return receiver.name_of(host) if receiver is not None else _NOBODY


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def provider_of(mx_host: str) -> str:
    """Return who runs a receiving host; the host's registrable name where it is not known."""
    host = mx_host.lower().rstrip(".")
    receiver = refusal_rules.load().receiver_of(host)
    if receiver is not None:
        return receiver.name_of(host)
    return visible(registrable(host), 80) if host else "unknown"
