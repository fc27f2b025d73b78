"""Steps 1b, 4 and 5 in their half-way states, whole: who is told what, and whose turn it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.unit.domain.runbook.test_user_actions import NOW, attest, situation, user
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision
from workbench.domain.runbook import users
from workbench.domain.runbook.verdict import Found, Verdict

CLASSIC, SINCH, GOOGLE = user(1), user(2, "sinch"), user(3, "google")
WHO = "pe…@acme.example"
OPEN = "password and 2FA open"
FORGOT = f"{WHO}: 'forgot password' on the Mailgun login page; the mailed link dies after 20 minutes; {OPEN}"
PORTAL = f"{WHO}: at the Sinch ID portal (not on the Mailgun login page); {OPEN}"
NO_FACTOR = (
    f"{WHO}: not active; Profile, Account, Authentication in the control panel",
    f"{WHO}: not active; in the Sinch ID portal; the classic two-factor article would lock them out",
    f"{WHO}: not active; where the google account lives",
)
CUT_FIRST = "step 1: a new password is no use while an old key lives"
EVIL = "ev…@attacker.example"
FOREIGN = "no user from before the abuse has an address at attacker.example"
PANEL = "delete them in the control panel now: Security, Users, Delete; no call can do it"


def test_each_user_is_told_the_way_that_is_theirs() -> None:
    where = situation(CLASSIC, SINCH, GOOGLE)
    message = ": m shows the message"
    other = f"{WHO}: signs in by google: change it where that account lives; {OPEN}{message}"
    assert users.passwords(where) == Found(
        Verdict.OPEN, (FORGOT + message, PORTAL + message, other), (0, 3), "people.message"
    )
    assert users.two_factor(where) == Found(Verdict.OPEN, NO_FACTOR, (0, 3), "people.message")
    long = users.passwords(situation(user(1, "p" * 200))).evidence[0]
    assert "p" * 40 in long and "p" * 41 not in long
    long = users.two_factor(situation(user(1, "p" * 200))).evidence[0]
    assert "p" * 40 in long and "p" * 41 not in long


def test_what_is_shown_and_what_is_attested_are_told_apart() -> None:
    fresh = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
    where = situation(user(1, password_updated_at=fresh, tfa_active=True), SINCH)
    for who in ("ann", "b" * 60):
        attest(where, "4", "u2", who)
    attest(where, "5", "u2")
    said = "2026-11-21T14:30:00Z: saw it"
    found = users.passwords(where)
    assert (found.verdict, found.progress, found.action) == (Verdict.DONE, (2, 2), "")
    assert found.evidence[0] == f"{WHO}: password changed 21 Nov 14:30Z"
    assert found.evidence[1].startswith(f"{WHO}: attested by {'b' * 40}…")
    assert found.evidence[1].endswith(f"; attested by ann, {said}"), "the newest word first"
    assert users.two_factor(where) == Found(
        Verdict.DONE, (f"{WHO}: active", f"{WHO}: attested by ann, {said}"), (2, 2)
    )


def test_before_access_is_cut_nobody_is_sent_anywhere() -> None:
    where = situation(CLASSIC, cut="")
    why = "passwords come after access is cut: a new one is no use before"
    assert users.passwords(where) == Found(Verdict.OPEN, (why,), (0, 1), idle=True, waits=CUT_FIRST)
    assert users.two_factor(where) == Found(Verdict.OPEN, NO_FACTOR[:1], (0, 1), idle=True, waits=CUT_FIRST)
    active = situation(user(1, tfa_active=True), cut="")
    assert users.two_factor(active) == Found(Verdict.DONE, (f"{WHO}: active",), (1, 1))


def told(where: Situation, link: timedelta) -> Situation:
    """Return the account after both were told; the mailed link of the first lives for so long."""
    at = (NOW - timedelta(minutes=20) + link).isoformat()
    timers = (
        RecordedTimer(id="link:u1", kind="link", subject="u1", due=(NOW + link).isoformat(), at=at),
        RecordedTimer(
            id="told:u2", kind="told", subject="u2", due=(NOW + timedelta(hours=4)).isoformat(), at=at
        ),
    )
    where.state.timers = {timer.id: timer for timer in timers}
    return where


def test_once_everybody_was_told_it_is_their_turn_until_the_first_link_dies() -> None:
    where = told(situation(CLASSIC, SINCH), timedelta(seconds=150))
    happens = (
        "2 users with the message: it is their turn. The list is read again every minute and shows who did it. Where a "
        "mailed link died, the message is sent again."
    )
    waits = "2 users: the first mailed link dies in 3 min; the list is read every minute"
    turn = Found(Verdict.OPEN, (), (0, 2), "pane.users", happens, idle=True, waits=waits)
    lines = (f"{FORGOT}, link dies in 3 min", f"{PORTAL}, told 14:42Z")
    assert users.passwords(where) == replace(turn, evidence=lines)
    assert users.two_factor(where) == replace(turn, evidence=NO_FACTOR[:2])
    dead = users.passwords(told(situation(CLASSIC, SINCH), timedelta(0)))
    assert (dead.idle, dead.action) == (False, "people.message")
    del where.state.timers["link:u1"], where.inventory.users["u1"]
    assert users.passwords(where).waits == "1 user: the list is read every minute"


def test_a_list_that_was_not_read_or_cannot_be_is_never_nobody() -> None:
    where = situation()
    empty = Found(Verdict.BLOCKED, ("the user list came back empty, which cannot be: it was not read",))
    steps = (users.strangers, users.passwords, users.two_factor)
    assert [step(where) for step in steps] == [empty] * 3
    where.inventory.read_at.clear()
    assert [step(where) for step in steps] == [Found(Verdict.OPEN, ("the user list is not read yet",))] * 3
    disabled = situation(user(1, is_disabled=True))
    nobody = Found(Verdict.NOT_APPLICABLE, ("every user is disabled or looks like a stranger",))
    assert users.passwords(disabled) == users.two_factor(disabled) == nobody


def judged(who: str, title: str) -> Decision:
    """Return the word that a user is the intruder's."""
    return Decision(f"user:{who}", "intruder", "", "ann", "", title=title)


def test_strangers_are_asked_about_then_waited_for_then_told_gone() -> None:
    where = situation(CLASSIC, user(9, email="evil@attacker.example"))
    assert users.strangers(where) == Found(
        Verdict.OPEN, (f"{EVIL}: {FOREIGN}", PANEL), (0, 1), "people.strangers"
    )
    where.state.decisions["user:u9"] = judged("u9", "user evil@attacker.example")
    where.state.decisions["user:u8"] = judged("u8", "user old@attacker.example")
    where.state.baseline = AccountBaseline(users=("u1", "u8", "u9"))
    line = f"{EVIL}: judged the intruder's by ann; {FOREIGN}"
    gone = "stranger ol…@attacker.example: absent from the user list"
    assert users.strangers(where) == Found(
        Verdict.IN_PROGRESS,
        (line, gone, PANEL),
        (1, 2),
        "pane.users",
        "Somebody with the panel open deletes them now: Security, Users, Delete. The list is read again every minute; "
        "this step closes when they are gone.",
        idle=True,
        waits="whoever has the control panel open (Security, Users, Delete), until they are gone; where nobody can "
        "open it, ask Mailgun Support; read every minute",
    )
    del where.inventory.users["u9"]
    found = users.strangers(where)
    assert found == Found(Verdict.DONE, (gone, "stranger ev…@attacker.example: absent from the user list"))
    where.state.baseline = AccountBaseline(users=("u1",))
    assert users.strangers(where) == Found(Verdict.DONE, ("no user looks like a stranger",))
