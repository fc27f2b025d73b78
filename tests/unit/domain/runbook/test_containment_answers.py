"""The one answer to "is it over?" in each of its forms: a sentence, a narrow place, a document."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from tests.support.situations import NOW
from workbench.domain.runbook.claims import Coverage, Reading, claim
from workbench.domain.runbook.containment_state import NAMED, Containment, Over
from workbench.domain.runbook.ways_open import WayIn

ABROAD = NOW.astimezone(timezone(timedelta(hours=5)))
KEYS = WayIn("keys", "k", "2 API keys from before", "2 API keys", known=True)
PANEL = WayIn("user", "u", "panel user x@evil.example", "a panel user", known=True)
DARK = WayIn("unread", "routes", "what is not read yet (routes: not asked)", "routes not asked", known=False)
SENDS = WayIn(
    "alarm", "a", "key …1d09 goes on sending, from 203.0.113.9", "key …1d09 goes on sending", used=True
)
CAME = WayIn("user", "v", "panel user eve@evil.example", "eve", known=True, used=True)
GROUNDS = (Reading("keys", NOW), Reading("logins", NOW - timedelta(minutes=3)))


def answer(over: Over, *ways: WayIn, **more: object) -> Containment:
    """Return an answer that rests on two readings."""
    return replace(Containment(over, claim("contained", True, GROUNDS), ways), **more)  # type: ignore[arg-type]


def test_contained_says_since_when_and_as_of_when() -> None:
    found = answer(Over.CONTAINED, since=ABROAD - timedelta(minutes=5))
    assert found.contained and found.as_of == NOW - timedelta(minutes=3)
    assert found.words == "contained since 21 Nov 13:55Z, as of 21 Nov 13:57Z"
    assert found.short == "contained, as of 13:57Z"
    late = replace(found, since=ABROAD)
    assert late.as_of == NOW and late.short == "contained, as of 14:00Z", (
        "our own proof came after the readings"
    )
    assert replace(late, claim=claim("contained", True, ())).as_of is None
    assert replace(late, claim=claim("contained", True, ())).short == "contained, as of an unknown time"


def test_not_contained_names_what_is_open_or_that_nothing_is_read() -> None:
    assert answer(Over.NOT_CONTAINED).words == "not contained: nothing is read yet"
    found = answer(Over.NOT_CONTAINED, KEYS, DARK, since=ABROAD)
    assert found.words == "not contained: 2 API keys from before; what is not read yet (routes: not asked)"
    assert found.short == "NOT CONTAINED" and not found.contained
    assert found.as_of == NOW - timedelta(minutes=3), "no moment of its own raises it"


@pytest.mark.parametrize(
    ("ways", "words", "short"),
    [
        ((KEYS,), "cut, but open through 2 API keys from before", "cut, but OPEN: 2 API keys"),
        (
            (KEYS, PANEL),
            "cut, but open through 2 API keys from before; panel user x@evil.example",
            "cut, but OPEN: 2 API keys +1",
        ),
        (
            (SENDS, KEYS),
            "cut, but open: key …1d09 goes on sending, from 203.0.113.9; open through 2 API keys from before",
            "cut, but OPEN: key …1d09 goes on sending +1",
        ),
        ((), "cut, but open through a way that is not named", "cut, but OPEN: a way"),
    ],
)
def test_cut_but_open_names_the_ways(ways: tuple[WayIn, ...], words: str, short: str) -> None:
    found = answer(Over.OPEN, *ways)
    assert (found.words, found.short) == (words, short)


def test_of_many_ways_some_are_named_and_the_rest_counted() -> None:
    many = [replace(KEYS, target=str(n), words=f"way {n}", short=f"w{n}") for n in range(NAMED + 2)]
    found = answer(Over.OPEN, *many)
    assert found.words == "cut, but open through way 0; way 1; way 2; way 3 and 2 more"
    assert found.forms == (
        found.words,
        "cut, but open through w0; w1; w2; w3 and 2 more",
        "cut, but open through w0; w1; w2 and 3 more",
        "cut, but open through w0; w1 and 4 more",
        "cut, but open through w0 and 5 more",
        "cut, but OPEN: w0 +5",
    )


def test_came_back_says_until_when_it_was_and_through_what() -> None:
    found = answer(
        Over.BACK, CAME, SENDS, KEYS, until=ABROAD, came_back=(("panel user eve", 2), ("a way", 1))
    )
    tail = "; came back 2 × through panel user eve; came back 1 × through a way"
    assert found.words == (
        "was contained until 21 Nov 14:00Z: came back through panel user eve@evil.example; key …1d09 goes on sending, "
        f"from 203.0.113.9; open through 2 API keys from before{tail}"
    )
    assert found.short == "WAS contained until 14:00Z"
    assert found.used == (CAME, SENDS)
    assert found.forms[1].endswith(f"open through 2 API keys{tail}")
    assert found.forms[-2] == "was contained until 21 Nov 14:00Z: came back through eve and 2 more"
    assert found.known_open == tuple(way for way in (CAME, SENDS, KEYS) if way.known)
    assert answer(Over.BACK, DARK, KEYS).known_open == (KEYS,)


def test_a_document_holds_the_answer_its_ways_and_its_grounds() -> None:
    grounds = (Reading("keys", NOW), Reading("routes", None, Coverage.NOT_ASKED))
    found = Containment(
        Over.BACK,
        claim("contained", False, grounds),
        (CAME, DARK),
        since=ABROAD - timedelta(hours=1),
        until=ABROAD,
        came_back=(("a way", 2),),
    )
    assert found.to_json() == {
        "answer": "was contained",
        "contained": False,
        "words": found.words,
        "since": "2026-11-21T13:00:00Z",
        "until": "2026-11-21T14:00:00Z",
        "as_of": "2026-11-21T14:00:00Z",
        "open_through": [
            {"kind": "user", "id": "v", "words": CAME.words, "known": True, "used": True},
            {"kind": "unread", "id": "routes", "words": DARK.words, "known": False, "used": False},
        ],
        "came_back": [{"through": "a way", "times": 2}],
        "grounds": [reading.to_json() for reading in grounds],
    }
    assert answer(Over.OPEN).to_json()["since"] is None
