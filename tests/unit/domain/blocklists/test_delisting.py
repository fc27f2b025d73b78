"""From the incident to the way off the lists: nothing is asked before access is cut, and only what is known is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, Story, key, situation
from tests.unit.blocklists.test_removal import listed
from workbench.domain.blocklists import delisting
from workbench.domain.blocklists.recorded import RefusalsRead
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import EffectKind, Place
from workbench.domain.model.sending_volume import AcceptedHour, judge
from workbench.domain.model.situation import Situation
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import User

US = Place(Region.US)
# An address of the account's own: only there is the way off the account's own job.
LISTED = listed("psbl.surriel.com", "127.0.0.2", shared=False)


def test_nothing_is_asked_of_a_list_while_access_is_open_and_what_is_open_is_named() -> None:
    there = situation([key("prod-web")], ["app@mg.acme.example"])
    assert {line.partition(",")[0] for line in delisting.still_open(there)} >= {"step 1", "step 2"}
    [removal] = delisting.removals(there, [LISTED])
    assert not removal.ready
    assert any("step 1" in reason for reason in removal.blocked_by)


def test_steps_that_are_closed_do_not_do_while_the_account_is_open_another_way() -> None:
    """The steps may be attested; the containment's own answer still says what is open."""
    story = Story()
    for step in delisting.GATE:
        story.add("attested", step=step, text="looked", who="Ada")
    there = situation([key("prod-web")], state=story.state())
    [removal] = delisting.removals(there, [LISTED])
    assert not removal.ready and removal.blocked_by


# ── facts for the letter ─────────────────────────────────────────────────────────────────────────────────


def test_an_account_that_nothing_is_known_of_leaves_blanks() -> None:
    found = delisting.facts(situation())
    assert (found.organisation, found.first_abuse, found.last_abuse) == ("", None, None)
    assert (found.changed, found.prevents) == ((), ())
    assert found.cause == "A credential of our Mailgun account was stolen and used to send spam"


@pytest.mark.parametrize(
    ("story", "ending"),
    [
        (Story().add("attested", step="7", text="an old laptop", who="Ada"), "spam: an old laptop"),
        (Story().add("fact", name="leaks", found=2), "found in places of ours that were open to others"),
        (Story().add("fact", name="leaks", found=0), "used to send spam"),
    ],
)
def test_the_cause_is_what_somebody_said_or_what_the_search_found(story: Story, ending: str) -> None:
    assert delisting.facts(situation(state=story.state())).cause.endswith(ending)


def window(began: object, ended: object) -> Situation:
    """Return an account with an assessed window."""
    return situation(
        state=Story().add("fact", name="assessment", window={"from": began, "to": ended}).state()
    )


@pytest.mark.parametrize(
    ("began", "ended", "told"),
    [
        (
            "2026-11-21T03:00:00+02:00",
            "2026-11-21T12:00:00Z",
            (datetime(2026, 11, 21, 1, tzinfo=UTC), datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ),
        (None, None, (None, None)),
        ("yesterday", 7, (None, None)),
    ],
)
def test_the_window_is_told_in_utc_and_what_is_no_moment_stays_blank(
    began: object, ended: object, told: tuple[Any, Any]
) -> None:
    found = delisting.facts(window(began, ended))
    assert (found.first_abuse, found.last_abuse) == told


def test_the_end_of_the_abuse_is_not_told_while_the_account_is_open() -> None:
    state = Story().state()
    state.last_abuse_at = "2026-11-21T13:00:00Z"
    assert delisting.facts(situation([key("prod-web")], state=state)).last_abuse is None


def done(kind: EffectKind, *targets: str, proven: bool = True) -> Story:
    """Return a journal with effects that were carried out."""
    story = Story()
    effects = [an_effect(kind, target, US) for target in targets]
    if proven:
        return story.verified(effects)
    story.add("plan.confirmed", title="t", effects=[e.to_json() for e in effects])
    for effect in effects:
        story.add("effect.intent", id=effect.id, entry="")
        story.add("effect.done", id=effect.id, evidence=["answered 200"], result={})
    return story


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (EffectKind.KEY_DELETE, "2 API keys deleted"),
        (EffectKind.LOGIN_RESET, "2 SMTP passwords replaced"),
        (EffectKind.LOGIN_DELETE, "2 stranger's SMTP logins removed"),
    ],
)
def test_only_what_is_proven_is_told_to_a_list(kind: EffectKind, words: str) -> None:
    proven = delisting.facts(situation(state=done(kind, "a", "b").state())).changed
    assert proven[0].startswith(words)
    assert delisting.facts(situation(state=done(kind, "a", "b", proven=False).state())).changed == ()


def test_passwords_and_two_factor_are_told_as_the_account_shows_them() -> None:
    story = done(EffectKind.KEY_DELETE, "a")
    there = situation(state=story.state())
    users = [
        User(id="u1", email="a@acme.example", tfa_active=True, password_updated_at=NOW + timedelta(hours=1)),
        User(id="u2", email="b@acme.example", tfa_active=True, password_updated_at=NOW - timedelta(hours=1)),
    ]
    there.inventory.users = {u.id: UserItem(u, US) for u in users}
    found = delisting.facts(there)
    assert any(line.startswith("1 user ") for line in found.changed)
    assert "two-factor sign-in is on for every user" in found.prevents
    there.inventory.users["u3"] = UserItem(User(id="u3", email="c@acme.example", tfa_active=False), US)
    assert "two-factor sign-in is on for every user" not in delisting.facts(there).prevents


def test_watched_daily_is_said_only_of_lists_that_were_asked_yesterday_and_today() -> None:
    def asked(*days: int) -> Story:
        story = Story()
        for day in days:
            story.at = NOW - timedelta(days=day)
            story.add("blocklist.observed", zone="psbl.surriel.com", subject="192.0.2.1", verdict="listed")
        return story

    def told(story: Story) -> bool:
        return any(
            "watched daily" in line for line in delisting.facts(situation(state=story.state())).prevents
        )

    assert not told(asked())
    assert not told(asked(0))
    assert not told(asked(1, 2))


# ── why it is listed ─────────────────────────────────────────────────────────────────────────────────────


def abused() -> Situation:
    """Return an account with an hour of abuse that left as one of its domains."""
    hours = [AcceptedHour(NOW - timedelta(hours=h), 50) for h in range(48, 1, -1)] + [
        AcceptedHour(NOW - timedelta(hours=1), 5050)
    ]
    volume = replace(
        judge(hours, NOW, by_domain={"mg.acme.example": 5050, "shop.acme.example": 9}),
        usual_by_domain={"mg.acme.example": 40.0, "shop.acme.example": 9.0},
    )
    return replace(situation(logins=["app@mg.acme.example"]), volume=volume)


def test_the_reason_names_the_domain_that_sent_and_none_that_sent_as_usual() -> None:
    assert delisting._why(situation()) == {}
    found = delisting._why(abused())
    assert set(found) == {"mg.acme.example"}
    assert found["mg.acme.example"][0].startswith("5,050 messages left as mg.acme.example since 21 Nov")
    assert found["mg.acme.example"][0].endswith("where 40 are usual")


def test_a_list_with_a_zone_of_ones_own_key_is_counted_under_the_name_that_refusals_use() -> None:
    assert delisting._refused(RefusalsRead()) == {}
    found = delisting._refused(RefusalsRead(by_zone={"zen.spamhaus.org": 12}))
    assert found["zen.spamhaus.org"] == 12
    assert {name for name in found if name.startswith("zen.")} >= {"zen.spamhaus.org"}
    story = Story().add("fact", name="refusals", by_zone={"psbl.surriel.com": 3})
    [removal] = delisting.removals(situation(state=story.state()), [LISTED])
    assert any("3" in line for line in removal.why)
