"""Journal rows as lines of the activity log: what a person reads, made harmless; bookkeeping stays silent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.situations import Row, Story, key, situation
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.people import told_of
from workbench.domain.model.state import State
from workbench.planning import keys
from workbench.presentation.activity_log import LogLine, line_of

PLAN = keys.plan_replace(situation([key("prod-web")]), ["prod-web-id"])
MINT, DELETE = PLAN.effects


def line(kind: str, /, state: State | None = None, **body: Any) -> LogLine | None:
    """Return the line of one row."""
    return line_of(Row(7, "2026-11-21T14:00:00Z", kind, body), state or State())


def known() -> State:
    """Return a state that knows the plan's effects."""
    return Story().add("plan.confirmed", title="t", effects=[e.to_json() for e in PLAN]).state()


@pytest.mark.parametrize(
    ("kind", "body", "tone", "says"),
    [
        ("incident.opened", {"incident": "2026-11-21-a1b2"}, "info", "2026-11-21-a1b2"),
        ("plan.confirmed", {"title": "Cut all access", "effects": [1, 2]}, "info", "Cut all access (2 changes)"),
        ("alarm.raised", {"text": "a key appeared"}, "bad", "ALARM: a key appeared"),
        ("error", {"doing": "reading", "what": "It failed.", "todo": "Again."}, "bad", "reading: It failed. Again."),
        ("secret.read", {"who": "ops", "entry": "API key prod"}, "warn", "ops read the secret"),
        ("attested", {"who": "ops", "step": "4", "text": "told all"}, "info", "step 4: told all"),
        ("purged", {"files": 3}, "warn", "3 files"),
        ("contained", {}, "ok", "CONTAINED"),
    ],
)  # fmt: skip
def test_what_matters_has_a_line_with_its_tone(kind: str, body: dict[str, Any], tone: str, says: str) -> None:
    found = line(kind, **body)
    assert found is not None
    assert (found.seq, found.at, found.tone) == (7, datetime(2026, 11, 21, 14, 0, tzinfo=UTC), tone)
    assert says in found.text


@pytest.mark.parametrize(
    "kind", ["effect.intent", "effect.done", "vault.entry", "baseline.added", "unheard-of"]
)
def test_bookkeeping_has_no_line(kind: str) -> None:
    assert line(kind, id="x", entry="e") is None


def test_effects_are_named_by_what_they_do_and_by_their_id_where_nobody_knows_them() -> None:
    good = line("effect.verified", known(), id=DELETE.id, evidence=["absent", "401"])
    assert good is not None
    assert good.text == f"{DELETE.what}: verified (absent; 401)"
    bad = line("effect.failed", known(), id=MINT.id, what="Refused.", todo="Ask.")
    assert bad is not None
    assert (bad.tone, bad.text) == ("bad", f"{MINT.what}: FAILED. Refused. Ask.")
    skipped = line("effect.skipped", id="key.delete-1", why="its mint failed")
    assert skipped is not None
    assert skipped.text == "key.delete-1: skipped, its mint failed"


def test_facts_and_timers_speak_only_where_somebody_must_know() -> None:
    assert line("fact", name="credential_use", words=["x"]) is None
    assert line("fact", name="key", words=[]) is None
    told = line("fact", name="key", words=["It may not list users."])
    assert told is not None and told.tone == "warn"
    assert line("timer", kind="proof", id="t", due="later") is None
    link = line("timer", kind="link", subject="u1", due="2026-11-21T14:20:00Z")
    assert link is not None and link.text == "user u1 has the message; the mailed link dies at 14:20Z"
    link = line("timer", kind="link", subject="u1", called="ann@acme.example", due="2026-11-21T14:20:00Z")
    assert link is not None and link.text.startswith("user ann@acme.example has the message")
    told = line("timer", kind="told", subject="u1", due="2026-11-21T15:00:00Z")
    assert told is not None and told.text == "user u1 has the message; asked about at 15:00Z"
    assert line("timer", kind="link", subject="u1", ended="2026-11-21T14:09:00Z") is None
    off = line("fact", name="put_off", until={"report.write": "2026-11-21T14:20:00Z"})
    assert off is not None and off.text == "the report is not sent yet: the guide asks again at 14:20Z"


def test_the_key_in_use_is_shown_by_its_tail_only() -> None:
    found = line("admin_key.switched", key_id="d36d5d1c-b06f01a2", entry="API key ops")
    assert found is not None
    assert "d36d5d1c-b06f01a2" not in found.text
    assert "b06f01a2"[-4:] in found.text


def test_hostile_text_reaches_no_terminal() -> None:
    found = line("alarm.raised", text="\x1b[2Jgone\u202egnp.exe")
    assert found is not None
    assert "\x1b" not in found.text and "\u202e" not in found.text


def test_a_judgement_names_what_it_was_about_and_whose_in_plain_words() -> None:
    said: dict[str, Any] = {
        "finding": "user:6a7f",
        "decision": "intruder",
        "who": "ann",
        "reason": "named a stranger in the list",
    }
    named = line("finding.decided", title="user it-support@acme-mail.example", **said)
    assert named is not None
    assert named.text == (
        "judged user it-support@acme-mail.example: the intruder's (named a stranger in the list); by ann"
    )
    # A journal of an earlier version has the id alone.
    old = line("finding.decided", **said)
    assert old is not None and old.text.startswith("judged user:6a7f: the intruder's")


def test_the_address_of_somebody_who_was_judged_stays_a_persons_once_they_are_gone() -> None:
    story = Story().add(
        "finding.decided",
        finding="user:6a7f",
        decision="intruder",
        who="ann",
        title="user it-support@acme-mail.example",
    )
    assert "it-support@acme-mail.example" in told_of(Inventory(places=()), story.state())
