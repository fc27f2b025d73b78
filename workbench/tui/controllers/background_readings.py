"""What is read by itself once access is cut, below the writes: every setting, then the log of the abuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Ui

_CUTS = ("0", "1", "2", "3")


def preserve_on(ui: Ui, session: Incident) -> None:
    """Read the rest of the evidence once its first part is stored, also where an earlier start was left before its end.

    It follows below the writes and gates none of them: every setting, and the log, of which some fades by the day.
    """
    stored = session.state.snapshots
    if "0a" not in stored or "0b" in stored or session.recorder.read_only or ui.work.running("preserve-rest"):
        return
    doing = "preserving every setting and the log"
    ui.work.start(session.account.preserve_rest, group="preserve-rest", doing=doing, loud=False)


def read_on(ui: Ui, session: Incident) -> None:
    """Once access is cut, read by itself what the next steps rest on: every setting, then the log of the abuse.

    It runs below the writes and changes nothing; a step that needs it sooner waits for it.
    """
    steps = {step.id: step for step in session.steps()}
    cut = all((step := steps.get(i)) is not None and (step.idle or step.verdict.closed) for i in _CUTS)
    work = ui.work
    if not cut or session.recorder.read_only or work.running("sweep") or work.running("assess"):
        return

    async def read() -> None:
        if not _swept(session):
            await session.account.investigation.sweep()
        if not _assessed(session):
            await session.account.investigation.assess()

    def told(_: None) -> None:
        ui.tell("Settings and log are read; steps 6 and 8 say what they show.")
        ui.renew()

    if not _swept(session) or not _assessed(session):
        work.start(read, group="sweep", doing="reading settings and log", loud=False, then=told)


def _swept(session: Incident) -> bool:
    """Return whether the settings were read since access was cut: the intruder could change them until then."""
    from workbench.domain.settings_audit.recorded import SweepRead

    fact = session.state.fact(SweepRead)
    return fact is not None and session.state.after_cut(fact, fact.row)


def _assessed(session: Incident) -> bool:
    """Return whether the log was assessed since access was cut: what was read before does not know how it ended."""
    from workbench.domain.forensics.recorded import RecordedAssessment

    fact = session.state.fact(RecordedAssessment)
    return fact is not None and session.state.after_cut(fact, fact.since)
