"""The simulated account: who may do what, who is sending, and what happens when a credential dies.

All writes of the API go through here or call :meth:`Account.touch` afterwards, so that a sender whose
secret, domain or account is gone stops at that very moment.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from workbench.drill.activity.listings import Listings
from workbench.drill.activity.traffic import Traffic
from workbench.drill.world.records import (
    SimulatedCredential,
    SimulatedDomain,
    SimulatedKey,
    SimulatedRegion,
    SimulatedUser,
    Stream,
    SubmittedMessage,
    Tenant,
    World,
)
from workbench.drill.world.simclock import SimClock
from workbench.drill.world.story import Story, digest

# How many really submitted messages are kept; a drill is not a mail server.
SENT_KEPT = 2000
# Where queued mail of a region lies; the other US host holds none of this drill's.
QUEUE_HOST = {"us": "storage-us-east4", "eu": "storage-europe-west1"}
# The laggy scenario: how long until a new key is known, and a deleted or replaced secret forgotten, everywhere.
NEW_LAG, OLD_LAG = 2.0, 8.0
SANDBOX = "Sandbox subdomains are for test purposes only."


class Account:
    """The state of one drill with its rules. ``changed(urgent)`` is called after every change."""

    def __init__(
        self, world: World, story: Story, clock: SimClock, changed: Callable[[bool], None] | None = None
    ) -> None:
        self.world = world
        self.story = story
        self.clock = clock
        self._changed = changed or (lambda urgent: None)
        # Counts changes of the state, so that readers can keep what they derived from it.
        self.version = 0
        # What readers derived and want to keep beside the account; never persisted.
        self.kept: dict[str, object] = {}
        # Base address of the storage host a region's messages are read from; set when the servers run.
        self.storage: dict[str, str] = {}
        self._secrets: dict[str, tuple[str, str]] = {}
        for tenant in world.tenants.values():
            for key in tenant.keys.values():
                self._secrets[key.secret] = (tenant.id, key.id)
        self.traffic = Traffic(world.seed)
        self.listings = Listings(self)
        # Set by the intruder (workbench.drill.intruder): called before every read, cheap when nothing is due.
        self.advance: Callable[[], None] = lambda: None
        # Told of every password-reset mail, which a planted route may copy to the intruder.
        self.mail_sent: Callable[[SimulatedUser], None] = lambda user: None
        # Set where the site and the repository lie as files: takes what leaked out of them.
        self.clean_leaks: Callable[[], None] = lambda: None

    # --- looking up

    @property
    def main(self) -> Tenant:
        """The account itself (not a subaccount)."""
        return self.world.tenants[self.world.main]

    def now(self) -> float:
        """Return the simulated moment in epoch seconds."""
        return self.clock.timestamp()

    def next_id(self, label: str, size: int = 24) -> str:
        """Return a new id of ``size`` hex digits, the same in every run with this seed and history."""
        self.world.serial += 1
        text = "".join(
            f"{digest(self.world.seed, label, self.world.serial, n):016x}" for n in range(size // 16 + 1)
        )
        return text[:size]

    def find_domain(self, region: str, name: str) -> tuple[Tenant, SimulatedDomain] | None:
        """Return the tenant and domain of ``name`` in ``region``, or None where it is not (or no more)."""
        now = self.now()
        for tenant in self.world.tenants.values():
            area = tenant.regions.get(region)
            domain = area.domains.get(name) if area else None
            if domain is not None and (domain.gone_at is None or domain.gone_at > now):
                return tenant, domain
        return None

    def key_of(self, secret: str) -> tuple[Tenant, SimulatedKey] | None:
        """Return the living key with this secret and its tenant: not deleted, disabled or expired."""
        found = self._secrets.get(secret)
        if found is None:
            return self._lingering(secret)
        tenant = self.world.tenants[found[0]]
        key = tenant.keys.get(found[1])
        if key is None or key.disabled or (key.expires is not None and key.expires <= self.now()):
            return None
        return None if key.usable_at > self.now() else (tenant, key)

    def _lingering(self, secret: str) -> tuple[Tenant, SimulatedKey] | None:
        for tenant, key, until in self.world.lingering:
            if key.secret == secret and until > self.now():
                return self.world.tenants[tenant], key
        return None

    def credential(
        self, region: str, login: str
    ) -> tuple[Tenant, SimulatedDomain, SimulatedCredential] | None:
        """Return tenant, domain and credential of an SMTP login in ``region``, or None."""
        found = self.find_domain(region, login.rpartition("@")[2].lower())
        if found is None:
            return None
        credential = found[1].credentials.get(login)
        return (*found, credential) if credential else None

    def allowed(self, tenant: Tenant, peer: str) -> bool:
        """Return whether the IP allowlist lets ``peer`` in; an empty list lets everybody in (dossier A3)."""
        owner = self.world.tenants.get(tenant.parent, tenant)
        if not owner.allowlist:
            return True
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in ipaddress.ip_network(entry.address, strict=False) for entry in owner.allowlist)

    # --- keys

    def add_key(self, tenant: Tenant, key: SimulatedKey) -> None:
        """Take a key into a tenant's list."""
        if self.story.quirk("laggy"):
            key.usable_at = self.now() + NEW_LAG
        tenant.keys[key.id] = key
        self._secrets[key.secret] = (tenant.id, key.id)
        self.touch(urgent=True)

    def drop_key(self, tenant: Tenant, key: SimulatedKey) -> None:
        """Delete a key: its secret answers 401 from now on and whoever sends with it stops."""
        del tenant.keys[key.id]
        self._secrets.pop(key.secret, None)
        if self.story.quirk("laggy"):
            self.world.lingering.append((tenant.id, key, self.now() + OLD_LAG))
        self.touch(urgent=True)

    # --- SMTP

    def authenticate_smtp(self, region: str, login: str, password: str, peer: str) -> bool:
        """Return whether this login may submit here: right region and password, allowlist passed (dossier D).

        A disabled account or domain still authenticates; it is refused at DATA.
        """
        self.advance()
        found = self.credential(region, login)
        if found is None:
            return False
        tenant, _, credential = found
        same = hmac.compare_digest(credential.password.encode(), password.encode())
        old = credential.old_until > self.now() and credential.old_password == password
        return (same or old) and self.allowed(tenant, peer)

    def set_password(self, credential: SimulatedCredential, password: str) -> None:
        """Give a login a new password; the old one is refused at once, in the laggy scenario a little later."""
        if self.story.quirk("laggy"):
            credential.old_password, credential.old_until = credential.password, self.now() + OLD_LAG
        credential.password = password
        self.touch(ref=credential.login)

    def accept_smtp(
        self, region: str, login: str, peer: str, envelope_from: str, recipients: Sequence[str], data: bytes
    ) -> tuple[int, str]:
        """Return the SMTP answer to a submitted message and record it: 250, 421 (disabled), 550 (sandbox)."""
        self.advance()
        found = self.credential(region, login)
        if found is None:
            return 421, "Authentication credentials are no longer valid"
        tenant, domain, _ = found
        refusal = self.refusal(tenant, region, domain)
        if refusal:
            return 421, refusal
        if domain.type == "sandbox" and any(not tenant.sandbox_recipients.get(to) for to in recipients):
            return (
                550,
                f"Domain {domain.name} is not allowed to send: {SANDBOX}",
            )
        subject = _subject(data)
        sent = self.record_sent(
            tenant, region, domain, "smtp", login, peer, envelope_from, recipients, subject
        )
        return 250, f"Great success <{sent.id}@{domain.name}>"

    def refusal(self, tenant: Tenant, region: str, domain: SimulatedDomain) -> str:
        """Return why this domain may not send now ("" when it may), in the vendor's words (dossier A5)."""
        reason = ""
        parent = self.world.tenants.get(tenant.parent)
        if tenant.disabled or (parent is not None and parent.disabled):
            reason = tenant.disabled or (parent.disabled if parent else "")
        elif tenant.status != "open":
            reason = "Account disabled"
        elif domain.is_disabled:
            reason = str((domain.disabled or {}).get("reason") or "Domain disabled")
        elif domain.state == "unverified":
            reason = "The domain is unverified and requires DNS configuration."
        elif self.limit_hit(tenant, region):
            reason = "Account has exceeded its custom message limit"
        return f"Domain {domain.name} is not allowed to send: {reason}" if reason else ""

    def limit_hit(self, tenant: Tenant, region: str) -> bool:
        """Return whether the custom limit stops sending in this region during this month."""
        return self.region(tenant, region).stopped_month == month_start(self.now())

    def region(self, tenant: Tenant, name: str) -> SimulatedRegion:
        """Return a tenant's belongings in a region (made on first use)."""
        return tenant.regions.setdefault(name, SimulatedRegion())

    def record_sent(
        self,
        tenant: Tenant,
        region: str,
        domain: SimulatedDomain,
        method: str,
        ref: str,
        ip: str,
        sender: str,
        recipients: Sequence[str],
        subject: str,
        test_mode: bool = False,
        scheduled_for: float | None = None,
    ) -> SubmittedMessage:
        """Record a message that a client really submitted; it appears in logs and metrics."""
        sent = SubmittedMessage(
            self.next_id("message", 16),
            tenant.id,
            region,
            domain.name,
            self.now(),
            method,
            ref,
            ip,
            sender,
            list(recipients),
            subject,
            test_mode,
            scheduled_for,
        )
        self.world.sent.append(sent)
        del self.world.sent[:-SENT_KEPT]
        self.changed()
        return sent

    # --- senders

    def streams(self, actor: str = "") -> Iterator[Stream]:
        """Yield the senders, all or one actor's."""
        for stream in self.world.streams.values():
            if not actor or stream.actor == actor:
                yield stream

    def can_send(self, stream: Stream) -> bool:
        """Return whether this sender's secret, address, domain and account still let it send."""
        tenant = self.world.tenants.get(stream.tenant)
        if tenant is None:
            return False
        area = tenant.regions.get(stream.region)
        domain = area.domains.get(stream.domain) if area else None
        if domain is None or domain.gone_at is not None or self.refusal(tenant, stream.region, domain):
            return False
        if stream.kind == "queue":
            # Queued mail needs no credential; it lies on one storage host of its region and is purged there.
            purged = domain.purged.get(QUEUE_HOST[stream.region], 0.0)
            return purged < (stream.spans[0][0] or 0.0) and self.now() < (stream.spans[0][1] or 0.0)
        if not any(self.allowed(tenant, ip) for ip in stream.ips):
            return False
        if stream.kind == "key":
            found = self.key_of(stream.secret)
            return found is not None and _may_send(found[0], found[1], tenant, domain)
        credential = domain.credentials.get(stream.ref)
        return credential is not None and credential.password == stream.secret

    def touch(self, urgent: bool = False, ref: str = "") -> None:
        """Let senders notice what a call changed; ``ref`` (a key id or login) narrows it to those who use it."""
        self.notice(ref)
        self.changed(urgent)

    def notice(self, ref: str = "") -> bool:
        """Stop the senders who lost their way and start those who found one; return whether any did.

        Time alone can change that too: keys expire, domains vanish, a month with a limit ends.
        """
        now = self.now()
        moved = False
        for stream in self.world.streams.values():
            if ref and stream.ref != ref:
                continue
            if stream.kind == "queue":
                if not self.can_send(stream) and (stream.spans[-1][1] or now) > now:
                    stream.spans[-1][1] = now
                    moved = True
                continue
            going = bool(stream.spans) and stream.spans[-1][1] is None
            able = not stream.asleep and self.can_send(stream)
            if going and not able:
                stream.spans[-1][1] = now
            elif able and not going:
                stream.spans.append([now, None])
            moved = moved or going != able
        return moved

    def changed(self, urgent: bool = False) -> None:
        """Say that the state changed and wants to be stored; ``urgent`` asks for it at once."""
        self.version += 1
        self._changed(urgent)

    def adopt(self, old: str, secret: str) -> list[str]:
        """Give production senders that used ``old`` (key id or login) the new ``secret``; return their names.

        This is what happens when somebody puts the replacement into an application. ``secret`` must belong
        to a living key or login of the account, otherwise nobody adopts it. Who uses it already goes on, once.
        """
        replaced = {name.rpartition("+")[0] for name in self.world.streams}
        programs = [
            stream
            for stream in self.streams()
            if (stream.actor == "production" or stream.through_site) and stream.id not in replaced
        ]
        adopted = [s.name for s in programs if s.secret == secret and s.actor == "production"]
        key = self.key_of(secret)
        now = self.now()
        for stream in programs:
            if stream.ref != old or stream.secret == secret:
                continue
            login = None if key else self._login_with(stream, secret)
            if (key is None and login is None) or (key is not None and not self._fits(stream, *key)):
                continue
            kind, ref, method = ("key", key[1].id, "http") if key else ("login", str(login), "smtp")
            # A sender's history keeps the credential it was sent with: the new one is a sender of its own.
            stream.asleep = True
            heir = msgspec.structs.replace(
                stream,
                id=f"{stream.id}+{self.world.serial}",
                kind=kind,
                ref=ref,
                method=method,
                secret=secret,
                spans=[[now, None]],
                asleep=False,
            )
            self.world.serial += 1
            self.world.streams[heir.id] = heir
            if stream.actor == "production":
                adopted.append(stream.name)
        self.touch(urgent=True)
        return adopted

    def _fits(self, stream: Stream, owner: Tenant, key: SimulatedKey) -> bool:
        """Return whether a key may send for a sender's domain: nobody puts a key of one domain in for another."""
        tenant = self.world.tenants[stream.tenant]
        domain = tenant.regions[stream.region].domains.get(stream.domain)
        return domain is not None and _may_send(owner, key, tenant, domain)

    def _login_with(self, stream: Stream, secret: str) -> str | None:
        area = self.world.tenants[stream.tenant].regions.get(stream.region)
        domain = area.domains.get(stream.domain) if area else None
        if domain is None:
            return None
        return next((c.login for c in domain.credentials.values() if c.password == secret), None)


def month_start(moment: float) -> float:
    """Return the first moment of the UTC month that ``moment`` lies in, as epoch seconds."""
    return (
        datetime.fromtimestamp(moment, UTC)
        .replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        .timestamp()
    )


def _may_send(owner: Tenant, key: SimulatedKey, tenant: Tenant, domain: SimulatedDomain) -> bool:
    if key.kind == "domain":
        return key.domain == domain.name and owner.id == tenant.id
    if owner.id not in (tenant.id, tenant.parent):
        return False
    return key.role in ("admin", "developer")


def _subject(data: bytes) -> str:
    head = data.split(b"\r\n\r\n", 1)[0].split(b"\n\n", 1)[0]
    for line in head.splitlines():
        if line.lower().startswith(b"subject:"):
            return line[8:].strip().decode("utf-8", "replace")
    return ""
