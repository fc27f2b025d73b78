"""The one answer to "is it over?" in each of its forms: a sentence, a narrow place, a document."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OWN, US, Story, situation
from workbench.domain.model.inventory import Gap
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.sending_volume import AcceptedHour, Volume
from workbench.domain.runbook.claims import Coverage, Reading, claim
from workbench.domain.runbook.containment_state import LASTS, NAMED, Containment, Over, containment
from workbench.domain.runbook.ways_open import WayIn, told_together

LOGIN = "app@mg.acme.example"
ABROAD = NOW.astimezone(timezone(timedelta(hours=5)))
KEYS = WayIn("keys", "k", "2 API keys from before", "2 API keys", known=True)
PANEL = WayIn("user", "u", "panel user x@evil.example", "a panel user", known=True)
DARK = WayIn("unread", "routes", "what is not read yet (routes: not asked)", "routes not asked", known=False)
SENDS = WayIn(
    "alarm", "a", "key …1d09 goes on sending, from 203.0.113.9", "key …1d09 goes on sending", used=True
)
CAME = WayIn("user", "v", "panel user eve@evil.example", "eve", known=True, used=True)
GROUNDS = (Reading("keys", NOW), Reading("logins", NOW - timedelta(minutes=3)))


def answer(over: Over, *ways: WayIn, **more: object) -> Containment:
    """Return an answer that rests on two readings."""
    return replace(Containment(over, claim("contained", True, GROUNDS), ways), **more)  # type: ignore[arg-type]


def test_contained_says_since_when_and_as_of_when() -> None:
    found = answer(Over.CONTAINED, since=ABROAD - timedelta(minutes=5))
    assert found.contained and found.as_of == NOW - timedelta(minutes=3)
    assert found.words == "contained since 21 Nov 13:55Z, as of 21 Nov 13:57Z"
    assert found.short == "contained, as of 13:57Z"
    late = replace(found, since=ABROAD)
    assert late.as_of == NOW and late.short == "contained, as of 14:00Z", (
        "our own proof came after the readings"
    )
    assert replace(late, claim=claim("contained", True, ())).as_of is None
    assert replace(late, claim=claim("contained", True, ())).short == "contained, as of an unknown time"


def test_not_contained_names_what_is_open_or_that_nothing_is_read() -> None:
    assert answer(Over.NOT_CONTAINED).words == "not contained: nothing is read yet"
    found = answer(Over.NOT_CONTAINED, KEYS, DARK, since=ABROAD)
    assert found.words == "not contained: 2 API keys from before; what is not read yet (routes: not asked)"
    assert found.short == "NOT CONTAINED" and not found.contained
    assert found.as_of == NOW - timedelta(minutes=3), "no moment of its own raises it"


@pytest.mark.parametrize(
    ("ways", "words", "short"),
    [
        ((KEYS,), "cut, but open through 2 API keys from before", "cut, but OPEN: 2 API keys"),
        (
            (KEYS, PANEL),
            "cut, but open through 2 API keys from before; panel user x@evil.example",
            "cut, but OPEN: 2 API keys +1",
        ),
        (
            (SENDS, KEYS),
            "cut, but open: key …1d09 goes on sending, from 203.0.113.9; open through 2 API keys from before",
            "cut, but OPEN: key …1d09 goes on sending +1",
        ),
        ((), "cut, but open through a way that is not named", "cut, but OPEN: a way"),
    ],
)
def test_cut_but_open_names_the_ways(ways: tuple[WayIn, ...], words: str, short: str) -> None:
    found = answer(Over.OPEN, *ways)
    assert (found.words, found.short) == (words, short)


def test_of_many_ways_some_are_named_and_the_rest_counted() -> None:
    many = [replace(KEYS, target=str(n), words=f"way {n}", short=f"w{n}") for n in range(NAMED + 2)]
    found = answer(Over.OPEN, *many)
    assert found.words == "cut, but open through way 0; way 1; way 2; way 3 and 2 more"
    assert found.forms == (
        found.words,
        "cut, but open through w0; w1; w2; w3 and 2 more",
        "cut, but open through w0; w1; w2 and 3 more",
        "cut, but open through w0; w1 and 4 more",
        "cut, but open through w0 and 5 more",
        "cut, but OPEN: w0 +5",
    )


def _old(n: int, what: str = "login", until: str = "28 min left", *, used: bool = False) -> WayIn:
    return WayIn("kept", f"{what}{n}", f"old {what} {n}", f"{what} {n}", what=what, until=until, used=used)


def test_what_is_kept_for_its_hand_over_is_counted_as_one_way_and_stands_one_by_one_in_the_document() -> None:
    three = [_old(n) for n in range(3)]
    assert answer(Over.OPEN, *three).words == "cut, but open through old login 0; old login 1; old login 2"
    many = [*three, _old(3), _old(4, "key"), replace(_old(5, "key"), administers=True)]
    found = answer(Over.OPEN, PANEL, *many, KEYS)
    assert found.words == (
        "cut, but open through panel user x@evil.example; 2 old keys and 4 old logins, kept for their hand-over "
        "(28 min left); 2 API keys from before"
    )
    assert found.forms[1] == (
        "cut, but open through a panel user; 2 old keys and 4 old logins kept, 28 min left; 2 API keys"
    )
    assert found.short == "cut, but OPEN: a panel user +2"
    assert len(found.to_json()["open_through"]) == 8 and len(found.known_open) == 8
    assert [way.administers for way in told_together(many)] == [True]
    assert [way.administers for way in told_together(many[:5])] == [False]
    over = replace(_old(6, until="time up since 21 Nov 13:00Z"), due=NOW - timedelta(hours=1))
    timed = [*(replace(way, due=NOW + timedelta(minutes=28)) for way in many[:5]), _old(7, until="?"), over]
    assert (
        "kept for their hand-over (the first: time up since 21 Nov 13:00Z)" in answer(Over.OPEN, *timed).words
    )


def test_an_old_one_that_somebody_came_back_through_is_never_only_counted() -> None:
    many = [_old(n) for n in range(5)]
    found = answer(Over.BACK, _old(9, used=True), *many, until=NOW)
    assert "came back through old login 9; open through 5 old logins, kept" in found.words


def test_came_back_says_until_when_it_was_and_through_what() -> None:
    found = answer(
        Over.BACK, CAME, SENDS, KEYS, until=ABROAD, came_back=(("panel user eve", 2), ("a way", 1))
    )
    tail = "; came back 2 × through panel user eve; came back 1 × through a way"
    assert found.words == (
        "was contained until 21 Nov 14:00Z: came back through panel user eve@evil.example; key …1d09 goes on sending, "
        f"from 203.0.113.9; open through 2 API keys from before{tail}"
    )
    assert found.short == "WAS contained until 14:00Z"
    assert found.used == (CAME, SENDS)
    assert found.forms[1].endswith(f"open through 2 API keys{tail}")
    assert found.forms[-2] == "was contained until 21 Nov 14:00Z: came back through eve and 2 more"
    assert found.known_open == tuple(way for way in (CAME, SENDS, KEYS) if way.known)
    assert answer(Over.BACK, DARK, KEYS).known_open == (KEYS,)


def test_a_document_holds_the_answer_its_ways_and_its_grounds() -> None:
    grounds = (Reading("keys", NOW), Reading("routes", None, Coverage.NOT_ASKED))
    found = Containment(
        Over.BACK,
        claim("contained", False, grounds),
        (CAME, DARK),
        since=ABROAD - timedelta(hours=1),
        until=ABROAD,
        came_back=(("a way", 2),),
    )
    assert found.to_json() == {
        "answer": "was contained",
        "contained": False,
        "words": found.words,
        "since": "2026-11-21T13:00:00Z",
        "until": "2026-11-21T14:00:00Z",
        "as_of": "2026-11-21T14:00:00Z",
        "open_through": [
            {"kind": "user", "id": "v", "words": CAME.words, "known": True, "used": True},
            {"kind": "unread", "id": "routes", "words": DARK.words, "known": False, "used": False},
        ],
        "came_back": [{"through": "a way", "times": 2}],
        "grounds": [reading.to_json() for reading in grounds],
    }
    assert answer(Over.OPEN).to_json()["since"] is None


# ── what it rests on ─────────────────────────────────────────────────────────────────────────────────────


def cut_only() -> Story:
    """Return a journal in which everything was cut and nobody read who sends since."""
    own = an_effect(EffectKind.KEY_CREATE, OWN, US, replaces=OWN, own=True)
    cut = [
        an_effect(EffectKind.KEY_DELETE, "prod-id", US),
        an_effect(EffectKind.LOGIN_RESET, LOGIN, US, domain="mg.acme.example"),
    ]
    return Story().verified([*cut, own], **{OWN: {"key_id": OWN}})


def judged(story: Story, **changed: Any) -> Containment:
    """Return the answer after a journal; ``changed`` moves readings, or takes them away (None)."""
    where = situation(logins=[LOGIN], state=story.state())
    where.volume = Volume((AcceptedHour(NOW, 40),), 40.0, 60.0, None, 0.0, NOW)
    for name, by in changed.items():
        if isinstance(by, Gap):
            where.inventory.gaps[by.slice] = by
        elif by is None:
            del where.inventory.read_at[name]
        else:
            where.inventory.read_at[name] -= by
    return containment(where)


def dark(target: str, words: str, short: str) -> WayIn:
    """Return a way that nobody saw shut."""
    return WayIn("unread", target, words, f"{target} {short}", known=False)


SENDS_UNREAD = "what could not be read (who sends: not readable, {})"


def with_gaps(*gaps: str) -> Story:
    """Return a journal in which who sends was read after the cut, but for these gaps."""
    return (
        cut_only().add("fact", name="credential_use", by_credential={}, entries=0, gaps=list(gaps)).assessed()
    )


@pytest.mark.parametrize(
    ("story", "changed", "way"),
    [
        (
            cut_only().assessed(),
            {},
            dark(
                "who sends",
                "what is not read yet (who sends: not asked, not since the last cut)",
                "not asked",
            ),
        ),
        (with_gaps("a", "b", "c"), {}, dark("who sends", SENDS_UNREAD.format("a; b"), "not readable")),
        (
            cut_only().use().assessed(),
            {"gap": Gap("who sends", None, "the log answered 500")},
            dark("who sends", SENDS_UNREAD.format("the log answered 500"), "not readable"),
        ),
        (
            cut_only().use().assessed(),
            {"keys": LASTS + timedelta(seconds=1)},
            dark("keys", "what was read too long ago (keys: out of date (21 Nov 13:49Z))", "out of date"),
        ),
        (
            cut_only().use().assessed(),
            {"users": None},
            dark("users", "what is not read yet (users: not asked)", "not asked"),
        ),
    ],
)
def test_what_was_not_read_is_a_way_that_nobody_saw_shut(
    story: Story, changed: dict[str, Any], way: WayIn
) -> None:
    found = judged(story, **changed)
    assert (found.over, found.ways) == (Over.OPEN, (way,))
    assert judged(cut_only().use().assessed(), keys=LASTS).over is Over.CONTAINED, "as old as it may be"


TEXT = "thing t appeared, since 14:00; from 203.0.113.9"


def rang(kind: str, text: str = TEXT, name: str = "", **more: Any) -> Containment:
    """Return the answer after an alarm."""
    story = cut_only().use().assessed()
    return judged(story.add("alarm.raised", id=name or f"{kind}:t", text=text, kind=kind, target="t", **more))


def test_an_alarm_is_a_way_with_its_news_in_short() -> None:
    for kind in ("settings", "proof"):
        assert rang(kind).ways == (WayIn("alarm", "t", TEXT, "thing t appeared"),)
    gone = rang("keys", "key t is gone; nobody of yours did it", "gone:keys:t")
    assert gone.ways[0].short == "key t is gone" and not gone.ways[0].used and gone.came_back == ()
    sends = rang("keys", "key t goes on sending", "sends:key:t")
    assert sends.ways[0].used and sends.came_back == ()
    long = rang("settings", "x" * 400).ways[0]
    assert long.words.startswith("x" * 160 + "…") and long.short.startswith("x" * 80 + "…")


@pytest.mark.parametrize("kind", ["keys", "logins", "subaccounts"])
def test_what_came_back_is_counted_by_what_it_came_through(kind: str) -> None:
    assert rang(kind).came_back == (("a way not named (thing t)", 1),)
    assert rang(kind, through="eve").came_back == (("panel user eve", 1),)
    assert rang(kind, "y" * 90).came_back[0][0].startswith(f"a way not named ({'y' * 60}…")
    story = cut_only().use().assessed()
    for number in (1, 2):
        story.add(
            "alarm.raised", id=f"{kind}:{number}", text=TEXT, kind=kind, target=str(number), through="eve"
        )
    story.add("alarm.raised", id=f"{kind}:3", text=TEXT, kind=kind, target="3")
    assert judged(story).came_back == (("panel user eve", 2), ("a way not named (thing t)", 1))
    singular = kind.removesuffix("s")
    for name in ("1", "2", "3"):
        story.add("finding.decided", finding=f"{singular}:{name}", decision="ours", reason="", who="Ada")
    assert judged(story).came_back == ()


@pytest.mark.parametrize("kind", ["users", "domains"])
def test_a_user_or_a_domain_is_no_way_that_was_cut_and_came_back(kind: str) -> None:
    assert rang(kind).came_back == ()
