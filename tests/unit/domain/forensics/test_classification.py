"""Who is called what, and why: production is never accused, an intruder is never called production."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.domain.logs import START, accepted, page, stream, table
from workbench.domain.forensics import attribution
from workbench.domain.forensics.abuse_window import AbuseWindow
from workbench.domain.forensics.assessment import Assessment
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.classification import ClassificationHints, Proposal, propose, uses
from workbench.domain.forensics.damage import Damage
from workbench.domain.forensics.senders import rolled_up

BEGAN = START + timedelta(hours=96)
END = START + timedelta(hours=120)
BAIT = "Your parcel 77 could not be delivered"


def _with_production(hours: int = 120) -> Attribution:
    found = table()
    stream(found, START, hours, 20)
    stream(
        found, START, hours, 6, key="k2", address="192.0.2.9", sender="news@acme.example", subject="News 3"
    )
    return found


def _of(found: list[Proposal], shape: str, address: str) -> Proposal:
    return next(p for p in found if p.group.key.shape.startswith(shape) and p.group.key.address == address)


def test_a_stolen_key_is_told_from_its_owner_by_address_subject_and_receivers() -> None:
    log = _with_production()
    stream(
        log,
        BEGAN,
        24,
        60,
        address="203.0.113.7",
        subject=BAIT,
        sender="notice@acme.example",
        failed=0.2,
        complained=0.012,
    )
    found = propose(log, BEGAN)
    bad = _of(found, "your parcel", "203.0.113.7")
    assert bad.looks == "intruder"
    assert any("203.0.113.7 was never seen before the abuse began" in line for line in bad.why)
    assert any("refused" in line for line in bad.why)
    assert {p.looks for p in found if p is not bad} == {"production"}
    use = uses(found, log, END)
    assert use["key:k1"].looks == "both"
    assert use["key:k1"].strange == ["203.0.113.7"]
    assert use["key:k2"].looks == "production"


def test_what_the_owner_sends_after_the_cut_is_not_the_intruders_last_message() -> None:
    log = _with_production(120)
    stream(log, BEGAN, 6, 60, address="203.0.113.7", subject=BAIT, failed=0.2, complained=0.012)
    use = uses(propose(log, BEGAN), log, END)["key:k1"].recorded()
    assert use.looks == "both"
    assert use.strange_last_used < (BEGAN + timedelta(hours=6)).isoformat() < use.last_used


def test_abuse_through_the_own_web_server_is_found_and_says_that_rotating_will_not_stop_it() -> None:
    log = _with_production()
    stream(log, BEGAN, 24, 60, subject="Copy of your message: you have won 5", failed=0.2, complained=0.01)
    bad = _of(propose(log, BEGAN), "copy of your", "192.0.2.1")
    assert bad.looks == "intruder"
    assert any("rotating a key will not stop it" in line for line in bad.why)


def test_slow_abuse_is_found_although_the_metrics_show_no_window() -> None:
    log = _with_production()
    stream(
        log,
        START + timedelta(hours=40),
        80,
        3,
        address="203.0.113.7",
        subject=BAIT,
        sender="notice@acme.example",
        failed=0.2,
        complained=0.012,
    )
    found = propose(log, None)
    assert _of(found, "your parcel", "203.0.113.7").looks == "intruder"
    assert _of(found, "your order", "192.0.2.1").looks == "production"


def test_a_new_machine_of_the_customers_is_never_accused() -> None:
    log = _with_production()
    stream(log, START + timedelta(hours=48), 72, 12, address="192.0.2.77")
    found = _of(propose(log, None), "your order", "192.0.2.77")
    assert found.looks == "production"
    assert "probably a new machine" in found.why[0]


def test_a_new_campaign_with_good_receivers_is_not_accused() -> None:
    log = _with_production()
    stream(
        log,
        BEGAN,
        24,
        200,
        subject="Black Friday 2026",
        sender="news@acme.example",
        key="k2",
        address="192.0.2.9",
    )
    found = _of(propose(log, BEGAN), "black friday", "192.0.2.9")
    assert found.looks == "production"


def test_without_a_past_nothing_is_called_production_or_new() -> None:
    log = table()
    stream(log, BEGAN, 24, 20)
    stream(log, BEGAN, 24, 20, address="203.0.113.7", subject=BAIT, failed=0.2)
    found = propose(log, BEGAN)
    assert {p.looks for p in found} == {"unclear"}
    assert any("does not reach back" in line for p in found for line in p.why)


def test_a_planted_credential_is_a_reason_of_its_own() -> None:
    log = _with_production()
    stream(log, BEGAN, 24, 30, key="k9", address="203.0.113.7", subject=BAIT)
    hints = ClassificationHints({"key:k9": "looks planted (made 20 Nov)"})
    found = _of(propose(log, BEGAN, hints), "your parcel", "203.0.113.7")
    assert found.looks == "intruder"
    assert "looks planted" in found.why[0]


def test_a_few_messages_prove_nothing() -> None:
    log = _with_production()
    log.take(page(*(accepted(BEGAN, address="203.0.113.7", subject="Hello") for _ in range(3))))
    assert _of(propose(log, BEGAN), "hello", "203.0.113.7").looks == "unclear"


def test_a_decision_of_the_operator_counts_above_the_proposal() -> None:
    log = _with_production()
    stream(log, BEGAN, 24, 60, address="203.0.113.7", subject=BAIT, sender="notice@acme.example", failed=0.2)
    first = propose(log, BEGAN)
    sender = next(s for s in rolled_up(first) if s.looks == "intruder")
    assert sender.asks
    again = propose(log, BEGAN, ClassificationHints(decisions={sender.key: "ours"}))
    assert _of(again, "your parcel", "203.0.113.7").judged == "production"
    assert uses(again, log, END)["key:k1"].looks == "production"
    assert not any(s.asks for s in rolled_up(again))


def test_senders_roll_up_addresses_and_subjects() -> None:
    log = _with_production()
    for number in range(4):
        stream(
            log,
            BEGAN,
            24,
            30,
            address=f"203.0.113.{number}",
            subject=BAIT,
            sender="notice@acme.example",
            failed=0.2,
        )
    sender = rolled_up(propose(log, BEGAN))[0]
    assert (sender.looks, sender.sender, len(sender.addresses), sender.accepted) == (
        "intruder",
        "notice@acme.example",
        4,
        2880,
    )


def test_a_new_mailing_of_which_no_address_is_told_is_not_called_production() -> None:
    log = table()
    stream(log, START, 120, 20, address="")
    stream(log, BEGAN, 24, 60, address="", subject=BAIT, sender="app@acme.example")
    found = propose(log, BEGAN)
    assert _of(found, "your parcel", "").looks == "unclear"
    usual = _of(found, "your order", "")
    assert usual.looks == "production" and "from here" not in usual.why[0]


def test_no_domain_is_cleared_while_the_log_holds_mail_of_a_domain_it_does_not_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cleared(log: Attribution) -> tuple[str, ...]:
        found = propose(log, None)
        return Assessment(AbuseWindow(), log, found, rolled_up(found), Damage()).fact().cleared_domains

    assert cleared(_with_production()) == ("acme.example",)
    nameless = _with_production()
    nameless.take(page(accepted(BEGAN, domain="")))
    assert cleared(nameless) == ()
    # More groups than are held: what is lumped together may have been sent for any domain.
    monkeypatch.setattr(attribution, "MOST_GROUPS", 2)
    lumped = _with_production()
    stream(lumped, BEGAN, 2, 60, address="203.0.113.7", subject=BAIT, sender="notice@acme.example")
    assert cleared(lumped) == ()


def test_an_assessment_names_the_domains_a_key_sent_for_as_a_look_at_the_last_hour_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = _with_production()
    stream(
        log,
        BEGAN,
        24,
        60,
        address="203.0.113.7",
        subject=BAIT,
        domain="bait.example",
        failed=0.2,
        complained=0.02,
    )
    found = uses(propose(log, BEGAN), log, END)
    # What the intruder sent for is no need of production's.
    assert found["key:k1"].recorded().domains == ("acme.example",)
    # Of a message without a domain nobody knows what its key must go on sending for.
    log.take(page(accepted(BEGAN, domain="", key="k2")))
    found = uses(propose(log, BEGAN), log, END)
    assert (found["key:k1"].domains, found["key:k2"].domains) == ({"acme.example": 2400}, {})
    monkeypatch.setattr(attribution, "MOST_GROUPS", 2)
    lumped = _with_production()
    stream(lumped, BEGAN, 2, 60, address="203.0.113.7", subject=BAIT, sender="notice@acme.example")
    assert not any(use.domains for use in uses(propose(lumped, BEGAN), lumped, END).values())
