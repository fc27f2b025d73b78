"""The facts of a drill: who the customer is, what leaked, who took it, what was planted.

Everything follows from (scenario, sizes, seed, start); nothing is stored. The API, the web site, the
access logs and the ground truth are all told from here, so that they agree.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from workbench.drill.options import DrillOptions
from workbench.drill.scenarios import SCENARIOS, Scenario
from workbench.errors import UsageError

RESPONDER = "127.0.0.1"
LEAK_PATH = "/.env"
PRIMARY = "us"

_COMPANIES = (
    ("Acme Tools", "acme"),
    ("Harbour Books", "harbour"),
    ("Northwind Bikes", "northwind"),
    ("Juniper Clinic", "juniper"),
    ("Lantern Travel", "lantern"),
)
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
_SUB_US = ("mg", "news", "billing", "alerts", "shop", "support", "forms")
_SUB_EU = ("mg-eu", "news-eu", "shop-eu", "app-eu")
_LOGINS = ("app", "newsletter", "crm", "wordpress", "cron", "backup", "erp", "helpdesk", "invoices", "events")

Owner = Literal["production", "intruder", "operator", "idle"]


@dataclass(frozen=True)
class Host:
    """A machine of the customer's: its address is what the logs show as ``originating-ip``."""

    name: str
    ip: str
    role: str


@dataclass(frozen=True)
class DomainFact:
    """A sending domain. ``kind`` is ``custom`` or ``sandbox``; ``created`` is in UTC."""

    region: str
    name: str
    kind: str
    created: datetime


@dataclass(frozen=True)
class LoginFact:
    """An SMTP login with its password. ``owner`` says who uses it; a ``stolen`` one the intruder has too."""

    region: str
    domain: str
    login: str
    password: str = field(repr=False)
    created: datetime = field(compare=False)
    owner: Owner = "idle"
    planted: bool = False
    stolen: bool = False


@dataclass(frozen=True)
class KeyFact:
    """An API key. ``domain`` is set for sending keys; ``planted`` means the intruder made it."""

    name: str
    id: str
    secret: str = field(repr=False)
    kind: str
    role: str
    created: datetime
    owner: Owner
    domain: str = ""
    region: str = PRIMARY
    requestor: str = ""
    user_name: str = ""
    planted: bool = False
    stolen: bool = False


@dataclass(frozen=True)
class UserFact:
    """A panel user. ``planted`` is a stranger; ``method`` is how they log in (classic, sinch, saml)."""

    id: str
    name: str
    email: str
    role: str
    method: str
    is_owner: bool
    two_factor: bool
    password_set: datetime
    planted: bool = False


@dataclass(frozen=True)
class Leak:
    """What got out. ``kind`` as in Scenario.leak; ``ref`` is the key id or login; ``path`` is on the web."""

    kind: str
    ref: str
    secret: str = field(repr=False)
    path: str
    taken_at: datetime
    taken_from: str
    first_use: datetime


@dataclass(frozen=True)
class Story:
    """All facts of one drill; see :func:`tell`."""

    scenario: Scenario
    seed: int
    start: datetime
    company: str
    slug: str
    account_id: str
    site_host: str
    hosts: tuple[Host, ...]
    intruder_ips: tuple[str, ...]
    sending_ips: dict[str, tuple[str, ...]]
    domains: tuple[DomainFact, ...]
    logins: tuple[LoginFact, ...]
    keys: tuple[KeyFact, ...]
    users: tuple[UserFact, ...]
    leak: Leak
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

    def host(self, role: str) -> Host:
        """Return the customer's machine with this role (web, worker, crm)."""
        return next(host for host in self.hosts if host.role == role)

    @property
    def operator_key(self) -> KeyFact:
        """The key the responder works with."""
        return next(key for key in self.keys if key.owner == "operator")

    @property
    def stolen_key(self) -> KeyFact | None:
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


def digest(*parts: object) -> int:
    """Return a 64-bit number that depends on every part: the seed of everything pseudo-random here."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def hexes(rng: random.Random, size: int) -> str:
    """Return ``size`` random hex digits."""
    return f"{rng.getrandbits(size * 4):0{size}x}"


def current_secret(rng: random.Random) -> str:
    """Return a secret in the current 32-8-8 form (API keys and generated SMTP passwords, dossier A2)."""
    return f"{hexes(rng, 32)}-{hexes(rng, 8)}-{hexes(rng, 8)}"


def tell(options: DrillOptions, start: datetime) -> Story:
    """Return the story of ``options`` opening at ``start``. Raises UsageError for an unknown scenario."""
    scenario = SCENARIOS.get(options.scenario)
    if scenario is None:
        raise UsageError(
            f"There is no drill scenario named {options.scenario}.",
            todo="`workbench drill --list` shows the scenarios.",
        )
    start = start.astimezone(UTC).replace(microsecond=0)
    seed = options.seed
    company, slug = _COMPANIES[digest(seed, "company") % len(_COMPANIES)] if seed != 1 else _COMPANIES[0]
    rng = random.Random(digest(seed, "story", scenario.name))
    first_use = start - timedelta(hours=scenario.lead_hours, minutes=rng.randrange(3, 40))
    taken = first_use - timedelta(hours=scenario.taken_hours, minutes=rng.randrange(60))
    ips = tuple(f"203.0.113.{n}" for n in rng.sample(range(10, 250), 4))
    users = _users(scenario, options, slug, start, first_use, rng)
    domains = _domains(scenario, options, slug, start, rng)
    logins = _logins(scenario, options, domains, start, first_use, rng)
    keys = _keys(scenario, domains, users, start, first_use, rng)
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
        account_id=hexes(rng, 24),
        site_host=f"www.{slug}.example",
        hosts=(
            Host("web-1", f"192.0.2.{rng.randrange(10, 60)}", "web"),
            Host("worker-1", f"192.0.2.{rng.randrange(60, 110)}", "worker"),
            Host("crm-1", f"192.0.2.{rng.randrange(110, 160)}", "crm"),
            Host("office", f"192.0.2.{rng.randrange(160, 250)}", "office"),
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
        leak=Leak(scenario.leak, ref, secret, LEAK_PATH, taken, ips[0], first_use),
    )


def _domains(
    scenario: Scenario, options: DrillOptions, slug: str, start: datetime, rng: random.Random
) -> tuple[DomainFact, ...]:
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
            made.append(DomainFact(region, f"{host}.{slug}.example", "custom", created))
    return tuple(made)


def _logins(
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


def _users(
    scenario: Scenario,
    options: DrillOptions,
    slug: str,
    start: datetime,
    first_use: datetime,
    rng: random.Random,
) -> tuple[UserFact, ...]:
    count = scenario.users if options.users is None else options.users
    planted = "panel-user" in scenario.plants and count > 1
    roles = ("admin", "admin", "developer", "billing", "basic", "support")
    methods = ("classic", "classic", "sinch", "classic", "saml")
    made: list[UserFact] = []
    for index in range(count - planted):
        name = _PEOPLE[index % len(_PEOPLE)] + (
            f" {index // len(_PEOPLE) + 1}" if index >= len(_PEOPLE) else ""
        )
        local = name.lower().replace(" ", ".")
        made.append(
            UserFact(
                hexes(rng, 24),
                name,
                f"{local}@{slug}.example",
                roles[index % len(roles)] if index else "admin",
                methods[index % len(methods)],
                index == 0,
                index % 3 == 0,
                start - timedelta(days=rng.randrange(90, 900), seconds=rng.randrange(86400)),
            )
        )
    if planted:
        joined = first_use + timedelta(minutes=43)
        made.append(
            UserFact(
                hexes(rng, 24),
                "Mail Admin",
                f"it-support@{slug}-mail.example",
                "admin",
                "classic",
                False,
                False,
                joined,
                True,
            )
        )
    return tuple(made)


def _keys(
    scenario: Scenario,
    domains: tuple[DomainFact, ...],
    users: tuple[UserFact, ...],
    start: datetime,
    first_use: datetime,
    rng: random.Random,
) -> tuple[KeyFact, ...]:
    owner = users[0] if users else None
    requestor, user_name = (owner.email, owner.name) if owner else ("", "")
    custom = [domain for domain in domains if domain.kind == "custom"]
    legacy = "legacy" in scenario.quirks

    def make(
        name: str, kind: str, role: str, owner_: Owner, days: int, at: datetime | None = None, **more: Any
    ) -> KeyFact:
        secret = current_secret(rng)
        key_id = secret[33:]
        if legacy and owner_ != "operator" and rng.random() < 0.5:
            secret = f"key-{hexes(rng, 32)}"
        created = start - timedelta(days=days, seconds=rng.randrange(86400)) if at is None else at
        return KeyFact(
            name,
            key_id,
            secret,
            kind,
            role,
            created,
            owner_,
            requestor=requestor,
            user_name=user_name,
            **more,
        )

    role = "developer" if "non-admin" in scenario.quirks else "admin"
    planted: list[KeyFact] = []
    if "admin-key" in scenario.plants:
        planted.append(
            make(
                "prod-web-2",
                "user",
                "admin",
                "intruder",
                0,
                planted=True,
                at=first_use + timedelta(minutes=41),
            )
        )
    if "sending-key" in scenario.plants and custom:
        where = {"domain": custom[0].name, "region": custom[0].region}
        planted.append(
            make(
                "smtp-relay",
                "domain",
                "sending",
                "intruder",
                0,
                planted=True,
                at=first_use + timedelta(minutes=46),
                **where,
            )
        )
    stolen = scenario.leak == "key" and scenario.keys > 1
    made = [make("ops-console", "user", role, "operator", 260)]
    if scenario.keys > 1:
        made.append(make("prod-web", "user", "admin", "production", 640, stolen=stolen))
    spare = (("billing-worker", 1), ("newsletter", len(custom) - 1), ("alerts", 2), ("forms", 3))
    fillers = [("ci-deploy", "developer"), ("reporting", "basic"), ("legacy-import", "admin")]
    index = 0
    while len(made) + len(planted) < scenario.keys:
        name, where_index = spare[index % 4] if index < 4 else (f"client-{index:03d}", index)
        if index % 2 == 0 and index // 2 < len(fillers):
            filler, filler_role = fillers[index // 2]
            made.append(make(filler, "user", filler_role, "idle", rng.randrange(60, 900)))
            if len(made) + len(planted) >= scenario.keys:
                break
        if custom:
            domain = custom[where_index % len(custom)]
            made.append(
                make(
                    name,
                    "domain",
                    "sending",
                    "production",
                    rng.randrange(60, 900),
                    domain=domain.name,
                    region=domain.region,
                )
            )
        else:
            made.append(make(name, "user", "basic", "idle", rng.randrange(60, 900)))
        index += 1
    if "web-key" in scenario.plants:
        planted.append(
            make("session", "web", "admin", "intruder", 0, planted=True, at=start - timedelta(hours=2))
        )
    return tuple(made + planted)
