"""The full screen: what it is opened with, on a real account and on the drill.

Light at the top: the screen paints before the account, the vault and the drill's servers are even
imported. Everything here that is heavy is imported inside the calls that the app makes afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.cli.parser import let_go
from workbench.cli.streams import on_terminal
from workbench.core.allocator import leave_alone
from workbench.core.errors import HostError, UsageError
from workbench.core.process import child_environment
from workbench.core.state_dir import Home
from workbench.core.turns import loaded

if TYPE_CHECKING:
    from workbench.core.config import ScreenConfig
    from workbench.core.redact import Secret
    from workbench.session.session import Session
    from workbench.tui.screens.connect import Door, KeyChoice, KeyRefusal
    from workbench.vault.vault import Vault

# Seconds the drill's servers may take to say where they are; a cold start takes about one.
SERVE_LIMIT = 30.0
# What opening a session loads; before the first frame nobody waits for it, and after it keys are answered meanwhile.
HEAVY = ("workbench.session.session", "workbench.session.investigation", "workbench.mailgun.wire")
# What the questions before it load.
DOOR = ("workbench.cli.opening", "workbench.cli.vaults", "workbench.vault.vault")


def run(options: argparse.Namespace) -> int:
    """Open the screen on a real account; returns the process's exit code."""
    _need_terminal()
    from workbench.tui.app import WorkbenchApp

    entrance, screen = _Entrance(options), _screen()
    app = WorkbenchApp(_settled(entrance.open_session), door=entrance.door, screen=screen)
    with drawn_on_terminal():
        return app.run(mouse=screen.mouse) or 0


def run_drill(options: argparse.Namespace) -> int:
    """Open the screen on the drill, whose servers run in a process of their own."""
    _need_terminal()
    from workbench.tui.app import WorkbenchApp

    drill, screen = _Drill(options), _screen()
    app = WorkbenchApp(
        _settled(drill.open_session),
        drill=True,
        tour=_first_time(),
        screen=screen,
        watch_every=10.0,
        rate_every=5.0,
    )
    try:
        with drawn_on_terminal():
            return app.run(mouse=screen.mouse) or 0
    finally:
        drill.stop()


def _settled(open_session: Callable[[], Awaitable[Session]]) -> Callable[[], Awaitable[Session]]:
    """Return what opens a session and has the looks for garbage leave alone what is there then and before every cut."""

    async def opened() -> Session:
        let_go()
        from workbench.execution.progress import PlanStarted

        session = await open_session()
        leave_alone()
        session.recorder.subscribe(lambda event: leave_alone() if isinstance(event, PlanStarted) else None)
        return session

    return opened


def _screen() -> ScreenConfig:
    """Return how the screen shall look and its keys; UsageError for a mistake, such as a key taken twice."""
    from workbench.core import config
    from workbench.tui import keymap, themes

    file = Home.find().screen_config_file
    found = config.load(file).screen
    if wrong := themes.check_theme(os.environ):
        raise UsageError(wrong, "It goes before config.toml.", "Set it to one of these, or unset it.")
    if wrong := keymap.check_keys(found.keys):
        raise UsageError(
            f"The keys of {file} cannot be used: {wrong}.", "None of them was taken.", "Correct it."
        )
    return found


def _first_time() -> bool:
    """Return whether nobody was offered the tour of this drill yet, and note that somebody is now.

    ``WORKBENCH_TOUR=0`` never offers it: for scripts that play the screen.
    """
    if os.environ.get("WORKBENCH_TOUR") == "0":
        return False
    home = Home.find().drill()
    home.ensure()
    seen = home.path / "tour-offered"
    if seen.exists():
        return False
    seen.touch(mode=0o600)
    return True


@contextlib.contextmanager
def drawn_on_terminal() -> Iterator[None]:
    """Have the screen drawn on the terminal also where standard error goes to a file (``workbench 2>log``).

    Textual draws on standard error: redirected, the screen would run unseen and take keys. Afterwards standard
    error is what it was, so that errors still end up where they were sent.
    """
    if sys.stderr is None:
        raise UsageError(
            "Standard error is closed.", "The screen is drawn through it.", "Start it without 2>&-."
        )
    if os.isatty(2):
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(1, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


def _need_terminal() -> None:
    if os.environ.get("TERM", "") in ("", "dumb") or not (on_terminal(sys.stdin) and on_terminal(sys.stdout)):
        raise UsageError(
            "The full screen needs a terminal.",
            "Input or output is a pipe, or TERM names no terminal.",
            "Use a command instead (workbench --help), or run it on a terminal.",
        )


@dataclass(slots=True)
class _Entrance:
    """Asks for the key and the vault where they are not at hand, then opens the session."""

    options: argparse.Namespace
    key: Secret | None = None
    vault: Vault | None = None
    _unlockable: bool = False
    home: Home = field(default_factory=Home.find)

    async def door(self) -> Door:
        """Return what has to be asked before the incident can be opened."""
        await loaded(*DOOR)
        from workbench.cli.opening import supplied_key
        from workbench.cli.vaults import vault_choice
        from workbench.tui.screens.connect import Door, KeyChoice
        from workbench.vault.passphrases import generate_passphrase, judged, passphrase_from_environment

        self.home.ensure()
        self.key = supplied_key(self.options)
        opened_before = await asyncio.to_thread(self._opened_before)
        ask_key = self.key is None and not await self._has_admin_key()
        choice = vault_choice(self.options, self.home)
        passphrase = passphrase_from_environment() if choice != "keyring" else None
        words = ""
        if passphrase is not None:
            await self._open_file(passphrase)
        elif choice == "keyring" or (choice != "file" and not self.home.has_vault()):
            words = await self._ask_keyring()
        state = "ready" if self.vault is not None else "unlock" if self.home.has_vault() else "create"
        return Door(
            ask_key=ask_key,
            take_key=self._take_key,
            vault=state,  # type: ignore[arg-type]
            vault_words=words,
            try_key=self.try_key,
            supplied=KeyChoice(typed=self.key) if self.key is not None and not opened_before else None,
            take_passphrase=self.take_passphrase,
            ask_again=self._ask_keyring if self._unlockable else None,
            judge=judged,
            offer=generate_passphrase,
        )

    async def _ask_keyring(self) -> str:
        """Take the host's keyring where it answers and return ``""``, else why it does not and the way on."""
        from workbench.vault.keyring_probe import UNLOCK, answering
        from workbench.vault.vault import SystemKeyring, Vault

        found = await answering()
        if isinstance(found, SystemKeyring):
            self.vault = Vault(found.backend)
            return ""
        self._unlockable = found.silent
        way = f"{UNLOCK} and press F5, or go on with a file of our own:" if found.silent else found.todo
        return f"{found.reason} {way}".strip()

    async def try_key(self, choice: KeyChoice) -> KeyRefusal | None:
        """Ask Mailgun what a key is before an incident is opened on it; None where it is the one."""
        await loaded("workbench.readers.key_admission", "workbench.mailgun.wire")
        from workbench.cli.opening import endpoints_of, network_of
        from workbench.core.clock import SystemClock
        from workbench.readers.key_admission import doubt_about
        from workbench.tui.screens.connect import KeyRefusal

        if choice.typed is None:
            return None
        network = network_of(self.options, self.home)
        doubt = await doubt_about(choice.typed, endpoints_of(self.options), SystemClock(), network)
        if doubt is None:
            return None
        insist = ""
        if doubt.lesser:
            insist = "Enter on the empty field goes on with it, to look only."
        elif await asyncio.to_thread(self._opened_before):
            insist = "Enter on the empty field opens the incident all the same."
        return KeyRefusal(doubt.words(), insist)

    def _opened_before(self) -> bool:
        """Return whether this start goes on with an incident rather than opening one."""
        return not self.options.new and (self.options.incident or self.home.latest()) is not None

    async def open_session(self) -> Session:
        """Open the session with what was found and asked; raises the errors of ``open_session``."""
        await loaded(*HEAVY)
        from workbench.cli.opening import endpoints_of, incident_of, network_of
        from workbench.core.clock import AccountClock
        from workbench.session.session import SessionOptions, open_session

        if self.vault is None:
            raise HostError("No vault is open.", "New credentials need a safe place.", "Start again.")
        return await open_session(
            SessionOptions(
                home=self.home,
                endpoints=endpoints_of(self.options),
                vault=self.vault,
                clock=AccountClock(),
                key=self.key,
                incident=incident_of(self.options, self.home),
                own_key_id=self.options.own_key,
                resolver=self.options.resolver or "",
                network=network_of(self.options, self.home),
            )
        )

    async def _has_admin_key(self) -> bool:
        """Return whether an incident of this home already runs on a key of its own in the vault."""
        from workbench.domain.model.replay import fold
        from workbench.journal.journal import read_rows

        incident = self.options.incident or self.home.latest()
        if incident is None or self.options.new:
            return False
        path = self.home.folder(incident) / "journal.sqlite"
        return bool(fold(await asyncio.to_thread(read_rows, path)).admin_entry)

    def _take_key(self, choice: KeyChoice) -> None:
        self.key = choice.typed

    async def take_passphrase(self, passphrase: Secret) -> None:
        """Open the vault with what was typed; UsageError where a new vault would be too easily guessed."""
        await self._open_file(passphrase)

    async def _open_file(self, passphrase: Secret) -> None:
        """Unlock the file, or make it: the same rules whether the passphrase was typed or read from a file."""
        from workbench.cli.vaults import keyring_beside_secrets
        from workbench.vault.passphrases import check_new, forget_judge
        from workbench.vault.vault import Vault

        path = self.home.vault_file
        if await asyncio.to_thread(self.home.has_vault):
            self.vault = await Vault.unlock_file(path, passphrase)
        else:
            await loaded("zxcvbn")  # It judges new ones, by word lists.
            keyring = await keyring_beside_secrets(self.home)
            typed = passphrase.reveal()
            self.vault = await Vault.create_file(path, check_new(typed, typed), keyring=keyring)
            forget_judge()


@dataclass(slots=True)
class _Drill:
    """The drill's servers in a process of their own, and the session on them."""

    options: argparse.Namespace
    process: asyncio.subprocess.Process | None = None

    async def open_session(self) -> Session:
        """Start the servers, unlock the throwaway vault, open the drill's incident."""
        import json

        line, _ = await asyncio.gather(self._serve(), loaded(*HEAVY, "workbench.drill.role_play"))
        from workbench.cli import drill_home
        from workbench.core.clock import ShiftedClock, as_moment
        from workbench.core.redact import Secret
        from workbench.drill.role_play import DrillRolePlay
        from workbench.mailgun.endpoints import from_document
        from workbench.session.session import SessionOptions, open_session

        home = Home.find().drill()
        home.ensure()
        document = json.loads(line)
        # What an incident knows of another account is none of this one's.
        if await asyncio.to_thread(drill_home.another, home, self.options) or self.options.fresh:
            await asyncio.to_thread(drill_home.forget, home)
        return await open_session(
            SessionOptions(
                home=home,
                endpoints=from_document(document),
                vault=await drill_home.throwaway_vault(home),
                # The simulated account has a time of its own: it stands still while the drill is closed.
                clock=ShiftedClock(as_moment(document["now"])),
                key=Secret(document["api_key"]),
                drill=True,
                role_play=DrillRolePlay(),
                search_places=drill_places(document),
            )
        )

    async def _serve(self) -> bytes:
        """Start the serving process and return its first line; raises HostError when it does not come up."""
        arguments = [word for word in sys.argv[1:] if word != "drill"]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "workbench",
            "drill",
            "--serve",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # A process group of its own: ctrl+c on the screen must not reach the servers.
            start_new_session=True,
            env=child_environment(WORKBENCH_DRILL_LIFELINE="1"),
        )
        output, errors = self.process.stdout, self.process.stderr
        if output is None or errors is None:
            raise AssertionError("both were asked for as pipes")
        try:
            line = await asyncio.wait_for(output.readline(), SERVE_LIMIT)
        except TimeoutError:
            line = b""
        if line:
            return line
        said = (await errors.read(2000)).decode(errors="replace").strip().splitlines()
        why = said[0] if said else f"They said nothing within {SERVE_LIMIT:.0f} seconds."
        # What to do about an option they say themselves, in a line of its own.
        todo = said[-1] if said[1:] else "Try --fresh; `workbench drill --serve` shows what goes wrong."
        raise HostError("The drill's servers did not start.", why, todo)

    def stop(self) -> None:
        """Stop the servers; their state is stored, and the simulated clock stands still until the next time."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()


def drill_places(document: dict[str, Any]) -> tuple[str, ...]:
    """Return where the drill's leak lies: its web root, its repository, its access log, its site."""
    return (
        document["web_root"],
        document["repository"],
        f"log:{document['access_log']}",
        f"site:{document['web_url']}",
    )
