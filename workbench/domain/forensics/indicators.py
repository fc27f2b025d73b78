"""What others can look for: addresses, hosts, links, mailboxes, keys, agents, subjects, files of the intruder. Pure.

Nobody's personal address is among them but the intruder's own; keys stand by the end of their id.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from workbench.core.redact import key_tail, visible
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.leaks.recorded import LeaksFound
from workbench.domain.mail import landing
from workbench.domain.mail.links import ascii_name
from workbench.domain.mail.samples import KeptMail
from workbench.domain.model.situation import INTRUDER as THEIRS
from workbench.domain.model.situation import Situation
from workbench.domain.settings_audit.results import REMOVED, open_items

_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+")


class Kind(StrEnum):
    """What an indicator is."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    HOST = "host"
    URL = "url"
    MAILBOX = "mailbox"
    KEY = "key-id"
    AGENT = "user-agent"
    SUBJECT = "subject"
    FILE = "file-sha256"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One thing to look for. ``first`` and ``last`` are when it was seen, as the account writes it, ``""`` where not
    known; in links and subjects ``#`` stands for what varies."""

    kind: Kind
    value: str
    why: str
    first: str = ""
    last: str = ""
    attack: tuple[str, ...] = ()


def indicators(situation: Situation) -> list[Indicator]:
    """Return every indicator once, by kind and value; the first reason counts."""
    held: dict[tuple[str, str], Indicator] = {}
    for one in (*_senders(situation), *_mail(situation), *_leaks(situation), *_left(situation)):
        if one.value:
            held.setdefault((one.kind, one.value), one)
    return sorted(held.values(), key=lambda one: (one.kind, one.value))


def _senders(situation: Situation) -> Iterator[Indicator]:
    for sender in situation.state.known(RecordedAssessment).senders:
        if not sender.is_the_intruders:
            continue
        seen = (sender.first, sender.last)
        for address in sender.addresses:
            yield from _address(address, "sent the intruder's mail", *seen, ("T1496.004",))
        yield Indicator(
            Kind.MAILBOX,
            visible(sender.sender, 200),
            "sender of the intruder's mail",
            *seen,
            ("T1566.002",),
        )
        for subject in sender.subjects:
            yield Indicator(
                Kind.SUBJECT, visible(subject, 120), "subject of the intruder's mail", *seen, ("T1566.002",)
            )
        kind, _, name = sender.credential.partition(":")
        if kind == "key" and name:
            yield Indicator(
                Kind.KEY, key_tail(visible(name, 80)), "used by the intruder", *seen, ("T1078.004",)
            )


def _mail(situation: Situation) -> Iterator[Indicator]:
    for one in landing.landings(situation):
        yield from _host(one.host, "landing host of the intruder's mail", ("T1566.002",))
        yield Indicator(
            Kind.URL, visible(one.shape, 400), "landing page of the intruder's mail", attack=("T1566.002",)
        )
    for sample in situation.state.known(KeptMail).samples:
        for file in sample.attachments:
            if file.sha256:
                why = f"attachment {visible(file.name, 80)} of the intruder's mail"
                yield Indicator(Kind.FILE, file.sha256, why, attack=("T1566.001",))


def _leaks(situation: Situation) -> Iterator[Indicator]:
    for theft in situation.state.known(LeaksFound).thefts:
        when = (theft.not_before or "", theft.not_after or "")
        yield from _address(theft.address or "", "fetched a leaked file", *when, ("T1595.003", "T1552.001"))
        if theft.agent:
            yield Indicator(
                Kind.AGENT, visible(theft.agent, 200), "fetched a leaked file", *when, ("T1595.003",)
            )


def _left(situation: Situation) -> Iterator[Indicator]:
    """What was planted: where copies go, strangers among the users, keys made by the intruder."""
    for item, decision in open_items(situation):
        if decision in (THEIRS, REMOVED):
            for host in item.hosts:
                yield from _host(
                    host, f"named in {visible(item.kind, 40)} that the intruder left", ("T1567.004",)
                )
    for user in situation.inventory.users.values():
        if situation.of_user(user).likely and user.user.email:
            yield Indicator(
                Kind.MAILBOX, visible(user.user.email, 200), "stranger among the users", attack=("T1136.003",)
            )
    for key in situation.inventory.keys.values():
        if situation.of_key(key).likely and not situation.minted_here(key.id):
            yield Indicator(Kind.KEY, key_tail(key.id), "planted by the intruder", attack=("T1098.001",))


def _address(text: str, why: str, first: str, last: str, attack: tuple[str, ...]) -> Iterator[Indicator]:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return
    yield Indicator(Kind.IPV4 if address.version == 4 else Kind.IPV6, str(address), why, first, last, attack)


def _host(text: str, why: str, attack: tuple[str, ...]) -> Iterator[Indicator]:
    bare = text.strip("[]")
    yield from _address(bare, why, "", "", attack)
    name = ascii_name(bare)
    if _NAME.fullmatch(name) and not name.replace(".", "").isdigit():
        yield Indicator(Kind.HOST, name, why, attack=attack)
