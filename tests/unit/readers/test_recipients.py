"""Lists of people: who clicked, whose own mail was lost; harmless to spreadsheets, the owner's alone."""

from __future__ import annotations

import csv
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from workbench.core.errors import UsageError
from workbench.domain.forensics import lost
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.lost import Lost
from workbench.domain.model.sending_volume import AcceptedHour, judge
from workbench.mailgun.endpoints import Region
from workbench.mailgun.log_entries import LogPage, read_page
from workbench.readers.recipients import ClickedList, LostList, harmless

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def entry(
    number: int, event: str, who: str, *, sender: str = "shop@mg.acme.example", **more: Any
) -> dict[str, Any]:
    """Return one entry of the log."""
    return {
        "id": f"{event}-{number}-{who}",
        "event": event,
        "@timestamp": f"2026-11-21T13:{number % 60:02d}:00.000Z",
        "recipient": who,
        "domain": {"name": "mg.acme.example"},
        "envelope": {"sender": sender},
        "message": {"headers": {"message-id": f"m{number}", "subject": "Your order 17", "from": sender}},
        "method": "smtp",
        **more,
    }


def page(*entries: dict[str, Any]) -> LogPage:
    """Return a page of the log, read as the API's bytes are."""
    made = read_page(msgspec.json.encode({"items": entries, "pagination": {}}))
    assert made is not None
    return made


def table_of(accepted: LogPage) -> Attribution:
    """Return the groups of what was accepted."""
    table = Attribution(START, START + timedelta(hours=2))
    table.take(accepted)
    return table


@pytest.mark.parametrize("cell", ["=cmd()", "+1", "-1", "@x", " =1", "\t=1", "\uff1d1", "\n=1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell).startswith("'")


def test_who_clicked_is_counted_once_with_the_link_that_names_nobody(tmp_path: Path) -> None:
    accepted = page(
        *(entry(n, "accepted", f"r{n}@x.example", sender="bad@mg.acme.example") for n in range(3))
    )
    table = table_of(accepted)
    found = ClickedList(Attribution(table.start, table.end), list(table.groups))
    url = "https://evil.example/?to=r1%40x.example"
    clicks = [
        entry(n, "clicked", '=HYPERLINK("x")@x.example', sender="bad@mg.acme.example", url=url)
        for n in (1, 2)
    ]
    for one in (accepted, page(*clicks), page(entry(9, "clicked", "other@x.example", url=url))):
        found.take(Region.US, one, b"")
    path = tmp_path / "c.csv"
    assert found.write(path) == 1 == found.people
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (_, row) = list(csv.reader(path.read_text().splitlines()))
    assert row[0].startswith("'=") and row[1] == "2" and row[3] == "https://evil.example/?to=#"
    with pytest.raises(UsageError):
        found.write(path)
    found.close()


def test_lost_mail_is_counted_by_why_and_template_and_listed_once_each() -> None:
    accepted = page(*(entry(n, "accepted", f"c{n}@x.example") for n in range(8)))
    table = table_of(accepted)
    fates = [
        entry(0, "failed", "c0@x.example", severity="permanent", reason="generic", tags=["orders"]),
        entry(1, "failed", "c1@x.example", severity="temporary", reason="generic"),
        entry(2, "failed", "c2@x.example", severity="permanent", reason="bounce"),
        entry(
            3,
            "failed",
            "c3@x.example",
            severity="permanent",
            reason="suppress-bounce",
            template={"name": "reset"},
        ),
        entry(4, "failed", "c4@x.example", severity="permanent", reason="suppress-unsubscribe"),
        entry(5, "rejected", "c5@x.example"),
        entry(6, "failed", "c0@x.example", severity="permanent", reason="generic", tags=["orders"]),
    ]
    found = LostList(Lost.of(Attribution(table.start, table.end), list(table.groups), START))
    for one in (accepted, page(*fates)):
        found.take(Region.US, one, b"")
    assert found.lost.again == 4 and found.people == 3
    assert dict(found.lost.templates) == {"orders": 2, "reset": 1, "your order #": 1}
    fact = found.lost.fact(found.people, 120, "2026-11-21T14:00:00Z")
    said = " ".join(lost.lines(fact))
    assert (
        "Worth sending again: 4 messages to 3 people" in said
        and "about 120 messages" in said
        and "@" not in str(fact)
    )
    found.close()


def test_what_a_dead_credential_kept_from_being_accepted_is_estimated_by_usual_hours() -> None:
    now = START + timedelta(hours=5)
    hours = [AcceptedHour(now - timedelta(hours=n), 0 if n < 5 else 100) for n in range(1, 24 * 20)]
    volume = judge(hours, now)
    assert lost.never_accepted(volume, "2026-11-21T13:00:00Z", now) == 300
    assert lost.never_accepted(volume, "", now) is None and lost.never_accepted(None, "x", now) is None
