"""Who sends mail: the customer's applications, and the intruder with what was stolen or planted."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from workbench.drill.world.records import Stream, World
from workbench.drill.world.story import LoginFact, PlantedKeyFact, Story

# How long the customer's applications have been sending when the drill opens; metrics reach back this far.
HISTORY_DAYS = 60.0
# How long scheduled spam goes on after the drill opened, if nobody purges it.
QUEUE_HOURS = 12.0

_MAIL = {
    "prod-web": ("hello", ["Your order {n} is on its way", "Reset your password"], "shop"),
    "billing-worker": ("billing", ["Invoice {n}", "Your payment was received"], "invoices"),
    "newsletter": ("news", ["This week at the shop"], "newsletter"),
    "alerts": ("alerts", ["Stock is low: item {n}"], "alerts"),
    "forms": ("forms", ["We received your message"], "forms"),
}
_BAIT = [
    "Your parcel {n} could not be delivered",
    "Final notice: confirm your wallet {n}",
    "Unusual sign-in to your mailbox",
]
# Where the intruder's links lead to: a reserved name, so that nobody can land anywhere.
LANDING_HOST = "parcel-check.example"
_FORM_BAIT = ["Copy of your message: you have won {n}", "Copy of your message: claim your prize"]


def add_senders(world: World, story: Story) -> None:
    """Add the customer's senders and the intruder's to the world."""
    _production(world, story)
    _intruder(world, story)


def _add(world: World, stream: Stream) -> None:
    world.streams[stream.id] = stream


def _production(world: World, story: Story) -> None:
    custom = [domain for domain in story.domains if domain.kind == "custom"]
    if not custom or story.scenario.production_rate <= 0:
        return
    since = story.start.timestamp() - HISTORY_DAYS * 86400.0
    keys = [key for key in story.keys if key.owner == "production" and not key.planted]
    logins = [login for login in story.logins if login.owner == "production"]
    total = len(keys) + len(logins)
    for rank, key in enumerate(keys):
        region, domain = key.region, key.domain
        if not domain:
            region, domain = custom[0].region, custom[0].name
        local, subjects, tag = _MAIL.get(key.name, ("mail", ["News for you"], key.name))
        role = "web" if key.name in ("prod-web", "forms") else "worker"
        _add(
            world,
            Stream(
                id=f"p-key-{rank}",
                actor="production",
                name=f"{key.name} on {story.host(role).name}",
                tenant=world.main,
                region=region,
                domain=domain,
                kind="key",
                ref=key.id,
                secret=key.secret,
                ips=[story.host(role).ip],
                rate=_share(story, rank, total),
                sender=f"{local}@{domain}",
                subjects=list(subjects),
                spans=[[since, None]],
                # A newsletter goes out once a day: a peak that is no abuse.
                profile="burst" if key.name == "newsletter" else "business",
                tag=tag,
            ),
        )
    _new_host(world, story, keys)
    for rank, login in enumerate(logins):
        _add(
            world,
            _login_stream(
                world, story, login, f"p-smtp-{rank}", since, _share(story, len(keys) + rank, total)
            ),
        )


def _new_host(world: World, story: Story, keys: list[PlantedKeyFact]) -> None:
    """A second worker that took up a known key three days ago: a new address that is no abuse."""
    known = next((f"p-key-{rank}" for rank, key in enumerate(keys) if key.name == "billing-worker"), None)
    if known is not None:
        address = story.host("worker").ip.rpartition(".")[0] + ".251"
        since = max(story.start.timestamp() - 3 * 86400.0, 0.0)
        _add(
            world,
            msgspec.structs.replace(
                world.streams[known], id="p-new-host", name="billing-worker on worker-2", ips=[address],
                rate=world.streams[known].rate * 0.4, spans=[[since, None]],
            ),
        )  # fmt: skip


def _share(story: Story, rank: int, total: int) -> float:
    """Return the messages an hour of the sender of this rank: the first ones send most."""
    weights = [1.0 / (index + 1) for index in range(total)]
    return story.scenario.production_rate * weights[rank] / sum(weights)


def _login_stream(
    world: World, story: Story, login: LoginFact, stream_id: str, since: float, rate: float
) -> Stream:
    local = login.login.partition("@")[0]
    return Stream(
        id=stream_id,
        actor="production",
        name=f"{local} on {story.host('crm').name}",
        tenant=world.main,
        region=login.region,
        domain=login.domain,
        kind="login",
        ref=login.login,
        secret=login.password,
        ips=[story.host("crm").ip],
        rate=rate,
        sender=login.login,
        subjects=["Ticket {n} was updated", "Your weekly report"],
        spans=[[since, None]],
        tag=local,
        method="smtp",
    )


class Means(NamedTuple):
    """With what somebody sends: a key (``ref`` its id) or a login, of which account, for which domain."""

    tenant: str
    region: str
    domain: str
    kind: str
    ref: str
    secret: str


def bait(stream_id: str, name: str, means: Means, ips: list[str], rate: float, since: float | None) -> Stream:
    """Return a sender of the intruder's; ``since`` None makes it a sleeping reserve."""
    smtp = means.kind == "login"
    return Stream(
        id=stream_id,
        actor="intruder",
        name=name,
        tenant=means.tenant,
        region=means.region,
        domain=means.domain,
        kind=means.kind,
        ref=means.ref,
        secret=means.secret,
        ips=ips,
        rate=rate,
        sender=means.ref if smtp else f"notice@{means.domain}",
        subjects=list(_BAIT),
        spans=[] if since is None else [[since, None]],
        profile="flat",
        audience="bought",
        failed=0.21,
        complained=0.012,
        opened=0.08,
        clicked=0.02,
        unsubscribed=0.001,
        method="smtp" if smtp else "http",
        asleep=since is None,
    )


def _intruder(world: World, story: Story) -> None:
    scenario = story.scenario
    since = story.leak.first_use.timestamp()
    ips = list(story.intruder_ips)
    custom = [domain for domain in story.domains if domain.kind == "custom"]
    if not custom:
        return
    first, stolen, login = custom[0], story.stolen_key, story.stolen_login
    if scenario.leak == "site":
        key = next(key for key in story.keys if key.name == "prod-web")
        means = Means(world.main, first.region, first.name, "key", key.id, key.secret)
        stream = bait("i-form", "contact form", means, [story.host("web").ip], scenario.key_rate, since)
        stream.subjects, stream.sender, stream.tag = list(_FORM_BAIT), f"hello@{first.name}", "shop"
        # It sends through the customer's own site: whatever credential the site gets, this gets too.
        stream.through_site = True
        _add(world, stream)
    elif stolen is not None and scenario.key_rate:
        abroad = [domain for domain in custom if domain.region == "eu"][:1]
        parts = [0.85, 0.15] if abroad else [1.0]
        for number, (domain, part) in enumerate(zip([first, *abroad], parts, strict=True)):
            means = Means(world.main, domain.region, domain.name, "key", stolen.id, stolen.secret)
            _add(world, bait(f"i-key-{number}", "stolen key", means, ips, scenario.key_rate * part, since))
    if stolen is not None and scenario.queued_rate:
        _queued(world, story, Means(world.main, first.region, first.name, "key", stolen.id, stolen.secret))
    if login is not None and scenario.smtp_rate:
        means = Means(world.main, login.region, login.domain, "login", login.login, login.password)
        _add(world, bait("i-smtp-0", "stolen login", means, ips[1:3], scenario.smtp_rate, since))
    _planted(world, story, since)


def _queued(world: World, story: Story, means: Means) -> None:
    """Mail scheduled in one burst an hour after the break-in: it is delivered by the hour until purged."""
    since = story.leak.first_use.timestamp() + 3600.0
    rate = float(story.scenario.queued_rate)
    burst = bait("i-scheduled", "scheduled mail", means, list(story.intruder_ips[:1]), rate * 40.0, since)
    burst.stage, burst.asleep = "accepted", True
    burst.spans = [[since, since + 1800.0]]
    queue = bait("i-queue", "scheduled mail going out", means, list(story.intruder_ips[:1]), rate, since)
    queue.stage, queue.kind = "delivery", "queue"
    queue.spans = [[since + 1800.0, story.start.timestamp() + QUEUE_HOURS * 3600.0]]
    _add(world, burst)
    _add(world, queue)


def _planted(world: World, story: Story, since: float) -> None:
    """Senders on planted credentials: the main way in where nothing else was stolen, a reserve otherwise."""
    has_main = any(stream.actor == "intruder" for stream in world.streams.values())
    ips = list(story.intruder_ips[2:])
    first = next(domain for domain in story.domains if domain.kind == "custom")
    planted = [key for key in story.keys if key.planted and key.kind != "web"]
    for number, key in enumerate(planted):
        domain, region = (key.domain, key.region) if key.domain else (first.name, first.region)
        # After a stolen panel session nothing else sends: the planted sending key is the way.
        awake = story.scenario.leak == "panel" and key.kind == "domain"
        moment = key.created.timestamp() + 300.0 if awake else None
        means = Means(world.main, region, domain, "key", key.id, key.secret)
        _add(world, bait(f"i-planted-{number}", key.name, means, ips, story.scenario.key_rate or 600, moment))
    for login in story.logins:
        if login.planted:
            means = Means(world.main, login.region, login.domain, "login", login.login, login.password)
            _add(world, bait("i-planted-smtp", login.login, means, ips, 400.0, None))
    for tenant in world.tenants.values():
        if tenant.parent:
            owned = next(iter(tenant.keys.values()))
            means = Means(tenant.id, "us", owned.domain, "key", owned.id, owned.secret)
            awake_at = None if has_main else since + 1800.0
            _add(world, bait("i-subaccount", tenant.name, means, ips, 900.0, awake_at))
