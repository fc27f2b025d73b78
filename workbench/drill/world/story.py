"""The facts of a drill: who the customer is, what leaked, who took it, what was planted.

Everything follows from (scenario, sizes, seed, start); nothing is stored. The API, the web site, the
access logs and the ground truth are all told from here, so that they agree.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workbench.drill.world.cast import domains_of, keys_of, logins_of, users_of
from workbench.drill.world.facts import CustomerHost as CustomerHost
from workbench.drill.world.facts import DomainFact as DomainFact
from workbench.drill.world.facts import LeakFact as LeakFact
from workbench.drill.world.facts import LoginFact as LoginFact
from workbench.drill.world.facts import PlantedKeyFact as PlantedKeyFact
from workbench.drill.world.facts import UserFact as UserFact
from workbench.drill.world.facts import current_secret as current_secret
from workbench.drill.world.facts import digest as digest
from workbench.drill.world.facts import hexes as hexes
from workbench.drill.world.options import DrillOptions
from workbench.drill.world.scenarios import Scenario, named

RESPONDER = "127.0.0.1"
LEAK_PATH = "/.env"
_COMPANIES = (
    ("Acme Tools", "acme"),
    ("Harbour Books", "harbour"),
    ("Northwind Bikes", "northwind"),
    ("Juniper Clinic", "juniper"),
    ("Lantern Travel", "lantern"),
)


@dataclass(frozen=True)
class Story:
    """All facts of one drill; see :func:`tell`."""

    scenario: Scenario
    seed: int
    start: datetime
    company: str
    slug: str
    company_domain: str
    account_id: str
    site_host: str
    hosts: tuple[CustomerHost, ...]
    intruder_ips: tuple[str, ...]
    sending_ips: dict[str, tuple[str, ...]]
    domains: tuple[DomainFact, ...]
    logins: tuple[LoginFact, ...]
    keys: tuple[PlantedKeyFact, ...]
    users: tuple[UserFact, ...]
    leak: LeakFact
    responder: str = RESPONDER

    def rng(self, label: str) -> random.Random:
        """Return a generator of its own for ``label``: independent of how often others were drawn from."""
        return random.Random(digest(self.seed, label))

    def has(self, plant: str) -> bool:
        """Return whether the intruder planted this kind of thing."""
        return plant in self.scenario.plants

    def quirk(self, name: str) -> bool:
        """Return whether the scenario has this peculiarity."""
        return name in self.scenario.quirks

    def host(self, role: str) -> CustomerHost:
        """Return the customer's machine with this role (web, worker, crm)."""
        return next(host for host in self.hosts if host.role == role)

    @property
    def operator_key(self) -> PlantedKeyFact:
        """The key the responder works with."""
        return next(key for key in self.keys if key.owner == "operator")

    @property
    def stolen_key(self) -> PlantedKeyFact | None:
        """The API key that leaked, if one did."""
        return next((key for key in self.keys if key.stolen), None)

    @property
    def stolen_login(self) -> LoginFact | None:
        """The SMTP login that leaked, if one did."""
        return next((login for login in self.logins if login.stolen), None)

    @property
    def planted_at(self) -> datetime:
        """When the intruder planted things: shortly after the first use of what was stolen."""
        return self.leak.first_use + timedelta(minutes=40)

    @property
    def home(self) -> DomainFact | None:
        """The customer's main sending domain, or None where there are no domains."""
        return self.domains[0] if self.domains else None


def tell(options: DrillOptions, start: datetime) -> Story:
    """Return the story of ``options`` opening at ``start``. Raises UsageError for an unknown scenario."""
    scenario = named(options.scenario)
    start = start.astimezone(UTC).replace(microsecond=0)
    seed = options.seed
    company, slug = _COMPANIES[digest(seed, "company") % len(_COMPANIES)] if seed != 1 else _COMPANIES[0]
    rng = random.Random(digest(seed, "story", scenario.name))
    first_use = start - timedelta(hours=scenario.lead_hours, minutes=rng.randrange(3, 40))
    taken = first_use - timedelta(hours=scenario.taken_hours, minutes=rng.randrange(60))
    ips = tuple(f"203.0.113.{n}" for n in rng.sample(range(10, 250), 4))
    users = users_of(scenario, options, slug, start, first_use, rng)
    company_domain = f"{slug}.{scenario.suffix}"
    domains = domains_of(scenario, options, company_domain, start, rng)
    logins = logins_of(scenario, options, domains, start, first_use, rng)
    keys = keys_of(scenario, domains, users, start, first_use, rng)
    stolen_key = next((key for key in keys if key.stolen), None)
    stolen_login = next((login for login in logins if login.stolen), None)
    ref, secret = "", ""
    if stolen_key is not None:
        ref, secret = stolen_key.id, stolen_key.secret
    elif stolen_login is not None:
        ref, secret = stolen_login.login, stolen_login.password
    return Story(
        scenario=scenario,
        seed=seed,
        start=start,
        company=company,
        slug=slug,
        company_domain=company_domain,
        account_id=hexes(rng, 24),
        # Reserved whatever the suffix: nothing that looks at a web site may ever find somebody's real one.
        site_host=f"www.{slug}.example",
        hosts=(
            CustomerHost("web-1", f"192.0.2.{rng.randrange(10, 60)}", "web"),
            CustomerHost("worker-1", f"192.0.2.{rng.randrange(60, 110)}", "worker"),
            CustomerHost("crm-1", f"192.0.2.{rng.randrange(110, 160)}", "crm"),
            CustomerHost("office", f"192.0.2.{rng.randrange(160, 250)}", "office"),
        ),
        intruder_ips=ips,
        sending_ips={
            "us": tuple(f"198.51.100.{n}" for n in rng.sample(range(10, 120), 3)),
            "eu": tuple(f"198.51.100.{n}" for n in rng.sample(range(130, 240), 2)),
        },
        domains=domains,
        logins=logins,
        keys=keys,
        users=users,
        leak=LeakFact(scenario.leak, ref, secret, LEAK_PATH, taken, ips[0], first_use),
    )
