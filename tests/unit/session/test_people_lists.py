"""Lists of people are read from the log once more: what cannot be read this time is said, no list is whole then."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.situations import situation
from tests.unit.domain.logs import START
from workbench.cli.mail import say_unread
from workbench.domain.forensics import lost
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.recorded import LostMail
from workbench.domain.model.state import State
from workbench.presentation.cells import not_whole
from workbench.readers import log_evidence
from workbench.readers.log import LogRead
from workbench.session import mail
from workbench.session.mail import MailEvidence

GAP = "log US 2026-11-16 00:00–11-16 12:00Z: the server is down"
TABLE = Attribution(START, START + timedelta(hours=12))


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a desk whose log cannot be read any more."""

    async def read_logs(*_: Any, **__: Any) -> LogRead:
        return LogRead(gaps=[GAP])

    async def learn(fact: LostMail) -> None:
        learnt.append(fact)

    learnt: list[LostMail] = []
    monkeypatch.setattr(mail, "read_logs", read_logs)
    monkeypatch.setattr(log_evidence, "read_logs", read_logs)
    return SimpleNamespace(
        api=SimpleNamespace(endpoints=SimpleNamespace(regions=())),
        recorder=SimpleNamespace(learn=learn),
        situation=situation,
        learnt=learnt,
    )


async def test_own_mail_that_nobody_could_count_is_not_none(desk: Any) -> None:
    found = await MailEvidence(desk).lost(TABLE, [], None)
    assert found.gaps == [GAP]
    found.close()
    told = " ".join(lost.lines(desk.learnt[0]))
    assert "none in what was read" in told and f"Not read, so not counted: {GAP}." in told
    session: Any = SimpleNamespace(state=State())
    assert say_unread(session, "it is not counted", found.gaps) and not say_unread(
        session, "it is not counted"
    )


async def test_who_clicked_and_whom_it_reached_name_what_was_not_read(desk: Any, tmp_path: Path) -> None:
    found = await MailEvidence(desk).clicked(TABLE, [])
    assert found.gaps == [GAP] and GAP in not_whole(found.gaps) and not_whole(()) == ""
    found.close()
    evidence = log_evidence.LogEvidence(desk, lambda *_: None)
    assert await evidence.write_recipients(TABLE, [], tmp_path / "people.csv") == (0, (GAP,))
