"""Who still has to do what to sign in safely, and the message that tells them (runbook steps 4 and 5).

What each user does depends on how they sign in (``auth.method``). The messages hold no link: none is known to
be right for everybody, and a link in a mail about passwords is what people are told not to click.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workbench.core.clock import as_moment
from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation

# The mailed password link of the classic log-in dies after this long (compromised-account article, step 4).
LINK_LIFE = timedelta(minutes=20)
# Who has no mailed link is asked again after this long.
TOLD_LIFE = timedelta(hours=4)
LINK, TOLD = "link", "told"
CLASSIC, SINCH, UNKNOWN = "classic", "sinch", "unknown"
PASSWORD, TWO_FACTOR = "4", "5"
_KEEP_APART = 3  # groups of sign-in in one message to all

_STRONG = (
    "Choose a password that you use nowhere else: four or more random words, or 16 and more random characters "
    "from a password manager. Nothing with the company's name, a year, or a pattern on the keyboard."
)
_CLASSIC = (
    "On Mailgun's login page choose 'Forgot password' and enter your address.",
    "Open the mail at once: its link dies after 20 minutes. If it is too late, ask for a new one; only the newest "
    "works.",
    _STRONG,
    "Log in, open Profile, Account, Authentication, and activate two-factor authentication.",
    "Keep the paper key it shows (64 characters) where you find it without this computer: it is the way back in.",
)
_SINCH = (
    "You sign in with Sinch ID: change the password in the Sinch ID portal, not on Mailgun's login page.",
    _STRONG,
    "Switch two-factor authentication on in the Sinch ID portal as well.",
    "Do NOT follow Mailgun's own two-factor article: with Sinch ID it locks you out.",
)
_OPENING = (
    "our Mailgun account was misused by a stranger. To shut the stranger out is our part; yours is a new password and "
    "two-factor authentication. Please do it today:"
)
_CLOSING = (
    "",
    "If you clicked a strange link lately, typed the password on an odd page, use it elsewhere, or worked on an open "
    "Wi-Fi without VPN: tell us now, nobody will be blamed. It is how we find out what happened.",
    "",
    "Do not answer this mail with a password or a code. Nobody of us will ask for one.",
)
_SUBJECT = "Subject: Your Mailgun password and second factor, please today"


class HowKnown(StrEnum):
    """How it is known that a user did their part: the account shows it, somebody attested it, or not at all."""

    SHOWN = "shown"
    ATTESTED = "attested"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class UserProgress:
    """One user who belongs here, and how far they are.

    ``told_at`` is when
    the message was last copied for them, empty for never; ``link_left`` how long their mailed link still lives,
    None where there is none.
    """

    item: UserItem
    password: HowKnown
    two_factor: HowKnown
    told_at: str
    link_left: timedelta | None

    @property
    def pending(self) -> bool:
        """Return whether something is still to be done by this person."""
        return HowKnown.OPEN in (self.password, self.two_factor)

    @property
    def waiting(self) -> bool:
        """Return whether it is their turn: told, and the link still lives where there is one."""
        return bool(self.told_at) and (self.link_left is None or self.link_left > timedelta(0))


def sign_in(item: UserItem) -> str:
    """Return how a user signs in: ``classic``, ``sinch`` (Sinch ID), or another method as the API names it.

    ``unknown`` where the account's answer could not be read: the wrong advice would lock a Sinch ID user out.
    """
    if "auth" in item.user.unreadable:
        return UNKNOWN
    method = (item.user.auth.method if item.user.auth is not None else None) or CLASSIC
    return method.lower()


def belonging(situation: Situation) -> list[UserItem]:
    """Return the enabled users who belong here: strangers are to be deleted, not given passwords."""
    return [
        item
        for item in situation.inventory.users.values()
        if not item.user.is_disabled and not situation.of_user(item).likely
    ]


def people(situation: Situation) -> list[UserProgress]:
    """Return everybody who belongs here, those who still have something to do first."""
    said = {
        step: {a.subject for a in situation.state.attestations if a.step == step and a.subject}
        for step in (PASSWORD, TWO_FACTOR)
    }
    # Asked once: it looks through everything that was done, and there may be hundreds of users.
    since = as_moment(situation.state.people_cut_at)
    found = [_person(situation, item, said, since) for item in belonging(situation)]
    return sorted(found, key=lambda one: not one.pending)


def pending(situation: Situation) -> list[UserProgress]:
    """Return who still has something to do."""
    return [one for one in people(situation) if one.pending]


def to_tell(situation: Situation) -> list[UserProgress]:
    """Return the pending people who were not told yet, or whose mailed link died."""
    return [one for one in pending(situation) if not one.waiting]


def attestations(situation: Situation, step: str, user_id: str) -> list[Attestation]:
    """Return everything that was attested of a user for a step: two operators' words stand side by side."""
    return [a for a in situation.state.attestations if a.step == step and a.subject == user_id]


def link_left(situation: Situation, user_id: str) -> timedelta | None:
    """Return how long the mailed link of a user still lives; None when none was asked for, zero when dead."""
    timer = situation.state.timers.get(f"{LINK}:{user_id}")
    if timer is None:
        return None
    sent = as_moment(timer.at)
    # A link of which nobody knows when it was sent is asked for again.
    return timedelta(0) if sent is None else max(timedelta(0), sent + LINK_LIFE - situation.now)


def timer_for(situation: Situation, item: UserItem) -> tuple[str, datetime, str, str]:
    """Return id, end, words and kind of the timer that starts when the message of a user is copied."""
    if sign_in(item) == CLASSIC:
        text = "the mailed password link dies; ask whether it worked, else send the message again"
        return f"{LINK}:{item.id}", situation.now + LINK_LIFE, text, LINK
    text = "ask whether the password is new and two-factor on"
    return f"{TOLD}:{item.id}", situation.now + TOLD_LIFE, text, TOLD


def short_note(person: UserProgress) -> str:
    """Return what the list says of a person: what is waited for, and until when."""
    if not person.pending:
        return "attested" if HowKnown.ATTESTED in (person.password, person.two_factor) else ""
    missing = [
        name
        for name, how in (("password", person.password), ("2FA", person.two_factor))
        if how is HowKnown.OPEN
    ]
    wants = " and ".join(missing)
    if not person.told_at:
        where = "" if person.item.user.email else "no address, tell them in person; "
        return f"{where}{wants} open: m shows the message"
    if person.link_left is None:
        return f"{wants} open, told {person.told_at[11:16]}Z"
    if person.link_left <= timedelta(0):
        return f"{wants} open, link dead: m sends again"
    minutes = -(-int(person.link_left.total_seconds()) // 60)
    return f"{wants} open, link dies in {minutes} min"


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────


def steps_for(method: str) -> tuple[str, ...]:
    """Return what somebody who signs in this way does, in order."""
    if method == CLASSIC:
        return _CLASSIC
    if method == SINCH:
        return _SINCH
    if method == UNKNOWN:
        return (
            "How you sign in could not be read. On Mailgun's own login page with a password: 'Forgot password' there. "
            "With Sinch ID or a company login: change the password where that account lives.",
            _STRONG,
            "Switch two-factor authentication on where that password lives; with Sinch ID not by Mailgun's article.",
        )
    return (
        f"You sign in through {visible(method, 40)}: change the password where that account lives, not at Mailgun.",
        _STRONG,
        "Switch two-factor authentication on there as well.",
    )


def message_for(item: UserItem) -> str:
    """Return the message for one user, by how they sign in. It holds no link: none is known to be right."""
    name = visible(item.user.name or "", 60)
    lines = [_SUBJECT, "", f"Hello{' ' + name if name else ''},", "", _OPENING, ""]
    lines += _numbered(steps_for(sign_in(item)))
    if moving := _moving(item):
        lines += ["", moving]
    return "\n".join([*lines, *_CLOSING])


def message_to_all(items: Sequence[UserItem]) -> str:
    """Return one message for several users: a part for each way of signing in that is among them, no names."""
    methods = sorted({sign_in(item) for item in items}, key=lambda m: (m != CLASSIC, m != SINCH, m))
    if len(methods) == 1:
        lines = [_SUBJECT, "", "Hello,", "", _OPENING, "", *_numbered(steps_for(methods[0]))]
        return "\n".join([*lines, *_CLOSING])
    lines = [_SUBJECT, "", "Hello,", "", _OPENING]
    for method in methods[:_KEEP_APART]:
        lines += ["", _heading(method), *_numbered(steps_for(method))]
    if others := methods[_KEEP_APART:]:
        names = ", ".join(visible(method, 40) for method in others)
        lines += [
            "",
            f"If you sign in another way ({names}): change the password and switch two-factor on there.",
        ]
    return "\n".join([*lines, *_CLOSING])


def lost_second_factor(item: UserItem) -> str:
    """Return what to do for a user who lost the second factor (dossier E)."""
    if sign_in(item) == SINCH:
        return "Lost second factor: it is recovered in the Sinch ID portal, not at Mailgun."
    if sign_in(item) != CLASSIC:
        return "Lost second factor: it is recovered where that account lives."
    if item.user.is_master:
        return (
            "Lost second factor: the owner uses the paper key on the recovery page; without the paper key only "
            "Mailgun Support can help. The owner cannot be deleted."
        )
    return (
        "Lost second factor: the paper key on the recovery page; without it, delete the user in the control panel "
        "(Security, Users) and invite them again."
    )


def about(situation: Situation, item: UserItem) -> list[str]:
    """Return what the account says of a user, in sentences: role, state, password age, sign-in, moving."""
    user = item.user
    changed = user.password_updated_at
    lines = [
        f"role: {visible(user.role or 'not named', 40)}{' (owner of the account)' if user.is_master else ''}"
        f"{', disabled' if user.is_disabled else ''}, {item.place.subaccount or 'main account'}",
        f"two-factor: {'active' if user.tfa_active else 'not active'}",
        "password: the account shows no date"
        if changed is None
        else f"password: set {changed:%Y-%m-%d %H:%M}Z, {_days(situation.now - changed)} ago",
        f"signs in by: {visible(sign_in(item), 40)}",
    ]
    if moving := _moving(item):
        lines.append(moving)
    lines.append(lost_second_factor(item))
    for step, name in ((PASSWORD, "password"), (TWO_FACTOR, "two-factor")):
        lines += [
            f"{name} attested by {visible(a.who, 40)}, {a.at}: {visible(a.text)}"
            for a in attestations(situation, step, item.id)
        ]
    return lines


def _person(
    situation: Situation, item: UserItem, said: dict[str, set[str]], since: datetime | None
) -> UserProgress:
    """Return how far a user is; a password counts as new when it was set after access was cut (``since``)."""
    changed = item.user.password_updated_at
    new = since is not None and changed is not None and changed >= since

    def standing(shown: bool, step: str) -> HowKnown:
        return HowKnown.SHOWN if shown else HowKnown.ATTESTED if item.id in said[step] else HowKnown.OPEN

    timers = situation.state.timers
    told = timers.get(f"{LINK}:{item.id}") or timers.get(f"{TOLD}:{item.id}")
    return UserProgress(
        item,
        standing(new, PASSWORD),
        standing(bool(item.user.tfa_active), TWO_FACTOR),
        told.at if told is not None else "",
        link_left(situation, item.id),
    )


def _heading(method: str) -> str:
    if method == CLASSIC:
        return "If you sign in on Mailgun's own login page with a password:"
    if method == SINCH:
        return "If you sign in with Sinch ID:"
    if method == UNKNOWN:
        return "If you do not know which of these is yours:"
    return f"If you sign in through {visible(method, 40)}:"


def _numbered(steps: Sequence[str]) -> list[str]:
    return [f"{number}. {step}" for number, step in enumerate(steps, start=1)]


def _moving(item: UserItem) -> str:
    """Return a sentence about a sign-in that is being moved, empty when it is not."""
    status = (item.user.migration_status or "").lower()
    prior = item.user.auth.prior_method if item.user.auth is not None else None
    if status in ("", "done", "none", "completed"):
        return ""
    before = f" from {visible(prior, 40)}" if prior else ""
    return (
        f"Your sign-in is being moved{before} to {visible(sign_in(item), 40)} (state: {visible(status, 40)}): if one "
        "page does not take you, use the other, and tell us which."
    )


def _days(age: timedelta) -> str:
    known = max(age, timedelta(0))  # Whose clock is ahead has set it just now.
    return plural(known.days, "day") if known.days else f"{known.seconds // 3600} h"
