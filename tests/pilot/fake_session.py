"""A session without network, vault or journal, for pilot tests: records what it is asked, tells on command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.core.clock import ManualClock, iso
from workbench.core.errors import UsageError
from workbench.core.redact import Secret
from workbench.domain.detection import findings
from workbench.domain.forensics.abuse_window import AbuseWindow
from workbench.domain.forensics.moment import Moment
from workbench.domain.forensics.recorded import RecordedSender
from workbench.domain.model.facts import RecordedFact
from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, LoginItem, UserItem
from workbench.domain.model.plan import EffectState, Place, Plan
from workbench.domain.model.recorded_rows import RecordedSnapshot, RecordedTimer
from workbench.domain.model.replay import apply
from workbench.domain.model.sending_volume import Volume
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation, Decision, EffectRecord, State
from workbench.domain.runbook import deadlines, guide, proof_age, runbook
from workbench.domain.runbook.claims import Claim, ClaimAnswer, Reading
from workbench.domain.runbook.containment_state import Containment, Over
from workbench.execution.context import Held, Keeping
from workbench.execution.progress import EffectMoved, Phase, PlanFinished, PlanStarted, Summary
from workbench.execution.reverification import Reproof
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Key, SignIn, SmtpCredential, Subaccount, User
from workbench.planning import registry
from workbench.presentation.activity_log import LogLine
from workbench.session.blocklist_watch import BlocklistWatch
from workbench.session.events import Changed, Event

START = datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)
US = Place(Region.US)
SECRET = "s3cr3t-value-that-must-not-leak-0123456789abcdef"
PERSON = "margaret.hamilton@acme.example"
SLICES = ("keys", "logins", "domains", "users", "subaccounts")


class Rate:
    """A sending rate as the session reports it."""

    per_hour = 1240.0
    series = (3, 5, 900, 1240, 1100)
    text = "1,240/h above the usual 40/h"
    as_of = START


class FakeInvestigation:
    """Sweep and assessment."""

    moved: Any = None

    def __init__(self, session: FakeSession) -> None:
        self._session = session

    async def sweep(self) -> Any:
        """Look at nothing."""
        self._session.asked.append(("sweep",))
        return SimpleNamespace(swept=[1, 2], asked=lambda: [1])

    def moments(self) -> list[Moment]:
        """Return what the session was told to know."""
        return list(self._session.past)

    def senders(self) -> list[RecordedSender]:
        """Return what the session was told to know, with the decisions of now."""
        decided = {name: held.decision for name, held in self._session.state.decisions.items()}
        return [msgspec.structs.replace(one, decision=decided.get(one.key)) for one in self._session.senders]

    @property
    def assessment(self) -> None:
        """Nothing was assessed in this session."""
        return None

    async def judge_again(self) -> None:
        """Remember that it was asked for."""
        self._session.asked.append(("judge_again",))

    def window(self) -> AbuseWindow | None:
        """Return what the session was told to know."""
        return self._session.seen_window

    async def assess(self) -> Any:
        """Count nothing."""
        self._session.asked.append(("assess",))
        lines = [f"about 900 messages to {PERSON}"]
        return SimpleNamespace(lines=lambda: lines, damage_lines=lambda: ["delivered by provider: Gmail 700"])


class FakeSession:
    """Implements what the app uses of a session."""

    def __init__(self, *, logins: int = 6, keys: int = 3, users: int = 2, domains: int = 2) -> None:
        self.clock = ManualClock(START)
        self.incident = "20261121-1402-3f2a"
        self.title = "acme (US+EU)"
        self.drill = True
        self.read_only = False
        self.operator = "Ada Lovelace"
        self.nameless = False
        self.holder_text = ""
        self.read_only_words = "read-only: somebody else holds this incident"
        self.state = State(incident=self.incident, opened_at="2026-11-21T14:02:07Z", name="acme", drill=True)
        self.inventory = Inventory()
        self.capabilities: object | None = None
        self.running: object | None = None
        self.rate: Rate | None = None
        # What "is it over?" is answered with; None leaves it to what the fake account shows.
        self.over: Containment | None = None
        self.calls_per_second = 0.0
        self.listings: dict[str, Listing] = {}
        self.api = SimpleNamespace(clock_offset=None, endpoints=SimpleNamespace(dns=None))
        self._watch: BlocklistWatch | None = None
        self.lines: list[LogLine] = []
        self.listeners: list[Callable[[Event], None]] = []
        self.asked: list[tuple[Any, ...]] = []
        self.errors: list[tuple[str, str]] = []
        self.fail: dict[str, BaseException] = {}
        self.hold = asyncio.Event()
        self.hold.set()
        self.stopped = False
        self.keeper: Callable[[Held], Awaitable[Keeping]] | None = None
        self.closed = False
        self.noted = False
        self.past: list[Moment] = []
        self.senders: list[RecordedSender] = []
        self.seen_window: AbuseWindow | None = None
        self._size = (logins, keys, users, domains)

    following = "following, row 12, 2 s ago"

    async def follow(self) -> int:
        """Find nothing new."""
        self.asked.append(("follow",))
        return 0

    # reading

    @property
    def recorder(self) -> FakeSession:
        """Return the journal's side: this stands in for all of a session's parts."""
        return self

    @property
    def account(self) -> FakeSession:
        """Return the account's side."""
        return self

    def fill(self) -> None:
        """Make an account."""
        logins, keys, users, domains = self._size
        inventory = self.inventory
        for n in range(domains):
            name = f"mg{n}.acme.example"
            domain = Domain(name=name, state="active", created_at=START - timedelta(days=900 + n))
            inventory.domains[name] = DomainItem(domain, US)
        names = list(inventory.domains)
        for n in range(keys):
            key_id = f"{n:04d}abcd-12345678-9abc{n:04d}"
            key = Key(
                id=key_id,
                description=f"prod-{n}",
                kind="user",
                role="admin",
                created_at=START - timedelta(days=300),
            )
            inventory.keys[key_id] = KeyItem(key, US)
        for n in range(logins if names else 0):
            domain_name = names[n % len(names)]
            user = "postmaster" if n < len(names) else f"app{n}"
            login = f"{user}@{domain_name}"
            item = LoginItem(
                SmtpCredential(login=login, created_at=START - timedelta(days=100)), domain_name, US
            )
            inventory.logins[login] = item
        for n in range(users):
            email = PERSON if n == 0 else f"user{n}.longname@acme.example"
            user_record = User(
                id=f"user-{n}",
                email=email,
                name=f"User {n}",
                role="admin" if n == 0 else "basic",
                is_master=n == 0,
                tfa_active=n == 0,
                password_updated_at=START - timedelta(days=40),
                auth=SignIn(method="classic"),
            )
            inventory.users[f"user-{n}"] = UserItem(user_record, US)
        inventory.subaccounts["sub-1"] = Subaccount(id="sub-1", name="shop", status="open")
        inventory.places = (US,)
        for name in SLICES:
            inventory.read_at[name] = self.clock.now()

    def tell(self, event: Event) -> None:
        """Tell every listener."""
        for listener in tuple(self.listeners):
            listener(event)

    def changed(self, *slices: str) -> None:
        """Tell that slices changed."""
        for name in slices:
            self.tell(Changed(name))

    def log(self, text: str, tone: str = "info", alarm: str = "") -> None:
        """Write a line of the activity log."""
        self.lines.append(LogLine(len(self.lines) + 1, self.clock.now(), tone, text, alarm))
        self.changed("log")

    def _fail(self, what: str) -> None:
        if what in self.fail:
            raise self.fail[what]

    async def connect(self) -> object:
        """Connect, or fail as told."""
        await self.hold.wait()
        self._fail("connect")
        self.capabilities = SimpleNamespace(words=list, failure=lambda: None)
        self.changed("capabilities")
        return self.capabilities

    async def read_inventory(self) -> None:
        """Fill everything."""
        self._fail("read")
        if not self.inventory.read_at:
            self.fill()
        for name in SLICES:
            self.inventory.read_at[name] = self.clock.now()
        self.changed(*SLICES, "runbook")

    async def watch(self, *, whole: bool = False) -> list[object]:
        """Read again."""
        self.asked.append(("watch",))
        await self.read_inventory()
        return []

    async def read_rate(self) -> None:
        """Report a rate."""
        self._fail("rate")
        self.rate = Rate()
        self.changed("rate")

    async def read_use(self) -> None:
        """The log says nothing of who sends."""
        self._fail("use")

    async def check_blocklists(self) -> None:
        """Remember that it was asked for."""
        self.asked.append(("blocklists",))
        self._fail("blocklists")

    async def watch_blocklists(self) -> None:
        """Nothing is due."""

    @property
    def blocklists(self) -> BlocklistWatch:
        """Return the real watch over listings, on an account that nobody asks about."""
        if self._watch is None:
            self._watch = BlocklistWatch(self, self.tell, Path("absent.toml"), None)  # type: ignore[arg-type]
            self._watch.listings = self.listings
        return self._watch

    async def record(self, kind: str, body: Mapping[str, Any]) -> object:
        """Take a journal row into the state."""
        self.asked.append((kind, body))
        apply(self.state, SimpleNamespace(seq=1, at="2026-11-21T14:05:00Z", kind=kind, body=body))
        return None

    async def preserve(self) -> None:
        """Store a snapshot."""
        self.asked.append(("preserve",))
        self._fail("preserve")
        self.state.snapshots["0a"] = RecordedSnapshot(part="0a", at="2026-11-21T14:03:00Z", sha256="ab" * 32)
        self.changed("runbook")

    async def stored_mail(self) -> str:
        """Return what the intruder wrote, as text."""
        self.asked.append(("stored_mail",))
        return "Subject: your parcel"

    async def preserve_rest(self) -> None:
        """Store the rest."""
        self.asked.append(("preserve_rest",))
        self._fail("preserve_rest")

    async def exercise(self, action_id: str) -> str:
        """Play a part of the drill."""
        self.asked.append(("exercise", action_id))
        return f"played {action_id}"

    @property
    def investigation(self) -> FakeInvestigation:
        """Return readings that find nothing much."""
        return FakeInvestigation(self)

    # knowing

    def situation(self) -> Situation:
        """Return what actions look at."""
        own = next(iter(self.inventory.keys), "")
        found = Situation(self.inventory, self.state, self.clock.now(), own, self.volume)
        found.over = self.over
        return found

    @property
    def volume(self) -> Volume | None:
        """Return the figures that the rate stands for."""
        if self.rate is None:
            return None
        now = self.clock.now()
        return Volume((), 40.0, 60.0, None, self.rate.per_hour, now, measured_from=now)

    def contain(self, at: str = "2026-11-21T14:08:48Z") -> None:
        """Have it be over since ``at``."""
        moment = datetime.fromisoformat(at)
        claim = Claim("contained", ClaimAnswer.YES, (Reading("keys", moment),))
        self.over = Containment(Over.CONTAINED, claim, (), moment)
        self.state.contained_at = at

    async def steps_in_turns(self) -> list[runbook.StepView]:
        """Return the runbook."""
        return self.steps()

    def steps(self) -> list[runbook.StepView]:
        """Return the real runbook."""
        return runbook.steps(self.situation())

    async def take_back(self, row: int | None = None) -> str:
        """Keep what was asked for."""
        self.asked.append(("take_back", row))
        return "Taken back."

    def lead(self, steps: Sequence[runbook.StepView] | None = None) -> guide.Lead:
        """Return the real lead."""
        return guide.lead(self.situation(), self.steps() if steps is None else steps)

    def findings(self) -> list[findings.Finding]:
        """Return the real findings."""
        return findings.findings(self.situation())

    def plan(self, action_id: str, marked: Sequence[str] = (), **options: Any) -> Plan:
        """Return the real plan."""
        self.asked.append(("plan", action_id, tuple(marked), options))
        self._fail("plan")
        return registry.build(action_id, self.situation(), marked, **options)

    def unavailable(self, action_id: str, marked: Sequence[str] = ()) -> str:
        """Return the real reason."""
        return registry.unavailable(action_id, self.situation(), marked)

    def name_operator(self, name: str) -> None:
        """Take the name."""
        self.operator, self.nameless = name, False

    def log_lines(self) -> Sequence[LogLine]:
        """Return the log."""
        return self.lines

    def support_message(self) -> str:
        """Return a message."""
        return "Our account was compromised.\nWe are cutting access."

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Remember a listener."""
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    # doing

    async def run(self, plan: Plan | None) -> Summary:
        """Carry every effect out at once; while ``hold`` is cleared, wait before each."""
        effects = plan.effects if plan is not None else tuple(r.effect for r in self.state.unsettled)
        title = plan.title if plan is not None else "Finish what was begun"
        self.asked.append(("run", title, tuple(e.id for e in effects)))
        self._fail("run")
        self.tell(PlanStarted(title, len(effects)))
        verified = 0
        for effect in effects:
            record = EffectRecord(effect)
            self.state.effects[effect.id] = record
            self.tell(EffectMoved(record, Phase.SENDING))
            await self.hold.wait()
            if self.stopped:
                break
            record.state = EffectState.VERIFIED
            record.evidence = ["old one refused, new one accepted"]
            record.entry = f"entry-{effect.target}"
            verified += 1
            self.tell(EffectMoved(record, Phase.VERIFIED))
        stopped = verified < len(effects)
        summary = Summary(title, len(effects), verified, 0, 0, 0, 1.0, 0.5, stopped=stopped)
        self.tell(PlanFinished(summary))
        return summary

    def attend(self, ask: Callable[[Held], Awaitable[Keeping]]) -> None:
        """Remember who answers about secrets that cannot be stored."""
        self.keeper = ask

    def may_move_secrets(self) -> bool:
        """Say that the host's keyring is used."""
        return True

    async def move_secrets(self, passphrase: Secret) -> None:
        """Remember that new secrets go elsewhere."""
        self.asked.append(("move_secrets",))

    def stop(self) -> None:
        """Stop after the current effect."""
        self.stopped = True
        self.hold.set()

    async def attest(self, step: str, text: str, subject: str = "") -> None:
        """Record it."""
        self.asked.append(("attest", step, text, subject))
        self.state.attestations.append(Attestation(step, "tester", "2026-11-21T14:05:00Z", text, subject))
        self.changed("runbook")

    async def timer(
        self, name: str, due: datetime, text: str, *, kind: str = "", subject: str = "", called: str = ""
    ) -> None:
        """Keep a deadline."""
        self.asked.append(("timer", name))
        self.state.timers[name] = RecordedTimer(
            id=name,
            due=iso(due),
            text=text,
            kind=kind,
            subject=subject,
            called=called,
            at=iso(self.clock.now()),
        )
        self.changed("runbook")

    async def learn(self, fact: RecordedFact) -> None:
        """Keep a fact."""
        self.state.learn(msgspec.structs.replace(fact, at=iso(self.clock.now())))

    async def prove_again(self) -> Reproof:
        """Say what proving again showed."""
        self.asked.append(("prove",))
        self._fail("prove")
        for timer in deadlines.ended(self.situation()):
            await self.record("timer", timer.body())
        return Reproof(checked=3, sure=3)

    async def prove_overtaken(self) -> Reproof | None:
        """Prove them as the account would show it; their proofs are new then."""
        self.asked.append(("prove overtaken",))
        self._fail("prove overtaken")
        for record in (due := proof_age.due(self.state)):
            record.proven_at = iso(self.clock.now())
        return Reproof(checked=len(due), sure=len(due))

    async def decide(self, finding: str, decision: str, reason: str, title: str = "") -> None:
        """Record it."""
        if self.read_only:
            raise UsageError("This incident is open in another workbench.")
        self.asked.append(("decide", finding, decision, reason))
        self.state.decisions[finding] = Decision(finding, decision, reason, "tester", "2026-11-21T14:05:00Z")
        self.changed("keys", "logins", "users", "domains", "runbook")

    async def secret(self, entry: str) -> Secret:
        """Return a secret."""
        self.asked.append(("secret", entry))
        return Secret(SECRET)

    async def record_error(self, error: BaseException, doing: str) -> None:
        """Remember it."""
        self.errors.append((type(error).__name__, doing))

    async def note_containment(self) -> None:
        """Remember it, and whether that was in time."""
        self.noted = not self.closed

    async def aclose(self) -> None:
        """Remember it."""
        self.closed = True


LISTED = ListingVerdict.LISTED
