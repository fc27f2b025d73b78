"""Whatever a person said can be taken back; what stood before it stands again."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.support.situations import Story


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
        assert set(found.said) == set(left)
