"""Journal rows as lines a person reads in the activity log. Rows of plain bookkeeping have no line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.core.clock import as_moment, iso
from workbench.core.redact import key_tail, visible
from workbench.core.words import plural
from workbench.domain.model.state import JournalRow, State
from workbench.domain.runbook.put_off import LEFT
from workbench.domain.runbook.recorded import KeyLimits, PutOff

Body = Mapping[str, Any]


JUDGED = {
    "intruder": "the intruder's",
    "ours": "yours",
    "keep": "not sure yet",
    "removed": "removed by hand",
}
# How the line of a reconciled intent begins.
AFTER = "after the interruption"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the activity log. ``tone`` is ``ok``, ``warn``, ``bad`` or ``info``; ``alarm`` the id of the
    alarm that the line tells of, else empty.
    """

    seq: int
    at: datetime
    tone: str
    text: str
    alarm: str = ""


def line_of(row: JournalRow, state: State) -> LogLine | None:
    """Return the log line of a row, None for rows that only keep the books."""
    writer = _WRITERS.get(row.kind)
    if writer is None:
        return None
    written = writer(row.body, state)
    if written is None:
        return None
    tone, text = written
    alarm = str(row.body.get("id", "")) if row.kind == "alarm.raised" else ""
    return LogLine(row.seq, datetime.fromisoformat(row.at), tone, visible(text, 600), alarm)


def _what(body: Body, state: State) -> str:
    record = state.effects.get(str(body["id"]))
    return (record.effect.what or record.effect.target) if record is not None else str(body["id"])


def _effect(tone: str, word: str, *, evidence: bool = True) -> Callable[[Body, State], tuple[str, str]]:
    def write(body: Body, state: State) -> tuple[str, str]:
        shown = "; ".join(str(e) for e in body.get("evidence", ())) if evidence else ""
        return tone, f"{_what(body, state)}: {word}{f' ({shown})' if shown else ''}"

    return write


def _noted(body: Body) -> str:
    if body.get("unneeded"):
        return f"nobody needs it any more, says {body['unneeded']}"
    return f"owner {body.get('owner') or '-'}, {plural(len(body.get('places', ())), 'place')}"


def _failed(body: Body, state: State) -> tuple[str, str]:
    return "bad", f"{_what(body, state)}: FAILED. {body.get('what', '')} {body.get('todo', '')}"


def _snapshot(body: Body, state: State) -> tuple[str, str]:
    counts = ", ".join(f"{n} {name}" for name, n in body.get("counts", {}).items() if n)
    return "ok", f"evidence {body['part']} stored, sha256 {body['sha256'][:16]}… ({counts})"


def _observed(body: Body, state: State) -> tuple[str, str] | None:
    """Only what came, went or came back is a line; a round without news keeps the books."""
    news = [change for change in state.listings.changes() if iso(change.at) == body["at"]]
    if not news:
        return None
    words = "; ".join(f"{change.kind.value}: {change.subject} on {change.zone}" for change in news[:6])
    more = f"; and {len(news) - 6} more" if len(news) > 6 else ""
    return ("bad" if any(change.rings for change in news) else "ok"), f"blocklists: {words}{more}"


def _removal(word: str) -> Callable[[Body, State], tuple[str, str]]:
    def write(body: Body, state: State) -> tuple[str, str]:
        note = body["request"].get("note", "")
        return "info", f"removal of {body['subject']} from {body['zone']} {word}{f': {note}' if note else ''}"

    return write


def _timer(body: Body, state: State) -> tuple[str, str] | None:
    """Somebody said that a user has the message; other deadlines only keep the books."""
    if body.get("kind") not in ("link", "told") or body.get("ended"):
        return None
    due = as_moment(str(body.get("due", "")))
    until = f"{due:%H:%M}Z" if due is not None else "later"
    then = f"the mailed link dies at {until}" if body["kind"] == "link" else f"asked about at {until}"
    who = visible(str(body.get("called") or body.get("subject", "")), 120)
    return "info", f"user {who} has the message; {then}"


def _fact(body: Body, state: State) -> tuple[str, str] | None:
    """What the key in use cannot do and what was put off is news; other facts only carry verdicts."""
    if body["name"] == PutOff.journal_name() and (until := PutOff.from_body(body, "").until):
        action = max(until, key=lambda one: until[one])
        left = LEFT.get(action, "what was shown is not done yet")
        return "info", f"{left}: the guide asks again at {until[action][11:16]}Z"
    words = KeyLimits.from_body(body, "").words if body["name"] == KeyLimits.journal_name() else ()
    return ("warn", " ".join(words)) if words else None


def _judged(body: Body, state: State) -> tuple[str, str]:
    # Earlier versions noted the id alone.
    whose = JUDGED.get(str(body["decision"]), str(body["decision"]))
    reason = f" ({body['reason']})" if body.get("reason") else ""
    return "info", f"judged {body.get('title') or body['finding']}: {whose}{reason}; by {body['who']}"


def _taken_back(body: Body, state: State) -> tuple[str, str]:
    # Earlier versions noted what it was about, not what was said.
    words = body.get("words") or f"what was said of {body['about']} in row {body['row']}"
    return "warn", f"taken back: {words}; taken back by {body['who']}"


_CONTAINED = "CONTAINED: no way in that this account can show is open, with proof"
_WRITERS: dict[str, Callable[[Body, State], tuple[str, str] | None]] = {
    "incident.opened": lambda b, s: ("info", f"incident {b['incident']} opened"),
    "plan.confirmed": lambda b, s: (
        "info",
        f"confirmed: {b['title']} ({plural(len(b['effects']), 'change')})",
    ),
    "fact": _fact,
    "effect.reconciled": lambda b, s: ("info", f"{AFTER}: {b['line']}"),
    "effect.verified": _effect("ok", "verified"),
    "effect.unproven": _effect("warn", "done, not proven"),
    "effect.failed": _failed,
    "effect.skipped": lambda b, s: ("warn", f"{_what(b, s)}: skipped, {b['why']}"),
    "admin_key.switched": lambda b, s: (
        "ok",
        f"the workbench now runs on key {key_tail(str(b['key_id']))}, stored as “{b['entry']}”",
    ),
    "snapshot.stored": _snapshot,
    "attested": lambda b, s: ("info", f"attested, step {b['step']}: {b['text']}; by {b['who']}"),
    "finding.decided": _judged,
    "alarm.raised": lambda b, s: ("bad", f"ALARM: {b['text']}"),
    "error": lambda b, s: ("bad", f"{b['doing']}: {b['what']} {b.get('todo', '')}"),
    "secret.read": lambda b, s: ("warn", f"{b['who']} read the secret “{b['entry']}” from the vault"),
    "secret.held": lambda b, s: (
        "warn",
        f"{_what({'id': b['effect']}, s)}: its secret could not be stored; {b['who']}: {b['answer']}",
    ),
    "vault.moved": lambda b, s: ("warn", f"{b['who']} had new secrets kept elsewhere from now on: {b['to']}"),
    "blocklist.observed": _observed,
    "removal.requested": _removal("was asked for"),
    "removal.refused": _removal("was refused"),
    "adoption.noted": lambda b, s: (
        "info",
        f"noted for {_what({'id': b['effect']}, s)}: {_noted(b)}",
    ),
    "taken.back": _taken_back,
    "report.written": lambda b, s: (
        "ok",
        f"reports written: {plural(len(b['files']), 'file')}, of journal row {b['row']}",
    ),
    "list.written": lambda b, s: (
        "warn",
        f"{b['who']} wrote the list {b['list']} of {plural(int(b['people']), 'person', 'people')} to {b['file']}: "
        "remove it when it is used",
    ),
    "evidence.exported": lambda b, s: (
        "warn",
        f"{b['who']} exported the evidence to {b['file']}: {b['why']}",
    ),
    "purged": lambda b, s: (
        "warn",
        f"purged: {plural(int(b['files']), 'file')} of evidence and personal data removed",
    ),
    "timer": _timer,
    "contained": lambda b, s: ("ok", _CONTAINED),
    "contained.again": lambda b, s: ("ok", f"{_CONTAINED}, again"),
    "contained.no_longer": lambda b, s: (
        "bad",
        f"NO LONGER CONTAINED: open through {'; '.join(str(words) for words in b.get('through', ())) or 'a way'}",
    ),
}
