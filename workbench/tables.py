"""Tables for the command line. Everything that came from outside is made harmless here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabulate import tabulate

from workbench.incident.findings import Finding
from workbench.incident.plan import Plan
from workbench.incident.runbook import StepView
from workbench.incident.situation import Situation
from workbench.incident.state import EffectRecord
from workbench.redact import visible

_WIDTH = 70


def plan(planned: Plan) -> str:
    """Return a plan as a table: what, where, what breaks, how to take it back."""
    rows = [
        (number, visible(e.what, _WIDTH), str(e.place), visible(e.breaks, 50), visible(e.undo, 40))
        for number, e in enumerate(planned, 1)
    ]
    return _table(rows, ("", planned.title, "where", "breaks", "undo"))


def effects(records: Iterable[EffectRecord]) -> str:
    """Return effects with their state and the last evidence."""
    rows = [
        (r.state.value, visible(r.effect.what or r.effect.target, _WIDTH), str(r.effect.place), _last(r))
        for r in records
    ]
    return _table(rows, ("state", "effect", "where", "evidence"))


def steps(views: Sequence[StepView]) -> str:
    """Return the runbook with its verdicts."""
    rows = [
        (
            view.id,
            visible(view.title, 50),
            view.source,
            view.verdict.value,
            f"{view.progress[0]}/{view.progress[1]}" if view.progress else "",
            visible(view.evidence[0], _WIDTH) if view.evidence else "",
        )
        for view in views
    ]
    return _table(rows, ("", "step", "from", "verdict", "", "evidence"))


def findings(found: Sequence[Finding]) -> str:
    """Return the findings, the gravest first."""
    if not found:
        return "No findings to judge."
    rows = [
        (
            f.severity,
            f.kind,
            visible(f.title, _WIDTH),
            visible(f.why[0], 60) if f.why else "",
            f.decision or "open",
        )
        for f in found
    ]
    return _table(rows, ("severity", "kind", "finding", "why", "decision"))


def secrets(service: str, entries: Sequence[str]) -> str:
    """Return the names of stored secrets."""
    if not entries:
        return "This incident has stored no secret yet."
    return _table([(visible(entry, 120),) for entry in entries], (visible(service, 120),))


def checks(rows: Sequence[tuple[str, str, str, str]]) -> str:
    """Return what a check of the host found: verdict, what, found, what to do."""
    return _table(
        [tuple(visible(cell, 110) for cell in row) for row in rows], ("", "what", "found", "what to do")
    )


def overview(title: str, incident: str, situation: Situation) -> str:
    """Return the account in a few lines: what it holds and what it sends."""
    inventory, volume = situation.inventory, situation.volume
    rows = [
        ("account", visible(title, 80)),
        ("incident", incident),
        ("API keys", len(inventory.keys)),
        ("SMTP logins", f"{len(inventory.logins)} on {len(inventory.domains)} domains"),
        ("users", len(inventory.users)),
        ("subaccounts", len(inventory.subaccounts)),
    ]
    if volume is not None:
        rows.append(("sending", f"{volume.excess_now:.0f}/h above the usual {volume.usual:.0f}/h"))
        if volume.began is not None:
            rows.append(("abnormal since", f"{volume.began:%Y-%m-%d %H:%M}Z"))
    rows += [("not readable", visible(f"{gap.slice}: {gap.reason}", 100)) for gap in inventory.gaps.values()]
    return tabulate(rows, tablefmt="plain", disable_numparse=True)


def _last(record: EffectRecord) -> str:
    if record.failure:
        return visible(record.failure["what"], _WIDTH)
    # The first line is the server's yes, the second what the account itself showed.
    return visible(record.evidence[min(1, len(record.evidence) - 1)], _WIDTH) if record.evidence else ""


def _table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> str:
    # Numbers in names must stay as written: ids that look like floats would lose digits.
    return tabulate(rows, headers=list(headers), tablefmt="simple", disable_numparse=True)
