"""Measures: judged from the account, attested where it is blind, left for later by name, scored before and after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.cli.tables import steps as steps_table
from workbench.documents.documents import steps as steps_document
from workbench.domain.hardening import measures
from workbench.domain.hardening.measures import Standing
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, UserItem
from workbench.domain.model.plan import Place
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation, State
from workbench.domain.runbook import recovery, runbook
from workbench.domain.runbook.verdict import Verdict
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import DnsRecord, Domain, Key, User
from workbench.reports import closing
from workbench.reports.audiences import where_we_stand

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
PLACE = Place(Region.US)


def situation(**state: Any) -> Situation:
    inventory = Inventory()
    for n, role in enumerate(("admin", "developer", "developer", "basic")):
        record = User(id=f"u{n}", email=f"p{n}@acme.example", role=role, is_master=n == 0, tfa_active=n < 2)
        inventory.users[f"u{n}"] = UserItem(record, PLACE)
    for n in range(3):
        key = Key(id=f"{n}aaaaaaa-bbbbbbbb", role="admin", expires_at=NOW if n else None)
        inventory.keys[key.id] = KeyItem(key, PLACE)
    good, bad = DnsRecord(name="x", valid="valid"), DnsRecord(name="y", valid="invalid")
    for name, records in (("a.example", (good,)), ("b.example", (good, bad))):
        domain = Domain(name=name, require_tls=name < "b", sending_dns_records=records)
        inventory.domains[name] = DomainItem(domain, PLACE)
    return Situation(inventory, State(incident="x", contained_at="2026-11-21T14:30:00Z", **state), NOW)


def measure(found: Situation, name: str) -> measures.HardeningItem:
    return next(item for item in measures.items(found) if item.id == name)


def say(found: Situation, subject: str, who: str = "ann") -> None:
    found.state.attestations.append(Attestation("11", who, "2026-11-21T15:00:00Z", "said", subject))


def test_every_measure_says_what_it_protects_breaks_and_how() -> None:
    items = measures.items(situation())
    assert len({item.id for item in items}) == len(items) >= 11
    assert all(item.title and item.protects and item.breaks and item.how and item.evidence for item in items)


def test_judged_from_the_account() -> None:
    found = situation()
    assert measure(found, "two-factor").evidence == "2 of 4 users"
    readers = measure(found, "credential-readers")
    assert (readers.standing, readers.evidence) == (
        Standing.OPEN,
        "2 beside the owner are Admin or Developer; 2 of them made no key that the account showed: "
        "p1…@acme.example (developer), p2…@acme.example (developer)",
    )
    assert measure(found, "admin-keys").standing is Standing.OPEN
    assert measure(found, "key-expiry").evidence == "2 of 3 keys have an expiry"
    assert measure(found, "domain-tls").evidence == "1 of 2 domains"
    assert measure(found, "domain-dkim").evidence == "1 of 2 domains"
    assert measure(found, "session-timeouts").standing is Standing.UNKNOWN


def test_a_role_changed_in_the_panel_shows_afterwards() -> None:
    found = situation()
    del found.inventory.users["u2"]
    assert measure(found, "credential-readers").standing is Standing.GOOD


def test_alert_rules_are_those_of_the_snapshot() -> None:
    assert measure(situation(), "alerts").standing is Standing.UNKNOWN
    with_rules = situation(baseline=AccountBaseline(settings={"alert|US|bounce": "f", "route|US|1": "f"}))
    assert measure(with_rules, "alerts").standing is Standing.GOOD
    assert (
        measure(situation(baseline=AccountBaseline(settings={"route|US|1": "f"})), "alerts").standing
        is Standing.OPEN
    )


def _all_left(found: Situation) -> list[str]:
    left = [item.id for item in measures.items(found) if not measures.settled(item)]
    for name in left:
        say(found, f"{measures.LATER_MARK}{name}")
    return left


def test_left_for_later_is_no_tick_anywhere_and_is_counted_the_same_everywhere() -> None:
    found = situation()
    left = f"{len(_all_left(found))} measures left for later"
    step = next(one for one in runbook.steps(found) if one.id == "11")
    assert step.verdict is Verdict.LATER and not step.verdict.closed and not step.verdict.to_do
    done, total = step.progress or (0, 0)
    assert f"{total - done} measures left for later" == left == step.evidence[0]
    assert left in step.waits
    assert any(
        line.split()[:2] == ["11", "Harden"] and left in line for line in steps_table([step]).splitlines()
    )
    document = next(one for one in steps_document(found) if one["id"] == "11")
    assert (document["verdict"], document["evidence"][0]) == ("later", left)
    assert "11 Harden: later" in str(closing.still_open(found))
    assert "Harden" in str(where_we_stand(found)).partition("still open: ")[2]


def test_a_measure_left_for_later_is_open_again_for_whoever_attests_it_or_the_step_after_that() -> None:
    found = situation()
    first, *others = _all_left(found)
    say(found, first)
    assert recovery.harden(found).evidence[0] == f"{len(others)} measures left for later"
    say(found, "")
    assert recovery.harden(found).verdict is Verdict.ATTESTED
    say(found, f"{measures.LATER_MARK}{first}")
    assert recovery.harden(found).evidence[0] == "1 measure left for later"


def test_left_for_later_leaves_the_step_open_and_scores_nothing() -> None:
    found = situation()
    before = measures.score(measures.items(found))
    for item in measures.items(found):
        if not measures.settled(item):
            say(found, f"{measures.LATER_MARK}{item.id}")
    step = recovery.harden(found)
    assert step.verdict is Verdict.LATER
    assert measures.score(measures.items(found)) == before
    assert any("left for later by ann" in line for line in step.evidence)
    # The latest word counts: what was left is done tomorrow.
    say(found, "session-timeouts", "bob")
    assert measure(found, "session-timeouts").standing is Standing.ATTESTED
    assert measures.score(measures.items(found)).reached > before.reached


def test_the_score_before_is_taken_once_and_never_after_the_cut() -> None:
    found = situation()
    first = measures.first_fact(found)
    assert first is not None and first.percent == measures.score(measures.items(found)).percent
    found.state.learn(first)
    assert measures.first_fact(found) is None
    assert measures.document(found)["score_before"] == first.percent
    assert measures.first_fact(situation(first_cut_at="2026-11-21T14:10:00Z")) is None


def test_an_empty_account_is_not_called_hardened() -> None:
    empty = Situation(Inventory(), State(incident="x"), NOW)
    assert measures.score(measures.items(empty)).percent < 50
    assert recovery.harden(empty).idle


def test_no_measure_is_good_on_an_account_that_was_not_read() -> None:
    assert not [
        one.id
        for one in measures.items(Situation(Inventory(), State(), NOW))
        if one.standing is Standing.GOOD
    ]


def test_an_admin_key_that_may_be_a_strangers_earns_no_credit() -> None:
    found = situation()
    theirs = Key(id="theirs", role="admin", created_at=NOW - timedelta(hours=1), requestor="it@else.example")
    found.inventory.keys = {one.id: KeyItem(one, PLACE) for one in (Key(id="mine", role="admin"), theirs)}
    assert "1 of them not known to be yours" in measure(found, "admin-keys").evidence
    assert measure(found, "admin-keys").standing is Standing.OPEN
