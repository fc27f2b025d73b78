"""Steps 0 to 3 in every half-way state, whole: the verdict, each sentence, what is next and what is waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.support.situations import NOW, Story, key, situation
from tests.unit.domain.runbook.test_containment import (
    LOGIN,
    OTHER,
    PROD,
    after_the_cut,
    delete,
    mint,
    minted,
    purge,
    reset,
    state,
    sub,
)
from workbench.domain.model.plan import Effect, EffectState
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.sending_volume import Volume
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation
from workbench.domain.runbook import containment
from workbench.domain.runbook.verdict import Found, Verdict
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Subaccount

S = EffectState
AGAIN = "what the reason asks for; Enter on the step itself plans it once more, t attests it"
ELSEWHERE = (
    "a host that reaches Mailgun's SMTP servers: start the workbench there, try again (f), or attest (t)"
)
ACCEPTED = (
    "1 reset, new password accepted by the SMTP server",
    "old passwords: not tested unless supplied; a reset replaces the only one",
)
PANEL = (
    "in the control panel, to be attested: End all control-panel sessions. No button does it: the opening message asks "
    "Support to; have every user set a new password too."
)
SAID = "attested by ann, 2026-11-21T13:00:00Z: seen to"
BY_ITSELF = "the new passwords, which are proven once more by themselves"
ONCE_MORE = "Every new password is tried once more at the SMTP server; nothing changes."
OLDER = "1 to prove again, proven before the last way to set another was shut"


def failed(what: str = "refused (403).", times: int = 1) -> dict[str, Any]:
    return {"failure": {"what": what}, "failures": times, "attempts": times}


def attest(where: Situation, step: str) -> Situation:
    """Return the situation after somebody vouched for a whole step."""
    where.state.attestations.append(
        Attestation(step=step, who="ann", at="2026-11-21T13:00:00Z", text="seen to", subject="")
    )
    return where


GONE = (delete(), S.VERIFIED, {"evidence": ["gone", "proven dead"]})
MADE = (mint(), S.VERIFIED, minted())
IN_PROGRESS = Verdict.IN_PROGRESS


def listed(*names: str) -> Situation:
    """Return an account after the cut in which these keys are listed still."""
    where = after_the_cut(MADE, GONE)
    for name in names:
        where.inventory.keys[name] = key(name, id=name)
    return where


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (
            after_the_cut(
                MADE,
                (delete(), S.DONE, {"evidence": ["deleted", "ALIVE: still answers"]}),
                (delete("two-id"), S.FAILED, failed()),
            ),
            Found(
                IN_PROGRESS,
                (
                    "2 deleted keys not proven dead, 2 of them still answering or refused",
                    "delete prod-web-id: deleted; ALIVE: still answers",
                    "delete two-id: FAILED, refused (403).",
                    "mint: minted",
                ),
                (0, 2),
                "finish",
            ),
        ),
        (
            after_the_cut(MADE, (delete(), S.DONE, {"evidence": ["deleted"]})),
            Found(
                IN_PROGRESS,
                (
                    "1 deleted key not proven dead, 0 of them still answering or refused",
                    "delete prod-web-id: deleted",
                    "mint: minted",
                ),
                (0, 1),
                "finish",
            ),
        ),
        (
            after_the_cut((mint(), S.DONE, minted()), (mint("b-id"), S.PLANNED, {}), GONE),
            Found(
                IN_PROGRESS,
                ("2 replacements not proven yet", "delete prod-web-id: gone; proven dead", "mint: minted"),
                (0, 1),
                "finish",
            ),
        ),
        (
            after_the_cut(MADE, (delete(), S.FAILED, failed(times=2)), left=True),
            Found(
                Verdict.BLOCKED,
                (
                    "1 change failed 2 times: refused (403).",
                    "1 key from before still in the account",
                    "delete prod-web-id: FAILED, refused (403).",
                    "mint: minted",
                ),
                (0, 1),
                waits=AGAIN,
            ),
        ),
        (
            listed("a", "b"),
            Found(
                IN_PROGRESS,
                (
                    "2 keys from before still in the account",
                    "delete prod-web-id: gone; proven dead",
                    "mint: minted",
                ),
                (1, 3),
            ),
        ),
    ],
)
def test_keys_say_what_is_left_what_is_in_doubt_and_what_cannot_be_done_from_here(
    where: Situation, found: Found
) -> None:
    assert containment.keys(where) == found


def test_a_list_without_even_the_key_that_reads_it_was_not_read() -> None:
    where = after_the_cut()
    where.inventory.keys.clear()
    assert containment.keys(where) == Found(
        Verdict.BLOCKED, ("the key list came back empty, which cannot be: it was not read",)
    )


def test_a_key_kept_for_its_hand_over_says_until_when() -> None:
    where = after_the_cut((mint(cut="first"), S.VERIFIED, minted()), left=True)
    rest = ("1 key from before still in the account", "mint: minted")
    kept, why = "…b-id: kept for the hand-over", "the replacement is not seen in use yet"
    step = "step 10: 1 credential not handed over yet"
    found = Found(IN_PROGRESS, (f"{kept}; {why}", *rest), (0, 1), "handover.finish", idle=True)
    assert containment.keys(where) == replace(found, waits=f"{step}; F ends the old ones")
    name, due = f"hand-over:key:{PROD.id}", NOW + timedelta(minutes=5)
    where.state.timers[name] = RecordedTimer(id=name, due=due.isoformat())
    where = replace(where)  # as every look makes a situation of its own
    until = (f"{kept}, until 21 Nov 14:05Z; {why}", *rest)
    waits = f"{step}; until 21 Nov 14:05Z, then you are asked"
    assert containment.keys(where) == replace(found, evidence=until, waits=waits)
    over = (f"{kept}, its time is up since 21 Nov 14:05Z; {why}", *rest)
    later = replace(where, now=due)
    assert containment.keys(later) == replace(found, evidence=over, idle=False)


# ── logins ───────────────────────────────────────────────────────────────────────────────────────────────


UNPROVEN = (reset(), S.DONE, {"evidence": ["reset", "cannot tell: no answer"]})
TRIED = (reset(), S.DONE, {**UNPROVEN[2], "tried_at": "2026-11-21T13:59:00Z"})
OK = (reset(OTHER), S.VERIFIED, {"evidence": ["reset", "accepted"]})
HALF = ("1 reset, but cannot be proven from here", "cannot tell: no answer", *ACCEPTED)
CUT = (delete(), S.VERIFIED, {"done_at": "2026-11-21T13:30:00Z", "done_row": 20})
EARLY = (reset(), S.VERIFIED, {"evidence": ["reset"], "proven_at": "2026-11-21T13:00:00Z", "proven_row": 10})
LATE = (reset(), S.VERIFIED, {**EARLY[2], "tried_at": "2026-11-21T13:45:00Z", "tried_row": 30})
FROM_BEFORE = "2 logins still with the password from before"


def both(*records: tuple[Effect, EffectState, dict[str, Any]]) -> Situation:
    """Return an account with two logins."""
    return situation(logins=[LOGIN, OTHER], state=state(*records))


def one(*records: tuple[Effect, EffectState, dict[str, Any]]) -> Situation:
    """Return an account with one login."""
    return situation(logins=[LOGIN], state=state(*records))


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (both(), Found(Verdict.OPEN, (FROM_BEFORE,), (0, 2))),
        (both((reset(), S.PLANNED, {"attempts": 0})), Found(IN_PROGRESS, (FROM_BEFORE,), (0, 2), "finish")),
        (
            both((reset(), S.FAILED, failed("no.", 2)), (reset(OTHER), S.FAILED, failed("never.", 2))),
            Found(
                Verdict.BLOCKED, ("2 changes failed 2 times: no.; never.", FROM_BEFORE), (0, 2), waits=AGAIN
            ),
        ),
        # One of them failed once only: it is tried again.
        (
            both((reset(), S.FAILED, failed("no.", 2)), (reset(OTHER), S.FAILED, failed("no.", 1))),
            Found(Verdict.OPEN, (FROM_BEFORE,), (0, 2)),
        ),
        (both(UNPROVEN, OK), Found(IN_PROGRESS, HALF, (1, 2), "finish")),
        (both(TRIED, OK), Found(IN_PROGRESS, HALF, (1, 2), "finish", idle=True, waits=ELSEWHERE)),
        # A person's word closes it only where looking from here was tried.
        (attest(both(UNPROVEN, OK), "2"), Found(IN_PROGRESS, HALF, (1, 2), "finish")),
        (attest(both(TRIED, OK), "2"), Found(Verdict.ATTESTED, (SAID, *HALF), (1, 2))),
        (
            one(CUT, EARLY),
            Found(
                IN_PROGRESS,
                (OLDER, *ACCEPTED),
                (0, 1),
                "contain.prove",
                ONCE_MORE,
                idle=True,
                waits=BY_ITSELF,
            ),
        ),
        (
            one(CUT, LATE),
            Found(
                IN_PROGRESS,
                (OLDER, *ACCEPTED),
                (0, 1),
                "contain.prove",
                ONCE_MORE,
                idle=True,
                waits=ELSEWHERE,
            ),
        ),
        (attest(one(CUT, LATE), "2"), Found(Verdict.ATTESTED, (SAID, OLDER, *ACCEPTED), (0, 1))),
        (
            attest(one(CUT, EARLY), "2"),
            Found(
                IN_PROGRESS,
                (OLDER, *ACCEPTED),
                (0, 1),
                "contain.prove",
                ONCE_MORE,
                idle=True,
                waits=BY_ITSELF,
            ),
        ),
    ],
)
def test_logins_say_what_is_proven_and_who_can_prove_the_rest(where: Situation, found: Found) -> None:
    assert containment.logins(where) == found


# ── queues, limits, subaccounts ──────────────────────────────────────────────────────────────────────────


FIVE = [(purge(f"{name}.example"), S.PLANNED, {"attempts": 0}) for name in "abcde"]
PURGED = (purge("b.example"), S.VERIFIED, {"evidence": ["purged", "all"]})
STUCK = (purge("a.example"), S.FAILED, failed("a refusal", 2))
ROGUE = "still open, and not yours by all signs: subaccount notify"
FIGURES = "the sending figures: they are read every 20 seconds; where they stay refused, attest it (t)"


def unread(*names: str) -> Situation:
    """Return an account of which parts were not read."""
    where = situation()
    for name in names:
        del where.inventory.read_at[name]
    return where


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (
            situation(),
            Found(
                Verdict.OPEN,
                ("the sending figures are not read yet", PANEL),
                action="refresh",
                idle=True,
                waits=FIGURES,
            ),
        ),
        (
            unread("domains", "subaccounts"),
            Found(Verdict.OPEN, ("not read yet: domains, subaccounts", PANEL)),
        ),
        (unread("subaccounts"), Found(Verdict.OPEN, ("not read yet: subaccounts", PANEL))),
        # What the account shows stands beside a person's word, whatever that is.
        (attest(situation(), "3"), Found(Verdict.ATTESTED, (SAID, PANEL))),
        (attest(situation(subaccounts=[sub()]), "3"), Found(Verdict.ATTESTED, (SAID, ROGUE, PANEL))),
        (
            situation(state=state(*FIVE)),
            Found(
                Verdict.OPEN,
                ("not purged yet: a.example, b.example, c.example, d.example …", PANEL),
                (0, 5),
            ),
        ),
        (
            situation(state=state(*FIVE[:4])),
            Found(
                Verdict.OPEN, ("not purged yet: a.example, b.example, c.example, d.example", PANEL), (0, 4)
            ),
        ),
        (
            attest(situation(state=state(*FIVE)), "3"),
            Found(
                Verdict.ATTESTED,
                (SAID, "not purged yet: a.example, b.example, c.example, d.example …", PANEL),
            ),
        ),
        (
            situation(state=state(STUCK, PURGED)),
            Found(
                Verdict.BLOCKED,
                (
                    "1 change failed 2 times: a refusal",
                    "not purged yet: a.example",
                    "purge b.example: purged; all",
                    PANEL,
                ),
                (1, 2),
                waits=AGAIN,
            ),
        ),
        (
            situation(subaccounts=[sub()], state=state(PURGED)),
            Found(
                Verdict.OPEN,
                (ROGUE, "purge b.example: purged; all", PANEL),
                (0, 2),
                "stop.all",
                "One plan: the rogue subaccount is disabled, the queues of the abused domains are purged.",
            ),
        ),
        # Somebody vouches for the open one: that is their word, and never what the account shows.
        (
            attest(situation(subaccounts=[sub()], state=state(PURGED)), "3"),
            Found(Verdict.ATTESTED, (SAID, ROGUE, "purge b.example: purged; all", PANEL)),
        ),
    ],
)
def test_queues_and_subaccounts_say_what_is_left_and_what_is_not_known(
    where: Situation, found: Found
) -> None:
    assert containment.stop(where) == found


def test_a_quiet_sender_shows_in_the_log_alone() -> None:
    where = situation(logins=[LOGIN])
    where.volume = Volume((), 40.0, 60.0, None, 900.0, NOW, {})
    waits = "the log: it is read by itself once access is cut; where it stays unreadable, attest it (t)"
    why = "the hourly figures name no abused domain; a quiet sender shows in the log alone, which is not read whole"
    assert containment.stop(where) == Found(
        Verdict.OPEN, (why, PANEL), action="damage.assess", idle=True, waits=waits
    )
    where.state = Story().assessed().state()
    assert containment.stop(where) == Found(
        Verdict.NOT_APPLICABLE, ("neither figures nor log show a stranger's mail in a queue", PANEL)
    )


def test_where_figures_could_not_be_read_the_regions_are_named() -> None:
    where = situation(logins=[LOGIN], state=state(PURGED))
    where.volume = Volume((), 40.0, 60.0, NOW, 900.0, NOW, {"b.example": 900}, unread=(Region.US,))
    assert containment.stop(where) == Found(
        IN_PROGRESS,
        (
            "the sending figures of US could not be read: for whom a stranger sent there is not known",
            "purge b.example: purged; all",
            PANEL,
        ),
        (1, 1),
        "refresh",
        idle=True,
        waits="the sending figures of US, read every 20 seconds, or the log, read by itself once access is cut; where "
        "both stay unreadable, attest it (t)",
    )


def test_limits_that_were_set_and_at_most_four_rogue_subaccounts_are_told() -> None:
    subs = [replace_id(sub(), f"s{n}", f"sub {n}") for n in range(5)]
    found = containment.stop(situation(subaccounts=subs))
    assert found.evidence[0] == (
        "still open, and not yours by all signs: subaccount sub 0, sub 1, sub 2, sub 3"
    )
    assert found.progress == (0, 5)


def replace_id(item: Subaccount, name: str, title: str) -> Subaccount:
    """Return the subaccount under another id and name."""
    return msgspec.structs.replace(item, id=name, name=title)


# ── evidence ─────────────────────────────────────────────────────────────────────────────────────────────


NOT_SENT = "Support: opening message not sent yet"
FIRST = "0a (keys, users, domains, logins, limits): "
SECOND = "0b (settings and logs): not stored yet"
STORED = f"{FIRST}stored 2026-11-21T14:00:00Z, sha256 abababababababab…"


def test_evidence_says_what_is_stored_and_what_is_waited_for() -> None:
    assert containment.evidence(situation()) == Found(
        Verdict.OPEN, (f"{FIRST}not stored yet", SECOND, NOT_SENT), (0, 3), "evidence.preserve"
    )
    story = Story().add("snapshot.stored", part="0a", sha256="ab" * 32, counts={})
    assert containment.evidence(situation(state=story.state())) == Found(
        IN_PROGRESS,
        (STORED, SECOND, NOT_SENT),
        (1, 3),
        "support.message",
        "The evidence is stored. A message to Mailgun Support opens, to copy and send.",
    )
    story.add("attested", step="0", who="ops", text="sent").add("attested", step="0", who="ann", text="again")
    assert containment.evidence(situation(state=story.state())) == Found(
        IN_PROGRESS,
        (STORED, SECOND, "Support told: 2026-11-21T14:00:00Z, ann"),
        (2, 3),
        "evidence.preserve",
        idle=True,
        waits="the rest of the evidence: it is read by itself, below everything else",
    )
