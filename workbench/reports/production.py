"""The report's parts about what production lost, and the text that disputes the bill. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.redact import visible
from workbench.domain.forensics import lost
from workbench.domain.forensics.recorded import LostMail, RecordedAssessment
from workbench.domain.forensics.since import abuse_began_text
from workbench.domain.model.effect_params import LimitSetParams
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.containment_state import containment
from workbench.reports.audiences import BLANK, ended, no_mail
from workbench.reports.blocks import Bullets, Section


def production_lost(situation: Situation) -> Section:
    """Return what of our own mail did not arrive since the abuse began, by kind."""
    lines = lost.lines(situation.state.fact(LostMail))
    return Section("What production lost", (Bullets(tuple(lines)),))


def billing(situation: Situation) -> str:
    """Return the text that disputes what the abuse cost: volume, plan, changes of limit, with blanks for prices."""
    if none := no_mail(situation, "There is no charge to dispute."):
        return none
    state = situation.state
    harm = state.known(RecordedAssessment).damage.intruder
    accepted = f"{harm.accepted:,}" if harm is not None else f"{BLANK} (`workbench assess` counts them)"
    lines = [
        "Subject: Compromised account: charges for mail we did not send",
        "",
        f"Account: {visible(state.name or BLANK, 60)}. Incident {state.incident}. Ticket: {BLANK}.",
        f"{_between(situation)} (UTC) somebody else sent by way of this account. The log "
        "attributes these messages to them by credential, address and content:",
        "",
        f"- messages accepted from the intruder: {accepted}",
        f"- plan: {BLANK}, included messages: {BLANK}, price beyond them: {BLANK} each, charged for the abuse: {BLANK}",
        *[f"- {line}" for line in _limits(situation)],
        "",
        f"{ended(situation)} The evidence is kept (an archive that can be checked on any machine is at your disposal).",
        "Please take these messages out of the bill, or credit them, also where a plan was changed or an overage "
        f"charged automatically. Plan or payment changes that we did not make: {BLANK}.",
        "",
        f"Contact: {BLANK}",
    ]
    return "\n".join(lines)


def _between(situation: Situation) -> str:
    """Return when it went on: until the last cut only where nothing is open since."""
    cut, began = situation.state.last_cut_at, abuse_began_text(situation, BLANK)
    return f"Between {began} and {cut}" if cut and containment(situation).contained else f"Since {began}"


def _limits(situation: Situation) -> Iterator[str]:
    """What is known of the sending limit: its use, what this incident set, alarms about changes of it."""
    for place, limit in situation.inventory.limits.items():
        if limit is not None and limit.current is not None:
            most = f" of {limit.limit:,.0f}" if limit.limit is not None else ""
            yield f"used this month ({place}): {limit.current:,.0f}{most} messages"
    for record in situation.state.of_kind(EffectKind.LIMIT_SET):
        if record.state in (EffectState.DONE, EffectState.VERIFIED):
            ours = record.effect.given(LimitSetParams)
            before = "not known" if ours.unread else "none" if ours.previous is None else ours.previous
            yield f"we set the limit to {ours.limit} at {record.done_at} (before: {before})"
    for alarm in situation.state.alarms.values():
        if "limit" in alarm.text.lower():
            yield f"{alarm.at}: {visible(alarm.text, 160)}"
