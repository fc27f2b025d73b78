"""Who needs which new credential, and whether it is in use yet (runbook step 10).

Production is down until its programs have the replacements. A replacement counts as adopted when the
account's own logs show it at work: a new key by its id, an SMTP login by any accepted message after its
reset, since the old password is dead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workbench.incident.plan import EffectKind, EffectState
from workbench.incident.situation import Situation
from workbench.incident.state import EffectRecord
from workbench.redact import key_tail, visible


@dataclass(frozen=True, slots=True)
class Replacement:
    """A new credential and how far it is.

    ``used_before`` says whether the old one was in use, by the logs: only then is somebody down. ``owner``
    and ``places`` are what the operator noted; ``handed_over`` when its secret was last read from the vault.
    """

    id: str
    name: str
    entry: str
    used_before: bool | None
    in_use: bool
    seen_from: tuple[str, ...]
    owner: str = ""
    places: tuple[str, ...] = ()
    handed_over: str = ""

    @property
    def down(self) -> bool:
        """Return whether a sender is down: the old one was used and the new one is not yet."""
        return self.used_before is not False and not self.in_use

    def line(self) -> str:
        """Return how far it is, in one sentence."""
        if self.in_use:
            source = f" from {', '.join(self.seen_from[:3])}" if self.seen_from else ""
            return f"{self.name}: in use{source}"
        if self.used_before is False:
            return f"{self.name}: nobody used the old one in the logs read; nobody is waiting for it"
        handed = f"handed over {self.handed_over}, " if self.handed_over else "not handed over yet, "
        return f"{self.name}: {handed}not seen in use{f', owner {self.owner}' if self.owner else ''}"


def replacements(situation: Situation) -> list[Replacement]:
    """Return every proven replacement, those whose sender is down first."""
    state = situation.state
    use: Mapping[str, Any] = state.facts.get("credential_use", {}).get("by_credential", {})
    notes: Mapping[str, Mapping[str, Any]] = state.adoption
    found = []
    for record in state.of_kind(EffectKind.KEY_CREATE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE):
        if record.state not in (EffectState.DONE, EffectState.VERIFIED) or record.effect.params.get("own"):
            continue
        if record.effect.params.get("stranger"):
            continue
        note = notes.get(record.effect.id, {})
        in_use, seen = _in_use(record, use)
        found.append(
            Replacement(
                id=record.effect.id,
                name=_name(record),
                entry=record.entry,
                used_before=_used_before(record, use, known=bool(use)),
                in_use=in_use,
                seen_from=seen,
                owner=str(note.get("owner", "")),
                places=tuple(str(place) for place in note.get("places", ())),
                handed_over=state.handed_over.get(record.entry, ""),
            )
        )
    return sorted(found, key=lambda one: (not one.down, one.in_use, one.name))


def senders_down(situation: Situation) -> int:
    """Return how many senders are down, for the top line."""
    return sum(one.down for one in replacements(situation))


def env_snippet(replacement: Replacement) -> str:
    """Return lines for an environment file that fetch the secret through a pipe and never hold it."""
    variable = "MAILGUN_API_KEY" if replacement.entry.startswith("API key") else "MAILGUN_SMTP_PASSWORD"
    # The entry's name is quoted for a POSIX shell: names come from the account and may hold anything.
    quoted = replacement.entry.replace("'", "'\\''")
    return f"{variable}=\"$(workbench secrets get '{quoted}')\""


def _in_use(record: EffectRecord, use: Mapping[str, Any]) -> tuple[bool, tuple[str, ...]]:
    if record.effect.kind is EffectKind.KEY_CREATE:
        entry = use.get(f"key:{record.result.get('key_id', '')}")
        return entry is not None, _addresses(entry)
    entry = use.get(f"smtp:{record.effect.target}")
    if entry is None or not record.done_at:
        return False, ()
    last = _moment(entry.get("last_used"))
    since = _moment(record.done_at)
    return last is not None and since is not None and last > since, _addresses(entry)


def _used_before(record: EffectRecord, use: Mapping[str, Any], *, known: bool) -> bool | None:
    if not known:
        return None
    old = record.effect.target if record.effect.kind is EffectKind.KEY_CREATE else None
    return (f"key:{old}" if old else f"smtp:{record.effect.target}") in use


def _addresses(entry: Mapping[str, Any] | None) -> tuple[str, ...]:
    return tuple(visible(str(address), 60) for address in (entry or {}).get("addresses", ()))


def _name(record: EffectRecord) -> str:
    if record.effect.kind is EffectKind.KEY_CREATE:
        tail = key_tail(str(record.result.get("key_id", "")))
        return f"key {visible(str(record.effect.params.get('name', '')), 60)} {tail}"
    return f"SMTP {visible(record.effect.target, 80)}"


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    except ValueError:
        return None
