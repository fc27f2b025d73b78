"""From the command line and the environment to an open session: servers, admin key, vault, incident."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from workbench.cli.output import say
from workbench.core import config
from workbench.core.atomic_files import read_private
from workbench.core.clock import SystemClock
from workbench.core.errors import HostError, UsageError
from workbench.core.network import Network
from workbench.core.proxies import choose
from workbench.core.redact import Secret, visible
from workbench.core.state_dir import Home, new_incident_id
from workbench.core.trust import Trust
from workbench.mailgun.endpoints import MAILGUN, Endpoints, from_base_url, from_document
from workbench.session.events import Waiting
from workbench.session.role_play_port import RolePlay
from workbench.session.session import Session, SessionOptions, open_session
from workbench.vault.keyring_probe import answering
from workbench.vault.passphrases import check_new, passphrase_from_environment
from workbench.vault.vault import NoKeyring, SystemKeyring, Vault

SIGNALLED = 128  # and the number of the signal
_OLD_SECRETS_LIMIT = 4 * 1024 * 1024


def endpoints_of(options: argparse.Namespace) -> Endpoints:
    """Return the servers to talk to: --endpoints, WORKBENCH_ENDPOINTS, MAILGUN_BASE_URL, or Mailgun's own.

    Raises UsageError for a file that cannot be read or does not name servers.
    """
    named = getattr(options, "endpoints", None) or os.environ.get("WORKBENCH_ENDPOINTS")
    if named:
        try:
            return from_document(json.loads(Path(named).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"The endpoints file {visible(named, 200)} cannot be used.",
                "It should hold the JSON that `workbench drill --serve` prints first.",
                "Check the path and the content.",
            ) from error
    base = os.environ.get("MAILGUN_BASE_URL")
    return from_base_url(base) if base else MAILGUN


def supplied_key(options: argparse.Namespace) -> Secret | None:
    """Return the admin key from standard input or MAILGUN_API_KEY; None leaves it to the vault."""
    if getattr(options, "key_stdin", False):
        if sys.stdin.isatty():
            typed = getpass.getpass("Admin API key (not shown): ", stream=sys.stderr)
        else:
            typed = sys.stdin.readline()
    else:
        typed = os.environ.get("MAILGUN_API_KEY", "")
    typed = typed.strip()
    return Secret(typed) if typed else None


def network_of(options: argparse.Namespace, home: Home) -> Network:
    """Return how this host reaches the world: --proxy and --ca-file, config.toml, the environment, in this order.

    Raises UsageError for a proxy of the command line or the configuration that is none.
    """
    settings = config.load(home.config_file)
    routes = choose(
        os.environ,
        asked=getattr(options, "proxy", None),
        configured=settings.proxy,
        excepted=settings.no_proxy,
    )
    ca_file = getattr(options, "ca_file", None) or settings.ca_file
    return Network(routes, Trust(str(Path(ca_file).expanduser()) if ca_file else None))


def vault_choice(options: argparse.Namespace | None, home: Home) -> str:
    """Return ``file`` or ``keyring`` as --vault or config.toml chooses, ``""`` where nothing does."""
    return getattr(options, "vault", None) or config.load(home.config_file).vault


async def open_vault(home: Home, options: argparse.Namespace | None = None) -> Vault:
    """Return the vault to use, unlocked.

    --vault, or ``vault`` in config.toml, chooses; else WORKBENCH_PASSPHRASE_FILE means the workbench's own file;
    otherwise a file that exists is unlocked, otherwise the host's keyring is used where it answers, otherwise a
    new file is offered on the terminal. Raises HostError where none of this is possible, VaultError for a wrong
    passphrase.
    """
    choice = vault_choice(options, home)
    passphrase = passphrase_from_environment() if choice != "keyring" else None
    path = home.vault_file
    if passphrase is not None:
        return await _file_vault(path, passphrase)
    if choice != "keyring" and await asyncio.to_thread(path.exists):
        return await Vault.unlock_file(path, _ask_passphrase("Passphrase of the workbench's vault: "))
    if choice == "file":
        return await _offer_file(path, NoKeyring("The workbench's own file was chosen for new credentials."))
    found = await answering()
    if isinstance(found, SystemKeyring):
        return Vault(found.backend)
    if choice == "keyring":
        raise HostError(
            found.reason, "The keyring was chosen for new credentials, so nothing else is used.", found.todo
        )
    return await _offer_file(path, found)


async def _file_vault(path: Path, passphrase: Secret) -> Vault:
    if await asyncio.to_thread(path.exists):
        return await Vault.unlock_file(path, passphrase)
    return await Vault.create_file(path, passphrase)


async def _offer_file(path: Path, found: NoKeyring) -> Vault:
    if not sys.stdin.isatty():
        raise HostError(
            found.reason,
            "New keys and passwords need a safe place before anything is changed.",
            "Set WORKBENCH_PASSPHRASE_FILE to a file only you can read that holds a passphrase, or run this on a "
            f"terminal. {found.todo}",
        )
    say(f"{found.reason} {found.todo}")
    say("The workbench can keep the new credentials in an encrypted file of its own.")
    say("Without its passphrase the new credentials are lost: nobody can recover them.")
    first = getpass.getpass("Choose a passphrase: ", stream=sys.stderr)
    second = getpass.getpass("Type it again: ", stream=sys.stderr)
    return await Vault.create_file(path, check_new(first, second))


def _ask_passphrase(prompt: str) -> Secret:
    if not sys.stdin.isatty():
        raise HostError(
            "The vault is locked and there is no terminal to ask for its passphrase.",
            "Its secrets cannot be read or added to.",
            "Set WORKBENCH_PASSPHRASE_FILE to a file only you can read that holds the passphrase.",
        )
    typed = getpass.getpass(prompt, stream=sys.stderr)
    if not typed:
        raise UsageError("No passphrase was typed.", "", "Run it again.")
    return Secret(typed)


async def open_from(options: argparse.Namespace, *, drill: bool = False, home: Home | None = None) -> Session:
    """Open the session that the options name; raises the errors of ``open_session`` and the above."""
    place = home or Home.find()
    place.ensure()
    clock = SystemClock()
    incident = incident_of(options, place)
    keys, logins = old_secrets(getattr(options, "old_secrets_file", None))
    vault = await open_vault(place, options)
    try:
        session = await open_session(
            SessionOptions(
                home=place,
                endpoints=endpoints_of(options),
                vault=vault,
                clock=clock,
                key=supplied_key(options),
                incident=incident,
                drill=drill,
                role_play=_role_play() if drill else None,
                own_key_id=getattr(options, "own_key", ""),
                resolver=getattr(options, "resolver", None) or "",
                network=network_of(options, place),
                old_secrets=keys,
                old_passwords=logins,
            )
        )
        # Told wherever it happens: minutes of silence look like a hang.
        session.subscribe(lambda event: say(event.text) if isinstance(event, Waiting) else None)
        return session
    except BaseException:
        vault.close()
        raise


def _role_play() -> RolePlay:
    from workbench.drill.role_play import DrillRolePlay

    return DrillRolePlay()


def old_secrets(path: str | None) -> tuple[dict[str, Secret], dict[str, Secret]]:
    """Return (old key secrets by key id, old SMTP passwords by login) from a file only its owner can read.

    Raises UsageError where others can read it or where it does not hold what it should; no value of it is ever
    in an error.
    """
    if not path:
        return {}, {}
    try:
        raw, _ = read_private(Path(path), limit=_OLD_SECRETS_LIMIT)
    except OSError as error:
        raise UsageError(
            f"The file of old secrets {visible(path, 200)} cannot be used: {error.strerror}.",
            "Whoever can read it has the secrets, dead or not.",
            "Make it yours alone: chmod 600 FILE.",
        ) from error
    try:
        held = json.loads(raw)
        parts = [held.get(name, {}) for name in ("keys", "logins")]
        keys, logins = ({str(k): Secret(str(v)) for k, v in part.items()} for part in parts)
    except (ValueError, AttributeError, TypeError):
        raise UsageError(
            "The file of old secrets is not what it should be.",
            "Nothing was proven with it.",
            'Write it as {"keys": {"KEY ID": "SECRET"}, "logins": {"LOGIN": "PASSWORD"}}.',
        ) from None
    return keys, logins


def incident_of(options: argparse.Namespace, home: Home) -> str | None:
    """Return the incident the options name, a new id with --new, None for the latest; raises UsageError."""
    if getattr(options, "incident", None):
        return home.existing(options.incident)
    return new_incident_id(SystemClock().now()) if getattr(options, "new", False) else None


def run_async(work: Callable[[], Awaitable[int]]) -> int:
    """Run a command to its exit code; SIGINT, SIGTERM and SIGHUP stop it cleanly with 128 and the signal's number."""

    async def guarded() -> int:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()
        caught: list[int] = []

        def stop(number: int) -> None:
            caught.append(number)
            task.cancel()

        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(name, stop, int(name))
        try:
            return await task
        except asyncio.CancelledError:
            if not caught:
                raise
            say("Stopped. What was done is journaled; the same command continues.")
            return SIGNALLED + caught[0]

    return asyncio.run(guarded())
