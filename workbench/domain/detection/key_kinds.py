"""What somebody typed where the admin key belongs: named for what it is, with the way to the right one. Pure.

Some kinds show by their form, before anything is sent; the others by what Mailgun answers to them. What no answer tells
apart (a sending key and a dead key get the same 401, dossier A2) is said to be one of these, never one of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.core.errors import Reason
from workbench.core.redact import Secret, visible
from workbench.mailgun.probe import Capabilities, RegionState

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}")
_CURRENT = re.compile(r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}")
SHORTEST = 20  # characters; every form of a Mailgun key is longer (dossier A2)

_MAKE_ONE = "Make one in the control panel (API Security, Add new key, role Admin) and copy it whole: it is shown once."


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a key is not the one that is needed: ``what`` it is, what that ``means``, what ``todo``.

    ``lesser`` says that the account accepts it all the same, with fewer rights than an admin's.
    """

    what: str
    means: str
    todo: str = _MAKE_ONE
    lesser: bool = False

    def words(self) -> str:
        """Return it as one text for a screen."""
        return " ".join(part for part in (self.what, self.means, self.todo) if part)


def by_form(typed: Secret) -> Doubt | None:
    """Return what a text is that cannot be an admin key, None for what may be one; nothing was sent for it."""
    text = typed.reveal()
    if not text:
        return Doubt("No key was typed.", "", "")
    if text.startswith("pubkey-"):
        return Doubt("This is the public validation key.", "It checks addresses and opens nothing else.")
    if _ID.fullmatch(text):
        return Doubt(
            "This is the id of a key, not the key.", "The panel goes on showing ids; the key is longer."
        )
    if "@" in text or "://" in text:
        return Doubt("This is an address, not a key.", "SMTP logins and URLs open no API.")
    if len(text) < SHORTEST or not text.isascii() or not text.isprintable():
        return Doubt(
            f"This is no Mailgun key ({len(text)} characters).", "", "Copy the whole key, and nothing else."
        )
    return None


def by_answers(typed: Secret, found: Capabilities) -> Doubt | None:
    """Return why the account does not take this key as its admin's, None where it does or nobody can tell."""
    if found.stopped is not None:
        return None  # the key is right; what Mailgun stopped is told once the incident is open
    if found.usable:
        return _lesser(found) if found.admin is False else None
    states = {probe.state for probe in found.regions.values()}
    if RegionState.REFUSED in states:
        return _refused(typed, found)
    failure = found.failure()
    if failure is None:
        return None
    means = (
        failure.means
        or "No answer says nothing about the key: it is this host's network, name service or proxy."
    )
    return Doubt(
        failure.what, means, failure.todo or "Enter tries again; `workbench doctor` says what is missing."
    )


def _lesser(found: Capabilities) -> Doubt:
    allowed = {ability.name: ability.allowed for ability in found.abilities}
    if found.own_key is not None and found.own_key.role:
        whose = f"a key with the role {visible(found.own_key.role, 40)}"
    elif allowed.get("see the SMTP logins"):
        whose = "a developer's key"
    else:
        whose = "an analyst's or Support's key"
    return Doubt(
        f"This is {whose}: the account accepts it, but it is not an admin's.",
        "It cannot replace keys, reset SMTP passwords or change the IP allowlist, so it can look and cut nothing.",
        lesser=True,
    )


def _refused(typed: Secret, found: Capabilities) -> Doubt:
    names = [region.value.upper() for region in found.regions]
    reasons = {probe.error.reason for probe in found.regions.values() if probe.error is not None}
    if Reason.ALLOWLIST in reasons:
        return Doubt(
            "This host is not on the account's IP allowlist: every key is refused here.",
            "The key may be right.",
            "Put this host's address on the list in the control panel (IP Access Management), then Enter again.",
        )
    first = f"Mailgun refuses this key (401) in {' and '.join(names)}."
    maybe = []
    if len(names) == 1:
        maybe.append(
            "a key of the other region's account (only "
            f"{names[0]} was asked: MAILGUN_BASE_URL or --endpoints says so; without it both are asked)"
        )
    if _CURRENT.fullmatch(typed.reveal()):
        maybe.append(
            "a sending key, which may send for one domain and is answered like a dead key everywhere else"
        )
        maybe.append("a generated SMTP password, which looks the same")
    elif typed.reveal().startswith("key-"):
        maybe.append("the webhook signing key, which looks like an old account key")
    maybe.append("a key that was deleted, disabled or has expired")
    maybe.append("a right key on a host that the IP allowlist leaves out")
    return Doubt(first, f"It may be {', or '.join(maybe)}.")
