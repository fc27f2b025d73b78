"""The damage: what became of the intruder's mail, and which suppressions came with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.situations import NOW, Story
from tests.unit.domain.logs import START, accepted, fate, page, stream, table
from workbench.core.errors import UsageError
from workbench.domain.forensics import damage
from workbench.domain.forensics.classification import propose
from workbench.domain.model.effect_params import SuppressionLiftParams
from workbench.domain.model.inventory import DomainItem, Inventory
from workbench.domain.model.plan import EffectKind, Place
from workbench.domain.model.settings import DomainSettings, PlaceSettings, Settings, SuppressionTable
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.model.suppressions import Added
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence_models import BounceClass
from workbench.mailgun.models import Disabled, Domain, MailingList, Suppression
from workbench.planning import suppressions
from workbench.planning.suppressions import plan_lift
from workbench.readers.recipients import harmless

US = Place(Region.US)
BEGAN = START + timedelta(hours=96)
DOMAIN = Domain(name="acme.example", is_disabled=True, disabled=Disabled(reason="Account disabled"))


def _inventory() -> Inventory:
    found = Inventory(places=(US,))
    found.domains["acme.example"] = DomainItem(DOMAIN, US)
    return found


def _assessed(settings: Settings | None) -> damage.Damage:
    log = table()
    stream(log, START, 120, 20)
    stream(
        log,
        BEGAN,
        24,
        60,
        address="203.0.113.7",
        subject="Parcel 1",
        sender="n@acme.example",
        failed=0.2,
        complained=0.01,
    )
    stray = fate(accepted(BEGAN, subject="Parcel 9", sender="n@acme.example"), "delivered")
    log.take(page(stray))
    bounces = [
        BounceClass(entity_name="Gmail", domain_name="a.example", metrics={"critical_bounce_count": 9.0}),
        BounceClass(entity_name="Gmail", domain_name="b.example", metrics={"critical_bounce_count": 3.0}),
        BounceClass(metrics={"critical_bounce_count": 2.0}),
    ]
    return damage.assess(propose(log, BEGAN), log, settings, _inventory(), BEGAN, bounces)


def _settings() -> Settings:
    found = Settings(NOW, BEGAN)
    held = found.domains["acme.example"] = DomainSettings(DOMAIN, US)
    inside, before = BEGAN + timedelta(hours=2), BEGAN - timedelta(days=3)
    held.suppressions["bounces"] = SuppressionTable(
        3,
        [
            Suppression(
                address="real@inbox.example", created_at=inside, code="550", error="5.7.1 unsolicited mail"
            ),
            Suppression(
                address="gone@inbox.example", created_at=inside, code="550", error="5.1.1 no such mailbox"
            ),
            Suppression(address="old@inbox.example", created_at=before, code="550", error="spam"),
        ],
    )
    held.suppressions["complaints"] = SuppressionTable(
        1, [Suppression(address="angry@inbox.example", created_at=inside)]
    )
    return found


def test_counts_of_the_intruder_alone_and_with_the_unclear() -> None:
    found = _assessed(None)
    assert found.sure.counts["accepted"] == 1440
    assert found.sure.counts["delivered"] == 1440 * 0.8 + 1
    assert found.sure.providers == {"Gmail": 1153}
    assert found.sure.recipients <= found.sure.counts["delivered"]
    assert any("workbench sweep" in note for note in found.notes)


def test_only_suppressions_the_abuse_added_and_that_would_drop_customers_are_lifted() -> None:
    found = _assessed(_settings())
    assert [(a.address, a.table) for a in found.added] == [("real@inbox.example", "bounces")]
    assert found.kept_complaints == 1
    plan = plan_lift(Situation(_inventory(), State(), NOW, suppressed=found.added))
    (effect,) = plan.effects
    assert (effect.kind, effect.target, effect.place) == (
        EffectKind.SUPPRESSION_LIFT,
        "real@inbox.example",
        US,
    )
    assert effect.given(SuppressionLiftParams).table == "bounces"
    with pytest.raises(UsageError):
        plan_lift(Situation(_inventory(), State(), NOW))


def test_more_suppressions_than_one_plan_takes_are_lifted_by_the_next_and_none_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suppressions, "MOST_LIFTED", 2)
    added = [Added("acme.example", "bounces", f"{n}@inbox.example", NOW, "spam") for n in range(3)]

    def there(story: Story, found: list[Added]) -> Situation:
        return Situation(_inventory(), story.state(), NOW, suppressed=found)

    story = Story()
    first = plan_lift(there(story, added))
    assert [e.target[0] for e in first] == ["0", "1"] and first.left_out == (
        "1 further address: run it again",
    )
    story.verified(first)
    second = plan_lift(there(story, added))
    assert [e.target[0] for e in second] == ["2"] and not second.left_out
    story.verified(second)
    with pytest.raises(UsageError, match="is lifted"):
        plan_lift(there(story, added))
    # Whoever was refused again since is suppressed again.
    later = [replace(added[0], created_at=NOW + timedelta(hours=1))]
    [again] = plan_lift(there(story, later)).effects
    assert again.id not in story.state().effects


def test_health_names_rates_states_and_refusals() -> None:
    words = " / ".join(f"{h.subject} {h.what}" for h in _assessed(_settings()).health)
    assert "acme.example disabled by Mailgun: Account disabled" in words
    assert "bounces in the time read (336 of 3,840); the limit is" in words
    assert "Gmail refused 12 messages" in words


def test_a_rate_of_ours_is_not_told_as_the_intruders() -> None:
    log = table()
    stream(log, START, 120, 20, failed=0.2)
    (sign,) = damage._rates(propose(log, BEGAN))
    assert "of 2,400, nothing of it seen to be the intruder's); the limit is" in sign.what


def test_the_words_say_what_was_done_whom_it_reached_and_what_to_lift() -> None:
    said = damage.words(_assessed(_settings()))
    assert any(line.startswith("of the intruder's mail") and "opened" in line for line in said)
    assert "delivered by provider: Gmail 1,153" in said
    assert any(line.startswith("1 bounce of acme.example came with the abuse") for line in said)
    assert any("1 complaint of the window kept" in line for line in said)
    assert any("disabled by Mailgun" in line for line in said)
    assert any("suppressions that the intruder deleted leave no trace" in line for line in said)
    assert damage.words(damage.Damage()) == []


def test_what_went_through_the_account_s_own_lists_is_told_with_who_is_on_them() -> None:
    log = table()
    spam = {"address": "203.0.113.7", "subject": "Parcel 1", "sender": "n@acme.example"}

    def sent(start: datetime, hours: int, rate: int, listed: str, **more: Any) -> None:
        to: dict[str, Any] = {"mailing-list": {"address": listed} if listed else None}
        stream(log, start, hours, rate, **more, **to)

    sent(START, 120, 20, "team@acme.example")
    for listed in ("News@acme.example", "gone@acme.example", ""):
        sent(BEGAN, 12, 60, listed, **spam)
    settings = _settings()
    held = [MailingList(address="news@acme.example", members_count=1240)]
    settings.places[US] = PlaceSettings(US, lists=held)
    found = damage.assess(propose(log, BEGAN), log, settings, _inventory(), BEGAN)
    assert [(one.address, one.accepted, one.members) for one in found.lists] == [
        ("news@acme.example", 720, 1240),
        ("gone@acme.example", 720, None),
    ]
    said = damage.words(found)
    assert any(
        "720 messages of the intruder went through your own mailing list news@" in line for line in said
    )
    assert any("(1,240 members)" in line for line in said)
    assert found.recorded().lists_mailed == tuple(found.lists)


@pytest.mark.parametrize("cell", ["=1+1", "+49 30", "-2", "@sum", "\tx", "\r=1"])
def test_cells_are_harmless_to_spreadsheets(cell: str) -> None:
    assert harmless(cell).startswith("'")
    assert harmless("ann@inbox.example") == "ann@inbox.example"
