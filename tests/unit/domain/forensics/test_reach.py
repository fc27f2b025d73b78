"""What could be read: rights, time and kinds of data, and never a word that something was not read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.situations import NOW, Story, key, situation, use
from workbench.domain.forensics import reach
from workbench.domain.forensics.reach import Sure


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
