"""Why a call was refused: a reason and its remedy from status and body, whatever shape the body has.

A status alone misleads: 403 is a role, a plan, a stopped account, a verification, a quota or a filter between
here and Mailgun, and only for the first of them is a new admin key of any use (dossier A2, A5, C).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from workbench.core.errors import Reason


class Remedy(NamedTuple):
    """What a reason means, and what to do about it: two plain sentences."""

    means: str
    todo: str


_SUPPORT: Final = "Write to Mailgun Support from the owner's address; they alone can change it."
REMEDIES: Mapping[Reason, Remedy] = MappingProxyType(
    {
        Reason.KEY: Remedy(
            "The key is dead or mistyped, or this host's address is not on the account's IP allowlist.",
            "Check the key; if it is right, look at IP Access Management in Mailgun's control panel.",
        ),
        Reason.ROLE: Remedy(
            "The key is alive, but its role does not allow this.",
            "Use a key with the admin role, or do this in the control panel.",
        ),
        Reason.PLAN: Remedy(
            "The key is alive; the account's plan does not have this feature.",
            "Go on without it, or ask Mailgun for a plan that has it. Another key changes nothing.",
        ),
        Reason.STOPPED: Remedy(
            "Mailgun has stopped the account; the key is not the cause. Calls are refused until it is opened again.",
            f"{_SUPPORT} Keep the key: another one would be refused too.",
        ),
        Reason.VERIFICATION: Remedy(
            "Mailgun has stopped the account until a business or phone is verified; the key is not the cause.",
            f"Answer the verification in the control panel. {_SUPPORT} Keep the key.",
        ),
        Reason.ALLOWLIST: Remedy(
            "This host's address is not on the account's IP allowlist.",
            "Put it on the list (IP Access Management in the control panel), or work from an address that is on it.",
        ),
        Reason.QUOTA: Remedy(
            "The account has used up what its plan allows of this.",
            "Make room (delete what is not needed), wait until the period ends, or ask Mailgun for more.",
        ),
        Reason.PACE: Remedy(
            "Mailgun asks for fewer calls at a time.", "Nothing is lost: wait a little and run it again."
        ),
        Reason.MISSING: Remedy(
            "It is gone, not there yet, or in the other region.",
            "Nothing needs doing if it was to be removed; otherwise read the list again.",
        ),
        Reason.VENDOR: Remedy(
            "The fault is on Mailgun's side. A read changes nothing; whether a write was carried out "
            "is not known.",
            "Run it again in a moment: the account is asked what really happened. See also status.mailgun.com.",
        ),
        Reason.PAGE: Remedy(
            "Something between this host and Mailgun answers in its place: a captive portal, proxy or web filter. "
            "That says nothing about the key or the account.",
            "Sign in to the network or use another one, then connect again.",
        ),
        Reason.PROXY: Remedy(
            "The proxy on the way wants a sign-in; Mailgun was not reached. That says nothing about the key.",
            "Give the proxy its user and password, or use a way without it.",
        ),
        Reason.NONE: Remedy(
            "Mailgun understood the call and will not do it as asked.",
            "Read the reason; correct what it names or skip this item.",
        ),
    }
)

# Searched in this order in the server's own words; the first that fits is the reason.
_WORDS: tuple[tuple[Reason, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern, re.IGNORECASE))
    for reason, pattern in (
        (
            Reason.VERIFICATION,
            r"business\W+verif|verif\w*\W+(?:pending|required)|phone|verify your (?:account|business)",
        ),
        (Reason.ALLOWLIST, r"allow-?\s?list|white-?list|\bip (?:address )?(?:is )?not (?:allowed|permitted)"),
        (
            Reason.STOPPED,
            r"account\W+(?:\w+\W+){0,3}(?:disabled|suspended|terminated|closed|inactive|deactivated)"
            r"|(?:disabled|suspended|terminated)\W+account|\bdisabled\b|terminated|inactivity|probation|suspended",
        ),
        (Reason.PACE, r"too many requests|rate limit|requests-per|try again after|slow down"),
        (Reason.QUOTA, r"limit (?:is )?(?:reached|exceeded)|quota|maximum number|limit reached|exceeded"),
        (
            Reason.PLAN,
            r"upgrade|your plan|current plan|plan does not|not in (?:your|the) plan|part of your plan|subscription"
            r"|payment required|\bfeature|not (?:enabled|available) for",
        ),
        (Reason.MISSING, r"not found|no such|does not exist|no key matching"),
    )
)


def reason_of(status: int, detail: str, *, page: bool = False) -> Reason:
    """Return why a call was refused, from its status and the server's own words; ``page`` for a document for people."""
    if status == 407:
        return Reason.PROXY
    if page:
        return Reason.VENDOR if status >= 500 else Reason.PAGE
    if status >= 500:
        return Reason.VENDOR
    if status == 429:
        return Reason.PACE
    said = next((reason for reason, words in _WORDS if words.search(detail)), None)
    if status == 401:
        return said if said in (Reason.ALLOWLIST, Reason.STOPPED, Reason.VERIFICATION) else Reason.KEY
    if status == 402:
        return said if said in (Reason.STOPPED, Reason.VERIFICATION) else Reason.PLAN
    if status in (404, 410):
        return Reason.MISSING
    if status == 420:
        return Reason.PACE
    if status == 403:
        return said if said is not None and said is not Reason.MISSING else Reason.ROLE
    if status == 400 and detail.strip().lower() == "forbidden":
        return Reason.ROLE
    return said or Reason.NONE
