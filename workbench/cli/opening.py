"""From the command line and the environment to an open session: servers, admin key, vault, incident."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from workbench.cli.output import say, warn
from workbench.cli.streams import on_terminal, read_line
from workbench.cli.vaults import open_vault, reading_vault
from workbench.core import config
from workbench.core.atomic_files import read_plain, read_private
from workbench.core.clock import AccountClock, SystemClock
from workbench.core.errors import UsageError
from workbench.core.json_text import read_json
from workbench.core.network import Network
from workbench.core.proxies import choose
from workbench.core.redact import Secret, visible
from workbench.core.state_dir import Home, new_incident_id
from workbench.core.trust import CertificateTrust
from workbench.mailgun.endpoints import MAILGUN, Endpoints, from_base_url, from_document
from workbench.session.events import Event, VaultDamaged, Waiting
from workbench.session.role_play_port import RolePlay
from workbench.session.session import Session, SessionOptions, open_session

SIGNALLED = 128  # and the number of the signal
_OLD_SECRETS_LIMIT = 4 * 1024 * 1024


def endpoints_of(options: argparse.Namespace) -> Endpoints:
    """Return the servers to talk to: --endpoints, WORKBENCH_ENDPOINTS, MAILGUN_BASE_URL, or Mailgun's own.

    Raises UsageError for a file that cannot be read or does not name servers.
    """
    named = getattr(options, "endpoints", None) or os.environ.get("WORKBENCH_ENDPOINTS")
    if named:
        try:
            return from_document(read_json(read_plain(Path(named))))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"The endpoints file {visible(named, 200)} cannot be used.",
                "It should hold the JSON that `workbench drill --serve` prints first.",
                "Check the path and the content.",
            ) from error
    base = os.environ.get("MAILGUN_BASE_URL")
    return from_base_url(base) if base else MAILGUN


def supplied_key(options: argparse.Namespace) -> Secret | None:
    """Return the admin key from standard input or MAILGUN_API_KEY; None leaves it to the vault.

    Raises UsageError for what cannot be a key: bytes that are no text, or characters no header may hold.
    """
    if getattr(options, "key_stdin", False):
        typed = line_of_input("Admin API key (not shown): ")
    else:
        typed = os.environ.get("MAILGUN_API_KEY", "").strip()
    if not typed.isascii() or not typed.isprintable():
        raise UsageError(
            "The admin key that was given cannot be one.",
            "It holds characters no Mailgun key has; it was probably damaged on its way here.",
            "Copy it again from where you keep it.",
        )
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
    return Network(routes, CertificateTrust(str(Path(ca_file).expanduser()) if ca_file else None))


def line_of_input(prompt: str) -> str:
    """Return one line of standard input without blanks around it, asked for hidden on a terminal.

    UsageError where it is no text, or standard input is closed.
    """
    if on_terminal(sys.stdin):
        return getpass.getpass(prompt, stream=sys.stderr).strip()
    return read_line()


async def open_from(
    options: argparse.Namespace, *, drill: bool = False, home: Home | None = None, stores: bool = False
) -> Session:
    """Open the session that the options name; raises the errors of ``open_session`` and the above.

    Only what ``stores`` (secrets, evidence before a change) needs a vault; everything else reads without one.

    Whatever is wrong with vault or journal is said before anything else.
    """
    place = home or Home.find()
    incident = incident_of(options, place)
    keys, logins = old_secrets(getattr(options, "old_secrets_file", None))
    endpoints, key = endpoints_of(options), supplied_key(options)
    place.ensure()
    vault = await (open_vault if stores else reading_vault)(place, options)
    try:
        session = await open_session(
            SessionOptions(
                home=place,
                endpoints=endpoints,
                vault=vault,
                clock=AccountClock(),
                key=key,
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
    except BaseException:
        vault.close()
        raise
    grounds = session.recorder.grounds()
    # Who means to write to a damaged journal is stopped with the same words.
    for words in grounds[1:] if stores and session.state.damage else grounds:
        warn(words)
    # Told wherever it happens: minutes of silence look like a hang.
    session.recorder.subscribe(_tell)
    return session


def _tell(event: Event) -> None:
    """Say what no command may keep to itself."""
    if isinstance(event, VaultDamaged):
        warn(event.text)
    elif isinstance(event, Waiting):
        say(event.text)


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
        held = read_json(raw)
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
