"""A newcomer recovers the whole drill with Enter alone: every step closed by evidence, over real sockets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

# Its pytest plugin would import it when the session ends; after a run of this size CPython 3.11 sometimes fails to
# compile there ("AST constructor recursion depth mismatch").
import hypothesis  # noqa: F401
from textual.pilot import Pilot

from tests.pilot.conftest import app_of, screen_text
from tests.support.drills import opened, running_drill
from workbench.cli.screen import drill_places
from workbench.core.clock import ShiftedClock
from workbench.domain.runbook.guide import GuideKind
from workbench.domain.runbook.runbook import StepView
from workbench.journal.journal import read_rows
from workbench.session.session import Session
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.leaks import LeaksScreen
from workbench.tui.screens.lists import ListScreen
from workbench.tui.screens.texts import ErrorScreen

MOST_KEYS = 40
# The same with the characters of the confirmations.
MOST_PRESSES = 40
MANY = re.compile(r"Type (\d+) and Enter")
COUNT = re.compile(r"To go ahead type (\d+) and Enter")
# Lists that want another key than Enter, by their heading; each says so in its last line.
NAMED = {
    "New credentials into the applications": ("y",),
    "Harden": ("l",),
    "Judge the findings": ("i",),
    "Who is a stranger?": ("i",),
}
BY_HAND = "that no call removes"
GROUPS = (
    *(
        "open",
        "connect",
        "read",
        "rate",
        "plan",
        "run",
        "preserve",
        "preserve-rest",
        "attest",
        "decide",
        "drill",
    ),
    *("sweep", "assess", "blocklists", "leaks", "report", "use", "record"),
)


@dataclass
class Newcomer:
    """Presses what the screen names, and counts: ``keys`` pressed, ``typed`` characters of confirmations.

    ``seen`` is everything that was ever drawn, ``confirmed`` how many plans were confirmed by their count.
    """

    keys: int = 0
    typed: int = 0
    confirmed: int = 0
    story: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    async def sit(self, session: Session, enough: Callable[[StepView], bool]) -> None:
        """Open the app on a session and do what it says, until it is enough or only waiting is left."""

        async def opener() -> Session:
            return session

        app = WorkbenchApp(opener, drill=True, watch_every=0, rate_every=0)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await self.rest(pilot)
            for _ in range(2 * MOST_KEYS):
                lead = session.lead()
                step = next((one for one in session.steps() if one.id == lead.step), None)
                over = len(app.screen_stack) > 1
                if not over and (
                    lead.waiting or lead.kind is GuideKind.END or (step is not None and enough(step))
                ):
                    return
                self.story.append(await self.once(pilot, session, step))
        raise AssertionError(self.story)

    async def rest(self, pilot: Pilot[int]) -> None:
        """Wait until nothing works any more, then look at the screen."""
        app = app_of(pilot)
        for _ in range(2):
            await pilot.pause()
            for group in GROUPS:
                await app.work.rest(group, 60)
        await pilot.pause(0.1)
        for _ in range(200):
            # What is shown follows what is known soon, not at once: a newcomer reads before they press.
            if app.main.runbook.fresh:
                break
            await pilot.pause(0.05)
        self.seen.update(line.strip() for line in screen_text(pilot).splitlines())

    async def press(self, pilot: Pilot[int], *keys: str) -> None:
        """Press keys that count."""
        self.keys += len(keys)
        await pilot.press(*keys)
        await self.rest(pilot)

    async def confirm(self, pilot: Pilot[int], text: str) -> None:
        """Type a confirmation and take it."""
        self.typed += len(text)
        await pilot.press(*text)
        await self.press(pilot, "enter")

    async def once(self, pilot: Pilot[int], session: Session, step: StepView | None) -> str:
        """Do what the guide, or the dialog in front of it, says; return what it was."""
        front, text = pilot.app.screen, screen_text(pilot)
        if len(pilot.app.screen_stack) == 1:
            await self.press(pilot, "enter")
            lead = session.lead()
            return f"{lead.kind.value} {lead.step} {lead.action}"
        assert not isinstance(front, ErrorScreen), text
        if (found := COUNT.search(text)) is not None:
            self.confirmed += 1
            await self.confirm(pilot, found.group(1))
            return f"confirmed {found.group(1)}"
        if (found := MANY.search(text)) is not None:
            await self.confirm(pilot, found.group(1))
            return f"counted {found.group(1)}"
        keys: tuple[str, ...] = ("enter",)
        if isinstance(front, ListScreen):
            keys = NAMED.get(front.heading, keys)
        if "y it was sent" in text:
            # A newcomer sends what they copied; Enter alone says that it was not sent yet.
            keys = ("y",)
        if isinstance(front, LeaksScreen):
            # In the drill the developers clean the places; there is nothing to say by hand.
            keys = ("escape",)
        if BY_HAND in text:
            # What was done by hand is said of all that is selected; nothing is selected beforehand.
            keys = ("a", "h")
        self.story += [
            f.title for f in session.findings() if not f.decision and step is not None and step.id == "6"
        ]
        await self.press(pilot, *keys)
        return f"{' '.join(keys)} on {type(front).__name__}"


async def test_a_newcomer_recovers_the_drill(tmp_path: Path) -> None:
    person = Newcomer()
    async with running_drill(tmp_path, traffic=1.0) as drill:
        places = drill_places(drill.document())
        async with opened(drill, tmp_path, clock=ShiftedClock(), search_places=places) as session:
            await person.sit(session, lambda step: step.id == "7")
        # They left in the middle; whoever comes next goes on where it stands.
        async with opened(drill, tmp_path, clock=ShiftedClock(), search_places=places) as session:
            await person.sit(session, lambda step: False)
            steps = {step.id: step for step in session.steps()}
            rows = read_rows(session.folder / "journal.sqlite")
            people = [item.user.email for item in session.inventory.users.values() if item.user.email]
            secrets = [await session.secret(entry) for entry in session.state.entries]
    # Everything is closed, by evidence or somebody's word, but the measures that were left for later by name.
    open_ = {i: (step.verdict.value, step.evidence) for i, step in steps.items() if not step.verdict.closed}
    assert set(open_) <= {"9", "11"}, open_
    assert steps["11"].verdict.value == "later", open_
    # Counted both ways: what is pressed, and with it every character typed to confirm.
    print(f"{person.keys} keys and {person.typed} characters of confirmations: {person.keys + person.typed}")
    assert person.keys <= MOST_KEYS, "\n".join(person.story)
    assert person.keys + person.typed <= MOST_PRESSES, "\n".join(person.story)
    # Nothing was changed without a plan that was confirmed by its count.
    confirmed = [row for row in rows if row.kind == "plan.confirmed"]
    assert len(confirmed) == person.confirmed >= 4
    drawn = "\n".join(person.seen)
    assert not [email for email in people if email in drawn]
    assert not [secret for secret in secrets if secret.reveal() in drawn]
    assert "◉ share-safe" in drawn
