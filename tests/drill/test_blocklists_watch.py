"""The watch over real sockets: listings of days 0, 1 and 3, removal only after containment, relisting, a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.drills import opened, running_drill
from workbench.blocklists.limits import QueryLimits
from workbench.blocklists.removal import RequestState, Whose
from workbench.blocklists.watch import ChangeKind
from workbench.core.errors import UsageError
from workbench.domain.blocklists.recorded import GmailRates, RefusalsRead, SendingHealth
from workbench.drill.servers.dns_server import DnsServer
from workbench.drill.servers.serve import RunningDrill
from workbench.execution.progress import ProgressNotice
from workbench.planning.contain import Scope, plan
from workbench.session.session import Session

DAY = 86_400
SMALL = {"domains": 3, "credentials": 8, "users": 3}
ENABLED = '[blocklists]\nenable = ["zen.spamhaus.org", "dbl.spamhaus.org", "b.barracudacentral.org"]\n'


def configured(folder: Path) -> Path:
    """Write the operator's configuration into the home of ``folder``."""
    (folder / "home").mkdir()
    (folder / "home" / "config.toml").write_text(ENABLED)
    return folder


def dns_of(drill: RunningDrill) -> DnsServer:
    """Return the drill's own blocklist server."""
    assert drill.side.names is not None
    return drill.side.names


async def _ready(session: Session) -> None:
    await session.account.connect()
    await session.account.read_inventory()
    await session.account.read_rate(whole=True)
    session.account.blocklists.limits = QueryLimits(owner_rate=None)


async def _let_pass(session: Session, seconds: float) -> None:
    """Move the drill's clock and have the session hear of it."""
    await session.account.api.call("POST", "/_drill/clock", json={"seconds": seconds})
    await session.account.connect()


def _new(session: Session, zone: str) -> set[str]:
    """Return the subjects that are listed in a zone."""
    return {seen.subject for seen in session.account.blocklists.book.listed if seen.zone == zone}


async def test_listings_come_on_days_0_1_and_3_and_ring(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, configured(tmp_path)) as session:
        await _ready(session)
        watch = session.account.blocklists
        rung: list[str] = []
        session.recorder.subscribe(
            lambda event: rung.append(event.text) if isinstance(event, ProgressNotice) else None
        )
        first = await watch.check()
        ip = drill.story.sending_ips["us"][0]
        assert {change.zone for change in first.rings} == {"bl.spamcop.net", "psbl.surriel.com"}
        assert await watch.follow() is None, "nothing is due a moment later"
        assert watch.next_due() > watch.now()
        await _let_pass(session, DAY + 600)
        second = await watch.follow()
        assert second is not None
        assert ip in _new(session, "zen.spamhaus.org") and ip in _new(session, "b.barracudacentral.org")
        assert {change.zone for change in second.rings} >= {"zen.spamhaus.org", "multi.surbl.org"}
        await _let_pass(session, 2 * DAY)
        third = await watch.follow()
        assert third is not None and {change.zone for change in third.rings} == {"dbl.spamhaus.org"}
        assert any("newly listed" in text and "dbl.spamhaus.org" in text for text in rung)
        again = _rows(session)
        assert again == 3 and len(watch.book.pairs) == first.asked


def _rows(session: Session) -> int:
    return sum(row.kind == "blocklist.observed" for row in session.report_material().rows)


async def test_an_unfixed_cause_is_listed_again_and_no_removal_is_ready(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _ready(session)
        watch = session.account.blocklists
        await watch.check()
        ip, zone = drill.story.sending_ips["us"][0], "psbl.surriel.com"
        found = watch.removal(ip, zone)
        assert found is not None and found.whose is Whose.YOU
        assert not found.ready and "containment is open" in found.blocked_by[0]
        with pytest.raises(UsageError, match="cannot be asked for yet"):
            await watch.requested(ip, zone)
        # Somebody asks all the same, while the abuse goes on: gone, and back within the day.
        await session.account.api.call("POST", "/_drill/removal", json={"zone": zone, "subject": ip})
        await _let_pass(session, 3700)
        gone = await watch.follow()
        assert gone is not None
        assert (ip, zone, ChangeKind.GONE) in {(c.subject, c.zone, c.kind) for c in gone.changes}
        await _let_pass(session, 13 * 3600)
        back = await watch.follow()
        assert back is not None
        assert (ip, zone, ChangeKind.RELISTED) in {(c.subject, c.zone, c.kind) for c in back.rings}
        assert watch.book.pairs[ip, zone].request.relisted


async def test_after_containment_a_removal_is_asked_for_once_and_lasts(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _ready(session)
        watch = session.account.blocklists
        await session.run(plan(session.situation(), Scope(purge=("all",))))
        await session.run(session.plan("subaccounts.disable", list(session.inventory.subaccounts)))
        await session.exercise("drill.people")
        # While the strangers were in, they could have set any password again.
        await session.prove_overtaken()
        await watch.check()
        ip, shared = drill.story.sending_ips["us"][0], drill.story.sending_ips["eu"][0]
        zone = "psbl.surriel.com"
        found = watch.removal(ip, zone)
        steps = [(view.id, view.evidence) for view in session.steps() if view.id in ("1", "1b", "2", "3")]
        assert found is not None and found.ready, steps
        assert ip in found.text and "API keys deleted" in found.text
        assert any("messages were accepted" in why for why in found.why)
        theirs = watch.removal(shared, zone)
        assert theirs is not None and theirs.whose is Whose.VENDOR
        assert "shared with other customers" in theirs.text
        nobody = watch.removal(ip, "bl.spamcop.net")
        assert nobody is not None and nobody.whose is Whose.NOBODY and not nobody.ready
        asked = await watch.requested(ip, zone)
        assert asked.state is RequestState.REQUESTED
        with pytest.raises(UsageError, match="cannot be asked for yet"):
            await watch.requested(ip, zone)
        refused = await watch.refused(shared, zone, "wait for\nyour provider")
        assert refused.state is RequestState.REFUSED and "\n" not in refused.note
        with pytest.raises(UsageError, match="is not listed"):
            await watch.refused("192.0.2.200", zone, "no")
        await _let_pass(session, 3700)
        await watch.follow()
        assert watch.book.pairs[ip, zone].request.state is RequestState.REMOVED
        assert watch.removal(ip, zone) is None
        await _let_pass(session, 7 * DAY)
        await watch.follow()
        assert not _new(session, "bl.spamcop.net"), "it ended by itself once the abuse had"
        assert ip not in _new(session, zone)


async def test_terms_are_accepted_once_and_the_lists_are_asked_from_then_on(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        async with opened(drill, tmp_path) as session:
            await _ready(session)
            watch = session.account.blocklists
            await watch.check()
            offered = {zone.name for zone in watch.acceptable()}
            assert {"zen.spamhaus.org", "dbl.spamhaus.org"} <= offered
            assert not any(seen.zone in offered for seen in watch.book.pairs.values())
            with pytest.raises(UsageError, match="does not wait"):
                await watch.accept(["zen.dq.spamhaus.net"])
            await watch.accept(["zen.spamhaus.org"])
            assert "Spamhaus ZEN" not in watch.unasked()
            assert "zen.spamhaus.org" not in {zone.name for zone in watch.acceptable()}
        async with opened(drill, tmp_path) as again:
            await _ready(again)
            await again.account.blocklists.check()
            assert any(
                seen.zone == "zen.spamhaus.org" for seen in again.account.blocklists.book.pairs.values()
            )


async def test_a_restart_knows_what_was_listed_and_asks_only_what_is_due(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        configured(tmp_path)
        async with opened(drill, tmp_path) as session:
            await _ready(session)
            await session.account.blocklists.check()
            listed = {seen.pair for seen in session.account.blocklists.book.listed}
            due = session.account.blocklists.next_due()
        async with opened(drill, tmp_path) as again:
            await _ready(again)
            watch = again.account.blocklists
            assert {seen.pair for seen in watch.book.listed} == listed
            asked = sum(dns_of(drill).asked.values())
            assert await watch.follow() is None
            assert sum(dns_of(drill).asked.values()) == asked, "nothing was due, nobody was asked"
            assert {one.pair for one in watch.listings.values() if one.codes} == listed
            assert abs((watch.next_due() - due).total_seconds()) < 5
            assert {one.listing.pair for one in watch.removals()} == listed


async def test_refusals_rates_and_the_vendors_monitoring_stand_beside(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _ready(session)
        watch = session.account.blocklists
        await watch.check()
        await watch.read_aftermath()
        fact = session.state.known(RefusalsRead)
        assert set(fact.providers) >= {"Gmail", "Spamhaus"}
        assert fact.by_zone["zen.spamhaus.org"] > 0
        hours = {count.hour for count in fact.counts}
        assert len(hours) > 1 and all(count.count > 0 for count in fact.counts)
        assert session.state.known(SendingHealth).days[-1].level == "alarm"
        assert watch.vendor_gap == ""
        assert {one.agreement.value for one in watch.beside()} == {"listed, by both"}
        step = next(view for view in session.steps() if view.id == "9")
        assert any("Gmail" in line for line in step.evidence)
        assert any("complaints" in line for line in step.evidence)
        assert any("by Postmaster Tools, as Mailgun reads it" in line for line in step.evidence)


async def test_a_plan_without_monitoring_says_so(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _ready(session)
        drill.account.main.features.remove("optimize")
        await session.account.blocklists.read_aftermath()
        assert "Optimize" in session.account.blocklists.vendor_gap
        assert "Optimize" in session.state.known(GmailRates).gap
