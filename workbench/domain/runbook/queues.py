"""Whose queues may still hold mail of the intruder's. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from workbench.core.clock import as_moment
from workbench.domain.detection.abused_domains import abused_domains
from workbench.domain.detection.sender_changes import LATE
from workbench.domain.model.credential_use import NEVER_SEEN
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord, State

_CUTS = (EffectKind.KEY_CREATE, EffectKind.KEY_DELETE, EffectKind.LOGIN_CREATE, EffectKind.LOGIN_RESET)
# Cuts that end so soon after a purge were confirmed with it.
ONE_RUN = timedelta(minutes=10)
_REACHED = (EffectState.DONE, EffectState.VERIFIED)


def queues_left(situation: Situation) -> list[str]:
    """Return the abused domains whose queue was not purged, or not since somebody filled it or could have."""
    state = situation.state
    last, stolen = as_moment(state.last_abuse_at), _last_stolen_cut(state)
    cuts = [at for record in state.of_kind(*_CUTS) if (at := _reached_at(record)) is not None]
    purged: dict[str, datetime] = {}
    for record in state.of_kind(EffectKind.QUEUE_PURGE):
        done = _reached_at(record)
        if record.state is not EffectState.VERIFIED or done is None:
            continue
        if stolen is not None and stolen > done + LATE:
            # What a stranger sent with it until then need not show in a look at a part of the log.
            continue
        # A purge belongs to the cut it was confirmed with, which may end a little later than it.
        end = max((at for at in cuts if at <= done + ONE_RUN), default=done)
        name = record.effect.target
        purged[name] = max(purged.get(name, done), done, end)
    # Whoever sent since may have scheduled more; what was under way at the cut is logged a little later.
    return [
        item.name
        for item in abused_domains(situation)
        if item.name not in purged or (last is not None and last > purged[item.name] + LATE)
    ]


def _last_stolen_cut(state: State) -> datetime | None:
    """Return when the last credential that a stranger was seen with was cut, each by its first cut; None without."""
    first: dict[str, datetime] = {}
    for record in state.of_kind(EffectKind.KEY_DELETE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE):
        kind = "key" if record.effect.kind is EffectKind.KEY_DELETE else "smtp"
        credential, at = f"{kind}:{record.effect.target}", _reached_at(record)
        if record.state in _REACHED and at is not None and state.seen_use.get(credential, NEVER_SEEN).strange:
            first[credential] = min(first.get(credential, at), at)
    return max(first.values(), default=None)


def _reached_at(record: EffectRecord) -> datetime | None:
    """Return when an effect was carried out, by the account's clock where that is known."""
    return as_moment(record.account_at or record.done_at)
