"""Steps 1b, 4 and 5: who can sign in, with which password, with a second factor or not."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench.incident.inventory import UserItem
from workbench.incident.situation import INTRUDER, Situation
from workbench.incident.verdicts import Found, Verdict, attested, counted
from workbench.redact import short_address, visible


def strangers(situation: Situation) -> Found:
    """Step 1b: users judged strangers are absent from the list; nobody suspicious is left unjudged."""
    if "users" not in situation.inventory.read_at:
        return Found(Verdict.OPEN, ("the user list is not read yet",))
    suspects = [item for item in situation.inventory.users.values() if situation.of_user(item).likely]
    named = {key.partition(":")[2] for key, d in situation.state.decisions.items() if d.decision == INTRUDER}
    before = {str(u) for u in situation.state.baseline.get("users", ())}
    gone = sorted(user for user in named & before if user not in situation.inventory.users)
    lines = [f"{_name(item)}: {'; '.join(situation.of_user(item).why)}" for item in suspects]
    lines += [f"stranger {user}: absent from the user list" for user in gone]
    if not suspects:
        return Found(Verdict.DONE, tuple(lines) or ("no user looks like a stranger",))
    lines.append("delete them in the control panel now: Security, Users, Delete; no call can do it")
    found = counted(len(gone), len(gone) + len(suspects), tuple(lines))
    # Once every stranger is named, the panel is where it goes on; the next cut need not wait for it.
    named_all = all(item.id in named for item in suspects)
    return Found(found.verdict, found.evidence, found.progress, idle=named_all)


def passwords(situation: Situation) -> Found:
    """Step 4: every user's password is newer than the moment access was cut, or attested per user."""
    users = _people(situation)
    if not users:
        return _nobody(situation)
    cut = situation.state.last_cut_at
    if not cut:
        return Found(
            Verdict.OPEN, ("passwords come after access is cut: a new one is no use before",), (0, len(users))
        )
    since = datetime.fromisoformat(cut).astimezone(UTC)
    said = {a.subject for a in situation.state.attestations if a.step == "4" and a.subject}
    done, lines = 0, []
    for item in users:
        changed = item.user.password_updated_at
        if changed is not None and changed >= since:
            done += 1
            lines.append(f"{_name(item)}: password changed {changed:%d %b %H:%M}Z")
        elif item.id in said:
            done += 1
            lines.append(f"{_name(item)}: attested")
        else:
            lines.append(f"{_name(item)}: {_how(item)}")
    return attested(situation.state, "4") or counted(done, len(users), tuple(lines))


def two_factor(situation: Situation) -> Found:
    """Step 5: two-factor active for every enabled user, or attested per user."""
    users = _people(situation)
    if not users:
        return _nobody(situation)
    said = {a.subject for a in situation.state.attestations if a.step == "5" and a.subject}
    done, lines = 0, []
    for item in users:
        if item.user.tfa_active:
            done += 1
            lines.append(f"{_name(item)}: active")
        elif item.id in said:
            done += 1
            lines.append(f"{_name(item)}: attested")
        else:
            lines.append(f"{_name(item)}: not active; {_where_two_factor(item)}")
    return attested(situation.state, "5") or counted(done, len(users), tuple(lines))


def sign_in(item: UserItem) -> str:
    """Return how a user signs in: ``classic``, ``sinch`` (Sinch ID), or another method as the API names it."""
    method = (item.user.auth.method if item.user.auth is not None else None) or "classic"
    return method.lower()


def _people(situation: Situation) -> list[UserItem]:
    """Return the enabled users who belong here: strangers are to be deleted, not given passwords."""
    return [
        item
        for item in situation.inventory.users.values()
        if not item.user.is_disabled and not situation.of_user(item).likely
    ]


def _nobody(situation: Situation) -> Found:
    if "users" not in situation.inventory.read_at:
        return Found(Verdict.OPEN, ("the user list is not read yet",))
    return Found(Verdict.NOT_APPLICABLE, ("the account shows no users",))


def _name(item: UserItem) -> str:
    return visible(short_address(item.user.email or item.user.name or item.id), 60)


def _how(item: UserItem) -> str:
    """Return where this user changes the password; no address is invented where none is known."""
    method = sign_in(item)
    if method == "classic":
        return "'forgot password' on the Mailgun login page; the mailed link dies after 20 minutes"
    if method == "sinch":
        return "at the Sinch ID portal (not on the Mailgun login page)"
    return f"signs in by {method}: change it where that account lives"


def _where_two_factor(item: UserItem) -> str:
    method = sign_in(item)
    if method == "classic":
        return "Profile, Account, Authentication in the control panel"
    if method == "sinch":
        return "in the Sinch ID portal; the classic two-factor article would lock them out"
    return f"where the {method} account lives"
