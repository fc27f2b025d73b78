"""``workbench doctor``: what this host lacks, in words, with what to do about it."""

from __future__ import annotations

import argparse
import asyncio
import json
import locale
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from workbench.cli import doctor_kept as kept
from workbench.cli import tables
from workbench.cli.doctor_kept import Check
from workbench.cli.opening import endpoints_of, network_of, run_async, supplied_key
from workbench.cli.output import document, say, text
from workbench.cli.streams import on_terminal
from workbench.cli.vaults import vault_choice
from workbench.core.atomic_files import network_volume
from workbench.core.clock import TOLERANCE, SystemClock, off_by
from workbench.core.errors import (
    ApiError,
    HostError,
    Untrusted,
    UsageError,
    VaultError,
    WorkbenchError,
    host_fault,
)
from workbench.core.network import Network
from workbench.core.process import LockedKey, protect
from workbench.core.proxies import choose
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.core.words import plural
from workbench.documents import documents
from workbench.mailgun.client import Mailgun
from workbench.mailgun.endpoints import Endpoints, Region
from workbench.smtp.auth_probe import ELSEWHERE, SmtpProver

# Nobody's key: the check only asks whether the API answers at all, and a 401 is an answer.
_NOBODY = "key-doctor-asks-nobody"


_Looked = Check | list[Check]


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 when nothing is bad, 1 otherwise."""
    return run_async(lambda: _doctor(options))


async def _doctor(options: argparse.Namespace) -> int:
    if options.bundle:
        await asyncio.to_thread(_bundle_is_new, Path(options.bundle))
    _refuse_mistyped(options)
    checks = list(_terminal())
    checks += await _tried("state folder", _home)
    checks += await _tried("keyring", lambda: _keyring(options))
    checks += await _tried("vault", lambda: list(_vault(Home.find())))
    checks += await _tried("journal", lambda: kept.journals(Home.find()))
    checks += await _tried("passphrase", lambda: kept.passphrase(Home.find()))
    checks += [_memory(), *_tools()]
    checks += await _tried("network", lambda: _network(options))
    if getattr(options, "record", None):
        checks += await _record(options, Path(options.record))
    rows = [{"name": c.name, "verdict": c.verdict, "found": c.found, "todo": c.todo} for c in checks]
    if options.bundle:
        await asyncio.to_thread(_bundle, Path(options.bundle), rows)
    if options.json:
        # What is bad here is what could not be opened, reached or asked.
        not_read = [{"what": c.name, "where": None, "why": c.found} for c in checks if c.verdict == "bad"]
        known = {"complete": not not_read, "not_read": not_read}
        document({**documents.head("doctor", None), **known, "checks": rows})
    else:
        width = shutil.get_terminal_size((120, 24)).columns
        text(tables.checks([(c.verdict, c.name, c.found, c.todo) for c in checks], width))
    return 1 if any(check.verdict == "bad" for check in checks) else 0


def _refuse_mistyped(options: argparse.Namespace) -> None:
    """Raise UsageError for an option that cannot be used: that is no lack of this host."""
    endpoints_of(options)
    if asked := getattr(options, "proxy", None):
        choose(os.environ, asked=asked)


async def _tried(name: str, look: Callable[[], _Looked | Awaitable[_Looked]]) -> list[Check]:
    """Return what one look found; a look that cannot be taken is bad and costs itself alone."""
    try:
        found = look()
        seen = await found if isinstance(found, Awaitable) else found
    except (WorkbenchError, OSError) as problem:
        error = problem if isinstance(problem, WorkbenchError) else host_fault(problem)
        if error is None:
            raise
        return [Check(name, "bad", error.what, f"{error.means} {error.todo}".strip())]
    return [seen] if isinstance(seen, Check) else seen


async def _record(options: argparse.Namespace, path: Path) -> list[Check]:
    """Write the shapes of the account's answers to a new file, and return a line for each surprise in them."""
    from workbench.readers import answer_shapes

    key = supplied_key(options)
    if key is None:
        raise UsageError(
            "No admin key was given.",
            "Answers are read with one; nothing was asked.",
            "Set MAILGUN_API_KEY or use --key-stdin.",
        )
    api = Mailgun(endpoints_of(options), key, clock=SystemClock(), network=network_of(options, Home.find()))
    try:
        found = await answer_shapes.record(api)
    finally:
        await api.aclose()
    try:
        await asyncio.to_thread(write_new, path, json.dumps(found, indent=1).encode())
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.",
            "Nothing was kept.",
            "Name a file that does not exist yet.",
        ) from error
    say(f"Written: {path}. It holds types and field names, no value; read it before you send it.")
    odd = [(row["endpoint"], row["region"], words) for row in found for words in row["surprises"]]
    checks = [
        Check("answers", "warn", f"{e} ({r}): {words}", "Send the file with a bug report.")
        for e, r, words in odd
    ]
    return checks or [Check("answers", "ok", "nothing in them that the client does not expect")]


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet, for its owner alone; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _bundle_is_new(path: Path) -> None:
    from workbench.cli import bundle

    bundle.refuse_existing(path)


def _bundle(path: Path, rows: list[dict[str, str]]) -> None:
    from workbench.cli import bundle

    bundle.write(path, bundle.document(Home.find(), rows))
    say(f"Written: {path}. Read it before you send it.")


def _terminal() -> Iterator[Check]:
    size = shutil.get_terminal_size()
    term = os.environ.get("TERM", "")
    if not on_terminal(sys.stdout):
        yield Check("terminal", "ok", "output goes to a pipe: commands work, the full screen does not")
    elif size.columns < 80 or size.lines < 24:
        yield Check("terminal", "warn", f"{size.columns}×{size.lines}", "Make it 80×24 at least.")
    elif term in ("", "dumb"):
        yield Check(
            "terminal", "bad", f"TERM is {term or 'not set'}", "Set TERM, for example xterm-256color."
        )
    else:
        yield Check("terminal", "ok", f"{size.columns}×{size.lines}, {term}")
    encoding = locale.getpreferredencoding(False)
    if encoding.upper().replace("-", "") != "UTF8":
        yield Check(
            "encoding", "warn", encoding, "Symbols are drawn in ASCII; set a UTF-8 locale for the others."
        )


def _home() -> Check:
    home = Home.find()
    try:
        free = home.free_space()
    except HostError as error:
        return Check("state folder", "bad", error.what, error.todo)
    if free < 50_000_000:
        return Check("state folder", "bad", f"{free // 1_000_000} MB free", "Make room: evidence needs it.")
    # SQLite's write-ahead log does not work across hosts: the journal does without one there, and is slower.
    volume = network_volume(home.path)
    where = (
        f", on a network volume ({volume}): the journal is kept without a write-ahead log" if volume else ""
    )
    return Check("state folder", "ok", f"{home.path}, {free // 1_000_000_000} GB free{where}")


async def _keyring(options: argparse.Namespace) -> Check:
    from workbench.vault.keyring_probe import answering
    from workbench.vault.vault import SystemKeyring

    choice = vault_choice(options, Home.find())
    if choice == "file":
        return Check("keyring", "ok", "not used: the workbench's own encrypted file is chosen")
    found = await answering()
    if isinstance(found, SystemKeyring):
        return Check("keyring", "ok", found.title)
    if choice != "keyring" and Home.find().has_vault():
        return Check("keyring", "ok", "the workbench's own encrypted file")
    return Check("keyring", "warn", found.reason, found.todo)


def _vault(home: Home) -> Iterator[Check]:
    """Say whether the workbench's own file, where there is one, can be read as a vault; its passphrase is not asked."""
    from workbench.vault.file_backend import is_whole, names_in

    if not home.has_vault():
        return
    try:
        found = f"{home.vault_file}, {plural(len(names_in(home.vault_file)), 'entry', 'entries')}"
    except VaultError as error:
        yield Check("vault", "bad", f"{home.vault_file}: {error.what}", f"{error.means} {error.todo}")
        return
    if is_whole(home.vault_file):
        yield Check("vault", "ok", found)
    else:
        todo = (
            "It is lost or damaged: what it was before its last change is used. Look for a copy of the file."
        )
        yield Check("vault", "warn", found, todo)


def _memory() -> Check:
    """Say what this host refused of what keeps other programs from the memory of this one."""
    refused = protect()
    if not _locked():
        refused.append(
            "the page that holds the vault's key could not be locked (ulimit -l): it may be swapped out"
        )
    if not refused:
        return Check(
            "memory", "ok", "no core dump, no debugger of the same user; the vault's key is not swapped out"
        )
    return Check(
        "memory", "warn", "; ".join(refused), "Work where no other program runs as this user; swap encrypted."
    )


def _locked() -> bool:
    return LockedKey(bytes(32)).locked


def _tools() -> Iterator[Check]:
    if shutil.which("git") is None:
        yield Check("git", "warn", "not found", "Install git to search repositories for leaked keys.")


async def _network(options: argparse.Namespace) -> list[Check]:
    network = network_of(options, Home.find())
    checks = list(_proxy(network))
    try:
        network.trust.context()
    except HostError as error:
        return [*checks, Check("certificates", "bad", error.what, error.todo)]
    checks.append(Check("certificates", "ok", f"judged by {network.trust.sources()}"))
    endpoints, clock = endpoints_of(options), SystemClock()
    api = Mailgun(endpoints, Secret(_NOBODY), clock=clock, network=network)
    try:
        for region in endpoints.regions:
            checks.append(await _answers(api, region))
        checks += _clock(api.clock_offset)
    finally:
        await api.aclose()
    return checks + await _smtp(endpoints, network)


def _proxy(network: Network) -> Iterator[Check]:
    """Say which place that names a proxy is used, which is not and why, and who is excepted."""
    routes = network.routes
    for one in routes.named:
        # A variable that another goes before is in order; one that cannot be used may surprise.
        plain = one.used or "before it" in one.why or "plain HTTP" in one.why
        yield Check(
            f"proxy: {one.name}", "ok" if plain else "warn", one.why if one.used else f"ignored: {one.why}"
        )
    if routes.excepted and routes.proxy is not None:
        every = " (every server: the proxy is used for none)" if "*" in routes.excepted else ""
        yield Check("proxy: exceptions", "ok", f"reached straight: {', '.join(routes.excepted)}{every}")
    if not routes.named:
        yield Check("proxy", "ok", "none is named: every server is reached straight")


async def _answers(api: Mailgun, region: Region) -> Check:
    name = f"API {region.upper()}"
    try:
        await api.call("GET", "/v4/domains", region=region, query={"limit": 1})
    except Untrusted as error:
        return Check(name, "bad", error.what, f"{error.means} {error.todo}")
    except ApiError as error:
        if error.status != 401:
            return Check(name, "bad", error.what, error.todo)
    return Check(name, "ok", "answers")


def _clock(offset: float | None) -> list[Check]:
    if offset is None:
        return [Check("clock", "warn", "Mailgun did not answer, so it could not be compared")]
    if abs(offset) > TOLERANCE:
        todo = "Set the host's clock (date -u): certificates are judged by it. Times of an incident are Mailgun's."
        return [Check("clock", "warn", f"{off_by(offset)} Mailgun's", todo)]
    return [Check("clock", "ok", "agrees with Mailgun's")]


async def _smtp(endpoints: Endpoints, network: Network) -> list[Check]:
    prover = SmtpProver(clock=SystemClock(), network=network, timeout=5.0)
    checks = []
    for region, servers in endpoints.smtp.items():
        proof = await prover.prove(servers, "doctor@example.invalid", Secret(_NOBODY))
        by = f" through {proof.via}" if proof.via else ""
        if proof.refused or proof.accepted:
            checks.append(Check(f"SMTP {region.upper()}", "ok", f"answers at {proof.server}{by}"))
        else:
            checks.append(
                Check(
                    f"SMTP {region.upper()}",
                    "warn",
                    proof.reason or "no verdict",
                    f"New passwords cannot be proven from here. {ELSEWHERE}",
                )
            )
    return checks
