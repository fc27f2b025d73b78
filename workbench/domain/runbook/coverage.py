"""What could not be read is never taken for empty: a step that depends on it is not done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from workbench.core.redact import visible
from workbench.domain.model.inventory import Gap, Inventory
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.verdict import Found, Verdict, attested

# Which parts of the account a step is judged by; the logins of one domain are a slice of their own.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "1": ("keys", "subaccounts"),
    "1b": ("users",),
    "2": ("domains", "logins", "subaccounts"),
    "3": ("domains", "subaccounts"),
    "4": ("users",),
    "5": ("users",),
    "6": ("keys", "users", "domains", "logins", "subaccounts", "allowlist", "routes", "webhooks"),
}
_WAY_OUT = (
    "it is read again by itself; if it stays refused: an admin key, or look in the control panel and attest"
)


def unread(inventory: Inventory, slices: Iterable[str]) -> list[Gap]:
    """Return the gaps in the named parts of the account, in the order they were met; notes hide nothing."""
    wanted = set(slices)
    return [gap for gap in inventory.gaps.values() if part(gap) in wanted and not gap.note]


def notes(inventory: Inventory) -> list[str]:
    """Return one sentence for each part that was read but for some fields, or that the plan does not have."""
    return [
        f"{visible(gap.slice, 100)}{f' {gap.place}' if gap.place is not None else ''}: {visible(gap.reason, 300)}"
        for gap in inventory.gaps.values()
        if gap.note
    ]


def cut_by(inventory: Inventory) -> list[Gap]:
    """Return the gaps in what access is cut by: a credential nobody saw is a credential nobody cut."""
    return unread(inventory, ("keys", "domains", "logins", "subaccounts"))


def not_cut(situation: Situation) -> list[Gap]:
    """Return the gaps in what access is cut by that no person looked into either: access is not cut there."""
    looked = {step for step in ("1", "2", "3") if attested(situation.state, step) is not None}
    return [gap for gap in cut_by(situation.inventory) if _STEP.get(part(gap), "1") not in looked]


_STEP = {"keys": "1", "domains": "2", "logins": "2", "subaccounts": "3"}


def lines(inventory: Inventory) -> list[str]:
    """Return one sentence for each part that access is cut by and that could not be read, for a plan."""
    return [said(gap) for gap in cut_by(inventory)]


def said(gap: Gap) -> str:
    """Return in words what could not be read, where, and why."""
    where = f" {gap.place}" if gap.place is not None else ""
    return f"{visible(gap.slice, 100)}{where} could not be read: {visible(gap.reason, 160)}"


def summary(inventory: Inventory) -> str:
    """Return one sentence that names all that could not be read, by reason; ``""`` where all was."""
    by_reason: dict[str, list[str]] = {}
    for gap in inventory.gaps.values():
        where = f" {gap.place}" if gap.place is not None else ""
        by_reason.setdefault(gap.reason, []).append(f"{visible(gap.slice, 100)}{where}")
    parts = []
    for reason, names in list(by_reason.items())[:4]:
        more = f" and {len(names) - 6} more" if len(names) > 6 else ""
        parts.append(f"{', '.join(names[:6])}{more} ({visible(reason, 160)})")
    rest = f"; and more for {len(by_reason) - 4} other reasons" if len(by_reason) > 4 else ""
    return f"Could not be read when this was written: {'; '.join(parts)}{rest}." if parts else ""


def held_back(situation: Situation, step: str, found: Found) -> Found:
    """Return the verdict of a step, with what could not be read: such a step is neither done nor empty.

    What a person attested stands, because they looked where this key could not.
    """
    gaps = unread(situation.inventory, _NEEDED.get(step, ()))
    if not gaps or found.verdict is Verdict.ATTESTED:
        return found
    told = (*(said(gap) for gap in gaps[:4]), *((f"and {len(gaps) - 4} more",) if len(gaps) > 4 else ()))
    if found.verdict.to_do or found.verdict is Verdict.LATER:
        return replace(found, evidence=(*told, *found.evidence))
    looked = attested(situation.state, step)
    if looked is not None:
        return replace(looked, evidence=(*looked.evidence, *told, *found.evidence), progress=found.progress)
    # What the account seems to show is only what was read of it: no count, no "nothing there".
    evidence = () if found.verdict is Verdict.NOT_APPLICABLE else found.evidence
    return Found(Verdict.BLOCKED, (*told, _WAY_OUT, *evidence), found.progress, found.action, found.happens)


def part(gap: Gap) -> str:
    """Return the part of the account that a gap is in; the logins of one domain are in ``logins``."""
    return "logins" if gap.slice.startswith("logins of ") else gap.slice
