"""What speaks for a stranger: dates inside the window, names and addresses nobody shares, never a verdict alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.detection import suspicion
from workbench.domain.detection.suspicion import NOTHING, Background
from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, LoginItem, UserItem
from workbench.domain.model.plan import Place
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Key, SmtpCredential, User

US = Place(Region.US)
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
BEFORE, INSIDE = SINCE - timedelta(days=300), SINCE + timedelta(hours=5)


def background(*ours: str) -> Background:
    """Return an account of two people at acme.example."""
    inventory = Inventory()
    for n, email in enumerate(("ada@acme.example", "ben@acme.example")):
        inventory.users[str(n)] = UserItem(User(id=str(n), email=email, name=f"U{n}", is_master=n == 0), US)
    inventory.domains["mg.acme.example"] = DomainItem(Domain(name="mg.acme.example"), US)
    return Background.of(inventory, SINCE, ours)


def test_a_key_made_in_the_window_is_suspected_unless_it_is_ours() -> None:
    key = KeyItem(Key(id="k1", created_at=INSIDE, requestor="ada@acme.example"), US)
    found = suspicion.of_key(key, background())
    assert found.likely
    assert "inside the abuse window" in found.why[0]
    assert suspicion.of_key(key, background("k1")) == NOTHING
    old = KeyItem(Key(id="k2", created_at=BEFORE, requestor="ada@acme.example"), US)
    assert suspicion.of_key(old, background()) == NOTHING


def test_a_key_asked_for_by_nobody_known_is_suspected_whatever_its_date() -> None:
    key = KeyItem(Key(id="k", created_at=BEFORE, requestor="eve@elsewhere.example"), US)
    assert suspicion.of_key(key, background()).likely


def test_postmaster_is_never_suspected_and_a_fresh_login_is() -> None:
    def login(name: str, at: datetime | None) -> LoginItem:
        return LoginItem(SmtpCredential(login=name, created_at=at), "mg.acme.example", US)

    assert suspicion.of_login(login("postmaster", INSIDE), background()) == NOTHING
    assert suspicion.of_login(login("app", BEFORE), background()) == NOTHING
    assert suspicion.of_login(login("app", None), background()) == NOTHING
    assert suspicion.of_login(login("relay", INSIDE), background()).likely


def test_the_owner_is_never_a_stranger_and_another_mail_domain_is() -> None:
    owner = UserItem(User(id="9", email="x@elsewhere.example", is_master=True), US)
    assert suspicion.of_user(owner, background()) == NOTHING
    stranger = UserItem(User(id="8", email="it@acme-mail.example"), US)
    assert suspicion.of_user(stranger, background()).likely
    colleague = UserItem(User(id="7", email="carla@acme.example", password_updated_at=INSIDE), US)
    assert not suspicion.of_user(colleague, background()).likely


def test_a_domain_added_in_the_window_is_suspected_the_more_the_stranger_its_name() -> None:
    same = suspicion.of_domain(DomainItem(Domain(name="x.acme.example", created_at=INSIDE), US), background())
    other = suspicion.of_domain(
        DomainItem(Domain(name="acme-mail.example", created_at=INSIDE), US), background()
    )
    assert same.likely
    assert other.score > same.score
    old = suspicion.of_domain(DomainItem(Domain(name="other.example", created_at=BEFORE), US), background())
    assert old == NOTHING


@given(
    st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
    st.one_of(st.none(), st.text(max_size=40)),
    st.one_of(st.none(), st.text(max_size=40)),
)
def test_whatever_is_written_there_every_suspicion_says_why(
    created: datetime | None, asker: str | None, kind: str | None
) -> None:
    known = background()
    found = [
        suspicion.of_key(KeyItem(Key(id="k", created_at=created, requestor=asker, kind=kind), US), known),
        suspicion.of_user(UserItem(User(id="u", email=asker, password_updated_at=created), US), known),
    ]
    for each in found:
        assert 0 <= each.score <= 3
        assert bool(each.score) == bool(each.why)


def test_the_window_begins_a_day_before_the_abuse_or_some_days_ago() -> None:
    assert suspicion.window_start(INSIDE, INSIDE) == INSIDE - timedelta(days=1)
    assert suspicion.window_start(INSIDE, None) == INSIDE - suspicion.RECENT
