"""A running drill and sessions on it, for tests that talk over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.core.clock import Clock
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.domain.runbook.containment_state import containment
from workbench.drill.role_play import DrillRolePlay
from workbench.drill.servers.serve import RunningDrill, start
from workbench.drill.world.options import DrillOptions
from workbench.mailgun.endpoints import Endpoints, from_document
from workbench.planning import contain
from workbench.planning.contain import Scope
from workbench.readers import sending_volume
from workbench.session.session import Session, SessionOptions, open_session
from workbench.vault.file_format import Cost
from workbench.vault.vault import Vault

PASSPHRASE = Secret("a throwaway passphrase for tests")
# The key derivation is tested on its own; everywhere else the cheapest one will do.
CHEAP = Cost(n=2**10, r=8, p=1)


# When a drill of the tests opens. What an account has sent depends on the hour: right after midnight a day is
# too young to judge, and in some minutes the quiet keys have sent nothing lately.
AFTERNOON = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
# Most tests say nothing about how much is in the log, and each entry that is read costs: the same senders, a
# quarter of their mail, and a history of eight days. Those that judge volumes ask for ``traffic=1.0``.
LITTLE_MAIL = 0.25
# A small account has everything that a large one has, both regions too, and is cut in a fraction of the time.
SMALL: dict[str, Any] = {"domains": 4, "credentials": 10, "users": 5}


@asynccontextmanager
async def running_drill(folder: Path, **options: Any) -> AsyncIterator[RunningDrill]:
    """Serve a drill for the time of the block: little mail, a fixed afternoon, unless ``options`` say otherwise.

    With little mail its rhythm is judged by little history too.
    """
    chosen = {"fresh": True, "start": AFTERNOON, "traffic": LITTLE_MAIL, **options}
    with history_for(chosen["traffic"]):
        drill = await start(DrillOptions(**chosen), folder / "drill")
        try:
            yield drill
        finally:
            await drill.close()


def history_for(traffic: float) -> AbstractContextManager[None]:
    """Return the history by which an account with so much of its mail is judged: short, or whole with all of it."""
    return short_history() if traffic < 1.0 else nullcontext()


@contextmanager
def short_history() -> Iterator[None]:
    """Judge the account's rhythm by eight days instead of four weeks: most of a life would go into adding them up."""
    whole, sending_volume.HISTORY = sending_volume.HISTORY, timedelta(days=8)
    try:
        yield
    finally:
        sending_volume.HISTORY = whole


def endpoints_of(drill: RunningDrill) -> Endpoints:
    """Return the drill's servers as the workbench takes them."""
    return from_document(drill.document())


async def file_vault(home: Home) -> Vault:
    """Return the home's file vault, made or unlocked."""
    home.ensure()
    if home.vault_file.exists():
        return await Vault.unlock_file(home.vault_file, PASSPHRASE)
    return await Vault.create_file(home.vault_file, PASSPHRASE, cost=CHEAP)


@asynccontextmanager
async def opened(
    drill: RunningDrill, folder: Path, *, clock: Clock | None = None, key: str | None = None, **options: Any
) -> AsyncIterator[Session]:
    """Open a session on the drill in ``folder``'s home; the same folder again resumes its incident."""
    home = Home(folder / "home")
    session = await open_session(
        SessionOptions(
            home=home,
            endpoints=options.pop("endpoints", None) or endpoints_of(drill),
            vault=options.pop("vault", None) or await file_vault(home),
            clock=clock or drill.clock,
            key=Secret(key or drill.api_key),
            drill=True,
            role_play=DrillRolePlay(),
            **options,
        )
    )
    try:
        yield session
    finally:
        await session.aclose()


async def contain_whole(session: Session, scope: Scope = Scope(purge=("all",))) -> None:  # noqa: B008
    """Cut everything and shut every way back: credentials, queues, subaccounts, strangers among the users."""
    await session.run(contain.plan(session.situation(), scope))
    await session.account.watch(whole=True)
    if not session.unavailable("stop.all"):
        await session.run(session.plan("stop.all"))
    await session.exercise("drill.people")
    await session.account.read_rate(whole=True)
    await session.account.watch(whole=True)
    # While the strangers were in, they could have set any password again.
    await session.prove_overtaken()
    await session.account.watch(whole=True)
    assert session.state.contained_at, containment(session.situation()).words


async def remove_leftovers(session: Session) -> None:
    """Judge what a sweep found as its severity says, take the intruder's away, and sweep again."""
    await session.account.investigation.sweep()
    for finding in session.findings():
        if not finding.decision:
            theirs = finding.severity in ("high", "medium")
            await session.recorder.decide(finding.key, "intruder" if theirs else "ours", "as it looks")
    if not session.unavailable("leftovers.remove"):
        await session.run(session.plan("leftovers.remove"))
    await session.account.watch(whole=True)
    await session.account.investigation.sweep()
