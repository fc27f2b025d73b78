"""``workbench drill``: the simulated account, with the screen or only served."""

from __future__ import annotations

import argparse
import asyncio

from workbench.cli.output import text
from workbench.drill.options import from_arguments
from workbench.drill.scenarios import SCENARIOS
from workbench.home import Home


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    if options.list:
        rows = [f"{name:14} {scenario.title}" for name, scenario in SCENARIOS.items()]
        text("\n".join(rows))
        return 0
    if options.serve:
        from workbench.drill.serve import serve

        home = Home.find().drill()
        home.ensure()
        return asyncio.run(serve(from_arguments(options), home.path / "account"))
    from workbench.cli.screen import run_drill

    code: int = run_drill(options)
    return code
