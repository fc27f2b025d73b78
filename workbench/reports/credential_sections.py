"""What a report says of the credentials: old and new are two facts, told apart for keys and logins alike."""

from __future__ import annotations

from collections import Counter

from workbench.core.redact import key_tail, visible
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord
from workbench.domain.runbook import old_and_new
from workbench.domain.runbook.old_and_new import Old
from workbench.reports.blocks import Section, Table, Text


def keys(situation: Situation) -> Section:
    """Return the keys that were deleted or replaced, each with what is known of the old and of the new one."""
    state = situation.state
    minted = {
        r.effect.target: r
        for r in state.of_kind(EffectKind.KEY_CREATE)
        if r.state in (EffectState.DONE, EffectState.VERIFIED)
    }
    facts = old_and_new.Known.of_situation(situation)
    ended = {record.effect.target: record for record in state.of_kind(EffectKind.KEY_DELETE)}
    rows = []
    # An old key that is kept for its hand-over is told, too: a proven replacement does not end it.
    for target in dict.fromkeys([*ended, *minted]):
        known, new, cut = facts.of(target), minted.get(target), ended.get(target)
        name = (cut or minted[target]).effect.params.name
        rows.append(
            (
                key_tail(target),
                visible(name, 60),
                known.old_words if known is not None else "old one still works",
                _moment(cut.done_at) if cut is not None else "",
                key_tail(new.result.key_id) if new is not None else "not replaced",
                (known.new if known is not None else "") or "none",
                _proof(cut) if cut is not None else "",
            )
        )
    headers = ("key id ends", "description", "old one", "deleted at", "replaced by", "new one", "proof")
    return Section("API keys", (Table(headers, tuple(rows)),) if rows else (Text("No key was deleted."),))


def logins(situation: Situation) -> Section:
    """Return the logins that were reset or removed, counted by domain."""
    state = situation.state
    facts = old_and_new.Known.of_situation(situation)
    by_domain: dict[str, list[EffectRecord]] = {}
    for record in state.of_kind(EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE, EffectKind.LOGIN_CREATE):
        by_domain.setdefault(record.effect.params.domain, []).append(record)
    rows = []
    for domain, records in sorted(by_domain.items()):
        resets = [r for r in records if r.effect.kind is EffectKind.LOGIN_RESET]
        removed = [r for r in records if r.effect.kind is EffectKind.LOGIN_DELETE]
        proven = sum(r.state is EffectState.VERIFIED for r in resets)
        old = Counter(known.old for r in resets if (known := facts.of(r.effect.target)) is not None)
        last = max((r.done_at for r in records if r.done_at), default="")
        gone = ", ".join(visible(r.effect.target, 80) for r in removed if r.state is EffectState.VERIFIED)
        was = ", ".join(f"{old[name]} {name.value}" for name in Old if old[name])
        rows.append(
            (visible(domain, 120), f"{len(resets)}", was or "-", f"{proven}", gone or "none", _moment(last))
        )
    headers = ("domain", "logins reset", "old passwords", "new ones proven by AUTH", "removed", "last at")
    return Section(
        "SMTP credentials", (Table(headers, tuple(rows)),) if rows else (Text("No SMTP login was reset."),)
    )


def _moment(stamp: str) -> str:
    """Return a moment that a narrow column folds between day and time."""
    return stamp.replace("T", " ", 1)


def _proof(record: EffectRecord) -> str:
    if record.failure:
        return visible(f"FAILED: {record.failure['what']}", 160)
    return visible("; ".join(record.evidence[1:]) or "; ".join(record.evidence), 160)
