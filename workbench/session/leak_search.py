"""The search for leaks inside an incident: what the incident knows goes in, what was found is journaled.

The command line and the screen both come through here. The journal's facts are enough; the vault, where it
is open, adds fingerprints that stay the same, exact values, and when each key was made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.core.redact import Secret
from workbench.domain.leaks import account_facts, leaks, suspects
from workbench.domain.leaks import record as leak_record
from workbench.domain.leaks.recorded import LeaksFound
from workbench.domain.model.state import State
from workbench.leaks.command import LeakOptions, Prove, Told, run
from workbench.leaks.document import document as leaks_document
from workbench.leaks.findings import Candidate, Liveness
from workbench.leaks.model import KnownValue, SecretKind
from workbench.leaks.report import LeakReport
from workbench.readers import snapshots
from workbench.session.leak_probe import prove_found
from workbench.vault.vault import EntryName

if TYPE_CHECKING:
    from workbench.core.network import Network
    from workbench.core.sealing import Sealer
    from workbench.domain.model.inventory import Inventory
    from workbench.leaks.people import PersonSuspicion
    from workbench.mailgun.client import Mailgun
    from workbench.session.account import AccountReadings
    from workbench.smtp.auth_probe import SmtpProver


@dataclass(frozen=True, slots=True)
class LeakSearchRequest:
    """What an operator asked for. ``mine`` confirms the sites as their own; ``recheck`` repeats earlier searches."""

    targets: tuple[str, ...] = ()
    history: bool = True
    logs: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    mine: bool = False
    recheck: bool = False
    from_vault: bool = False
    probe: bool = False
    known: tuple[KnownValue, ...] = ()
    baseline: Path | None = None
    accept: bool = False
    reason: str = ""
    contact: str = ""
    proxies: tuple[str, ...] = ()
    log_format: str = ""

    def asked(self) -> dict[str, Any]:
        """Return what the journal keeps of it, for a later re-check."""
        return {
            "targets": [_absolute(one) for one in self.targets],
            "logs": [_absolute(one) for one in self.logs],
            "sites": list(self.sites),
        }


@dataclass(slots=True)
class OpenedVault:
    """What the open vault adds: the fingerprint key, exact values, today's passwords, the snapshot.

    ``lost`` are the entries of today's passwords that the vault does not hold.
    """

    key: bytes
    known: tuple[KnownValue, ...] = ()
    current: frozenset[str] | None = None
    lost: frozenset[str] = frozenset()
    snapshot: Mapping[str, Any] | None = None
    live: dict[str, tuple[Liveness, str]] = field(default_factory=dict)
    # Which row of the journal the vault saw last: nothing is recorded on top of an older one.
    remembered: tuple[int, str] | None = None


def _absolute(target: str) -> str:
    """Return a local path in full, so that a re-check from another folder finds it; an address as it is."""
    return (
        target if "://" in target or target.startswith("git@") else str(Path(target).expanduser().absolute())
    )


def again(request: LeakSearchRequest, state: State) -> LeakSearchRequest:
    """Return a request for a re-check filled with what was searched before; raises UsageError for nothing."""
    if not request.recheck:
        return request
    asked = state.known(LeaksFound).asked
    targets, logs, sites = asked.targets, asked.logs, asked.sites
    if not (targets or logs or sites):
        raise UsageError(
            "Nothing was searched in this incident yet.",
            "A re-check repeats what was searched before.",
            "Search first: workbench leaks PATH…",
        )
    named = request.targets or request.logs or request.sites
    # The sites were confirmed as the operator's own when they were first asked; only known paths are asked again.
    return replace(
        request,
        targets=request.targets if named else targets,
        logs=request.logs if named else logs,
        sites=request.sites if named else sites,
        mine=request.mine or not named or set(request.sites) <= set(sites),
    )


class Fetching(Protocol):
    """The part of a vault that a search reads."""

    async def fetch(self, name: EntryName) -> Secret | None:
        """Return a stored secret, None when there is none; raises VaultError."""


async def open_up(
    state: State, vault: Fetching, sealing: tuple[bytes, Sealer], folder: Path, *, values: bool
) -> OpenedVault:
    """Return what the open vault adds; ``values`` also fetches the incident's secrets to search for them exactly.

    ``sealing`` is the key of fingerprints and the sealer of evidence. Raises VaultError where the vault or the
    snapshot cannot be read.
    """
    key, sealer = sealing
    found = OpenedVault(key, snapshot=await _snapshot(state, sealer, folder))
    held: dict[str, Secret | None] = {}
    # A plan may set passwords while thousands are fetched: those are today's, too.
    while new := [name for name in _wanted(state, values=values) if name not in held]:
        for name in new:
            held[name] = await vault.fetch(EntryName(state.vault_service, name))
    passwords = set(account_facts.password_entries(state))
    found.current = frozenset(s.fingerprint(key) for n, s in held.items() if s is not None and n in passwords)
    found.lost = frozenset(name for name in passwords if held[name] is None)
    found.known = tuple(
        KnownValue(name, secret, SecretKind.SMTP_PASSWORD if name.startswith("SMTP ") else SecretKind.API_KEY)
        for name, secret in held.items()
        if values and secret is not None
    )
    return found


def _wanted(state: State, *, values: bool) -> list[str]:
    """Return the entries that a search reads: today's passwords, and with ``values`` every secret of the incident."""
    return [*account_facts.password_entries(state), *(state.entries if values else ())]


async def _snapshot(state: State, sealer: Sealer, folder: Path) -> Mapping[str, Any] | None:
    stored = state.snapshots.get("0a")
    if stored is None or not stored.file:
        return None
    path = folder / "evidence" / Path(stored.file).name
    if not await asyncio.to_thread(path.exists):
        # Purged on request: the facts of the journal must do.
        return None
    return await asyncio.to_thread(snapshots.load, path, sealer, stored.sha256)


def options_of(
    request: LeakSearchRequest,
    state: State,
    opened: OpenedVault | None,
    inventory: Inventory | None = None,
    network: Network | None = None,
) -> LeakOptions:
    """Return the engine's options: the request with everything the incident knows; ``inventory`` is fresher than it."""
    snapshot = opened.snapshot if opened is not None else None
    current = opened.current if opened is not None else None
    exposed = leaks.exposed_paths(state)
    lost = opened.lost if opened is not None else frozenset[str]()
    facts = account_facts.account_facts(state, snapshot, current=current, lost=lost)
    if inventory is not None:
        facts = account_facts.as_read(facts, inventory)
    return LeakOptions(
        # In full, so that a search from another folder is known to be of the same place.
        targets=tuple(map(_absolute, request.targets)),
        history=request.history,
        known=(*request.known, *(opened.known if opened is not None else ())),
        logs=tuple(map(_absolute, request.logs)),
        sites=request.sites,
        confirmed=request.mine,
        only_paths=frozenset().union(*exposed.values()) if request.recheck else None,
        contact=request.contact,
        proxies=request.proxies,
        log_format=request.log_format,
        network=network,
        baseline=request.baseline,
        accept=request.accept,
        reason=request.reason,
        key=opened.key if opened is not None else None,
        incident=state.incident,
        facts=facts,
        uses=account_facts.foreign_uses(state),
        created=account_facts.created(snapshot, facts.keys),
    )


async def prove(
    api: Mailgun, prover: SmtpProver, vault: Fetching, state: State, found: list[Candidate]
) -> dict[str, tuple[Liveness, str]]:
    """Ask the account about found secrets, the vault's new passwords as the control."""
    entries = {login: record.entry for login, record in state.passwords.items() if record.entry}

    async def control(login: str) -> Secret | None:
        entry = entries.get(login)
        return await vault.fetch(EntryName(state.vault_service, entry)) if entry else None

    domains = sorted(state.baseline.domains or ())
    return await prove_found(api, prover, found, domains, control)


# ── in a session ─────────────────────────────────────────────────────────────────────────────────────────


async def search(
    session: AccountReadings, request: LeakSearchRequest, tell: Told | None = None
) -> LeakReport:
    """Search in a thread of its own, journal what was found, return the report.

    ``tell`` is called on the event loop with each line of progress. Raises UsageError for what cannot be
    searched as asked, VaultError, JournalError.
    """
    loop = asyncio.get_running_loop()
    wanted = again(request, session.recorder.state)
    sealing = await session.recorder.sealing()
    opened = await open_up(
        session.recorder.state, session.vault, sealing, session.recorder.folder, values=wanted.from_vault
    )
    options = options_of(wanted, session.recorder.state, opened, session.inventory, session.network)
    if wanted.probe:
        options = _with_prove(options, session, loop)

    def say(line: str) -> None:
        if tell is not None:
            loop.call_soon_threadsafe(tell, line)

    report = await asyncio.to_thread(run, options, tell=say)
    people = suspects.suspected(session.situation(), opened.snapshot)
    found = leak_record.fact(
        leaks_document(report),
        wanted.asked(),
        session.recorder.state.fact(LeaksFound),
        people,
        at=iso(session.clock.now()),
        reset=account_facts.resets_begun(session.recorder.state),
    )
    await session.recorder.learn(found)
    return report


def _with_prove(
    options: LeakOptions, session: AccountReadings, loop: asyncio.AbstractEventLoop
) -> LeakOptions:
    """Return the options with a proof that runs on the session's event loop, called from the search's thread."""

    def call(found: Any) -> dict[str, tuple[Liveness, str]]:
        work = prove(session.api, session.prover, session.vault, session.recorder.state, list(found))
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    asked: Prove = call
    return replace(options, prove=asked)


async def people(session: AccountReadings) -> tuple[PersonSuspicion, ...]:
    """Return the people under whose name keys were planted, with the questions to ask them."""
    _, sealer = await session.recorder.sealing()
    snapshot = await _snapshot(session.recorder.state, sealer, session.recorder.folder)
    return suspects.suspected(session.situation(), snapshot)
