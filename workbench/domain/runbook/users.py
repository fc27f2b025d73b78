"""Steps 1b, 4 and 5: who can sign in, with which password, with a second factor or not."""

from __future__ import annotations

from dataclasses import replace

from workbench.core.redact import short_address, visible
from workbench.core.words import plural
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.situation import INTRUDER, Situation
from workbench.domain.runbook.user_actions import (
    PASSWORD,
    TWO_FACTOR,
    UNKNOWN,
    HowKnown,
    UserProgress,
    attestations,
    people,
    short_note,
    sign_in,
)
from workbench.domain.runbook.verdict import Found, Verdict, attested, counted

_CUT_FIRST = "step 1: a new password is no use while an old key lives"

__all__ = ["passwords", "sign_in", "strangers", "two_factor"]


def strangers(situation: Situation) -> Found:
    """Step 1b: users judged strangers are absent from the list; nobody suspicious is left unjudged."""
    if "users" not in situation.inventory.read_at:
        return Found(Verdict.OPEN, ("the user list is not read yet",))
    if not situation.inventory.users:
        return _nobody(situation)
    suspects = [item for item in situation.inventory.users.values() if situation.of_user(item).likely]
    named = {key.partition(":")[2] for key, d in situation.state.decisions.items() if d.decision == INTRUDER}
    before = set(situation.state.baseline.users or ())
    gone = sorted(user for user in named & before if user not in situation.inventory.users)
    lines = [f"{_name(item)}: {'; '.join(situation.of_user(item).why)}" for item in suspects]
    lines += [f"stranger {_was(situation, user)}: absent from the user list" for user in gone]
    if not suspects:
        return Found(Verdict.DONE, tuple(lines) or ("no user looks like a stranger",))
    lines.append("delete them in the control panel now: Security, Users, Delete; no call can do it")
    found = counted(len(gone), len(gone) + len(suspects), tuple(lines))
    # Once every stranger is named, the panel is where it goes on; the next cut need not wait for it.
    if all(item.id in named for item in suspects):
        happens = (
            "Somebody with the panel open deletes them now: Security, Users, Delete. The list is read again every "
            "minute; this step closes when they are gone."
        )
        waits = (
            "whoever has the control panel open (Security, Users, Delete), until they are gone; where nobody can open "
            "it, ask Mailgun Support; read every minute"
        )
        return replace(found, action="pane.users", happens=happens, idle=True, waits=waits)
    return replace(found, action="people.strangers")


def passwords(situation: Situation) -> Found:
    """Step 4: every user's password is newer than the moment access was cut, or attested per user."""
    everybody = people(situation)
    if not everybody:
        return _nobody(situation)
    if not situation.state.people_cut_at:
        why = "passwords come after access is cut: a new one is no use before"
        return Found(Verdict.OPEN, (why,), (0, len(everybody)), idle=True, waits=_CUT_FIRST)
    lines = []
    for one in everybody:
        if one.password is HowKnown.SHOWN:
            lines.append(
                f"{_name(one.item)}: password changed {one.item.user.password_updated_at:%d %b %H:%M}Z"
            )
        elif one.password is HowKnown.ATTESTED:
            lines.append(f"{_name(one.item)}: {_said(situation, PASSWORD, one)}")
        else:
            lines.append(f"{_name(one.item)}: {_how(one.item)}; {short_note(one)}")
    done = sum(one.password is not HowKnown.OPEN for one in everybody)
    found = attested(situation.state, PASSWORD) or counted(done, len(everybody), tuple(lines))
    return _their_turn(found, [one for one in everybody if one.password is HowKnown.OPEN])


def two_factor(situation: Situation) -> Found:
    """Step 5: two-factor active for every enabled user, or attested per user."""
    everybody = people(situation)
    if not everybody:
        return _nobody(situation)
    lines = []
    for one in everybody:
        if one.two_factor is HowKnown.SHOWN:
            lines.append(f"{_name(one.item)}: active")
        elif one.two_factor is HowKnown.ATTESTED:
            lines.append(f"{_name(one.item)}: {_said(situation, TWO_FACTOR, one)}")
        else:
            lines.append(f"{_name(one.item)}: not active; {_where_two_factor(one.item)}")
    done = sum(one.two_factor is not HowKnown.OPEN for one in everybody)
    found = attested(situation.state, TWO_FACTOR) or counted(done, len(everybody), tuple(lines))
    if not situation.state.people_cut_at and found.verdict is not Verdict.DONE:
        return replace(found, idle=True, waits=_CUT_FIRST)
    return _their_turn(found, [one for one in everybody if one.two_factor is HowKnown.OPEN])


def _their_turn(found: Found, missing: list[UserProgress]) -> Found:
    """Name the message as next, or say that everybody was told and it is their turn now."""
    if not missing or found.verdict is Verdict.ATTESTED:
        return found
    if all(one.waiting for one in missing):
        happens = (
            f"{plural(len(missing), 'user')} with the message: it is their turn. The list is read again every minute "
            "and shows who did it. Where a mailed link died, the message is sent again."
        )
        left = [one.link_left for one in missing if one.link_left is not None]
        until = (
            f"the first mailed link dies in {-(-int(min(left).total_seconds()) // 60)} min; " if left else ""
        )
        waits = f"{plural(len(missing), 'user')}: {until}the list is read every minute"
        return replace(found, action="pane.users", happens=happens, idle=True, waits=waits)
    return replace(found, action="people.message")


def _nobody(situation: Situation) -> Found:
    if "users" not in situation.inventory.read_at:
        return Found(Verdict.OPEN, ("the user list is not read yet",))
    if situation.inventory.users:
        return Found(Verdict.NOT_APPLICABLE, ("every user is disabled or looks like a stranger",))
    # An account has at least its owner.
    return Found(Verdict.BLOCKED, ("the user list came back empty, which cannot be: it was not read",))


def _said(situation: Situation, step: str, one: UserProgress) -> str:
    """Return everybody's word on a user, the newest first: two operators' words are both kept."""
    said = attestations(situation, step, one.item.id)
    return "; ".join(f"attested by {visible(a.who, 40)}, {a.at}: {visible(a.text)}" for a in reversed(said))


def _name(item: UserItem) -> str:
    return visible(short_address(item.user.email or item.user.name or item.id), 60)


def _was(situation: Situation, user: str) -> str:
    """Return what somebody who is gone was called when they were judged; a journal of before has the id alone."""
    title = situation.state.decisions[f"user:{user}"].title.removeprefix("user ")
    return visible(short_address(title or user), 60)


def _how(item: UserItem) -> str:
    """Return where this user changes the password; no address is invented where none is known."""
    method = sign_in(item)
    if method == "classic":
        return "'forgot password' on the Mailgun login page; the mailed link dies after 20 minutes"
    if method == "sinch":
        return "at the Sinch ID portal (not on the Mailgun login page)"
    if method == UNKNOWN:
        return "how they sign in could not be read: ask them, then change it where that account lives"
    return f"signs in by {visible(method, 40)}: change it where that account lives"


def _where_two_factor(item: UserItem) -> str:
    method = sign_in(item)
    if method == "classic":
        return "Profile, Account, Authentication in the control panel"
    if method == "sinch":
        return "in the Sinch ID portal; the classic two-factor article would lock them out"
    if method == UNKNOWN:
        return "how they sign in could not be read: never by the classic article before that is known"
    return f"where the {visible(method, 40)} account lives"
