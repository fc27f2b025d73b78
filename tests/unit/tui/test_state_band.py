"""The focal point: never wider than its room, never taller than its lines, the answer first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.situations import NOW, situation
from workbench.domain.runbook.claims import claim
from workbench.domain.runbook.containment_state import Containment, Over
from workbench.domain.runbook.guide import GuideKind, Lead
from workbench.domain.runbook.ways_open import WayIn
from workbench.presentation.cells import Look
from workbench.tui.screens.state_band import HEIGHT, BandLine, drawn, said
from workbench.tui.widgets.cells import width_of

LONG = (
    "Not contained: 10 API keys from before; 37 SMTP logins with the password from before; a panel user; more"
)


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(BandLine, st.just("Next"), st.text(max_size=300), st.sampled_from(["", "bad"])),
        min_size=1,
        max_size=HEIGHT,
    ),
    st.integers(60, 220),
)
def test_it_keeps_to_its_room(lines: list[BandLine], width: int) -> None:
    rows = drawn(lines, width, ascii_only=False)
    assert len(lines) <= len(rows) <= HEIGHT
    for row in rows:
        assert sum(width_of(text) for text, _ in row) <= width


def test_the_answer_may_take_two_lines_where_one_is_spare() -> None:
    lines = [
        BandLine("Over?", LONG, "bad"),
        BandLine("Goes out", "nothing"),
        BandLine("Next", "1 Replace the API keys"),
    ]
    rows = drawn(lines, 80, ascii_only=True)
    text = ["".join(piece for piece, _ in row) for row in rows]
    assert len(text) == 4 and text[0].startswith("| Over?") and "a panel user" in text[1]
    assert text[3].startswith("| Next")


WORDS = st.text("abcdefgh .-", min_size=1, max_size=80).map(lambda text: " ".join(text.split()) or "x")
WAYS = st.builds(
    WayIn,
    st.sampled_from(["key", "login", "user", "alarm", "sending", "queue"]),
    WORDS,
    WORDS,
    st.text("abc d", min_size=1, max_size=60),
    st.booleans(),
    st.booleans(),
)
WAITS = st.builds(
    "Step {} waits for {}{}".format,
    st.sampled_from(["1b", "4", "9", "10", "12"]),
    st.text("abc d", min_size=1, max_size=60),
    st.sampled_from(
        [": 14 not seen in use yet", ", until 21 Nov 14:22Z; then you are asked again", " (Security, Users)"]
    ),
)


@settings(max_examples=60)
@given(
    st.sampled_from(list(Over)),
    st.lists(WAYS, max_size=8),
    st.lists(st.tuples(WORDS, st.integers(1, 9)), max_size=2),
    st.lists(WAITS, max_size=8),
    st.sampled_from([120, 200]),
)
def test_no_verdict_is_cut_however_much_is_open_and_whoever_is_waited_for(
    over: Over, ways: list[WayIn], back: list[tuple[str, int]], waits: list[str], width: int
) -> None:
    there = situation()
    there.over = Containment(over, claim("contained", False, ()), tuple(ways), NOW, NOW, tuple(back))
    account = SimpleNamespace(rate=None)
    session = SimpleNamespace(situation=lambda: there, inventory=there.inventory, account=account)
    store: Any = SimpleNamespace(session=session, failed="", look=Look())
    lead = Lead(GuideKind.WAIT, "", "refresh", "Waiting for others", "", tuple(waits))
    rows = [
        "".join(piece for piece, _ in row) for row in drawn(said(store, lead), width - 2, ascii_only=False)
    ]
    assert not [row for row in rows if "…" in row]
    assert [row[2:11].strip() for row in rows if row[2:11].strip()] == [
        "Over?",
        "Goes out",
        "Next",
        "Waiting",
    ]
    # What does not fit is counted, nobody is dropped in silence.
    told = " ".join(" ".join(row[11:] for row in rows).split()).partition("Waiting for others")[2]
    named = told.lower().count("step ")
    assert not waits or named == len(waits) or f"and {len(waits) - named} more" in told


def test_a_way_that_is_a_sentence_stands_by_itself() -> None:
    sends = WayIn(
        "alarm", "a", "SMTP login x goes on sending, from addresses not seen before", "x", used=True
    )
    key, user = WayIn("key", "k", "key K", "K", used=True), WayIn("user", "u", "panel user P", "P")
    for ways, told in (
        (
            (sends,),
            "was contained until 21 Nov 14:00Z: SMTP login x goes on sending, from addresses not seen before",
        ),
        (
            (key, sends, user),
            "was contained until 21 Nov 14:00Z: came back through key K; SMTP login x goes on sending, "
            "from addresses not seen before; open through panel user P",
        ),
    ):
        assert Containment(Over.BACK, claim("", False, ()), ways, NOW, NOW).words == told
    assert Containment(Over.OPEN, claim("", False, ()), (sends,)).words.startswith(
        "cut, but open: SMTP login x goes on"
    )
    both = (user, key)
    assert (
        Containment(Over.OPEN, claim("", False, ()), both).words
        == "cut, but open through panel user P; key K"
    )


def test_a_chart_stands_where_there_is_room_for_it() -> None:
    line = BandLine("Goes out", "1,240/h above the usual", "bad", "x" * 24)
    assert "x" * 24 in "".join(text for text, _ in drawn([line], 120, ascii_only=True)[0])
    assert "xxx" not in "".join(text for text, _ in drawn([line], 50, ascii_only=True)[0])


def test_a_chart_that_is_wider_than_the_room_left_is_left_out() -> None:
    for wide, shown in ((45, True), (46, False)):
        (row,) = drawn([BandLine("Next", "0", chart="x" * wide)], 60, ascii_only=True)
        assert (len(row) == 4) is shown and sum(width_of(text) for text, _ in row) <= 60
    (row,) = drawn([BandLine("Next", "0\x08", chart="0" * 43)], 60, ascii_only=False)
    assert sum(width_of(text) for text, _ in row) <= 60
