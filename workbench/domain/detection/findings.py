"""Things the operator must judge: what looks like a stranger's, in words, with the id the API uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from workbench.core.redact import key_tail, visible
from workbench.domain.detection import alarms
from workbench.domain.detection.changes import REMEDIES
from workbench.domain.detection.suspicion import Suspicion
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.model.situation import INTRUDER, OURS, Situation
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.domain.settings_audit.results import REMOVED, open_items
from workbench.domain.settings_audit.unread import areas


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to judge. ``id`` is the thing's own id as the API names it, ``key`` this finding's name.

    ``severity`` is ``high``, ``medium`` or ``low``; ``decision`` is empty until the operator took one.
    """

    key: str
    id: str
    kind: str
    title: str
    where: tuple[str, ...]
    severity: str
    why: tuple[str, ...]
    decision: str = ""
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as the command line's documents show it (design, contracts)."""
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "where": list(self.where),
            "severity": self.severity,
            "why": list(self.why),
            "decision": self.decision or None,
        }


def findings(situation: Situation) -> list[Finding]:
    """Return every finding of the situation, the gravest first; those decided come last."""
    found = [*_keys(situation), *_logins(situation), *_users(situation), *_domains(situation)]
    found += _subaccounts(situation)
    found += _swept(situation)
    found += _unread(situation)
    found += _loot(situation)
    found += _alarms(situation, {finding.id for finding in found})
    found = [_alarmed(situation, finding) for finding in found]
    order = {"high": 0, "medium": 1, "low": 2}
    return sorted(found, key=lambda f: (bool(f.decision), order[f.severity], f.kind, f.title))


def _alarmed(situation: Situation, finding: Finding) -> Finding:
    """Return the finding, made grave where the watch rang for it: it came or changed while nobody of ours did it."""
    rang = [a for a in situation.state.alarms.values() if a.target == finding.id and not a.seen]
    if not rang or finding.key.startswith("alarm:"):
        return finding
    return replace(finding, severity="high", why=(f"alarm {rang[-1].at}: {rang[-1].text}", *finding.why))


def meant(found: Iterable[Finding], words: str) -> list[Finding]:
    """Return the findings that ``words`` may mean: by key or id, else those whose title begins with them.

    Letters may be large or small. More than one finding may bear one id; more than one title means nobody said which.
    """
    found, wanted = list(found), words.strip().casefold()
    exact = [one for one in found if words in (one.key, one.id)]
    return exact or [one for one in found if wanted and one.title.casefold().startswith(wanted)]


def undecided(situation: Situation) -> list[Finding]:
    """Return the findings nobody has judged yet."""
    return [finding for finding in findings(situation) if not finding.decision]


def _severity(suspicion: Suspicion) -> str:
    return {0: "low", 1: "low", 2: "medium"}.get(suspicion.score, "high")


def _decided(situation: Situation, key: str) -> str:
    decision = situation.state.decisions.get(key)
    return decision.decision if decision is not None else ""


def _keys(situation: Situation) -> Iterator[Finding]:
    for item in situation.inventory.keys.values():
        suspicion = situation.of_key(item)
        key = f"key:{item.id}"
        if suspicion.score and not situation.minted_here(item.id):
            yield Finding(
                key,
                item.id,
                "key",
                f"API key {item.name} {key_tail(item.id)}",
                (str(item.place), item.key.domain_name) if item.key.domain_name else (str(item.place),),
                _severity(suspicion),
                suspicion.why,
                _decided(situation, key),
                "keys.delete",
            )


def _logins(situation: Situation) -> Iterator[Finding]:
    for item in situation.inventory.logins.values():
        suspicion = situation.of_login(item)
        if suspicion.score:
            key = f"login:{item.login}"
            yield Finding(
                key,
                item.login,
                "credential",
                f"SMTP login {item.login}",
                (str(item.place), item.domain),
                _severity(suspicion),
                suspicion.why,
                _decided(situation, key),
                "logins.delete",
            )


def _users(situation: Situation) -> Iterator[Finding]:
    for item in situation.inventory.users.values():
        suspicion = situation.of_user(item)
        key = f"user:{item.id}"
        if suspicion.score:
            role = item.user.role or "no role"
            yield Finding(
                key,
                item.id,
                "user",
                f"user {item.user.name or item.user.email or item.id} ({role})",
                (str(item.place), item.user.email or ""),
                "high" if suspicion.likely and role == "admin" else _severity(suspicion),
                (*suspicion.why, "users can only be deleted in the control panel: Security, Users, Delete"),
                _decided(situation, key),
            )


def _domains(situation: Situation) -> Iterator[Finding]:
    for item in situation.inventory.domains.values():
        suspicion = situation.of_domain(item)
        key = f"domain:{item.name}"
        if suspicion.score:
            yield Finding(
                key,
                item.name,
                "domain",
                f"domain {item.name}",
                (str(item.place),),
                _severity(suspicion),
                suspicion.why,
                _decided(situation, key),
            )


def _subaccounts(situation: Situation) -> Iterator[Finding]:
    for item in situation.inventory.subaccounts.values():
        key = f"subaccount:{item.id}"
        recent = item.created_at is not None and item.created_at >= situation.background.since
        if recent and item.created_at is not None and item.status == "open":
            yield Finding(
                key,
                item.id,
                "subaccount",
                f"subaccount {item.name or item.id}",
                ("account",),
                "high",
                (f"made {item.created_at:%d %b %H:%M}Z, inside the abuse window",),
                _decided(situation, key),
                "subaccounts.disable",
            )


def _swept(situation: Situation) -> Iterator[Finding]:
    """What the sweep of the settings asks about (see ``sweep``)."""
    for item, decision in open_items(situation):
        # What it does comes first: the first reason is what short places show.
        why = (*item.why, item.judged.words, *filter(None, (item.instruct,)))
        yield Finding(
            item.key,
            item.id,
            item.kind,
            item.title,
            item.where,
            item.severity,
            why,
            decision,
            # What may lock this host out is taken away in a plan of its own.
            item.remedy if item.remedy in ("", "allowlist.remove") else "leftovers.remove",
        )


def _unread(situation: Situation) -> Iterator[Finding]:
    """Where the sweep could not look: a question for Support; nothing unseen counts as clean."""
    for row in areas(situation.state.known(SweepRead).unread):
        key = f"unread:{row.where}:{row.area}"
        ask = f"ask Support, then judge it here: {row.question}"
        yield Finding(
            key,
            row.area,
            "unread",
            row.words,
            (row.where or "account",),
            "low",
            (ask,),
            _decided(situation, key),
        )


def _loot(situation: Situation) -> Iterator[Finding]:
    """Messages whose subject has the shape of a secret: somebody tried whether what they took sends."""
    for one in situation.state.known(RecordedAssessment).loot:
        key = f"loot:{one.key}"
        shown = ", ".join(f"“{visible(text, 80)}”" for text in one.subjects)
        yield Finding(
            key,
            one.key,
            "loot",
            f"mail of {visible(one.sender, 60)} carried a secret in its subject: {shown}",
            one.addresses or ("log",),
            "high",
            ("the intruder tested the loot, or mailed it to a drop: that secret is known to them",),
            # A message cannot be taken back: once it is judged nothing is left to be done about it.
            "removed" if _decided(situation, key) == INTRUDER else _decided(situation, key),
        )


def _alarms(situation: Situation, known: set[str]) -> Iterator[Finding]:
    over = alarms.over(situation)
    for alarm in situation.state.alarms.values():
        if alarm.target in known:
            continue
        key = f"alarm:{alarm.id}"
        decided = _decided(situation, key)
        if alarm.id in over and decided != OURS:
            decided = REMOVED
        why: tuple[str, ...] = (f"seen {alarm.at}, and no effect of this incident explains it",)
        remedy = REMEDIES.get(alarm.kind, "")
        if remedy == "leftovers.remove":
            # Where a sweep since finds nothing to take away, only a person can say what it was before.
            remedy = alarms.remedy(situation, alarm)
        if alarm.target in situation.inventory.keys and situation.minted_here(alarm.target):
            # Nothing deletes what production got alone: it is replaced once more, once somebody judged it.
            why, remedy = (*why, alarms.MINTED_SENDS), alarms.remedy(situation, alarm)
        yield Finding(
            key,
            alarm.target,
            alarm.kind,
            alarm.text,
            ("account",),
            "high",
            why,
            decided,
            remedy,
        )
