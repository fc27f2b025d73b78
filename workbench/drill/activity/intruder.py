"""The intruder after the drill opened: sends on, and comes back through whatever is still open.

Moves happen on the simulated clock, some time after a way in was shut, and they follow from the account's
state alone: as long as a planted credential lives it is used; as long as somebody who may administer the
account is theirs (a stolen or planted admin key, a stranger among the panel's users, password mails that
a route copies to them), new keys and settings appear. With every way shut nothing happens any more.
"""

from __future__ import annotations

from workbench.drill.activity.senders import Means, bait
from workbench.drill.api.routes import matches
from workbench.drill.world.account import Account
from workbench.drill.world.plants import DROP_HOST
from workbench.drill.world.records import (
    Allowed,
    Comeback,
    SimulatedAccountWebhook,
    SimulatedCredential,
    SimulatedDomain,
    SimulatedKey,
    SimulatedRoute,
    SimulatedUser,
    Stream,
    Tenant,
)
from workbench.drill.world.story import current_secret

# How long the intruder needs to notice and to act, in simulated seconds.
REACTION = 90.0
# Between two things planted by somebody who still has admin access.
PLANTING = 240.0
# Keys expire and domains vanish without a call: how often the intruder looks around anyway.
LOOK_AGAIN = 5.0
# How many active ways of sending the intruder is content with.
CONTENT = 1

# What is planted takes turns: a key, a key and a route, an SMTP login, a key and a webhook.
TURNS = 4
_BACK = "i-back-"
_NAMES = ("ci-helper", "deploy-bot", "backup-sync", "metrics", "mailer-v2", "staging")


class Intruder:
    """The intruder of one drill. Call :meth:`advance` before every read; it is cheap until a move is due."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._plan = account.world.intruder
        self._looked = (-1, 0.0)
        account.advance = self.advance
        account.mail_sent = self.mail_sent

    def advance(self) -> None:
        """Make every move that is due by now."""
        now = self._account.now()
        if self._plan.next_move is None:
            # Looking around costs a walk over the senders: only when something changed or expired since.
            if self._looked[0] == self._account.version and now < self._looked[1] + LOOK_AGAIN:
                return
            if self._account.notice():
                self._account.changed()
            self._looked = (self._account.version, now)
            if self._restless():
                self._plan.next_move = now + REACTION
            return
        while self._plan.next_move is not None and self._plan.next_move <= now:
            due = self._plan.next_move
            self._plan.next_move = self._move(due)
            self._account.changed()

    def ways(self) -> list[tuple[str, str]]:
        """Return the open ways in as (kind, id): what is left to shut."""
        queued = [
            s.id for s in self._account.streams("intruder") if s.kind == "queue" and self._account.can_send(s)
        ]
        return [
            *self._admin_ways(),
            *(("sender", stream.ref) for stream in self._senders(asleep=None)),
            *(("queue", stream) for stream in queued),
        ]

    def mail_sent(self, user: SimulatedUser) -> None:
        """A password-reset mail went to ``user``: the intruder has it where a route copies that mailbox.

        A reset whose mail nobody else reads ends a session the intruder had.
        """
        tapped = any(
            DROP_HOST in action
            for area in self._account.main.regions.values()
            for route in area.routes.values()
            for action in route.actions
            if matches(route.expression, user.email)
        )
        if tapped and user.id not in self._plan.sessions:
            self._plan.sessions.append(user.id)
        elif not tapped and user.id in self._plan.sessions:
            self._plan.sessions.remove(user.id)

    # --- what is open

    def _senders(self, asleep: bool | None) -> list[Stream]:
        return [
            stream
            for stream in self._account.streams("intruder")
            if stream.stage == "all"
            and (asleep is None or stream.asleep == asleep)
            and self._account.can_send(stream)
        ]

    def _admin_ways(self) -> list[tuple[str, str]]:
        account, story = self._account, self._account.story
        if story.scenario.leak == "none":
            return []
        ways: list[tuple[str, str]] = []
        held = {key.secret for key in story.keys if key.stolen or key.planted}
        for key in account.main.keys.values():
            theirs = key.secret in held or any(c.id == key.id for c in self._plan.comebacks)
            if (
                theirs
                and key.role == "admin"
                and account.key_of(key.secret) is not None
                and self._reaches(key.kind)
            ):
                ways.append(("key", key.id))
        for fact in story.users:
            user = account.main.users.get(fact.id)
            if fact.planted and user is not None and not user.is_disabled:
                ways.append(("user", user.id))
        for user_id in self._plan.sessions:
            user = account.main.users.get(user_id)
            # A second factor keeps the session from being opened again with the stolen reset mail.
            if user is not None and not user.is_disabled and not user.tfa_active:
                ways.append(("session", user_id))
        return ways

    def _reaches(self, kind: str) -> bool:
        """Return whether the intruder's addresses pass the IP allowlist; web keys are exempt (dossier A3)."""
        if kind == "web":
            return True
        return any(self._account.allowed(self._account.main, ip) for ip in self._account.story.intruder_ips)

    def _restless(self) -> bool:
        """Return whether there is a reason to move: too little is sent and a way to change that is open."""
        if self._account.main.disabled or len(self._senders(asleep=False)) >= CONTENT:
            return False
        return bool(self._senders(asleep=True) or self._may_make_key())

    # --- moves

    def _move(self, at: float) -> float | None:
        """Make one move that was due ``at``; return when the next one is, None when content or shut out."""
        self._plan.moves += 1
        if not self._restless():
            return None
        reserve = self._senders(asleep=True)
        if reserve:
            stream = reserve[0]
            stream.asleep = False
            kind = "key" if stream.kind == "key" else "credential"
            self._note(
                at, kind, stream.ref, [stream.region, stream.domain], stream.name, f"reserve {stream.ref}"
            )
            self._account.touch(ref=stream.ref)
            return None
        self._plant(at)
        return None if not self._may_make_key() else at + PLANTING

    def _may_make_key(self) -> bool:
        account = self._account
        return (
            bool(self._admin_ways())
            and len(account.main.keys) < account.main.key_quota
            and self._target() is not None
        )

    def _target(self) -> tuple[str, SimulatedDomain] | None:
        """Return the domain to send from: the first custom one that may send."""
        for region, area in self._account.main.regions.items():
            for domain in area.domains.values():
                if domain.type == "custom" and domain.gone_at is None:
                    return region, domain
        return None

    def _plant(self, at: float) -> None:
        """Make a new way in with the admin access that is left, another kind each turn."""
        account, main = self._account, self._account.main
        target = self._target()
        ways = self._admin_ways()
        if target is None or not ways:
            return
        region, domain = target
        through = " ".join(ways[0])
        # What was planted beside a sender (a route, a webhook) must not shift the turns: every kind has its own.
        rank = sum(stream.startswith(_BACK) for stream in account.world.streams)
        name = _NAMES[rank % len(_NAMES)]
        rng = account.story.rng(f"comeback {rank}")
        secret = current_secret(rng)
        if rank % TURNS == 2:
            login = f"{name}@{domain.name}"
            domain.credentials[login] = SimulatedCredential(login, secret, at)
            self._note(at, "credential", login, [region, domain.name], login, through)
            means = Means(main.id, region, domain.name, "login", login, secret)
        else:
            key = SimulatedKey(
                secret[33:], secret, name, "user", "admin", at, at, requestor=self._requestor(main, ways)
            )
            account.add_key(main, key)
            self._note(at, "key", key.id, ["global"], name, through)
            means = Means(main.id, region, domain.name, "key", key.id, secret)
        if rank % TURNS == 1:
            self._plant_route(at, region, through, rank)
        if rank % TURNS == 3:
            self._plant_webhook(at, region, through, rank)
        if main.allowlist and not self._reaches(""):
            network = account.story.intruder_ips[0]
            main.allowlist.append(Allowed(network, "monitoring"))
            self._note(at, "allowlist", network, ["global"], "monitoring", through)
        ips = list(account.story.intruder_ips[2:])
        stream = f"{_BACK}{rank}"
        account.world.streams[stream] = bait(stream, name, means, ips, 800.0, at)
        account.touch(urgent=True)

    def _plant_route(self, at: float, region: str, through: str, rank: int) -> None:
        area = self._account.main.regions[region]
        actions = [f'forward("https://{DROP_HOST}/in{rank}")']
        route = SimulatedRoute(self._account.next_id("route"), 0, "sync", "catch_all()", actions, at)
        area.routes[route.id] = route
        self._note(at, "route", route.id, [region], route.description, through)

    def _plant_webhook(self, at: float, region: str, through: str, rank: int) -> None:
        url = f"https://{DROP_HOST}/events{rank}"
        hook = SimulatedAccountWebhook(self._account.next_id("webhook"), url, ["delivered"], at, "stats sync")
        self._account.main.regions[region].webhooks[hook.id] = hook
        self._note(at, "webhook", hook.id, [region], hook.description, through)

    def _requestor(self, main: Tenant, ways: list[tuple[str, str]]) -> str:
        for kind, item in ways:
            if kind in ("user", "session"):
                return main.users[item].email
        return ""

    def _note(self, at: float, kind: str, item: str, where: list[str], name: str, through: str) -> None:
        self._plan.comebacks.append(Comeback(at, kind, item, " ".join(where), name, through))
