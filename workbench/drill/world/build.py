"""Make the account of a story: what the customer set up over the years, before anybody broke in."""

from __future__ import annotations

from datetime import datetime, timedelta

from workbench.drill.activity.senders import add_senders
from workbench.drill.world.options import DrillOptions
from workbench.drill.world.plants import plant
from workbench.drill.world.records import (
    Member,
    SimulatedCredential,
    SimulatedDkimKey,
    SimulatedDomain,
    SimulatedKey,
    SimulatedMailingList,
    SimulatedRegion,
    SimulatedRoute,
    SimulatedRule,
    SimulatedSuppression,
    SimulatedTemplate,
    SimulatedUser,
    Tenant,
    Version,
    World,
)
from workbench.drill.world.story import DomainFact, LoginFact, PlantedKeyFact, Story, hexes

# What a big plan holds (dossier, plan-bound things).
FEATURES = ("subaccounts", "optimize", "ip_pools", "key_roles", "bodies")

# What the hostile scenario writes into every free-text field: line breaks, right-to-left marks, markup of
# two toolkits, terminal escapes, a spreadsheet formula, and length.
NASTY = (
    "ops\nkey\r\n2",
    "\u202egnp.yek\u202c",
    "[bold red]not markup[/] [link=https://x.example]x[/link]",
    "\x1b]52;c;cHduZWQ=\x07\x1b[2J\x1b[31mred",
    '=HYPERLINK("https://x.example","open")',
    "é\u0301\u200d\u200b\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "A" * 4000,
    "</script><script>alert(1)</script>",
)


def build(story: Story, options: DrillOptions) -> World:
    """Return the world of ``story`` as it is at the drill's opening, with everything planted."""
    start = story.start.timestamp()
    world = World(
        scenario=story.scenario.name,
        seed=story.seed,
        start=start,
        main=story.account_id,
        sizes=[options.domains, options.credentials, options.users],
    )
    rng = story.rng("account")
    created = min([start - 900 * 86400.0, *(d.created.timestamp() for d in story.domains)]) - 86400.0
    tenant = Tenant(
        id=story.account_id,
        name=story.company,
        created=created,
        updated=created,
        signing_key=f"key-{hexes(rng, 32)}",
        alert_signing_key=hexes(rng, 32),
        public_key=f"pubkey-{hexes(rng, 32)}",
        features=list(FEATURES),
    )
    world.tenants[tenant.id] = tenant
    for region in story.scenario.regions:
        tenant.regions[region] = SimulatedRegion()
    for key in story.keys:
        tenant.keys[key.id] = _key(key)
    stranger = next((user for user in story.users if user.planted), next(iter(story.users), None))
    for key_record in tenant.keys.values():
        if key_record.kind == "web" and stranger is not None:
            # A session belongs to somebody: to the stranger, or to whom the session was stolen from.
            key_record.user_id = stranger.id
    for user in story.users:
        password = user.password_set.timestamp()
        tenant.users[user.id] = SimulatedUser(
            id=user.id,
            name=user.name,
            email=user.email,
            role=user.role,
            method=user.method,
            is_owner=user.is_owner,
            tfa_enabled=user.two_factor,
            tfa_active=user.two_factor,
            tfa_created=password + 600.0 if user.two_factor else None,
            password_updated=password,
            opened_ip=story.host("office").ip if user.is_owner else "",
        )
    for fact in story.domains:
        tenant.regions.setdefault(fact.region, SimulatedRegion()).domains[fact.name] = _domain(fact, story)
    for login in story.logins:
        _login(tenant, login)
    _furnish(tenant, story)
    plant(world, story)
    add_senders(world, story)
    for stream in world.streams.values():
        stream.rate *= options.traffic
    _quirks(world, tenant, story)
    return world


def _key(fact: PlantedKeyFact) -> SimulatedKey:
    created = fact.created.timestamp()
    return SimulatedKey(
        id=fact.id,
        secret=fact.secret,
        description=fact.name,
        kind=fact.kind,
        role=fact.role,
        created=created,
        updated=created,
        requestor=fact.requestor,
        user_name=fact.user_name,
        domain=fact.domain,
        expires=created + 86400.0 if fact.kind == "web" else None,
    )


def _login(tenant: Tenant, fact: LoginFact) -> None:
    domain = tenant.regions[fact.region].domains[fact.domain]
    domain.credentials[fact.login] = SimulatedCredential(
        fact.login, fact.password, fact.created.timestamp(), system=fact.login.startswith("postmaster@")
    )


def _domain(fact: DomainFact, story: Story) -> SimulatedDomain:
    rng = story.rng(f"domain {fact.name}")
    domain = SimulatedDomain(
        name=fact.name,
        id=hexes(rng, 24),
        created=fact.created.timestamp(),
        type=fact.kind,
        dkim=[SimulatedDkimKey("pic" if fact.kind == "custom" else "mx", f"k=rsa; p={hexes(rng, 160)}")],
    )
    domain.tracking.unsubscribe_active = rng.random() < 0.3
    if fact.kind == "sandbox":
        return domain
    for number in range(rng.randrange(4, 12)):
        moment = story.start.timestamp() - rng.randrange(86400 * 2, 86400 * 90)
        address = f"gone{hexes(rng, 6)}@inbox.example"
        domain.bounces[address] = SimulatedSuppression(
            address, moment, {"code": "550", "error": "No such mailbox"}
        )
        if number % 3 == 0:
            address = f"angry{hexes(rng, 6)}@inbox.example"
            domain.complaints[address] = SimulatedSuppression(address, moment)
        if number % 2 == 0:
            address = f"tired{hexes(rng, 6)}@inbox.example"
            domain.unsubscribes[address] = SimulatedSuppression(address, moment, {"tags": ["*"]})
    return domain


def _furnish(tenant: Tenant, story: Story) -> None:
    """Give the account what a grown-up account has: routes, hooks, templates, lists, alerts."""
    for region, area in tenant.regions.items():
        rng = story.rng(f"furnish {region}")
        custom = [domain for domain in area.domains.values() if domain.type == "custom"]
        if not custom:
            continue
        first = custom[0]
        created = first.created + 40 * 86400.0
        expression = f"match_recipient('support@{first.name}')"
        route = SimulatedRoute(
            hexes(rng, 24),
            0,
            "Support mail into the help desk",
            expression,
            [f'forward("https://desk.{story.company_domain}/in")', "stop()"],
            created,
        )
        area.routes[route.id] = route
        for domain in custom[:6]:
            hook = f"https://hooks.{story.company_domain}/mailgun"
            domain.webhooks = {"permanent_fail": [hook], "complained": [hook]}
        for name in ("welcome", "invoice", "password-reset"):
            _template(first, name, created + rng.randrange(10, 300) * 86400.0, story)
        address = f"team@{first.name}"
        mailing_list = SimulatedMailingList(address, "Team", "Everybody who works here", created)
        for user in story.users:
            if not user.planted:
                mailing_list.members[user.email] = Member(user.email, user.name)
        area.lists[address] = mailing_list
        rule = SimulatedRule(
            hexes(rng, 32),
            "bounce rate",
            "hard_bounce_rate",
            ">",
            "0.05",
            "domain",
            created,
            created,
            channels=["email"],
        )
        area.alerts[rule.name] = rule
    tenant.sandbox_recipients = {user.email: True for user in story.users[:2] if not user.planted}


def _template(domain: SimulatedDomain, name: str, created: float, story: Story) -> None:
    rng = story.rng(f"template {domain.name} {name}")
    version = Version(
        "initial",
        _uuid(hexes(rng, 32)),
        f"<html><body><h1>{name}</h1><p>Hello {{{{name}}}}</p></body></html>",
        created,
        active=True,
        headers={"From": f"{story.company} <hello@{domain.name}>", "Subject": name.replace("-", " ").title()},
    )
    domain.templates[name] = SimulatedTemplate(
        name, _uuid(hexes(rng, 32)), f"The {name} mail", created, "ci", {"initial": version}
    )


def _uuid(text: str) -> str:
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


def _quirks(world: World, tenant: Tenant, story: Story) -> None:
    if story.quirk("quota-full"):
        tenant.key_quota = len(tenant.keys)
    if story.quirk("small-plan"):
        tenant.features.clear()
    if story.quirk("disabled"):
        tenant.disabled = "Account disabled"
        until = story.start + timedelta(days=365)
        for stream in world.streams.values():
            for span in stream.spans:
                span[1] = story.start.timestamp() - 3600.0
        for area in tenant.regions.values():
            for domain in area.domains.values():
                _disable(domain, until)
    if story.quirk("hostile"):
        _make_hostile(tenant, story)


def _disable(domain: SimulatedDomain, until: datetime) -> None:
    domain.is_disabled = True
    domain.state = "disabled"
    # Code and shape as the vendor's domain object has them (dossier A5); the wording is the drill's.
    domain.disabled = {
        "code": "rzr01",
        "note": "Sending disabled after unusual activity",
        "permanently": False,
        "reason": "Account disabled",
        "until": until.timestamp(),
    }


def _make_hostile(tenant: Tenant, story: Story) -> None:
    rng = story.rng("hostile")

    def nasty() -> str:
        return NASTY[rng.randrange(len(NASTY))]

    for number, key in enumerate(tenant.keys.values()):
        if key.id != story.operator_key.id:
            key.description = NASTY[number % len(NASTY)]
            key.user_name = nasty()
    for number, user in enumerate(tenant.users.values()):
        user.name = NASTY[number % len(NASTY)]
    for area in tenant.regions.values():
        for route in area.routes.values():
            route.description = nasty()
        for domain in area.domains.values():
            domain.web_prefix = nasty()[:60]
            for text in NASTY[:3]:
                login = f"{text}@{domain.name}"
                domain.credentials[login] = SimulatedCredential(
                    login, hexes(rng, 32), domain.created + 86400.0
                )
