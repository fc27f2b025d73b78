"""What is looked up: the organisational domain, linked hosts, and nothing of Mailgun's own."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench.blocklists.names import Role
from workbench.domain.model.inventory import DomainItem, Inventory
from workbench.domain.model.plan import Place
from workbench.domain.model.settings import DomainSettings, Settings
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Template, TemplateVersion
from workbench.readers.blocklist_targets import MOST_LINKS, subjects, template_hosts


def _inventory(*names: str) -> Inventory:
    inventory = Inventory()
    for name in names:
        inventory.domains[name] = DomainItem(Domain(name=name), Place(Region.US))
    return inventory


def test_the_organisational_domain_is_asked_by_the_public_suffix_list() -> None:
    found = subjects(_inventory("mg.acme.co.uk", "news.acme.co.uk", "shop.example"))
    roles = {one.value: one.role for one in found}
    assert roles["acme.co.uk"] is Role.ORGANISATION
    assert "co.uk" not in roles
    assert roles["shop.example"] is Role.DOMAIN


def test_linked_hosts_are_asked_as_such_and_the_vendors_own_are_not() -> None:
    links = [
        "landing.evil.example",
        "email.mg.acme.example",
        "track.mailgun.org",
        "mg.acme.example",
        "not a host",
    ]
    roles = {one.value: one.role for one in subjects(_inventory("mg.acme.example"), (), links)}
    assert roles["landing.evil.example"] is Role.LINK_DOMAIN
    assert roles["mg.acme.example"] is Role.DOMAIN
    assert "track.mailgun.org" not in roles
    many = subjects(_inventory(), (), [f"h{n}.example" for n in range(200)])
    assert len(many) == MOST_LINKS


def test_templates_tell_their_links() -> None:
    version = TemplateVersion(
        tag="v1", template='<a href="https://pay.evil.example/x?y=1">pay</a> http://[broken'
    )
    held = Settings(datetime(2026, 11, 28, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))
    held.domains["a"] = DomainSettings(Domain(name="a"), Place(Region.US))
    held.domains["a"].templates = [Template(name="reset", version=version)]
    assert template_hosts(held) == ["pay.evil.example"]
