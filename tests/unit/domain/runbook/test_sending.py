"""What still goes out, in words: no reading of before the cut, and none with a hole, says that nothing does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, US, Story, know, use
from workbench.core.clock import iso
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.sending_volume import AcceptedHour, Volume
from workbench.domain.model.state import State
from workbench.domain.runbook.sending import Sending, sending

AFTER = NOW + timedelta(minutes=5)
STEP = timedelta(seconds=1)


def volume(excess: float = 0.0, since: Any = None) -> Volume:
    return Volume((AcceptedHour(NOW, 40),), 41.4, 60.0, None, excess, NOW, measured_from=since)


def cut(*, last: Any = None, read: Any = AFTER, **fact: Any) -> State:
    """Return a state cut at NOW, whose log was read then; ``last`` is the last abusive message."""
    story = Story().verified([an_effect(EffectKind.KEY_DELETE, "k", US)])
    state = story.state()
    state.last_abuse_at = iso(last) if last is not None else ""
    if read is not None:
        know(state, "credential_use", {"at": iso(read), **fact})
    return state


def test_before_anything_is_read_nothing_is_said() -> None:
    unread = Sending("sending not read", "sending not read", "warn")
    assert sending(None, State(), NOW) == sending(None, cut(), NOW) == unread


def test_before_the_cut_it_is_the_rate_then_the_log_and_never_an_all_clear() -> None:
    state = know(
        State(),
        "credential_use",
        {
            "by_credential": {
                "a": {**use("intruder"), "strange_last_hour": 1200},
                "b": {**use("both"), "strange_last_hour": 34},
                "c": {**use("production"), "strange_last_hour": 7},
            }
        },
    )
    rate = Sending("sending 1,660/h above the usual 41/h", "intruder 1,660/h", "bad")
    assert sending(volume(1660.4), state, NOW) == rate
    assert sending(volume(0.4), state, NOW) == Sending(
        "abuse in the log: 1,234 messages in the last hour read", "abuse 1,234/h", "bad"
    )
    assert sending(volume(), State(), NOW) == Sending(
        "no abnormal hour; slow abuse shows only in the log", "no abnormal hour", ""
    )


def test_far_more_than_usual_since_the_cut_goes_on() -> None:
    still = Sending("sending 1,660/h above the usual 41/h since the cut", "still 1,660/h", "bad")
    assert sending(volume(1660.0, since=NOW), cut(), AFTER) == still
    # Measured before the cut, or by whole hours: that is no sending since.
    for since in (NOW - STEP, None):
        assert sending(volume(1660.0, since=since), cut(), AFTER) == Sending(
            "no abusive message seen in the log (log read 14:05:00Z)", "no abuse seen", ""
        )


@pytest.mark.parametrize(
    ("last", "words", "short"),
    [
        (None, "no abusive message seen in the log", "no abuse seen"),
        (NOW, "last abusive message 14:00:00Z, 5 min ago", "last abuse 5 min ago"),
    ],
)
def test_after_the_cut_only_readings_since_it_say_that_nothing_goes_out(
    last: Any, words: str, short: str
) -> None:
    measured = volume(since=NOW)
    clear = Sending(f"{words}; no abnormal sending since the cut", short, "ok")
    assert sending(measured, cut(last=last), AFTER) == clear
    assert sending(measured, cut(last=last, read=NOW), AFTER) == clear
    unread = Sending(f"{words}; the log is not read since the cut", f"{short}?", "warn")
    assert sending(measured, cut(last=last, read=NOW - STEP), AFTER) == unread
    assert sending(measured, cut(last=last, read=None), AFTER) == unread
    assert sending(volume(), cut(last=last), AFTER) == Sending(f"{words} (log read 14:05:00Z)", short, "")
    holes = Sending(f"{words}; a part of it could not be read", f"{short}?", "warn")
    assert sending(measured, cut(last=last, gaps=["EU: 403"]), AFTER) == holes


def test_an_abusive_message_after_the_cut_is_bad_whatever_was_read() -> None:
    state = cut(last=NOW + timedelta(minutes=1), gaps=["EU: 403"])
    assert sending(volume(since=NOW), state, AFTER) == Sending(
        "last abusive message 14:01:00Z, 4 min ago (log read 14:05:00Z)", "last abuse 4 min ago", "bad"
    )
