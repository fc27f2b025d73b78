"""Small parts of the screen that need none: clipboard, event funnel, footer, status line, style sheets."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.pilot.fake_session import START, US, FakeSession, Rate
from tests.support.effects import an_effect
from workbench.core.errors import UsageError
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import EffectRecord
from workbench.execution.progress import (
    EffectMoved,
    Phase,
    PlanFinished,
    PlanStarted,
    ProgressNotice,
    Summary,
)
from workbench.presentation.cells import Look
from workbench.session.events import Changed
from workbench.tui.clipboard import MAX_PAYLOAD, SCREEN_CHUNK, copy_sequence
from workbench.tui.keymap import Hint
from workbench.tui.messages import MOVES_A_SECOND, Funnel, Moved
from workbench.tui.panes.store import STALE_AFTER, Store
from workbench.tui.screens.status import fitting, state_fact, status_facts
from workbench.tui.shutdown import crash_text
from workbench.tui.style_paths import style_files, styles_dir
from workbench.tui.widgets.statusline import arrange
from workbench.tui.workers import trouble

TEXT = "Grüße,\nline two"


def unwrapped(sequence: str) -> str:
    """Return what an OSC 52 sequence carries."""
    assert sequence.startswith("\x1b]52;c;") and sequence.endswith("\x07")
    return base64.b64decode(sequence[7:-1]).decode()


def test_plain_terminal() -> None:
    copied = copy_sequence(TEXT, {})
    assert unwrapped(copied.sequence) == TEXT and "does not say" in copied.words


def test_tmux_gets_its_wrapping() -> None:
    sequence = copy_sequence(TEXT, {"TMUX": "/tmp/x"}).sequence
    assert sequence.startswith("\x1bPtmux;\x1b\x1b]52") and sequence.endswith("\x1b\\")
    assert unwrapped(sequence[7:-2].replace("\x1b\x1b", "\x1b")) == TEXT


def test_screen_gets_small_pieces() -> None:
    sequence = copy_sequence("x" * 2000, {"STY": "1.pts"}).sequence
    pieces = sequence.split("\x1b\\")[:-1]
    assert all(p.startswith("\x1bP") and len(p) <= SCREEN_CHUNK + 2 for p in pieces)
    assert unwrapped("".join(p[2:] for p in pieces)) == "x" * 2000


def test_too_much_and_nothing_are_said() -> None:
    assert copy_sequence("x" * MAX_PAYLOAD, {}).sequence == "" and copy_sequence("", {}).sequence == ""
    assert "nothing was copied" in copy_sequence("x" * MAX_PAYLOAD, {}).words


class Desk:
    """A clock and one timer, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[tuple[float, Callable[[], object]]] = []
        self.moved: list[tuple[float, Moved]] = []
        self.funnel = Funnel(lambda m: self.moved.append((self.now, m)), lambda: self.now, self.once)

    def once(self, seconds: float, call: Callable[[], object]) -> object:
        """Remember a timer."""
        self.due.append((self.now + seconds, call))
        return self

    def run(self, until: float) -> None:
        """Let timers fire."""
        while self.due and self.due[0][0] <= until:
            self.now, call = self.due.pop(0)
            call()
        self.now = until


def test_a_flood_becomes_at_most_fifteen_a_second() -> None:
    desk = Desk()
    effect = an_effect(EffectKind.LOGIN_RESET, "a@b", US)
    for n in range(1000):
        desk.run(n / 1000)
        desk.funnel(EffectMoved(EffectRecord(effect), Phase.SENDING))
        desk.funnel(Changed("log"))
    desk.run(2.0)
    assert 10 <= len(desk.moved) <= MOVES_A_SECOND + 1
    assert all(list(m.records) == [effect.id] and m.slices == {"log"} for _, m in desk.moved)
    assert desk.moved[-1][0] >= 0.99, "the last news is never dropped"


def test_counts_over_overlapping_plans() -> None:
    desk = Desk()
    effects = [an_effect(EffectKind.LOGIN_RESET, f"{n}@b", US) for n in range(3)]
    summary = Summary("x", 2, 1, 0, 1, 0, 1.0, 1.0)
    desk.funnel(PlanStarted("one", 2))
    desk.funnel(PlanStarted("two", 1))
    for effect, phase in zip(effects, (Phase.VERIFIED, Phase.FAILED, Phase.PROVING), strict=True):
        desk.funnel(EffectMoved(EffectRecord(effect), phase))
    assert (desk.funnel.active, desk.funnel.total, desk.funnel.done, desk.funnel.failed) == (2, 3, 2, 1)
    assert desk.funnel.unproven == 1, "carried out, and waits for its proof"
    desk.funnel(PlanFinished(summary))
    assert desk.funnel.phases[effects[2].id] == "proving"
    desk.funnel(ProgressNotice("waits", loud=True))
    desk.funnel(PlanFinished(summary))
    assert desk.funnel.active == 0 and desk.funnel.phases == {}
    desk.run(1.0)
    assert [n.text for n in desk.moved[0][1].notices] == ["waits"]
    desk.funnel(PlanStarted("later", 5))
    assert (desk.funnel.total, desk.funnel.done, desk.funnel.unproven) == (5, 0, 0)
    desk.funnel(EffectMoved(EffectRecord(effects[0]), Phase.DONE))
    desk.funnel(EffectMoved(EffectRecord(effects[0]), Phase.VERIFIED))
    assert (desk.funnel.done, desk.funnel.unproven) == (1, 0)


def status(session: FakeSession | None, age: float = 0.0, width: int = 240, **store: object) -> str:
    """Return the top line as it is drawn."""
    kept = Store(session=session, **store)  # type: ignore[arg-type]
    facts = status_facts(kept, Desk().funnel, START + timedelta(seconds=age))
    return "".join(text for text, _ in arrange(facts, width))


def test_status_words() -> None:
    session = FakeSession()
    assert "opening the incident" in status(None) and "not connected" in status(None, failed="x")
    assert "not read yet" in status(session) and "reading…" in status(session, reading=True)
    session.fill()
    assert "● live" in status(session, STALE_AFTER) and "as of 14:02:07, stale" in status(
        session, STALE_AFTER + 1
    )
    assert "NOT CONTAINED" in status(session)
    session.state.first_cut_at = "2026-11-21T14:04:00Z"
    assert f"CUT, BUT OPEN: {LEFT}" in status(session, width=200)
    session.state.first_cut_at = ""
    session.contain()
    assert "CONTAINED in 6m41s" in status(session)
    session.rate = Rate()
    assert "sending 1,240/h above the usual 40/h" in status(session) and "intruder 1,240/h" in status(
        session, width=80
    )
    session.rate.per_hour = 0.0
    assert "no abnormal hour" in status(session) and "no abnormal hour" in status(session, width=60)
    session.read_only, session.holder_text = True, "ada on jump1"
    assert "read-only, following, row 12, 2 s ago: ada on jump1 writes" in status(session)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("alarms", [0, 1, 2, 12])
@pytest.mark.parametrize("quiet", [False, True])
def test_the_rate_the_alarms_and_the_state_stay_at_every_width(width: int, alarms: int, quiet: bool) -> None:
    session = FakeSession()
    session.fill()
    session.title = "a company with a rather long name (US+EU)"
    session.contain()
    session.rate = Rate()
    if quiet:
        session.rate.per_hour = 0.0
    waiting = "hand-over of a-key-with-a-long-name: 24 min left (+3)"
    line = status(session, width=width, alarms=alarms, countdown=waiting, senders_down=37, errors=["run"] * 3)
    assert len(line) == width and "…" not in line.replace("a company wit…", "")
    assert "CONTAINED" in line and "DRILL" in line
    assert "no abnormal hour" in line if quiet else "1,240/h" in line, line
    assert ("ALARM" in line) is (alarms > 0)
    if alarms:
        assert f"{alarms} ALARM{'S' if alarms > 1 else ''}: A" in line
    # Decorations go before any word that asks for something.
    if "▁" in line or "api" in line or "workbench" in line:
        assert (
            waiting in line and "37 senders down: H" in line and "● live" in line and "◉ share-safe" in line
        )


def test_room_is_made_in_one_order() -> None:
    session = FakeSession()
    session.fill()
    session.rate = Rate()
    told = [
        "api 0/s",
        "workbench",
        "incident 2026",
        "above the usual",
        "share-safe",
        "live",
        "(US+EU)",
        "acme",
    ]
    lines = [status(session, width=width, alarms=1) for width in range(160, 44, -1)]
    left = [next((n for n, line in enumerate(lines) if words not in line), len(lines)) for words in told]
    assert left == sorted(left), dict(zip(told, left, strict=True))
    assert all(f in line for f in ("NOT CONTAINED", "1 ALARM: A", " 1,240/h") for line in lines)


def test_share_safe_off_and_read_only_are_said_where_it_is_narrow() -> None:
    session = FakeSession()
    session.fill()
    session.rate = Rate()
    session.read_only, session.holder_text = True, "ada on jump1"
    line = status(session, width=80, alarms=2, look=Look(share_safe=False))
    assert "! SHOWN" in line and "read-only" in line and "2 ALARMS: A" in line and "intruder 1,240/h" in line


LEFT = "API key “prod-0” …0000 +4"


@pytest.mark.parametrize(
    ("states", "cut", "contained", "words"),
    [
        ((), False, False, "NOT CONTAINED"),
        ((), True, False, f"CUT, BUT OPEN: {LEFT}"),
        (("verified", "planned"), True, False, "NOT FINISHED: f goes on"),
        (("planned", "planned"), False, False, "NOT FINISHED: f goes on"),
        # Every call was answered, and the proofs were not looked at when the terminal went away.
        (("verified", "done"), True, False, "NOT FINISHED: f goes on"),
        (("verified", "open"), True, False, "NOT FINISHED: f goes on"),
        # Done and looked at in vain (a domain that goes in the background): f would only look again.
        (("verified", "tried"), True, False, f"CUT, BUT OPEN: {LEFT}"),
        (("verified", "failed"), True, False, f"CUT, BUT OPEN: {LEFT}, 1 failed"),
        (("failed", "skipped"), False, False, "NOT CONTAINED, 1 failed"),
        (("verified", "verified"), True, True, "CONTAINED in 6m41s"),
        (("verified", "done"), True, True, "CONTAINED in 6m41s"),
        (("verified", "planned", "planned"), True, True, "CONTAINED in 6m41s, 2 left: f"),
        (("verified", "open"), True, True, "CONTAINED in 6m41s, 1 left: f"),
    ],
)
def test_how_far_the_containment_is(states: tuple[str, ...], cut: bool, contained: bool, words: str) -> None:
    session = FakeSession()
    session.fill()
    for number, name in enumerate(states):
        record = EffectRecord(an_effect(EffectKind.LOGIN_RESET, f"app{number}@b", US))
        record.state = {"open": EffectState.PLANNED, "tried": EffectState.DONE}.get(name) or EffectState(name)
        if name == "tried":
            record.attempts, record.tried_at = 1, "2026-11-21T14:05:00Z"
        record.open = name == "open"
        session.state.effects[record.effect.id] = record
    session.state.first_cut_at = "2026-11-21T14:04:00Z" if cut else ""
    if contained:
        session.contain()
    assert state_fact(session, Desk().funnel).text == words  # type: ignore[arg-type]
    assert f"  {words}  " in status(session, width=240)


def test_footer_drops_from_the_end_but_keeps_help_and_quit() -> None:
    hints = [
        Hint("r", "replace", "a"),
        Hint("x", "other", "b"),
        Hint("?", "help", "help"),
        Hint("q", "quit", "quit"),
    ]
    assert fitting(hints, 100) == hints
    assert [h.id for h in fitting(hints, 28)] == ["a", "help", "quit"]
    assert [h.id for h in fitting(hints, 16)] == ["help", "quit"]
    assert fitting(hints, 3) == []


def test_troubles_tell_no_values() -> None:
    known = trouble(UsageError("What.", "Means.", "Do."), "doing it")
    assert known.text().splitlines() == [
        "While: doing it",
        "What happened: What.",
        "What it means: Means.",
        "What to do: Do.",
    ]
    unknown = trouble(ValueError("the secret value"), "doing it")
    assert "secret value" not in unknown.text() and "ValueError" in unknown.what and not unknown.known


def test_a_crash_tells_places_only() -> None:
    def inner() -> None:
        hidden = "the secret value"
        raise KeyError(hidden)

    with pytest.raises(KeyError) as caught:
        inner()
    text = crash_text(caught.value)
    assert "KeyError" in text and "test_screen_parts.py" in text and "inner" in text
    assert "the secret value" not in text and "hidden" not in text


def test_style_sheets_are_found() -> None:
    names = ("base", "panes", "dialogs")
    assert all(path.is_file() for path in style_files(*names))
    assert {p.stem for p in styles_dir().glob("*.tcss")} == set(names)
