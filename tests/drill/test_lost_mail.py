"""What production lost, counted on the drill: every message of our own that failed for good, and nobody else's."""

from __future__ import annotations

import csv
import stat
from datetime import timedelta
from pathlib import Path

from tests.support.drills import opened, running_drill
from workbench.domain.forensics import lost
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.classification import propose
from workbench.domain.forensics.recorded import LostMail
from workbench.domain.model.credential_use import INTRUDER, PRODUCTION
from workbench.drill.servers.serve import RunningDrill
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence import iter_logs
from workbench.readers.log import read_logs
from workbench.readers.ports import account_now
from workbench.session.session import Session

HOURS = 3


async def test_own_mail_that_failed_is_counted_and_written_to_send_again(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-login", domains=4, credentials=4) as drill,
        opened(drill, tmp_path) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        now = account_now(session.account)
        table = Attribution(now - timedelta(hours=HOURS), now)
        take = (lambda _region, page, _body: table.take(page),)
        await read_logs(session.account.api, session.account.api.endpoints.regions, table.start, now, take)
        proposals = propose(table, None)
        for one in proposals:
            one.decision = INTRUDER if one.group.key.address in drill.story.intruder_ips else PRODUCTION
        mail = session.account.investigation.mail
        found = await mail.lost(table, proposals, None)
        path = tmp_path / "lost.csv"
        assert await mail.write(found, path, "lost") == found.people
        found.close()
        ours = await _failed_for_good(drill, session, table)
        assert sum(found.lost.why.values()) == len(ours) > 0
        again = {name for name, reason in ours if reason != "bounce" and "unsub" not in reason}
        again -= {name for name, reason in ours if "complain" in reason}
        rows = list(csv.DictReader(path.read_text().splitlines()))
        assert {row["recipient"] for row in rows} == again
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        told = " ".join(lost.lines(session.state.fact(LostMail)))
        assert "@" not in told and f"{found.lost.again} message" in told


async def _failed_for_good(
    drill: RunningDrill, session: Session, table: Attribution
) -> list[tuple[str, str]]:
    """Return (recipient, reason) of every lasting failure of mail that no intruder's address handed in."""
    theirs: set[str] = set()
    failed: list[tuple[str, str, str]] = []
    for region in Region:
        pages = iter_logs(
            session.account.api, region=region, start=table.start, end=table.end,
            events=("accepted", "failed", "rejected"), include_subaccounts=True,
        )  # fmt: skip
        async for page in pages:
            for event in page:
                headers = event.message.headers if event.message is not None else None
                name = (headers.message_id or "") if headers is not None else ""
                if event.event == "accepted" and event.originating_ip in drill.story.intruder_ips:
                    theirs.add(name)
                elif event.event != "accepted" and event.severity != "temporary":
                    failed.append((name, event.recipient or "", (event.reason or "").lower()))
    return [(recipient, reason) for name, recipient, reason in failed if name not in theirs]
