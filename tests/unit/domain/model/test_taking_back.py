"""Whatever a person said can be taken back; what stood before it stands again."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from tests.support.situations import NOW, Story
from workbench.blocklists.removal import RemovalRequest, RequestState
from workbench.core.clock import iso
from workbench.domain.model.state import State
from workbench.domain.runbook.put_off import AGAIN, with_put_off
from workbench.domain.runbook.recorded import PutOff


def decided(story: Story, decision: str) -> Story:
    return story.add("finding.decided", finding="key:k", decision=decision, who="me", reason="")


def test_a_judgement_taken_back_leaves_the_one_before() -> None:
    story = decided(decided(Story(), "ours"), "intruder")
    assert story.state().decisions["key:k"].decision == "intruder"
    story.add("taken.back", row=2, about="key:k", who="me")
    assert story.state().decisions["key:k"].decision == "ours"
    story.add("taken.back", row=1, about="key:k", who="me")
    assert story.state().decisions == {} and story.state().said == {}


def test_an_earlier_one_taken_back_leaves_the_later() -> None:
    story = decided(decided(Story(), "ours"), "intruder").add("taken.back", row=1, about="key:k", who="me")
    assert story.state().decisions["key:k"].decision == "intruder"


def test_an_attestation_and_a_note_are_taken_back() -> None:
    story = Story().add("attested", step="11", who="me", text="later", subject="later:tls")
    story.add("adoption.noted", effect="e", unneeded="me")
    assert len(story.state().attestations) == 1 and story.state().adoption["e"].unneeded == "me"
    story.add("taken.back", row=1, about="step 11", who="me").add("taken.back", row=2, about="e", who="me")
    assert story.state().attestations == [] and story.state().adoption == {}


def test_that_a_message_was_sent_is_taken_back_and_a_deadline_of_the_work_is_not() -> None:
    sent = {"id": "link:u", "kind": "link", "subject": "u", "due": "2026-11-21T14:20:00Z"}
    story = Story().add("timer", **sent).add("timer", **{**sent, "due": "2026-11-21T14:50:00Z"})
    story.add("timer", id="hand_over:k", kind="hand_over", subject="k", due="2026-11-21T20:00:00Z")
    assert set(story.state().said) == {1, 2}
    story.add("taken.back", row=2, about="link:u", who="me")
    assert story.state().timers["link:u"].due == "2026-11-21T14:20:00Z"
    story.add("taken.back", row=1, about="link:u", who="me")
    assert set(story.state().timers) == {"hand_over:k"} and not story.state().said


def test_what_was_put_off_is_asked_again_once_that_is_taken_back() -> None:
    story, state = Story(), State()
    for minutes, action in enumerate(("adoption.show", "report.write", "adoption.show")):
        story.add("fact", **with_put_off(state, action, NOW + timedelta(minutes=minutes)).body())
        state = story.state()
    assert {row: said.about for row, said in state.said.items()} == {
        1: "adoption.show",
        2: "report.write",
        3: "adoption.show",
    }
    story.add("taken.back", row=3, about="adoption.show", who="me")
    until = story.state().known(PutOff).until
    assert until["adoption.show"] == iso(NOW + AGAIN)
    story.add("taken.back", row=1, about="adoption.show", who="me")
    assert set(story.state().known(PutOff).until) == {"report.write"}


def asked(story: Story, minutes: int, state: str = RequestState.REQUESTED.value) -> Story:
    request = {**RemovalRequest().record(), "state": state, "requested_at": iso(NOW), "times": minutes}
    story.at = NOW + timedelta(minutes=minutes)
    return story.add("removal.requested", subject="192.0.2.7", zone="psbl.example", request=request)


def test_that_a_removal_was_asked_for_is_taken_back_with_what_was_seen_since() -> None:
    story = asked(asked(Story(), 1), 2)
    pair = ("192.0.2.7", "psbl.example")
    assert story.state().listings.pairs[pair].request.times == 2
    story.add("taken.back", row=1, about="", who="me")
    assert story.state().listings.pairs[pair].request.times == 2
    story.add("taken.back", row=2, about="", who="me")
    assert story.state().listings.pairs[pair].request == RemovalRequest()
    # What was looked up since counts: a listing that is gone is gone without the request, too.
    listed = {"subject": pair[0], "zone": pair[1], "tier": 2, "reason": "spam", "ttl": 60}
    story = Story().add("blocklist.observed", at=iso(NOW), listed=[listed])
    asked(story, 1)
    gone = {pair[1]: {"subjects": [pair[0]], "tier": 2}}
    story.at = NOW + timedelta(minutes=5)
    story.add("blocklist.observed", at=iso(story.at), not_listed=gone)
    story.add("taken.back", row=2, about="", who="me")
    request = story.state().listings.pairs[pair].request
    assert (request.state, request.times) == (RequestState.REMOVED, 0)


def test_a_row_that_holds_nothing_said_takes_nothing_back() -> None:
    story = decided(Story(), "ours").add("taken.back", row=7, about="?", who="me")
    assert story.state().decisions["key:k"].decision == "ours"


def _said(rng: random.Random) -> tuple[str, dict[str, Any]]:
    """Return something a person may say, of a few things only, so that one is said again and again."""
    about = rng.choice("ab")
    return rng.choice(
        (
            (
                "finding.decided",
                {
                    "finding": f"key:{about}",
                    "decision": rng.choice(("ours", "intruder", "keep")),
                    "who": "me",
                },
            ),
            ("attested", {"step": "11", "who": "me", "text": f"{rng.random()}", "subject": f"later:{about}"}),
            ("adoption.noted", {"effect": about, "owner": f"{rng.random()}"}),
            ("adoption.noted", {"effect": about, "unneeded": "me"}),
            ("timer", {"id": f"link:{about}", "kind": "link", "subject": about, "due": f"{rng.random()}"}),
        )
    )


@pytest.mark.parametrize("seed", range(60))
def test_what_is_taken_back_is_as_if_it_had_never_been_said(seed: int) -> None:
    rng = random.Random(seed)
    story, left = Story(), dict[int, tuple[str, dict[str, Any]]]()
    for row in range(1, 30):
        if left and rng.random() < 0.4:
            gone = rng.choice(list(left))
            story.add("taken.back", row=gone, about="", who="me")
            del left[gone]
        else:
            kind, body = _said(rng)
            story.add(kind, **body)
            left[row] = (kind, body)
        without = Story()
        for kind, body in left.values():
            without.add(kind, **body)
        found, wanted = story.state(), without.state()
        assert found.decisions == wanted.decisions
        assert found.attestations == wanted.attestations
        assert found.adoption == wanted.adoption
        assert found.timers == wanted.timers
        assert set(found.said) == set(left)
