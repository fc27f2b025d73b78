"""``workbench drill``: the simulated account, with the screen or only served."""

from __future__ import annotations

import argparse
import asyncio

from workbench.cli.output import text
from workbench.core.state_dir import Home
from workbench.drill.world.options import from_arguments
from workbench.drill.world.scenarios import SCENARIOS


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    if options.list:
        rows = [f"{name:14} {scenario.title}" for name, scenario in SCENARIOS.items()]
        text("\n".join(rows))
        return 0
    if options.serve:
        from workbench.drill.servers.serve import serve

        home = Home.find().drill()
        home.ensure()
        return asyncio.run(serve(from_arguments(options), home.path / "account"))
    from workbench.cli.screen import run_drill

    code: int = run_drill(options)
    return code
