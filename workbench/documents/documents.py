"""The JSON documents of the command line, in the words of the design. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from workbench.core.clock import iso
from workbench.domain.detection import findings
from workbench.domain.hardening import measures
from workbench.domain.leaks.leaks import leak_findings
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.inventory import Gap
from workbench.domain.model.plan import Effect, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord, State
from workbench.domain.runbook import adoption, old_and_new, runbook
from workbench.domain.runbook.claims import Coverage, Reading
from workbench.domain.runbook.containment_state import containment
from workbench.domain.runbook.handover import Kept
from workbench.domain.runbook.sending import sending
from workbench.domain.runbook.user_actions import sign_in


def head(name: str, incident: str | None) -> dict[str, Any]:
    """Return how every document begins: ``schema`` and ``incident``."""
    return {"schema": f"workbench.{name}/1", "incident": incident}


def coverage(missing: Iterable[Reading | Gap]) -> dict[str, Any]:
    """Return ``complete`` and ``not_read``: what of all that was asked for could not be read or asked, and why."""
    rows = []
    for one in missing:
        if isinstance(one, Reading):
            rows.append({"what": one.what, "where": None, "why": one.why or one.coverage.value})
        else:
            where = str(one.place) if one.place is not None else None
            rows.append({"what": one.slice, "where": where, "why": one.reason})
    seen: dict[tuple[str, str | None], dict[str, Any]] = {}
    for row in rows:
        seen.setdefault((str(row["what"]), row["where"]), row)
    return {"complete": not seen, "not_read": list(seen.values())}


def known(situation: Situation) -> dict[str, Any]:
    """Return whether it is over, and what of the account could not be read: every document about it carries both."""
    found = containment(situation)
    gaps = situation.inventory.missing
    named = {gap.slice for gap in gaps}
    dark = [reading for reading in found.claim.missing if reading.what.partition(" ")[0] not in named]
    dark = [reading for reading in dark if reading.coverage is not Coverage.NOT_READABLE]
    return {"containment": found.to_json(), **coverage([*gaps, *dark])}


def status(
    situation: Situation, capabilities: Sequence[str], vault: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return everything the account and the journal show, as one document; ``vault`` is whose vault is open."""
    state = situation.state
    return {
        **head("status", state.incident),
        "as_of": iso(situation.now),
        "account": state.name,
        "notes": list(capabilities),
        "vault": dict(vault) if vault is not None else None,
        **known(situation),
        "sending": _sending(situation),
        "keys": _keys(situation),
        "credentials": _credentials(situation),
        "domains": _domains(situation),
        "users": _users(situation),
        "gaps": _gaps(situation),
        "effects": effects(state.effects.values()),
        "steps": steps(situation),
        "findings": [finding.to_json() for finding in (*findings.findings(situation), *leak_findings(state))],
        "alarms": alarms(state),
        "hardening": measures.document(situation),
        "adoption": _adoption(situation),
    }


def _keys(situation: Situation) -> list[dict[str, Any]]:
    facts = old_and_new.Known.of_situation(situation)
    return [
        {
            "id": item.id,
            "description": item.key.description,
            "kind": item.key.kind,
            "role": item.key.role,
            "place": str(item.place),
            "created_at": _moment(item.key.created_at),
            "expires_at": _moment(item.key.expires_at),
            "made_here": situation.minted_here(item.id),
            "in_use_here": item.id == situation.own_key_id,
            "suspicion": list(situation.of_key(item).why),
            "old_and_new": _old_and_new(facts, item.id),
        }
        for item in situation.inventory.keys.values()
    ]


def _credentials(situation: Situation) -> list[dict[str, Any]]:
    facts = old_and_new.Known.of_situation(situation)
    return [
        {
            "id": item.login,
            "login": item.login,
            "domain": item.domain,
            "place": str(item.place),
            "created_at": _moment(item.credential.created_at),
            "suspicion": list(situation.of_login(item).why),
            "old_and_new": _old_and_new(facts, item.login),
        }
        for item in situation.inventory.logins.values()
    ]


def _domains(situation: Situation) -> list[dict[str, Any]]:
    return [
        {
            "id": item.name,
            "name": item.name,
            "place": str(item.place),
            "state": item.domain.state,
            "is_disabled": item.domain.is_disabled,
            "created_at": _moment(item.domain.created_at),
            "suspicion": list(situation.of_domain(item).why),
        }
        for item in situation.inventory.domains.values()
    ]


def _users(situation: Situation) -> list[dict[str, Any]]:
    return [
        {
            "id": item.id,
            "email": item.user.email,
            "name": item.user.name,
            "role": item.user.role,
            "is_owner": item.user.is_master,
            "place": item.place.subaccount or "account",
            "is_disabled": item.user.is_disabled,
            "method": sign_in(item),
            "migration": item.user.migration_status,
            "tfa_active": item.user.tfa_active,
            "password_updated_at": _moment(item.user.password_updated_at),
            "suspicion": list(situation.of_user(item).why),
        }
        for item in situation.inventory.users.values()
    ]


def _gaps(situation: Situation) -> list[dict[str, Any]]:
    return [
        {"slice": gap.slice, "place": str(gap.place) if gap.place else None, "reason": gap.reason}
        for gap in situation.inventory.gaps.values()
    ]


def _adoption(situation: Situation) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "name": one.name,
            "vault": one.entry,
            "down": one.down,
            "old_works": one.old_works,
            "in_use": one.in_use,
            "used_before": one.used_before,
            "seen_from": list(one.seen_from),
            "owner": one.owner or None,
            "places": list(one.places),
            "handed_over": one.handed_over or None,
        }
        for one in adoption.replacements(situation)
    ]


def alarms(state: State) -> list[dict[str, Any]]:
    """Return what appeared or changed and is not explained by this incident."""
    return [
        {"id": a.id, "at": a.at, "kind": a.kind, "target": a.target, "text": a.text}
        for a in state.alarms.values()
    ]


def kept(item: Kept) -> dict[str, Any]:
    """Return a credential that waits for its hand-over."""
    return {
        "id": item.target,
        "credential": item.credential,
        "replacements": list(item.replacements),
        "vault": list(item.entries),
        "proven": item.proven,
        "adopted": item.adopted,
        "why": item.why,
        "due": _moment(item.due),
    }


def effects(records: Any) -> list[dict[str, Any]]:
    """Return effect records as documents show them."""
    made: list[EffectRecord] = list(records)
    return [record.to_json() for record in made]


def steps(situation: Situation) -> list[dict[str, Any]]:
    """Return the runbook's steps with verdict and evidence."""
    return [
        {
            "id": step.id,
            "title": step.title,
            "source": step.source,
            "verdict": step.verdict.value,
            "progress": list(step.progress) if step.progress is not None else None,
            "evidence": list(step.evidence),
        }
        for step in runbook.steps(situation)
    ]


def plan(planned: Plan, incident: str) -> dict[str, Any]:
    """Return a plan that was not run (``--dry-run``)."""
    return {
        **head("plan", incident),
        "title": planned.title,
        "effects": [
            {
                "id": effect.id,
                "kind": effect.kind.value,
                "target": effect.target,
                "region": effect.place.region.value,
                "subaccount": effect.place.subaccount,
                "state": "planned",
                "evidence": [],
                "what": effect.what,
                "breaks": effect.breaks,
                "undo": effect.undo,
                "why": effect.why,
                "way": effect.params.cut or None,
                "use": effect.params.use.to_json() if effect.params.use is not None else None,
                "grant": _grant(effect),
                "after": list(effect.after),
            }
            for effect in planned
        ],
        "left_out": list(planned.left_out),
        "notes": list(planned.notes),
    }


def _grant(effect: Effect) -> dict[str, Any] | None:
    """Return what a new key may do, None for an effect that makes none."""
    if not isinstance(effect.params, KeyCreateParams):
        return None
    given = effect.params
    return {
        "role": given.role,
        "kind": given.kind,
        "domain_name": given.domain_name,
        "expiration": given.expiration,
    }


def _old_and_new(facts: old_and_new.Known, target: str) -> dict[str, str | None] | None:
    """Return what is known of the old and the new one of a credential, None where nothing was done about it."""
    found = facts.of(target)
    return None if found is None else found.to_json()


def _sending(situation: Situation) -> dict[str, Any] | None:
    volume = situation.volume
    if volume is None:
        return None
    return {
        "usual_per_hour": volume.usual,
        "abnormal_above_per_hour": volume.bar,
        "abnormal_now_per_hour": volume.excess_now,
        "abnormal_since": _moment(volume.began),
        "explained": volume.explained(),
        "measured_since": _moment(volume.measured_from),
        "as_of": _moment(volume.as_of),
        "last_abuse_at": situation.state.last_abuse_at or None,
        "words": sending(volume, situation.state, situation.now).text,
    }


def _moment(value: datetime | None) -> str | None:
    return iso(value) if value is not None else None
