"""A newcomer recovers the whole drill with Enter alone: every step closed by evidence, over real sockets."""

from __future__ import annotations

from pathlib import Path

# Its pytest plugin would import it when the session ends; after a run of this size CPython 3.11 sometimes fails to
# compile there ("AST constructor recursion depth mismatch").
import hypothesis  # noqa: F401
import pytest

from tests.support.drills import SMALL, opened, running_drill
from tests.support.newcomer import MOST_KEYS, Newcomer
from workbench.cli.screen import drill_places
from workbench.core.clock import ShiftedClock
from workbench.domain.runbook.guide import GuideKind
from workbench.journal.journal import read_rows

# The same with the characters of the confirmations.
MOST_PRESSES = 40


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_drill_as_it_is_opened_ends_in_at_most_forty_presses(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """The whole account, with as many rows to a plan as it has: each key and each digit of a count is a press."""
    person = Newcomer(size=size)
    async with running_drill(tmp_path, traffic=1.0) as drill:
        places = drill_places(drill.document())
        async with opened(drill, tmp_path, clock=ShiftedClock(), search_places=places) as session:
            await person.sit(session, lambda step: False)
            lead = session.lead()
    assert lead.kind is GuideKind.END, (lead, person.story)
    print(f"{person.keys} keys and {person.typed} characters of confirmations: {person.keys + person.typed}")
    assert person.keys + person.typed <= MOST_PRESSES, "\n".join(person.story)
    assert not person.shown_whole()


async def test_a_newcomer_recovers_the_drill(tmp_path: Path) -> None:
    person = Newcomer()
    async with running_drill(tmp_path, traffic=1.0, **SMALL) as drill:
        places = drill_places(drill.document())
        async with opened(drill, tmp_path, clock=ShiftedClock(), search_places=places) as session:
            await person.sit(session, lambda step: step.id == "7")
        # They left in the middle; whoever comes next goes on where it stands.
        async with opened(drill, tmp_path, clock=ShiftedClock(), search_places=places) as session:
            await person.sit(session, lambda step: False)
            steps = {step.id: step for step in session.steps()}
            rows = read_rows(session.recorder.folder / "journal.sqlite")
            secrets = [await session.recorder.secret(entry) for entry in session.state.entries]
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
    assert person.people and not person.shown_whole()
    assert not [secret for secret in secrets if secret.reveal() in drawn]
    assert "◉ share-safe" in drawn
