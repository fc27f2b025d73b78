"""The catalogue of drills: what was stolen, what the intruder does with it, what was planted. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.core.errors import UsageError
from workbench.core.redact import visible

# Everything an intruder with the needed access can leave behind here, by the name used in ``truth``.
ALL_PLANTS = (
    "admin-key",
    "sending-key",
    "smtp-login",
    "panel-user",
    "subaccount",
    "route",
    "domain-webhook",
    "account-webhook",
    "archive-to",
    "template-header",
    "dkim-key",
    "mailing-list",
    "suppression-allow",
    "sandbox-recipient",
    "unsubscribe-footer",
    "alert",
)

# What an intruder changes instead of adding: nothing of it is new, and most of it leaves no date.
QUIET_PLANTS = (
    "allow-all",
    "raised-limit",
    "edited-route",
    "wildcard",
    "emptied-complaints",
    "silenced-victim",
    "template-body",
    "renamed",
    "loot-mail",
    "list-spam",
)


@dataclass(frozen=True)
class Scenario:
    """One incident.

    ``leak``: what got out: ``key`` (an admin API key in /.env), ``login`` (an SMTP login in /.env),
    ``panel`` (a browser session), ``site`` (nothing: the customer's own web form is abused), ``none``.
    ``key_rate`` and ``smtp_rate`` are abusive messages an hour; ``lead_hours`` is how long before the
    drill's start the abuse began, ``taken_hours`` how long before that the secret was taken. ``queued_rate`` is
    scheduled spam that goes out by the hour, for half a day, whatever happens to the key. ``suffix`` is what the
    customer's name is registered under, ``owner_at`` the owner's mail domain where it is not the customer's own,
    ``strangers`` the mail domains of the planted panel users, ``{slug}`` for the customer's name.
    """

    name: str
    title: str
    leak: str = "key"
    key_rate: int = 1900
    smtp_rate: int = 0
    lead_hours: float = 9.0
    taken_hours: float = 31.0
    plants: tuple[str, ...] = ()
    domains: int = 12
    credentials: int = 36
    keys: int = 9
    users: int = 5
    regions: tuple[str, ...] = ("us", "eu")
    retention_days: int = 5
    production_rate: int = 150
    queued_rate: int = 0
    quirks: frozenset[str] = field(default_factory=frozenset)
    suffix: str = "example"
    owner_at: str = ""
    strangers: tuple[str, ...] = ("{slug}-mail.example",)


_QUIET = {"leak": "none", "key_rate": 0}

_ALL = (
    Scenario(
        "stolen-env",
        "An admin key read from /.env sends spam; the intruder left ways back in",
        smtp_rate=240,
        queued_rate=120,
        plants=ALL_PLANTS,
    ),
    Scenario(
        "quiet-changes",
        "A stolen admin key changed what was there: nothing is new, and little has a date",
        plants=QUIET_PLANTS,
        key_rate=700,
    ),
    Scenario(
        "spy",
        "A stolen admin key only reads: logs and stored messages, and nothing is sent",
        key_rate=0,
    ),
    Scenario(
        "stolen-key",
        "A stolen admin key that production uses too",
        plants=("admin-key",),
        key_rate=700,
    ),
    Scenario(
        "stolen-login", "A stolen SMTP login, used at a low rate", leak="login", key_rate=0, smtp_rate=60
    ),
    Scenario(
        "panel-session",
        "A stolen control-panel session planted keys",
        leak="panel",
        key_rate=800,
        plants=("admin-key", "sending-key", "panel-user", "web-key", "account-webhook", "route"),
        quirks=frozenset({"tapped"}),
    ),
    Scenario(
        "subaccount",
        "A subaccount made by the intruder sends the spam",
        key_rate=0,
        plants=("subaccount",),
    ),
    Scenario(
        "slow-abuse",
        "Abuse below the daily noise, for days",
        key_rate=14,
        lead_hours=96.0,
        plants=("route",),
        production_rate=700,
    ),
    Scenario(
        "site-abuse",
        "No leak: the customer's own contact form sends the spam",
        leak="site",
        key_rate=500,
    ),
    Scenario(
        "lockout",
        "The intruder filled the IP allowlist: the responder's key answers 401",
        plants=("allowlist", "admin-key", "sending-key"),
    ),
    Scenario(
        "agency",
        "An agency with 200 domains in two regions",
        domains=200,
        credentials=600,
        keys=40,
        users=24,
        smtp_rate=240,
        production_rate=1200,
        plants=ALL_PLANTS,
    ),
    Scenario("empty", "A new account: nothing in it", domains=0, credentials=0, keys=1, users=1, **_QUIET),  # type: ignore[arg-type]
    Scenario("no-domains", "Keys and users, no domains", domains=0, credentials=0, keys=3, **_QUIET),  # type: ignore[arg-type]
    Scenario(
        "non-admin",
        "The responder's key is not an admin key",
        quirks=frozenset({"non-admin"}),
    ),
    Scenario("one-region", "Everything is in the US region; the EU host knows no key", regions=("us",)),
    Scenario(
        "disabled",
        "Mailgun has disabled the account",
        plants=("admin-key", "smtp-login"),
        quirks=frozenset({"disabled"}),
    ),
    Scenario("legacy-keys", "Old key- secrets without a tail", quirks=frozenset({"legacy"})),
    Scenario("quota-full", "The plan allows no further key", quirks=frozenset({"quota-full"})),
    Scenario(
        "small-plan",
        "A small plan: logs of one day, no key roles, no subaccounts, no Optimize",
        retention_days=1,
        quirks=frozenset({"small-plan"}),
    ),
    Scenario(
        "laggy",
        "Changes take effect seconds later: new keys, deleted keys, reset passwords, the log",
        quirks=frozenset({"laggy"}),
    ),
    Scenario(
        "flood",
        "Five million log entries",
        key_rate=260_000,
    ),
    Scenario(
        "messy-logs",
        "A log with gaps, repeats, entries out of order, and metrics that disagree",
        quirks=frozenset({"messy"}),
    ),
    # Names under suffixes that are really sold: whose they are shows by the list of them alone.
    Scenario(
        "british",
        "A customer and a stranger under co.uk: neighbours, not colleagues",
        plants=("admin-key", "panel-user", "route"),
        suffix="co.uk",
        strangers=("drill-postroom.co.uk",),
        quirks=frozenset({"own-user"}),
    ),
    Scenario(
        "brazilian",
        "A customer and two strangers under com.br",
        plants=("admin-key", "panel-user", "domain-webhook"),
        suffix="com.br",
        strangers=("drill-entrega.com.br", "mail.drill-entrega.com.br"),
        quirks=frozenset({"own-user"}),
    ),
    Scenario(
        "webmail-owner",
        "The owner has an address at a mail provider, and so has the stranger",
        plants=("admin-key", "panel-user"),
        owner_at="gmail.com",
        strangers=("gmail.com",),
        quirks=frozenset({"own-user"}),
    ),
    Scenario(
        "colluding",
        "Two strangers share a mail domain and vouch for each other",
        plants=("admin-key", "sending-key", "panel-user"),
        strangers=("relay-desk.example", "relay-desk.example"),
        quirks=frozenset({"own-user"}),
    ),
    Scenario("hostile-names", "Every name is written by somebody nasty", quirks=frozenset({"hostile"})),
)

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in _ALL}


def named(name: str) -> Scenario:
    """Return the scenario of a name. Raises UsageError where there is none."""
    if name not in SCENARIOS:
        raise UsageError(
            f"There is no drill scenario named {visible(name, 60)}.",
            todo="`workbench drill --list` shows the scenarios.",
        )
    return SCENARIOS[name]


def listing() -> str:
    """Return the scenarios as lines of ``name  title`` for ``--list``."""
    width = max(len(name) for name in SCENARIOS)
    return "\n".join(f"{scenario.name:<{width}}  {scenario.title}" for scenario in _ALL)
