"""What could be read: rights, time and kinds of data, and never a word that something was not read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, US, Story, key, know, situation, use
from workbench.domain.forensics import reach
from workbench.domain.forensics.reach import Sure
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.state import State
from workbench.domain.settings_audit.audit import JudgedAge, Swept
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.mailgun.models import User


def _one(role: str | None, kind: str = "user", looks: str = "intruder") -> reach.Reach:
    item = key("used", role=role, kind=kind)
    story = Story().use(**{f"key:{item.id}": use(looks)})
    (found,) = reach.reach(situation([item], state=story.state()))
    return found


@pytest.mark.parametrize(
    ("role", "kinds"),
    [("admin", 6), ("developer", 5), ("support", 5), ("basic", 4)],
)
def test_a_role_opens_what_the_vendor_gives_it(role: str, kinds: int) -> None:
    found = _one(role)
    assert len(found.data) == kinds and {one.sure for one in found.data} == {Sure.POSSIBLE}
    assert found.until == "still works" and found.rights == f"role {role}"


@pytest.mark.parametrize("role", ["", None, "analyst", "Billing"])
def test_a_role_nobody_knows_is_taken_for_the_widest_and_said_to_be_a_guess(role: str | None) -> None:
    found = _one(role)
    assert len(found.data) == 6 and {one.sure for one in found.data} == {Sure.UNKNOWN}


@pytest.mark.parametrize(("role", "kind"), [("sending", "domain"), (None, "domain")])
def test_a_sending_key_reads_nothing(role: str | None, kind: str) -> None:
    assert _one(role, kind).data == ()


def test_production_that_the_intruder_never_used_is_not_named() -> None:
    item = key("web")
    state = Story().use(**{f"key:{item.id}": use("production")}).state()
    assert reach.reach(situation([item], state=state)) == []


def test_a_planted_key_is_named_without_any_use() -> None:
    planted = key("x", created_at=NOW - timedelta(hours=1), description="", requestor="nobody@evil.example")
    state = Story().use().state()
    where = situation([key("old"), planted], state=state)
    if where.of_key(planted).likely:
        assert [one.credential for one in reach.reach(where)] != []


def test_a_login_sends_and_reads_nothing() -> None:
    login = "app@mg.acme.example"
    state = Story().use(**{f"smtp:{login}": use("both")}).state()
    (found,) = reach.reach(situation(logins=[login], state=state))
    assert (found.rights, found.data, found.until) == ("sends, reads nothing", (), "still works")


def test_what_was_not_read_is_said_and_reading_itself_is_always_asked_of_support() -> None:
    said = reach.gaps(situation())
    assert any("not read from the log" in line for line in said)
    assert any("not swept" in line for line in said)
    assert "ask Mailgun Support" in said[-1]
    assert not any("was not read by" in line for line in said)


def test_each_kind_once_with_the_surest_answer() -> None:
    found = [
        reach.Reach("a", "", "", "", (reach.Data("log", "log", Sure.UNKNOWN),)),
        reach.Reach("b", "", "", "", (reach.Data("log", "log", Sure.POSSIBLE),)),
        reach.Reach("c", "", "", "", (reach.Data("copies", "copies", Sure.SEEN),)),
    ]
    assert reach.kinds_of(found) == [("copies", Sure.SEEN), ("log", Sure.POSSIBLE)]


MADE = "2026-11-21T12:06:00Z"


def _kept(about: str, *, odd: bool = True, story: Story | None = None) -> State:
    moment = {"at": MADE, "kind": "account", "text": f"{about} made", "odd": odd, "about": about}
    return (story or Story()).add("fact", name="moments", moments=[moment]).state()


def _deleted(key_id: str, **params: str) -> Story:
    return Story().verified([an_effect(EffectKind.KEY_DELETE, key_id, US, **params)])


def test_a_planted_key_that_was_deleted_is_told_with_its_rights_and_the_time_it_lived() -> None:
    state = _kept("key:theirs", story=_deleted("theirs", role="admin", kind="user"))
    (one,) = reach.reach(situation(state=state))
    assert (one.credential, one.rights, one.since) == ("API key …eirs", "role admin", "2026-11-21 12:06Z")
    assert one.until == "2026-11-21T14:00:00Z" and len(one.data) == 6
    # Ours, however many were deleted, and what an operator judged ours, are nobody's loot.
    assert (
        reach.reach(situation(state=_kept("key:ours", odd=False, story=_deleted("ours", role="admin")))) == []
    )
    judged = _deleted("theirs").add(
        "finding.decided", finding="key:theirs", decision="ours", who="Ada", reason=""
    )
    assert reach.reach(situation(state=_kept("key:theirs", story=judged))) == []


def test_a_planted_thing_that_is_not_listed_is_gone_only_where_the_list_was_read() -> None:
    where = situation(state=_kept("key:theirs"))
    assert [one.until for one in reach.reach(where)] == ["gone from the account, nobody saw when"]
    where.inventory.read_at.pop("keys")
    assert [one.until for one in reach.reach(where)] == ["cannot tell: the keys were not read"]


def test_a_stranger_among_the_users_reads_what_the_role_shows() -> None:
    where = situation(state=_kept("user:u9"))
    (gone,) = reach.reach(where)
    assert (
        gone.until == "gone from the account, nobody saw when"
        and gone.since == "2026-11-21 12:06Z at the latest"
    )
    where = situation(state=_kept("user:u9"))
    where.inventory.users = {"u9": UserItem(User(id="u9", email="it@else.example", role="admin"), US)}
    (there,) = reach.reach(where)
    assert (there.credential, there.rights, there.until) == (
        "panel user it…@else.example",
        "role admin",
        "still among the users",
    )
    assert len(there.data) == 6


def test_whoevers_session_was_probably_stolen_read_with_that_persons_role() -> None:
    state = _kept("key:theirs")
    person = {"user": "u1", "name": "Ada Marsh", "keys": ["theirs"], "why": ["1 key nobody claims"]}
    know(state, "leaks", {"people": [person]})
    rows = {one.credential: one for one in reach.reach(situation(state=state))}
    session = rows["panel session of Ada Marsh, probably"]
    assert session.since == "2026-11-21 12:06Z at the latest" and session.until.startswith("cannot tell")


def test_a_copy_that_nobody_judged_yet_is_told_as_what_cannot_be_told() -> None:
    route = Swept(
        "route", "r1", "route “archive”", ("us",), JudgedAge.UNDATED, 2, (), hosts=("drop.example",)
    )
    (one,) = reach.reach(situation(state=_swept(route)))
    assert one.until == "still stands, not judged yet" and one.data[0].sure is Sure.UNKNOWN
    own = replace(route, hosts=())
    assert reach.reach(situation(state=_swept(own))) == []


def _swept(item: Swept) -> State:
    state = Story().state()
    state.learn(SweepRead(items=(item,)))
    return state


def test_a_planted_login_is_told_with_the_time_it_lived_and_reads_nothing() -> None:
    (one,) = reach.reach(
        situation(logins=["theirs@mg.acme.example"], state=_kept("login:theirs@mg.acme.example"))
    )
    assert (one.credential, one.since, one.until, one.data) == (
        "SMTP login theirs@mg.acme.example",
        "2026-11-21 12:06Z",
        "still works",
        (),
    )
