"""What still goes out, in words with their time: before a cut the rate, after it the last abusive message. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workbench.core.clock import as_moment
from workbench.domain.model.credential_use import BOTH, INTRUDER, CredentialUses
from workbench.domain.model.sending_volume import Volume
from workbench.domain.model.state import State
from workbench.domain.runbook.claims import age


@dataclass(frozen=True, slots=True)
class Sending:
    """What the top line and the command line say: ``text`` in full, ``short`` where it is narrow.

    ``tone`` is ``bad`` while abuse goes on, ``ok`` only where readings since the last cut (or of now) show none, else
    ``warn``.
    """

    text: str
    short: str
    tone: str


def sending(volume: Volume | None, state: State, now: datetime) -> Sending:
    """Return what is known of the sending at ``now`` (the session's clock)."""
    if volume is None:
        return Sending("sending not read", "sending not read", "warn")
    excess = round(volume.excess_now)
    if not state.access_cut_at:
        if excess:
            return Sending(
                f"sending {excess:,}/h above the usual {volume.usual:.0f}/h", f"intruder {excess:,}/h", "bad"
            )
        if abuse := _in_log(state):
            return Sending(
                f"abuse in the log: {abuse:,} messages in the last hour read", f"abuse {abuse:,}/h", "bad"
            )
        # Slow abuse stays below the daily noise: the hourly figures alone are no all-clear.
        return Sending("no abnormal hour; slow abuse shows only in the log", "no abnormal hour", "")
    cut = as_moment(state.access_cut_at)
    # What was measured before the last cut says nothing of what goes out since.
    if excess and cut is not None and volume.measured_from is not None and volume.measured_from >= cut:
        words = f"{excess:,}/h above the usual {volume.usual:.0f}/h since the cut"
        return Sending(f"sending {words}", f"still {excess:,}/h", "bad")
    return _after_cut(volume, state, now)


def _in_log(state: State) -> int:
    """Return the messages of the last hour read that came from addresses not seen before the abuse."""
    uses = state.known(CredentialUses).by_credential
    return sum(use.strange_last_hour for use in uses.values() if use.looks in (INTRUDER, BOTH))


def _after_cut(volume: Volume, state: State, now: datetime) -> Sending:
    cut = as_moment(state.access_cut_at)
    fact = state.known(CredentialUses)
    read = fact.read_at
    last = as_moment(state.last_abuse_at)
    if last is None:
        words, short = "no abusive message seen in the log", "no abuse seen"
    else:
        words = f"last abusive message {last:%H:%M:%S}Z, {age(last, now)} ago"
        short = f"last abuse {age(last, now)} ago"
    if read is None or cut is None or not state.after_cut(fact, fact.since):
        return Sending(f"{words}; the log is not read since the cut", f"{short}?", "warn")
    quiet = last is None or last <= cut
    if quiet and fact.gaps:
        return Sending(f"{words}; a part of it could not be read", f"{short}?", "warn")
    if quiet and volume.measured_from is not None and not round(volume.excess_now):
        return Sending(f"{words}; no abnormal sending since the cut", short, "ok")
    return Sending(f"{words} (log read {read:%H:%M:%S}Z)", short, "" if quiet else "bad")
