"""One open incident as the screen knows it: a protocol that the session, and the tests' stand-in for it, implement."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.blocklists.verdicts import Listing
    from workbench.core.clock import Clock
    from workbench.core.redact import Secret
    from workbench.domain.detection.findings import Finding
    from workbench.domain.forensics.abuse_window import AbuseWindow
    from workbench.domain.forensics.assessment import Assessment
    from workbench.domain.forensics.moment import Moment
    from workbench.domain.forensics.recorded import RecordedSender
    from workbench.domain.model.facts import RecordedFact
    from workbench.domain.model.inventory import Inventory
    from workbench.domain.model.plan import Plan
    from workbench.domain.model.situation import Situation
    from workbench.domain.model.state import State
    from workbench.domain.runbook.guide import Lead
    from workbench.domain.runbook.runbook import StepView
    from workbench.domain.settings_audit.audit import Sweep
    from workbench.execution.context import Held, Keeping
    from workbench.execution.progress import Summary
    from workbench.execution.reverification import Reproof
    from workbench.leaks.people import PersonSuspicion
    from workbench.leaks.report import LeakReport
    from workbench.mailgun.probe import Capabilities
    from workbench.presentation.activity_log import LogLine
    from workbench.readers.recipients import WrittenList
    from workbench.reports.report import Material
    from workbench.session.blocklist_watch import BlocklistWatch
    from workbench.session.events import Event, SendingRate
    from workbench.session.leak_search import LeakSearchRequest
    from workbench.session.mail import MailEvidence
    from workbench.session.report_writer import Written

Result = TypeVar("Result")
Severity = Literal["information", "warning"]


class Readings(Protocol):
    """Settings and log of an incident: what a sweep and an assessment read, and what was made of it.

    ``moved`` is told how far a reading is: of what, how many of how many.
    """

    moved: Callable[[str, int, int], None] | None

    @property
    def assessment(self) -> Assessment | None:
        """Return the last assessment of this run, None before one."""

    async def sweep(self) -> Sweep:
        """Read every setting and judge it."""

    async def assess(self) -> Assessment:
        """Read the log of the abuse and count the damage."""

    async def judge_again(self) -> Assessment | None:
        """Count anew what a judgement changed; None where nothing is held."""

    def moments(self) -> list[Moment]:
        """Return everything dated that is known."""

    def window(self) -> AbuseWindow | None:
        """Return the hours of the abuse, None before they were read."""

    def senders(self) -> list[RecordedSender]:
        """Return who sent what, as the documents say it."""

    @property
    def mail(self) -> MailEvidence:
        """Return the intruder's mail itself: what was fetched, who followed its links."""

    async def write_recipients(self, path: Path) -> WrittenList:
        """Write whom the intruder's mail reached; return how many, and what of the log was not read for it."""


class Recorded(Protocol):
    """The journal's side of an incident: what was said and recorded, who works here, what the vault holds."""

    @property
    def operator(self) -> str:
        """Return who works here, as the journal names them."""

    @property
    def nameless(self) -> bool:
        """Return whether nobody said who works here, on an account of the host that several people share."""

    def name_operator(self, name: str) -> None:
        """Take the name of who works here, for as long as this program runs."""

    @property
    def read_only(self) -> bool:
        """Return whether another workbench writes to this incident."""

    @property
    def read_only_words(self) -> str:
        """Return why nothing can be written, as it is said to whoever tries."""

    @property
    def following(self) -> str:
        """Return how far a read-only workbench follows the one that writes, in words."""

    async def follow(self) -> int:
        """Take in what the other workbench has written since; returns how many rows."""

    @property
    def holder_text(self) -> str:
        """Return who does."""

    @property
    def state(self) -> State:
        """Return the journal replayed."""

    async def take_back(self, row: int | None = None) -> str:
        """Take back what a person said in a row; return what it was."""

    def log_lines(self) -> Sequence[LogLine]:
        """Return the activity log, oldest first."""

    async def stored_mail(self) -> str:
        """Return the sealed messages of the intruder as plain text."""

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Have ``listener`` told of every event; returns the call that ends it."""

    def may_move_secrets(self) -> bool:
        """Return whether new secrets could go to the workbench's own file instead of the host's keyring."""

    async def move_secrets(self, passphrase: Secret) -> None:
        """Keep new secrets in the workbench's own file from now on."""

    async def record(self, kind: str, body: Mapping[str, Any]) -> Any:
        """Write one journal row."""

    async def record_error(self, error: BaseException, doing: str) -> None:
        """Journal an error by its kind."""

    async def learn(self, fact: RecordedFact) -> None:
        """Record the result of a reading that a step's verdict rests on."""

    async def timer(
        self, name: str, due: datetime, text: str, *, kind: str = "", subject: str = "", called: str = ""
    ) -> None:
        """Set or move a deadline."""

    async def attest(self, step: str, text: str, subject: str = "") -> None:
        """Record what a person says the account cannot show."""

    async def decide(self, finding: str, decision: str, reason: str, title: str = "") -> None:
        """Record the operator's judgement of a finding."""

    async def secret(self, entry: str) -> Secret:
        """Return one stored secret for a reveal."""


class AccountRead(Protocol):
    """The account of an incident: what was read of it, and how it is read."""

    listings: dict[str, Listing]
    rate: SendingRate | None
    search_places: tuple[str, ...]

    @property
    def capabilities(self) -> Capabilities | None:
        """Return what the key can do, None before the account was asked."""

    @property
    def inventory(self) -> Inventory:
        """Return what was read of the account."""

    @property
    def title(self) -> str:
        """Return the account's name and its regions."""

    @property
    def calls_per_second(self) -> float:
        """Return the API calls a second of the last two."""

    @property
    def investigation(self) -> Readings:
        """Return the readings of settings and log."""

    @property
    def blocklists(self) -> BlocklistWatch:
        """Return the watch over the account's listings."""

    def situation(self) -> Situation:
        """Return everything that plans and steps look at."""

    async def connect(self) -> Capabilities:
        """Ask what the key can do."""

    async def watch(self, *, whole: bool = False) -> Sequence[Any]:
        """Read the account again, a share or all of it."""

    async def read_rate(self) -> None:
        """Read the sending figures."""

    async def read_use(self) -> None:
        """Read by which credential mail goes out."""

    async def preserve(self) -> None:
        """Store what the first cut would destroy."""

    async def preserve_rest(self) -> None:
        """Store every setting and the log."""

    async def check_blocklists(self) -> None:
        """Ask every list now."""

    async def watch_blocklists(self) -> None:
        """Ask the lists about what is due."""

    async def note_containment(self) -> None:
        """Journal that access is cut, or no longer is, where what was read says so and no row does."""


class Incident(Protocol):
    """One open incident, as far as the screen asks of it."""

    drill: bool
    clock: Clock

    @property
    def recorder(self) -> Recorded:
        """Return the journal's side."""

    @property
    def account(self) -> AccountRead:
        """Return the account's side."""

    @property
    def state(self) -> State:
        """Return the journal replayed."""

    @property
    def inventory(self) -> Inventory:
        """Return what was read of the account."""

    def situation(self) -> Situation:
        """Return everything that plans and steps look at."""

    async def steps_in_turns(self) -> list[StepView]:
        """Return the runbook, each step judged in a turn of its own."""

    def steps(self) -> list[StepView]:
        """Return the runbook with its verdicts."""

    def lead(self, steps: Sequence[StepView] | None = None) -> Lead:
        """Return what is next, the most urgent first; ``steps`` where they are known already."""

    def findings(self) -> list[Finding]:
        """Return what the operator must judge."""

    def plan(self, action_id: str, marked: Sequence[str] = (), **options: Any) -> Plan:
        """Return the plan of an action; raises UsageError where there is none."""

    def unavailable(self, action_id: str, marked: Sequence[str] = ()) -> str:
        """Return why an action is not possible now, ``""`` when it is."""

    def support_message(self) -> str:
        """Return the opening message to Support."""

    async def search_leaks(self, request: LeakSearchRequest, say: Callable[[str], None]) -> LeakReport:
        """Search for the leak as asked; ``say`` hears lines of progress."""

    async def leak_suspects(self) -> tuple[PersonSuspicion, ...]:
        """Return under whose name keys were planted."""

    def report_material(self) -> Material:
        """Return what reports are composed from."""

    def attend(self, ask: Callable[[Held], Awaitable[Keeping]]) -> None:
        """Have ``ask`` asked about every secret that cannot be stored."""

    def stop(self) -> None:
        """Begin nothing further."""

    async def run(self, plan: Plan | None) -> Summary:
        """Run a confirmed plan, or finish what is unsettled."""

    async def prove_again(self) -> Reproof:
        """Prove again what was cut and made."""

    async def prove_overtaken(self) -> Reproof | None:
        """Prove again the passwords that somebody else could have set since; None where nothing is due."""

    async def exercise(self, action_id: str) -> str:
        """Play somebody's part, in the drill only."""

    async def write_report(self) -> Written:
        """Write every report."""

    async def aclose(self) -> None:
        """Close connections, journal and vault."""
