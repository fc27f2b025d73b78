"""What a drill can be asked for. Light to import: the command line needs it early."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime

DEFAULT_SCENARIO = "stolen-env"


@dataclass(frozen=True)
class DrillOptions:
    """How to build and run a drill. ``None`` for a size takes the scenario's own.

    ``rate`` is calls a minute per endpoint family (0: no limit), ``latency_ms`` is added to every call,
    ``speed`` is simulated hours a minute of real time (0: real time), ``start`` the simulated moment the
    drill opens at (None: the host's clock at creation), ``traffic`` the share of the scenario's usual mail that
    is sent, its owner's and the intruder's alike: fewer messages in the log, the same senders.
    """

    scenario: str = DEFAULT_SCENARIO
    seed: int = 1
    domains: int | None = None
    credentials: int | None = None
    users: int | None = None
    latency_ms: float = 0.0
    rate: int = 0
    faults: str = ""
    speed: float = 0.0
    port: int = 0
    fresh: bool = False
    start: datetime | None = None
    traffic: float = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the drill's options to an argument parser (the caller owns ``--serve`` and ``--list``)."""
    group = parser.add_argument_group("drill")
    group.add_argument(
        "--scenario", default=DEFAULT_SCENARIO, help=f"what happened (default {DEFAULT_SCENARIO})"
    )
    group.add_argument("--seed", type=int, default=1, help="same seed, same account (default 1)")
    group.add_argument("--domains", type=_size, help="how many sending domains")
    group.add_argument("--credentials", type=_size, help="how many SMTP logins")
    group.add_argument("--users", type=_size, help="how many panel users")
    group.add_argument("--latency-ms", type=float, default=0.0, help="added to every API call")
    group.add_argument(
        "--rate", type=_size, default=0, help="calls a minute per family before 429 (0: no limit)"
    )
    group.add_argument(
        "--faults",
        default="",
        metavar="LIST",
        help="faults between workbench and account: name[*times in a row][:share of calls], comma between: refuse, "
        "reset-before, reset-after, stall, truncate, cut, html, slow-SECONDS, status-CODE, status-429-bare, smtp-454; "
        "and ways the API itself may answer, name[@PATH]: short-pages, free-plan, sub-key, odd-elements, eu-only-401, "
        "business-verification, contradictions",
    )
    group.add_argument("--speed", type=float, default=0.0, help="simulated hours a minute (0: real time)")
    group.add_argument(
        "--port", type=_size, default=0, help="first of the API's ports (0: the system chooses)"
    )
    group.add_argument("--fresh", action="store_true", help="start anew instead of resuming")
    group.add_argument("--start", type=_moment, help="simulated moment to open at, ISO 8601 (default: now)")


def from_arguments(args: argparse.Namespace) -> DrillOptions:
    """Return the drill options held by parsed arguments."""
    return DrillOptions(
        scenario=args.scenario,
        seed=args.seed,
        domains=args.domains,
        credentials=args.credentials,
        users=args.users,
        latency_ms=args.latency_ms,
        rate=args.rate,
        faults=args.faults,
        speed=args.speed,
        port=args.port,
        fresh=args.fresh,
        start=args.start,
    )


def _size(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not an ISO 8601 moment: {text}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
