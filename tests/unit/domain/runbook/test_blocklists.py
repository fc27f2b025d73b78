"""Step 9: no day that has passed is waited for; a removal is offered by the word the removal itself goes by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OWN, US, Story, situation
from workbench.blocklists.removal import RemovalRequest
from workbench.core.clock import iso
from workbench.domain.model.inventory import DomainItem
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.sending_volume import AcceptedHour, Volume
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision, EffectRecord
from workbench.domain.runbook import blocklists
from workbench.domain.runbook.containment_state import containment, is_contained
from workbench.domain.runbook.verdict import Verdict
from workbench.mailgun.models import Domain

LISTED = {"subject": "192.0.2.1", "zone": "list.example", "tier": 1, "reason": "spam", "ttl": 60, "codes": []}
PAIR = {"subject": "192.0.2.1", "zone": "list.example"}


def watched(
    days: float, *, looked: float | None = None, listed: bool = True, asked: float | None = None
) -> Situation:
    """Return an account contained for so many days, last looked up after ``looked`` of them (now where not said).

    Everything is shut, and read just now. ``asked`` is after how many days the removal was asked for.
    """
    story = Story(at=NOW)
    own = an_effect(EffectKind.KEY_CREATE, OWN, US, replaces=OWN, own=True)
    story.verified([an_effect(EffectKind.KEY_DELETE, "prod-id", US), own], **{OWN: {"key_id": OWN}})
    story.add("contained")
    now = NOW + timedelta(days=days)
    at = NOW + timedelta(days=days if looked is None else looked)
    clear = {} if listed else {"not_listed": {"list.example": {"tier": 1, "subjects": ["192.0.2.1"]}}}
    record = [{**LISTED, "asked_at": iso(at)}] if listed else []
    story.add("blocklist.observed", at=iso(at), asked=1, unasked=[], listed=record, **clear)
    if asked is not None:
        sent = RemovalRequest().requested(NOW + timedelta(days=asked), 24, containment_done=True)
        story.add("removal.requested", **PAIR, whose="yours", request=sent.record())
    story.at = now
    made = situation(state=story.use().state())
    made.now, made.volume = now, Volume((AcceptedHour(NOW, 40),), 40.0, 60.0, None, 0.0, now)
    made.inventory.read_at = dict.fromkeys(made.inventory.read_at, now)
    return made


def dates_in(words: str) -> list[datetime]:
    """Return the days that a sentence names as still to come: those after *until*."""
    found = []
    parts = words.split("until ")[1:]
    for part in parts:
        day, month, *_ = part.replace(",", " ").replace(";", " ").split()
        found.append(datetime.strptime(f"{day} {month} 2026 +0000", "%d %b %Y %z").astimezone(UTC))
    return found


@pytest.mark.parametrize("days", [0.5, 3, 6.9, 7.1, 8, 16, 40])
@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("asked", [None, 0.25, 6.5])
def test_a_day_that_has_passed_is_never_said_as_awaited(
    days: float, listed: bool, asked: float | None
) -> None:
    there = watched(
        days, listed=listed, looked=min(days, 6.8), asked=asked if asked and asked < days else None
    )
    found = blocklists.blocklists(there)
    if found.verdict is Verdict.DONE:
        return
    words = " ".join((found.waits, *found.evidence))
    assert all(day.date() >= there.now.date() for day in dates_in(found.waits)), found.waits
    assert "watched until 28 Nov" not in words or there.now < NOW + timedelta(days=7)
    # Whoever is left to wait for is named, and where nobody is, there is something to do.
    assert bool(found.waits) == found.idle


def test_a_listing_that_outlives_the_watch_is_waited_for_by_name() -> None:
    found = blocklists.blocklists(watched(8, asked=7.5))
    assert found.idle and "192.0.2.1 on list.example, which answers until 30 Nov" in found.waits


def test_a_watch_that_nobody_looked_at_to_its_end_is_closed_by_one_last_look() -> None:
    there = watched(9, looked=6, listed=False)
    found = blocklists.blocklists(there)
    assert (found.idle, found.action) == (False, blocklists.CHECK)
    assert blocklists.blocklists(watched(9, listed=False)).verdict is Verdict.DONE


def test_a_removal_is_offered_only_while_the_account_is_seen_to_be_shut() -> None:
    there = watched(0.5)
    there.inventory.read_at = dict.fromkeys(there.inventory.read_at, there.now - timedelta(hours=2))
    assert there.state.contained_at and not is_contained(there)
    found = blocklists.blocklists(there)
    assert found.idle and found.action == blocklists.CHECK
    assert "a fresh reading" in found.waits and "Enter reads" in found.waits


def test_what_is_left_open_is_named_once_it_is_little(monkeypatch: pytest.MonkeyPatch) -> None:
    there = watched(0.5)
    there.state.first_cut_at, there.state.contained_at = iso(there.now), ""
    there.inventory.read_at = dict.fromkeys(there.inventory.read_at, there.now - timedelta(hours=2))
    over = containment(there)
    assert over.ways and not over.contained
    seen = replace(over.ways[0], known=True)
    said = {"a fresh reading": over.ways[:1], "no list is asked before": (seen,)}
    for words, ways in said.items():
        monkeypatch.setattr(blocklists, "containment", lambda _, ways=ways: replace(over, ways=ways))
        assert words in (waits := blocklists.blocklists(there).waits) and over.ways[0].words in waits
    for ways, words in (((seen,) * 4, "steps 1 to 3 and 10"),):
        monkeypatch.setattr(blocklists, "containment", lambda _, ways=ways: replace(over, ways=ways))
        found = blocklists.blocklists(there)
        assert found.idle and words in found.waits and "no list is asked before" in found.waits


def rogue(*own: str, subject: str = "mail-acme.example", how: str = "deleted") -> Situation:
    """Return an account after the watch whose only listing is one of a stranger's domain that is gone."""
    there = watched(8, listed=False)
    record = {**LISTED, "subject": subject, "asked_at": iso(there.now)}
    there.state.listings.observed({"at": iso(there.now), "asked": 1, "listed": [record]})
    if how == "deleted":
        effect = an_effect(EffectKind.DOMAIN_DELETE, "mail-acme.example", US)
        there.state.effects[effect.id] = EffectRecord(effect, EffectState.VERIFIED)
    else:
        name = "domain:mail-acme.example"
        there.state.decisions[name] = Decision(name, "intruder", "judged", "Ada", iso(there.now))
    there.inventory.domains = {n: DomainItem(Domain(name=n), US) for n in own}
    return there


@pytest.mark.parametrize("how", ["deleted", "judged"])
def test_a_listing_of_a_strangers_domain_that_is_gone_holds_nothing_open(how: str) -> None:
    found = blocklists.blocklists(rogue("acme.example", how=how))
    assert found.verdict is Verdict.DONE, found
    assert any("nobody's of yours to end" in line for line in found.evidence)


def test_a_listing_that_is_ours_too_or_still_here_is_ours_to_end() -> None:
    for there in (
        rogue("mg.mail-acme.example"),
        rogue("mail-acme.example"),
        rogue("acme.example", subject="192.0.2.9"),
    ):
        assert blocklists.blocklists(there).verdict is not Verdict.DONE
