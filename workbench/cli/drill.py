"""``workbench drill``: the simulated account, with the screen or only served."""

from __future__ import annotations

import argparse
import asyncio
import sys
from importlib.util import find_spec

from workbench.cli.output import text
from workbench.core.errors import HostError
from workbench.core.state_dir import Home
from workbench.drill.world.options import from_arguments
from workbench.drill.world.scenarios import SCENARIOS, named

# What the simulated account is served with; an incident needs none of it.
_SERVERS = ("starlette", "uvicorn", "aiosmtpd")


def _need_servers() -> None:
    """Raise HostError with the one command to type where the drill's servers are not installed."""
    missing = [name for name in _SERVERS if find_spec(name) is None]
    if missing:
        raise HostError(
            "The drill is not installed.",
            f"It is an extra of the package: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.",
            f"Type: {sys.executable} -m pip install 'mailgun-workbench[drill]'",
        )


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    if options.list:
        rows = [f"{name:14} {scenario.title}" for name, scenario in SCENARIOS.items()]
        text("\n".join(rows))
        return 0
    _need_servers()
    chosen = from_arguments(options)
    named(chosen.scenario)  # A mistyped one is told before any screen.
    if options.serve:
        from workbench.drill.servers.serve import serve

        home = Home.find().drill()
        home.ensure()
        return asyncio.run(serve(chosen, home.path / "account"))
    from workbench.cli.screen import run_drill

    code: int = run_drill(options)
    return code
