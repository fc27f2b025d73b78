"""View rows: what is known, in cells; nothing forgotten, people shortened, one row for one moved effect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from tests.pilot.fake_session import PERSON, US, FakeSession
from tests.support.effects import an_effect
from workbench.core.clock import as_moment
from workbench.core.rows import Row, style_of, text_of
from workbench.domain.blocklists.listings import ListingBook
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.inventory import KeyItem
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import Decision, EffectRecord
from workbench.presentation.cells import Look, hide_people, moment_text
from workbench.presentation.credentials import CredentialView, domain_rows, user_rows
from workbench.presentation.details import detail_lines
from workbench.presentation.listings import FINE, listing_rows
from workbench.tui.widgets.table import Column, TableModel

SAFE, OPEN, PLAIN = Look(), Look(share_safe=False), Look(ascii=True)


@pytest.fixture
def session() -> FakeSession:
    """Return a filled account."""
    made = FakeSession()
    made.fill()
    return made


def rows_of(
    session: FakeSession, look: Look = SAFE, findings: Any = (), phases: Any = None
) -> dict[str, Row]:
    """Return the credential rows by key."""
    rows = CredentialView(session.inventory, session.state, findings, look, phases or {}).rows()
    assert len({row.key for row in rows}) == len(rows)
    return {row.key: row for row in rows}


def reset(session: FakeSession, state: EffectState, **more: Any) -> EffectRecord:
    """Record a reset of the first login."""
    login = next(iter(session.inventory.logins.values()))
    effect = an_effect(EffectKind.LOGIN_RESET, login.login, login.place, what=f"reset {login.login}")
    record = EffectRecord(effect, state, **more)
    session.state.effects[effect.id] = record
    return record


def test_a_row_for_every_key_and_login(session: FakeSession) -> None:
    assert set(rows_of(session)) == {*session.inventory.keys, *session.inventory.logins}
    assert all(text_of(row.cells[0]) == "· open" for row in rows_of(session).values())


@pytest.mark.parametrize(
    ("state", "more", "shown", "tone"),
    [
        (EffectState.PLANNED, {}, "· waiting", "accent"),
        (EffectState.PLANNED, {"open": True}, "⚠ open intent", "warn"),
        (EffectState.DONE, {}, "◐ untested", "warn"),
        (EffectState.VERIFIED, {"evidence": ["new password: 235"]}, "◐ untested", "warn"),
        (EffectState.VERIFIED, {"evidence": ["old password: 535 from smtp"]}, "✓ old dead", "ok"),
        (EffectState.VERIFIED, {"evidence": ["old password: 235 from smtp"]}, "✗ old works", "bad"),
        (EffectState.FAILED, {"failure": {"what": "refused"}}, "✗ failed", "bad"),
        (EffectState.SKIPPED, {"evidence": ["gone"]}, "- skipped", "dim"),
    ],
)
def test_states_are_words_and_signs(
    session: FakeSession, state: EffectState, more: dict[str, Any], shown: str, tone: str
) -> None:
    record = reset(session, state, **more)
    row = rows_of(session)[record.effect.target]
    assert (text_of(row.cells[0]), style_of(row.cells[0], row)) == (shown, tone)
    assert text_of(rows_of(session, PLAIN)[record.effect.target].cells[0]).isascii()


def test_live_phases_win_until_they_end(session: FakeSession) -> None:
    record = reset(session, EffectState.PLANNED)
    for phase, shown in (("storing secret", "▶ storing"), ("sending", "▶ sending"), ("proving", "▶ proving")):
        row = rows_of(session, phases={record.effect.id: phase})[record.effect.target]
        assert text_of(row.cells[0]) == shown


def test_what_was_deleted_is_not_forgotten(session: FakeSession) -> None:
    key_id, item = next(iter(session.inventory.keys.items()))
    effect = an_effect(EffectKind.KEY_DELETE, key_id, US, name=item.name)
    session.state.effects[effect.id] = EffectRecord(effect, EffectState.VERIFIED, evidence=["answers 401"])
    del session.inventory.keys[key_id]
    row = rows_of(session)[key_id]
    assert text_of(row.cells[0]) == "✓ old dead" and "401" in text_of(row.cells[-1]) and not row.markable
    assert "prod-0" in text_of(row.cells[2])


def test_minted_keys_are_told_as_ours(session: FakeSession) -> None:
    old, new = list(session.inventory.keys)[:2]
    effect = an_effect(EffectKind.KEY_CREATE, "slot", US, replaces=old)
    record = EffectRecord(effect, EffectState.VERIFIED, evidence=["proven"], result=EffectResult(key_id=new))
    session.state.effects[effect.id] = record
    rows = rows_of(session)
    assert text_of(rows[new].cells[0]) == "✓ new"
    # A replacement that is proven ends nothing: while the old one is not deleted, it works for whoever has it.
    assert text_of(rows[old].cells[0]) == "✗ old works"
    assert text_of(rows[old].cells[-1]) == "old one still works; new one works (answered)"


def test_only_what_this_incident_made_is_shown_without_its_mark(session: FakeSession) -> None:
    old, new, copied = list(session.inventory.keys)[:3]
    for key in (new, copied):
        item = session.inventory.keys[key]
        marked = replace(item.key, description="prod-web [wb-0f0f0f0f0f0f-24ad1c8c5a]")
        session.inventory.keys[key] = KeyItem(marked, item.place)
    effect = an_effect(EffectKind.KEY_CREATE, "slot", US, replaces=old)
    session.state.effects[effect.id] = EffectRecord(
        effect, EffectState.VERIFIED, result=EffectResult(key_id=new)
    )
    rows = rows_of(session)
    assert text_of(rows[new].cells[2]).startswith("prod-web  ")
    assert "[wb-" in text_of(rows[copied].cells[2]), "anybody can copy a mark"


def test_one_moved_effect_makes_one_row(session: FakeSession) -> None:
    view = CredentialView(session.inventory, session.state, (), SAFE, {})
    whole = {row.key: row for row in view.rows()}
    record = reset(session, EffectState.VERIFIED)
    moved = view.moved([record])
    assert [row.key for row in moved] == [record.effect.target]
    assert text_of(moved[0].cells[0]) == "◐ untested" and text_of(whole[moved[0].key].cells[0]) == "· open"


def test_unchanged_rows_are_the_same_objects(session: FakeSession) -> None:
    cache: dict[str, Any] = {}
    first = CredentialView(session.inventory, session.state, (), SAFE, {}, cache).rows()
    record = reset(session, EffectState.VERIFIED)
    second = CredentialView(session.inventory, session.state, (), SAFE, {}, cache).rows()
    changed = [a.key for a, b in zip(first, second, strict=True) if a is not b]
    assert changed == [record.effect.target]


def test_findings_and_judgements_show(session: FakeSession) -> None:
    key_id = next(iter(session.inventory.keys))
    finding = SimpleNamespace(
        id=key_id, title="API key", severity="high", why=("made at night", "b"), decision=""
    )
    row = rows_of(session, findings=[finding])[key_id]
    assert text_of(row.cells[0]) == "⚠ stranger?" and text_of(row.cells[-1]) == "made at night; b"
    finding.severity = "low"
    assert text_of(rows_of(session, findings=[finding])[key_id].cells[0]) == "? judge"
    session.state.decisions[f"key:{key_id}"] = Decision(f"key:{key_id}", "ours", "", "me", "")
    finding.decision = "ours"
    assert text_of(rows_of(session, findings=[finding])[key_id].cells[0]) == "✓ ours"


def test_people_are_shortened_only_while_share_safe(session: FakeSession) -> None:
    safe, full = (user_rows(session.inventory, session.state, (), look)[0] for look in (SAFE, OPEN))
    assert text_of(safe.cells[1]) == "ma…@acme.example" and text_of(full.cells[1]) == PERSON
    people = frozenset({PERSON})
    assert (
        hide_people(f"<{PERSON.upper()}>, app@mg.example", people, SAFE)
        == "<MA…@ACME.EXAMPLE>, app@mg.example"
    )
    assert hide_people(f"told {PERSON}.", people, SAFE).startswith("told ma…@acme.example")
    assert hide_people(PERSON, people, OPEN) == PERSON


def test_a_user_is_secure_by_evidence_only(session: FakeSession) -> None:
    item = session.inventory.users["user-0"]
    session.state.last_cut_at = "2026-11-21T14:10:00Z"

    def state() -> str:
        return text_of(user_rows(session.inventory, session.state, (), SAFE)[0].cells[0])

    assert state() == "· open"
    user = type(item.user)(
        id="user-0",
        email=PERSON,
        tfa_active=True,
        password_updated_at=datetime(2026, 11, 21, 14, 11, tzinfo=UTC),
    )
    session.inventory.users["user-0"] = type(item)(user, US)
    assert state() == "✓ secure"


def test_domains_count_their_resets(session: FakeSession) -> None:
    reset(session, EffectState.VERIFIED)
    rows = domain_rows(session.inventory, session.state, (), SAFE)
    assert [text_of(row.cells[3]) for row in rows] == ["1/3", "0/3"]


def test_listings_sort_what_matters_first() -> None:
    def listing(verdict: str) -> Any:
        zone = SimpleNamespace(title="Zone", name="zone.example")
        return SimpleNamespace(
            verdict=SimpleNamespace(value=verdict),
            pair=("192.0.2.1", "zone.example"),
            subject=SimpleNamespace(value="192.0.2.1"),
            zone=zone,
            tier=1,
            reason="because",
            txt=("said",),
            asked_at=datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC),
        )

    listings = {word: listing(word) for word in ("not listed", "listed", "cannot tell")}
    rows = listing_rows(listings, ListingBook(), datetime(2026, 11, 21, 15, tzinfo=UTC), SAFE)
    table = TableModel([Column(str(place), "", 9) for place in range(len(rows[0].cells))])
    table.set_rows(rows)
    table.set_sort("0")
    assert table.keys() == ["listed", "cannot tell", "not listed"]
    assert text_of(rows[0].cells[-1]) == "because; said" and text_of(rows[0].cells[-2]) == "14:02:07"


def test_what_is_not_listed_is_one_line_and_nothing_else_is_folded() -> None:
    def listing(verdict: str, subject: str) -> Any:
        return SimpleNamespace(
            verdict=SimpleNamespace(value=verdict),
            pair=(subject, "zone.example"),
            subject=SimpleNamespace(value=subject),
            zone=SimpleNamespace(title="Zone", name="zone.example"),
            tier=1,
            reason="",
            txt=(),
            asked_at=datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC),
        )

    listings = {f"fine {n}": listing("not listed", f"192.0.2.{n}") for n in range(118)}
    listings |= {"a": listing("listed", "198.51.100.1"), "b": listing("cannot tell", "198.51.100.2")}
    now = datetime(2026, 11, 21, 15, tzinfo=UTC)
    rows = listing_rows(listings, ListingBook(), now, SAFE, folded=True)
    assert [row.key for row in rows] == ["a", "b", FINE]
    assert text_of(rows[-1].cells[-1]).startswith("118 look-ups; ")
    assert text_of(rows[-1].cells[1]) == "118 subjects" and not rows[-1].markable
    assert len(listing_rows(listings, ListingBook(), now, SAFE)) == 120
    unfolded = listing_rows(listings, ListingBook(), now, SAFE, folded=False)
    assert len(unfolded) == 121 and unfolded[0].key == FINE  # what unfolds them folds them again
    assert text_of(unfolded[0].cells[-1]) == "118 look-ups; Enter folds"
    few = {key: listings[key] for key in ("a", "fine 1", "fine 2")}
    assert len(listing_rows(few, ListingBook(), now, SAFE, folded=True)) == 3


def test_moments() -> None:
    assert as_moment("not a date") is None and as_moment(None) is None
    assert as_moment("2026-11-21T14:02:07") == datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)
    east = datetime(2026, 11, 22, 1, 0, tzinfo=UTC).astimezone(tz=None) + timedelta(0)
    assert moment_text(east, SAFE, "%H:%M") == "01:00"
    assert moment_text(None, SAFE) == "—" and moment_text(None, PLAIN) == "-"


def test_details_hold_everything_known(session: FakeSession) -> None:
    record = reset(
        session, EffectState.VERIFIED, evidence=["old 535", "new 235"], done_at="2026-11-21T14:03:00Z"
    )
    heading, lines = detail_lines(session, "credentials", record.effect.target, SAFE)
    text = "\n".join(lines)
    assert record.effect.target in heading and "old 535" in text and "2026-11-21 14:03:00Z" in text
    heading, lines = detail_lines(session, "users", "user-0", SAFE)
    assert PERSON not in heading + "\n".join(lines)
    for pane in ("credentials", "domains", "users", "blocklists", "activity"):
        assert detail_lines(session, pane, "no such thing", SAFE)[1]
