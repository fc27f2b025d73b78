"""Each hiding place judged: planted things are asked about, the customer's own are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from workbench.domain.detection.hosts import CustomerNames
from workbench.domain.model import settings as store
from workbench.domain.model.plan import EffectKind, Place
from workbench.domain.model.settings import AccountSettings, DomainSettings, PlaceSettings, Settings
from workbench.domain.settings_audit.audit import Clues, JudgedAge, Sweep, Swept, sweep
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.domain.settings_audit.remedies import effect_of
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence_models import Alert
from workbench.mailgun.models import (
    AccountWebhook,
    AllowEntry,
    DkimKey,
    Domain,
    MailingList,
    Route,
    SandboxRecipient,
    Template,
    TemplateVersion,
    Tracking,
    TrackingSwitch,
    WhitelistEntry,
)

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=2)
OLD = NOW - timedelta(days=400)
INSIDE = NOW - timedelta(hours=6)
US = Place(Region.US)
DROP = "https://collect.drop.test"
HOME = CustomerNames.of(["mg.acme.example"])


def _settings(
    *, place: dict[str, Any] | None = None, domain: dict[str, Any] | None = None, **account: Any
) -> Settings:
    found = Settings(NOW, SINCE)
    found.accounts[""] = AccountSettings(None, **account)
    found.places[US] = PlaceSettings(US, **(place or {}))
    for name in ("mg.acme.example", "news.acme.example", "shop.acme.example"):
        found.domains[name] = DomainSettings(
            Domain(name=name, created_at=OLD), US, dkim=[DkimKey(selector="pic")]
        )
    mine = found.domains["mg.acme.example"]
    for field, value in (domain or {}).items():
        setattr(mine, field, value)
    return found


def _one(found: Sweep, kind: str) -> Swept:
    (item,) = [item for item in found.swept if item.kind == kind]
    return item


def _route(
    actions: tuple[str, ...], made: datetime, expression: str = "match_recipient('a@mg.acme.example')"
) -> Route:
    return Route(id="r1", priority=0, expression=expression, actions=actions, created_at=made)


def test_a_route_made_inside_the_window_to_a_stranger_is_grave() -> None:
    route = _route((f'forward("{DROP}/in")',), INSIDE, "match_recipient('.*@mg.acme.example')")
    item = _one(sweep(_settings(place={"routes": [route]}), HOME), "route")
    assert (item.judged, item.severity, item.id) == (JudgedAge.INSIDE, "high", "r1")
    assert "inside the abuse window" in item.why[0]
    assert any("takes every message" in line for line in item.why)


def test_an_old_route_to_an_own_host_is_known_and_asks_nothing() -> None:
    item = _one(
        sweep(_settings(place={"routes": [_route(('forward("https://desk.acme.example/in")',), OLD)]}), HOME),
        "route",
    )
    assert (item.judged, item.asks) == (JudgedAge.BEFORE, False)


def test_an_old_route_to_a_stranger_is_asked_because_an_edit_leaves_no_date() -> None:
    item = _one(
        sweep(_settings(place={"routes": [_route(('forward("drop@drop.test")',), OLD)]}), HOME), "route"
    )
    assert (item.judged, item.asks) == (JudgedAge.UNDATED, True)
    assert any("an edit leaves no date" in line for line in item.why)


def test_webhooks_of_domain_and_account() -> None:
    hook = AccountWebhook(webhook_id="w1", url=f"{DROP}/account", created_at=INSIDE)
    found = sweep(
        _settings(place={"webhooks": [hook]}, domain={"webhooks": {"delivered": [f"{DROP}/events"]}}), HOME
    )
    of_domain = next(i for i in found.swept if i.id == f"{DROP}/events")
    of_account = next(i for i in found.swept if i.id == "w1")
    assert of_domain.judged is JudgedAge.UNDATED
    assert of_domain.asks
    assert any("also stands in" in line for line in of_domain.why), "one drop host serves many traps"
    assert of_account.judged is JudgedAge.INSIDE


def test_a_webhook_whose_address_holds_a_token_is_never_put_into_a_plan() -> None:
    url = f"{DROP}/events?token=abc"
    item = _one(sweep(_settings(domain={"webhooks": {"delivered": [url]}}), HOME), "webhook")
    assert item.remedy == ""
    assert "url" not in item.params
    assert "control panel" in item.instruct


def test_archive_footer_template_list_and_never_suppress_entry() -> None:
    version = TemplateVersion(tag="v1", headers={"Reply-To": "help@drop.test"}, template="Hello")
    footer = TrackingSwitch(active=True, html_footer=f'<a href="{DROP}/confirm">Confirm</a>')
    found = sweep(
        _settings(
            place={
                "lists": [
                    MailingList(address="updates@mg.acme.example", access_level="everyone", created_at=INSIDE)
                ]
            },
            domain={
                "domain": Domain(name="mg.acme.example", created_at=OLD, archive_to=f"{DROP}/archive"),
                "tracking": Tracking(unsubscribe=footer),
                "templates": [Template(name="reset", id="t1", created_at=OLD, version=version)],
                "allowed": [WhitelistEntry(value="bulk.test", type="domain", created_at=INSIDE)],
            },
        ),
        HOME,
    )
    asked = {item.kind: item for item in found.asked()}
    assert set(asked) == {"archive-to", "tracking", "template", "mailing-list", "suppression-allow"}
    assert asked["archive-to"].id == f"{DROP}/archive"
    assert asked["template"].id == "t1"
    assert asked["template"].judged is JudgedAge.UNDATED
    assert asked["template"].instruct


def test_a_second_dkim_key_with_a_selector_of_its_own_is_asked() -> None:
    found = sweep(_settings(domain={"dkim": [DkimKey(selector="pic"), DkimKey(selector="s2")]}), HOME)
    assert [i.id for i in found.asked()] == ["s2"]


def test_an_alert_rule_changed_inside_the_window_is_named_with_its_value() -> None:
    rule = Alert(
        name="bounce rate",
        metric="hard_bounce_rate",
        comparator=">",
        limit="0.99",
        created_at=OLD,
        updated_at=INSIDE,
    )
    item = _one(sweep(_settings(place={"alerts": [rule]}), HOME), "alert")
    assert item.judged is JudgedAge.INSIDE
    assert "0.99" in item.instruct


def test_the_allowlist_is_judged_by_who_sent_from_inside_it() -> None:
    clues = Clues(known_addresses=frozenset({"192.0.2.10"}), strange_addresses=frozenset({"203.0.113.9"}))
    entries = [
        AllowEntry(ip_address="192.0.2.10"),
        AllowEntry(ip_address="203.0.113.0/24"),
        AllowEntry(ip_address="odd"),
    ]
    found = {i.id: i for i in sweep(_settings(allowlist=entries), HOME, clues).swept if i.kind == "allowlist"}
    assert not found["192.0.2.10"].asks
    assert found["203.0.113.0/24"].severity == "high"
    assert found["odd"].asks


def test_a_sandbox_recipient_who_is_a_user_is_calm_and_a_stranger_is_not() -> None:
    people = Clues(people=frozenset({"ann@acme.example"}))
    both = [SandboxRecipient(email="ann@acme.example"), SandboxRecipient(email="probe@drop.test")]
    assert [i.id for i in sweep(_settings(sandbox_recipients=both), HOME, people).asked()] == [
        "probe@drop.test"
    ]


def test_what_differs_from_the_snapshot_counts_as_changed() -> None:
    url = "https://hooks.acme.example/x"
    changed = {("webhook", "mg.acme.example/delivered", url): "was not there in the snapshot of 14:02"}
    item = _one(
        sweep(_settings(domain={"webhooks": {"delivered": [url]}}), HOME, Clues(changed=changed)), "webhook"
    )
    assert (item.judged, item.asks) == (JudgedAge.INSIDE, True)
    assert item.why[0].startswith("was not there")


def test_a_date_in_the_future_says_nothing_and_is_said() -> None:
    item = _one(sweep(_settings(place={"routes": [_route((), NOW + timedelta(days=90))]}), HOME), "route")
    assert item.judged is JudgedAge.UNDATED
    assert "lies in the future" in item.why[0]


def test_fields_that_could_not_be_read_are_said() -> None:
    route = msgspec.structs.replace(_route((), OLD), unreadable=("created_at",))
    assert any("created_at of Route" in gap for gap in sweep(_settings(place={"routes": [route]}), HOME).gaps)


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a" * 5000, "", "[bold]x", "‮gnp"])
def test_hostile_names_never_break_the_sweep(hostile: str) -> None:
    route = _route((hostile,), INSIDE)
    route = msgspec.structs.replace(route, description=hostile)
    found = sweep(_settings(place={"routes": [route]}, domain={"webhooks": {hostile: [hostile]}}), HOME)
    assert found.counts()
    for item in found.swept:
        assert SweepRead.from_body(SweepRead(items=(item,)).body(), "").items == (item,)
        effect = effect_of(item, Region.US)
        assert effect is None or effect.what.isprintable()


def test_remedies_name_the_thing_as_the_api_does() -> None:
    found = sweep(
        _settings(
            place={"routes": [_route((f'forward("{DROP}")',), INSIDE)]},
            domain={
                "domain": Domain(name="mg.acme.example", archive_to=f"{DROP}/a", wildcard=True),
                "dkim": [DkimKey(selector="pic"), DkimKey(selector="s2")],
            },
        ),
        HOME,
    )
    effects = {e.kind: e for item in found.asked() if (e := effect_of(item, Region.EU)) is not None}
    assert effects[EffectKind.ROUTE_DELETE].target == "r1"
    assert effects[EffectKind.ROUTE_DELETE].place == US
    assert effects[EffectKind.DKIM_DEACTIVATE].params.domain == "mg.acme.example"
    updates = [effect_of(i, Region.US) for i in found.asked() if i.remedy == "domain.update"]
    assert len({e.id for e in updates if e is not None}) == 2, "two fields of one domain are two effects"


def test_the_snapshot_hides_secrets_in_urls_and_the_baseline_still_sees_a_change() -> None:
    def fingerprint(text: str) -> str:
        return sha256(text.encode()).hexdigest()[:32]

    before = _settings(domain={"webhooks": {"delivered": [f"{DROP}/e?token=s3cr3t"]}})
    shown = msgspec.json.encode(store.document(before, "i1", fingerprint)).decode()
    assert "s3cr3t" not in shown
    assert "collect.drop.test" in shown
    after = _settings(domain={"webhooks": {"delivered": [f"{DROP}/e?token=other"]}})
    first, second = store.baseline(before, fingerprint), store.baseline(after, fingerprint)
    assert first != second
    assert not any("s3cr3t" in name for name in first)
