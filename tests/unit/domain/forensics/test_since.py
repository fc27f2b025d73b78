"""Since when, and with what: the log speaks where the hourly figures are silent, in every paper the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.situations import NOW, Story, key, know, situation, use
from workbench.core.clock import as_moment, iso
from workbench.domain.forensics import reach
from workbench.domain.forensics.since import (
    abuse_began,
    abuse_began_text,
    exposed,
    first_sign,
    stolen,
    through_own_server,
)
from workbench.domain.leaks.account_facts import foreign_uses
from workbench.domain.leaks.recorded import FoundTheft
from workbench.domain.model.sending_volume import AcceptedHour, Volume
from workbench.domain.model.situation import Situation
from workbench.leaks.correlate import Strength
from workbench.reports import audiences, duties, mail_texts, production, support_messages, support_page

BEGAN = NOW - timedelta(days=3)
SAID = f"{BEGAN:%Y-%m-%d %H:%M}Z"
USED = "key:used-id"


def _assessed(credential: str = USED, looks: str = "intruder", **more: Any) -> Story:
    sender = {"credential": credential, "looks": looks, "first": iso(BEGAN), "accepted": 7, **more}
    return Story().add(
        "fact",
        name="assessment",
        entries=9,
        senders=[sender],
        window={"from": iso(BEGAN)},
        damage={"intruder": {"accepted": 7}},
    )


def test_a_quiet_sender_is_dated_by_the_log() -> None:
    found = situation([key("used")], state=_assessed().state())
    assert found.volume is None or found.volume.began is None
    assert abuse_began(found) == BEGAN
    assert stolen(found) == {USED: SAID}


def test_nobody_dates_what_nothing_shows() -> None:
    assert abuse_began(situation()) is None
    assert abuse_began_text(situation(), "?") == "?"
    assert stolen(situation()) == {} and exposed(situation()) == frozenset()


@pytest.mark.parametrize(
    ("looks", "decision", "theirs"),
    [
        ("intruder", None, True),
        ("production", "intruder", True),
        ("intruder", "ours", False),
        ("unclear", None, False),
    ],
)
def test_what_was_judged_counts_before_what_it_looks_like(
    looks: str, decision: str | None, theirs: bool
) -> None:
    found = situation([key("used")], state=_assessed(looks=looks, decision=decision).state())
    assert (USED in stolen(found)) is theirs


def test_the_key_that_a_quiet_sender_used_is_named_with_what_it_opened() -> None:
    (one,) = reach.reach(situation([key("used")], state=_assessed().state()))
    assert one.since == f"{SAID} at the latest"
    assert len(one.data) == 6


def test_the_last_hour_alone_gives_no_moment_of_its_own() -> None:
    story = _assessed("key:other-id").use(**{USED: use("both")})
    (one,) = reach.reach(situation([key("used")], state=story.state()))
    assert one.since == f"{SAID} at the latest, as far as is known"


@pytest.mark.parametrize("row", [{"exposed": True}, {"exposed": False}, {"exposed": True, "accepted": True}])
def test_a_key_that_anybody_could_fetch_is_within_reach_also_once_the_place_is_closed(
    row: dict[str, Any],
) -> None:
    leak = {"id": "x", "what": "secret", "key_id": "used-id", "logins": ["app@mg.acme.example"], **row}
    shown = row == {"exposed": True}
    logins = ["app@mg.acme.example"]
    found = situation(
        [key("used")], logins, state=Story().add("fact", name="leaks", exposures=[leak]).state()
    )
    assert [one.credential for one in reach.reach(found)] == (
        ["API key …d-id", "SMTP login app@mg.acme.example"] if shown else []
    )
    closed = [{"id": "x", "title": "t", "at": iso(NOW), "key_id": "used-id"}]
    found = situation([key("used")], state=Story().add("fact", name="leaks", closed=closed).state())
    (one,) = reach.reach(found)
    assert one.since == "cannot tell: anybody could fetch it" and len(one.data) == 6


@pytest.mark.parametrize(
    ("theft", "said"),
    [
        ({"address": "203.0.113.7", "not_before": iso(BEGAN)}, SAID),
        ({"not_before": iso(BEGAN - timedelta(days=9)), "not_after": iso(BEGAN)}, SAID),
        # A fetch of which nobody looked whether the key stood in the file dates nothing.
        (
            {
                "strength": 3,
                "address": "203.0.113.7",
                "not_before": iso(BEGAN - timedelta(days=9)),
                "not_after": iso(BEGAN),
            },
            SAID,
        ),
        ({}, ""),
    ],
)
def test_what_was_fetched_is_stolen_though_nobody_saw_it_used(theft: dict[str, str], said: str) -> None:
    found = situation(
        [key("used")],
        state=Story().add("fact", name="leaks", thefts=[{"key_id": "used-id", **theft}]).state(),
    )
    assert stolen(found) == {USED: said}
    (one,) = reach.reach(found)
    assert len(one.data) == 6


PAPERS: dict[str, Callable[[Situation], object]] = {
    "page for Support": support_page.cause,
    "message to Support": support_messages.opening,
    "notice to the authority": duties.notice_to_authority,
    "host of the page": mail_texts.to_host,
    "billing": production.billing,
}


@pytest.mark.parametrize("paper", PAPERS)
def test_every_paper_dates_the_abuse_alike(paper: str) -> None:
    assert SAID in str(PAPERS[paper](situation([key("used")], state=_assessed().state())))


def test_recipients_are_told_the_day() -> None:
    assert f"{BEGAN:%d %B %Y}" in str(audiences.notice(situation([key("used")], state=_assessed().state())))


def test_complaints_by_sender_and_in_all_add_up() -> None:
    story = Story().add(
        "fact",
        name="assessment",
        entries=9,
        senders=[{"credential": USED, "looks": "intruder", "accepted": 7, "complained": 2}],
        damage={"intruder": {"accepted": 7, "complained": 3}},
    )
    assert "1 complaint more than by sender" in str(audiences.sent(situation(state=story.state())))


def test_a_log_read_in_part_is_not_called_unread_nor_clean() -> None:
    part = Story().add("fact", name="assessment", entries=9, missing=["EU"]).state()
    assert "not read whole" in str(audiences.sent(situation(state=part)))
    assert "not assessed yet" in str(audiences.sent(situation()))


def test_what_nobody_judged_is_neither_nothing_nor_the_intruders() -> None:
    sender = {"credential": USED, "looks": "unclear", "accepted": 521}
    story = Story().add(
        "fact",
        name="assessment",
        entries=9,
        senders=[sender],
        window={},
        damage={"intruder": {"recipients_exact": True}},
    )
    where = situation(state=story.state())
    assert not audiences.nothing_sent(where)
    for said in (audiences.sent(where), duties.affected(where), support_page.cause(where)):
        assert "521 messages of 1 sender not judged yet" in str(said)


def test_support_is_told_since_when_to_look_where_nothing_was_sent() -> None:
    theft = {"key_id": "used-id", "address": "203.0.113.7", "not_before": iso(BEGAN)}
    story = (
        Story().add("fact", name="assessment", entries=9, window={}).add("fact", name="leaks", thefts=[theft])
    )
    said = str(support_page.traces(situation(state=story.state())))
    assert f"{iso(BEGAN)} (a secret was fetched) to now" in said
    assert "Fetched a leaked secret: 203.0.113.7" in said


def _senders(theirs: str, looks: str = "production") -> Situation:
    rows = [
        {"credential": USED, "looks": "intruder", "addresses": [theirs], "accepted": 5},
        {"credential": USED, "looks": looks, "addresses": ["192.0.2.1"], "accepted": 5},
    ]
    return situation(
        [key("used")], state=Story().add("fact", name="assessment", entries=9, senders=rows).state()
    )


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (_senders("192.0.2.1"), "used a web form or server of ours"),
        (_senders("203.0.113.7"), "used a stolen credential"),
        (_senders("192.0.2.1", "unclear"), "used a stolen credential"),
        (situation(), "misused our mail account"),
    ],
)
def test_nothing_is_called_stolen_without_a_ground(where: Situation, said: str) -> None:
    assert said in " ".join(str(audiences.notice(where)).split())
    assert said in " ".join(str(duties.letter_to_people(where)).split())
    for text in (mail_texts.to_host, mail_texts.to_mailgun, production.billing):
        assert "stolen" not in text(where)


def test_a_login_that_the_account_does_not_list_is_not_said_to_work() -> None:
    leak = {"id": "x", "what": "secret", "logins": ["app@elsewhere.example"], "exposed": True}
    (one,) = reach.reach(situation(state=Story().add("fact", name="leaks", exposures=[leak]).state()))
    assert one.until == "cannot tell: it is not listed"


def test_the_hours_after_an_abuse_are_not_counted_to_it() -> None:
    hours = tuple(AcceptedHour(BEGAN + timedelta(hours=n), 100) for n in range(5))
    lasting = Volume(hours, 1.0, 2.0, BEGAN + timedelta(hours=1), 0.0, NOW)
    over = replace(lasting, ended=BEGAN + timedelta(hours=3))
    assert (lasting.abuse_accepted, over.abuse_accepted) == (400, 200)
    assert over.span() == f"{lasting.span()} until {BEGAN + timedelta(hours=3):%Y-%m-%d %H:%M}Z"
    assert (replace(over, began=None).abuse_accepted, replace(over, began=None).span()) == (0, "")
    where = situation()
    where.volume = over
    for said in (audiences.since_when(where), duties.insurer(where), support_messages.opening(where)):
        assert "200" in str(said) and over.span() in str(said)


def _planted(story: Story, about: str = USED, at: str = "2026-11-18T13:40:00Z") -> Story:
    moment = {"at": at, "kind": "account", "text": "API key made", "odd": True, "about": about}
    return story.add("fact", name="moments", moments=[moment])


def test_what_the_intruder_made_was_never_taken() -> None:
    state = _planted(_assessed()).state()
    assert foreign_uses(_assessed().state()) and foreign_uses(state) == ()
    said = audiences.misuse(situation(state=state))
    assert said.startswith("got into our mail account, made a key of their own") and "stolen" not in said
    assert audiences.misuse(situation(state=_assessed().state())).startswith("used a stolen credential")


def test_who_made_what_was_used_is_asked_once_however_much_was_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time all logins of the account are looked at."""
    names, asked = [f"key:k{number}-id" for number in range(5)], 0

    def planted(_: Situation) -> dict[str, str]:
        nonlocal asked
        asked += 1
        return dict.fromkeys(names, "")

    monkeypatch.setattr(Situation, "planted_credentials", planted)
    state = Story().use(**{name: use("intruder") for name in names}).state()
    assert "made a key of their own" in audiences.misuse(situation(state=state))
    assert asked == 1


def test_who_only_fetched_a_file_is_not_said_to_have_used_what_stood_in_it() -> None:
    state = know(Story().state(), "leaks", {"thefts": [_fetch("2026-11-17T03:12:00Z")]})
    assert audiences.misuse(situation(state=state)) == "fetched a file with a credential of our mail account"


def test_support_looks_from_the_first_sign_on_which_comes_before_the_mail() -> None:
    made = "2026-11-18T13:40:00Z"
    where = situation(state=_planted(_assessed(), at=made).state())
    (line,) = (one for one in str(support_page.traces(where)).split("', '") if one.startswith("Window"))
    assert f"{made} (something was made that may not be ours) to now" in line
    know(where.state, "leaks", {"thefts": [_fetch("2026-11-17T03:12:00Z")]})
    assert first_sign(where) == (as_moment("2026-11-17T03:12:00Z"), "a secret was fetched")
    assert first_sign(situation()) is None


def _fetch(at: str) -> dict[str, Any]:
    return {"key_id": "k", "strength": 2, "address": "203.0.113.9", "not_before": at, "sentence": "taken"}


def test_where_nothing_shows_anybody_no_paper_says_that_somebody_was_there() -> None:
    assert audiences.misuse(situation()) == "may have misused our mail account"
    empty = situation(state=know(Story().state(), "assessment", {"entries": 0}))
    assert "the log holds no entry of that time" in audiences.not_known_yet(empty)
    unread = situation(state=know(Story().state(), "assessment", {"entries": 3, "missing": ["EU"]}))
    assert "the log is not read whole" in audiences.not_known_yet(unread)


@pytest.mark.parametrize("strength", Strength)
def test_who_fetched_it_is_named_only_where_a_fetch_of_the_file_was_seen(strength: Strength) -> None:
    theft = FoundTheft(key_id="k", strength=strength, address="198.51.100.7", sentence="", how_sure="")
    sure = strength in (Strength.SAME_ADDRESS, Strength.SAME_KEY)
    assert theft.fetched_by == ("198.51.100.7" if sure else "")


@pytest.mark.parametrize(
    ("theirs", "own", "through"),
    [
        (["192.0.2.1"], ["192.0.2.1", "192.0.2.2"], True),
        (["192.0.2.1", "198.51.100.7"], ["192.0.2.1"], False),
        # What the log does not tell is nobody's place, nor is the rest of many.
        ([""], [""], False),
        (["(other)"], ["(other)"], False),
        ([f"192.0.2.{n}" for n in range(20)], [f"192.0.2.{n}" for n in range(20)], False),
    ],
)
def test_a_form_of_ours_was_used_only_where_every_address_is_known_as_ours(
    theirs: list[str], own: list[str], through: bool
) -> None:
    senders = [{"looks": "intruder", "addresses": theirs}, {"looks": "production", "addresses": own}]
    found = situation(state=know(Story().state(), "assessment", {"senders": senders}))
    assert through_own_server(found) is through
