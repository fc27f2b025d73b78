"""Whose host is this? Names and addresses compared with the customer's own, and secrets cut out of URLs. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from workbench.core.registered_names import is_webmail, mail_domain, registrable
from workbench.domain.model.inventory import Inventory

_URL = re.compile(r"\b(?:https?|ftp)://[^\s\"'<>\\)]+", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@([A-Za-z0-9](?:[A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?)")
# A path segment or value that long and that mixed is a token, not a word.
_TOKEN = re.compile(r"(?=[^/]*\d)[A-Za-z0-9_\-]{16,}")
# Every account's sandbox lies under it, the intruder's own account's too.
_VENDOR = "mailgun.org"
_TEMPLATE = re.compile(r"\{\{.*?\}\}|%[A-Za-z_.]+%")


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, ``""`` where there is none to read."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def urls_in(text: str) -> list[str]:
    """Return the URLs inside a text, each once, in order."""
    return list(dict.fromkeys(found.rstrip(".,;") for found in _URL.findall(text)))


def mail_domains_in(text: str) -> list[str]:
    """Return the domains of the mail addresses inside a text, each once, in lower case."""
    return list(dict.fromkeys(found.lower() for found in _ADDRESS.findall(_TEMPLATE.sub("", text))))


def holds_secret(url: str) -> bool:
    """Return whether a URL carries what looks like a password or token: in user part, query or path."""
    try:
        parts = urlsplit(url)
        if parts.password or parts.username:
            return True
    except ValueError:
        return True
    return bool(parts.query or parts.fragment) or any(_TOKEN.fullmatch(p) for p in parts.path.split("/"))


def scrubbed(text: str, fingerprint: Callable[[str], str]) -> str:
    """Return text with what may be secret in its URLs replaced by fingerprints: a change still shows."""
    return _URL.sub(lambda found: _scrub(found[0], fingerprint), text)


def _scrub(url: str, fingerprint: Callable[[str], str]) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"‹{fingerprint(url)}›"
    user = f"‹{fingerprint(parts.netloc.rpartition('@')[0])}›@" if "@" in parts.netloc else ""
    path = "/".join(
        f"‹{fingerprint(part)}›" if _TOKEN.fullmatch(part) else part for part in parts.path.split("/")
    )
    query = f"?‹{fingerprint(parts.query)}›" if parts.query else ""
    fragment = f"#‹{fingerprint(parts.fragment)}›" if parts.fragment else ""
    return f"{parts.scheme}://{user}{host}{port}{path}{query}{fragment}"


@dataclass(frozen=True)
class CustomerNames:
    """The names that belong to the customer: sending domains and the mail domains of its people.

    A mail provider's domain is nobody's home, whoever of the customer's has an address there: an intruder has one
    there as easily. Nor is the vendor's own, under which every account has its sandbox.
    """

    names: frozenset[str]
    seen: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str], seen: Iterable[str] = ()) -> CustomerNames:
        """Return the home of these domain names; ``seen`` are hosts met in the logs before the abuse."""
        return cls(
            frozenset(name.lower() for name in names if name and not _shared(name)),
            frozenset(host.lower() for host in seen),
        )

    @cached_property
    def registered(self) -> frozenset[str]:
        """The registered names among them."""
        return frozenset(registrable(name) for name in self.names)

    def owns(self, host: str) -> bool:
        """Return whether a host lies under a registered name of the customer's."""
        return bool(host) and registrable(host) in self.registered

    def doubt(self, host: str) -> tuple[int, str]:
        """Return how strange a host is (0 ours, 1 unknown, 2 a look-alike), and why in words."""
        if not host:
            return 1, "its host cannot be read"
        if self.owns(host):
            return 0, f"{host} is under a domain of yours"
        like = self.looks_like(host)
        if like:
            return 2, f"{host} looks like your {like} and is not it"
        if is_webmail(host):
            return 1, f"anybody can have an address at {host}"
        if host in self.seen:
            return 1, f"{host} is not yours, but was in your mail before the abuse"
        return 1, f"{host} belongs to no domain of yours and was never seen in your logs"

    def looks_like(self, host: str) -> str:
        """Return which registered name a foreign host imitates, ``""`` for none."""
        mine = registrable(host)
        label = mine.partition(".")[0]
        for name in sorted(self.registered - {mine}):
            own = name.partition(".")[0]
            if len(own) >= 4 and (own in label or _near(own, label)):
                return name
            if label == own:
                return name
        return ""


def home_of(inventory: Inventory, since: datetime, seen: Iterable[str] = ()) -> CustomerNames:
    """Return the names that belong to the customer: domains from before ``since``, and the owner's mail domain.

    A domain without a date is none of them: it cannot be told from one the intruder added.
    """
    names = [
        item.name
        for item in inventory.domains.values()
        if not item.domain.is_sandbox
        and item.domain.created_at is not None
        and item.domain.created_at < since
    ]
    owner = next((i.user.email for i in inventory.users.values() if i.user.is_master), None)
    return CustomerNames.of([*names, mail_domain(owner)], seen)


def _shared(name: str) -> bool:
    return registrable(name) == _VENDOR or is_webmail(name)


def _near(one: str, other: str) -> bool:
    """Return whether two words differ by one letter changed, left out or added, or two swapped."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return one == other
    if len(one) == len(other):
        wrong = [index for index in range(len(one)) if one[index] != other[index]]
        if len(wrong) == 1:
            return True
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
            first, second = wrong
            return one[first] == other[second] and one[second] == other[first]
        return False
    short, long = sorted((one, other), key=len)
    return any(long[:index] + long[index + 1 :] == short for index in range(len(long)))
