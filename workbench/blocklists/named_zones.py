"""Lists that a refusal names by their zone: the catalogue's, closed ones, and others nobody here knows. Pure."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain

from workbench.blocklists import catalogue
from workbench.blocklists.zones import Retired, Zone

# What a server says before it names the zone it asked (Postfix: "blocked using", Exim: "listed at", …).
_PHRASE = re.compile(
    r"(?:listed (?:in|at|on|by|with)|blocked (?:using|by|with|via)|rejected (?:using|by)|refused (?:using|by)|"
    r"found (?:in|on)|(?:is|listed) (?:in|on) (?:an? |the )?(?:rbl|dnsbl|rhsbl|(?:black|block) ?list)(?: at| on| of)?|"
    r"(?:dns|r)bl(?: server)?(?: response)?)[\s:('\"<]{1,4}(?:https?://)?(?:www\.)?"
    r"(?P<zone>(?:[a-z0-9_-]{1,63}\.){1,7}[a-z]{2,24})(?![\w@-])",
    re.IGNORECASE,
)
# A name that nobody but a list has, wherever it stands: dnsbl.example.org, bl.example.org.
_LISTS_NAME = re.compile(
    r"(?<![\w@.-])(?P<zone>(?:[a-z0-9-]{1,63}\.){0,3}(?:(?:dns|rhs|uri|[rbxsd])?bl\d?|dnsbl[\w-]{1,20}|[\w-]{1,20}-?dnsbl)\."
    r"(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24})(?![\w@-])",
    re.IGNORECASE,
)
# Hosts on the way to a recipient may be called so too.
_OF_THE_WAY = re.compile(
    r"connect to\b|connection (?:refused|timed|reset|lost|closed|with|to)|time-?out|\bunreachable|no route|not found\b",
    re.IGNORECASE,
)
# A stranger's zone counts only if its name says that it is one.
_LOOKS_LIKE_ONE = re.compile(
    r"(?:^|[.-])\w*(?:dns|rb|b|x|s|d|uri)l\w?(?:[.-]|$)|block|black|spam|abuse|reput", re.IGNORECASE
)


def named_zone(text: str) -> Zone | None:
    """Return the catalogue's zone that stands in a text, the longest name first; None where none does."""
    pattern, zones = _zone_names()
    found = pattern.search(text)
    return zones[found[0].lower()] if found is not None else None


def named_stranger(text: str) -> tuple[str, Retired | None]:
    """Return (a zone the catalogue does not hold, its record if it is one that must not be asked).

    The zone is ``""`` where none is named after the phrases servers use, nor by a name that only lists have.
    """
    named = () if _OF_THE_WAY.search(text) else _LISTS_NAME.finditer(text)
    for found in chain(_PHRASE.finditer(text), named):
        name = found["zone"].lower()
        if catalogue.load().find(name) is not None:
            continue
        retired = catalogue.load().retired_as(name)
        if retired is not None:
            return name, retired
        if _LOOKS_LIKE_ONE.search(name):
            return name, None
    return "", None


@cache
def _zone_names() -> tuple[re.Pattern[str], dict[str, Zone]]:
    zones = {zone.name: zone for zone in catalogue.load().zones.values()}
    names = sorted(zones, key=len, reverse=True)
    alternatives = "|".join(re.escape(name) for name in names)
    return re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])", re.IGNORECASE), zones
