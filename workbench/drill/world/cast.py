"""Who and what a story has: domains, logins, users and keys, made from scenario, sizes and seed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from workbench.drill.world.facts import (
    DomainFact,
    LoginFact,
    Owner,
    PlantedKeyFact,
    UserFact,
    current_secret,
    hexes,
)
from workbench.drill.world.options import DrillOptions
from workbench.drill.world.scenarios import Scenario

_PEOPLE = (
    "Ada Marsh",
    "Ben Okoro",
    "Carla Voss",
    "Dev Rao",
    "Elin Sund",
    "Farid Nassar",
    "Greta Holm",
    "Hugo Paz",
)
_STRANGERS = (("Mail Admin", "it-support"), ("Delivery Desk", "delivery"))
_SUB_US = ("mg", "news", "billing", "alerts", "shop", "support", "forms")
_SUB_EU = ("mg-eu", "news-eu", "shop-eu", "app-eu")
_LOGINS = ("app", "newsletter", "crm", "wordpress", "cron", "backup", "erp", "helpdesk", "invoices", "events")


def domains_of(
    scenario: Scenario, options: DrillOptions, company: str, start: datetime, rng: random.Random
) -> tuple[DomainFact, ...]:
    """Return the sending domains below the ``company``'s, the main one first, one sandbox among them."""
    count = scenario.domains if options.domains is None else options.domains
    made: list[DomainFact] = []
    eu_wanted = count * 4 // 12 if "eu" in scenario.regions else 0
    us_wanted = count - eu_wanted
    for region, wanted, names in (("us", us_wanted, _SUB_US), ("eu", eu_wanted, _SUB_EU)):
        for index in range(wanted):
            created = start - timedelta(days=rng.randrange(200, 1800), seconds=rng.randrange(86400))
            # The last US domain of an account is its sandbox: every account has one (dossier A4).
            if region == "us" and index == wanted - 1 and wanted > 1:
                made.append(DomainFact(region, f"sandbox{hexes(rng, 32)}.mailgun.org", "sandbox", created))
                continue
            host = (
                names[index] if index < len(names) else f"client{index:03d}{'-eu' if region == 'eu' else ''}"
            )
            made.append(DomainFact(region, f"{host}.{company}", "custom", created))
    return tuple(made)


def logins_of(
    scenario: Scenario,
    options: DrillOptions,
    domains: tuple[DomainFact, ...],
    start: datetime,
    first_use: datetime,
    rng: random.Random,
) -> tuple[LoginFact, ...]:
    """Spread the wanted number of logins over the domains, one ``postmaster`` each first."""
    total = scenario.credentials if options.credentials is None else options.credentials
    if not domains or not total:
        return ()
    planted = "smtp-login" in scenario.plants and total > len(domains)
    stolen_wanted = scenario.leak == "login" or scenario.smtp_rate > 0
    made: list[LoginFact] = []
    for position in range(total - planted):
        domain = domains[position % len(domains)]
        rank = position // len(domains)
        local = "postmaster"
        if rank:
            local = _LOGINS[rank - 1] if rank <= len(_LOGINS) else f"user{rank:05d}"
        created = min(
            start - timedelta(days=30), domain.created + timedelta(days=rng.randrange(1, 160), seconds=rank)
        )
        stolen = stolen_wanted and position == (len(domains) if total > len(domains) else 0)
        busy = stolen or (rank == 1 and domain.kind == "custom" and position % len(domains) < 4)
        made.append(
            LoginFact(
                domain.region,
                domain.name,
                f"{local}@{domain.name}",
                current_secret(rng),
                created,
                owner="production" if busy else "idle",
                stolen=stolen,
            )
        )
    if planted:
        made.append(
            LoginFact(
                domains[0].region,
                domains[0].name,
                f"mailer-daemon2@{domains[0].name}",
                current_secret(rng),
                first_use + timedelta(minutes=52),
                owner="intruder",
                planted=True,
            )
        )
    return tuple(made)


def users_of(
    scenario: Scenario,
    options: DrillOptions,
    slug: str,
    start: datetime,
    first_use: datetime,
    rng: random.Random,
) -> tuple[UserFact, ...]:
    """Return the panel users, the owner first, the planted strangers last."""
    count = scenario.users if options.users is None else options.users
    planted = min(len(scenario.strangers), count - 1) if "panel-user" in scenario.plants and count > 1 else 0
    company = f"{slug}.{scenario.suffix}"
    roles = ("admin", "admin", "developer", "billing", "basic", "support")
    methods = ("classic", "classic", "sinch", "classic", "saml")
    made: list[UserFact] = []
    for index in range(count - planted):
        name = _PEOPLE[index % len(_PEOPLE)] + (
            f" {index // len(_PEOPLE) + 1}" if index >= len(_PEOPLE) else ""
        )
        local = name.lower().replace(" ", ".")
        # One mailbox lies behind the account's own inbound routes: whoever taps those reads its reset mails.
        host = f"{_SUB_US[0]}.{company}" if index == 1 and "tapped" in scenario.quirks else company
        if index == 0 and scenario.owner_at:
            host = scenario.owner_at
        made.append(
            UserFact(
                hexes(rng, 24),
                name,
                f"{local}@{host}",
                roles[index % len(roles)] if index else "admin",
                methods[index % len(methods)],
                index == 0,
                index % 3 == 0,
                start - timedelta(days=rng.randrange(90, 900), seconds=rng.randrange(86400)),
            )
        )
    for index, (name, local) in enumerate(_STRANGERS[:planted]):
        joined = first_use + timedelta(minutes=43 + index)
        made.append(
            UserFact(
                hexes(rng, 24),
                name,
                f"{local}@{scenario.strangers[index].format(slug=slug)}",
                "admin",
                "classic",
                False,
                False,
                joined,
                True,
            )
        )
    return tuple(made)


def keys_of(
    scenario: Scenario,
    domains: tuple[DomainFact, ...],
    users: tuple[UserFact, ...],
    start: datetime,
    first_use: datetime,
    rng: random.Random,
) -> tuple[PlantedKeyFact, ...]:
    """Return the API keys, the responder's first, planted ones last."""
    mint = _KeyMint(scenario, users, start, rng)
    custom = [domain for domain in domains if domain.kind == "custom"]
    # Planted keys draw first: their values must not depend on how many others there are.
    planted = _planted_keys(mint, custom, first_use)
    made = _own_keys(mint, custom, scenario.keys - len(planted))
    if "web-key" in scenario.plants:
        hidden = start - timedelta(hours=2)
        planted.append(mint.make("session", "web", "admin", "intruder", 0, planted=True, at=hidden))
    return tuple(made + planted)


class _KeyMint:
    """Makes the keys of one account, each with the next values of its random numbers."""

    def __init__(
        self, scenario: Scenario, users: tuple[UserFact, ...], start: datetime, rng: random.Random
    ) -> None:
        self.scenario, self.start, self.rng = scenario, start, rng
        self._owner = users[0] if users else None
        # Made in the panel by the planted user, not with the stolen key: the listing names another asker.
        stranger = next((user for user in users if user.planted), None)
        self._stranger = stranger if "own-user" in scenario.quirks else None

    def make(
        self,
        name: str,
        kind: str,
        role: str,
        owner: Owner,
        days: int,
        at: datetime | None = None,
        **more: Any,
    ) -> PlantedKeyFact:
        """Return a key that is ``days`` old, or as old as ``at`` says."""
        secret = current_secret(self.rng)
        key_id = secret[33:]
        if "legacy" in self.scenario.quirks and owner != "operator" and self.rng.random() < 0.5:
            secret = f"key-{hexes(self.rng, 32)}"
        if at is None:
            at = self.start - timedelta(days=days, seconds=self.rng.randrange(86400))
        asker = self._stranger if self._stranger is not None and owner == "intruder" else self._owner
        return PlantedKeyFact(
            name,
            key_id,
            secret,
            kind,
            role,
            at,
            owner,
            requestor=asker.email if asker else "",
            user_name=asker.name if asker else "",
            **more,
        )


def _planted_keys(mint: _KeyMint, custom: list[DomainFact], first_use: datetime) -> list[PlantedKeyFact]:
    """Return what the intruder made soon after the first use."""
    planted = []
    if "admin-key" in mint.scenario.plants:
        at = first_use + timedelta(minutes=41)
        planted.append(mint.make("prod-web-2", "user", "admin", "intruder", 0, planted=True, at=at))
    if "sending-key" in mint.scenario.plants and custom:
        where: dict[str, Any] = {"domain": custom[0].name, "region": custom[0].region}
        at = first_use + timedelta(minutes=46)
        planted.append(
            mint.make("smtp-relay", "domain", "sending", "intruder", 0, planted=True, at=at, **where)
        )
    return planted


def _own_keys(mint: _KeyMint, custom: list[DomainFact], wanted: int) -> list[PlantedKeyFact]:
    """Return the account's own keys, ``wanted`` of them but at least the responder's and production's."""
    scenario, rng = mint.scenario, mint.rng
    stolen = scenario.leak == "key" and scenario.keys > 1
    role = "developer" if "non-admin" in scenario.quirks else "admin"
    made = [mint.make("ops-console", "user", role, "operator", 260)]
    if scenario.keys > 1:
        made.append(mint.make("prod-web", "user", "admin", "production", 640, stolen=stolen))
    spare = (("billing-worker", 1), ("newsletter", len(custom) - 1), ("alerts", 2), ("forms", 3))
    fillers = [("ci-deploy", "developer"), ("reporting", "basic"), ("legacy-import", "admin")]
    index = 0
    while len(made) < wanted:
        name, where_index = spare[index % 4] if index < 4 else (f"client-{index:03d}", index)
        if index % 2 == 0 and index // 2 < len(fillers):
            filler, filler_role = fillers[index // 2]
            made.append(mint.make(filler, "user", filler_role, "idle", rng.randrange(60, 900)))
            if len(made) >= wanted:
                break
        days = rng.randrange(60, 900)
        if custom:
            domain = custom[where_index % len(custom)]
            where: dict[str, Any] = {"domain": domain.name, "region": domain.region}
            made.append(mint.make(name, "domain", "sending", "production", days, **where))
        else:
            made.append(mint.make(name, "user", "basic", "idle", days))
        index += 1
    return made
