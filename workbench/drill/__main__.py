"""``python -m workbench.drill``: serve a drill without the rest of the workbench."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from workbench.core.errors import WorkbenchError
from workbench.drill.world.options import add_arguments, from_arguments
from workbench.drill.world.scenarios import listing


def main(argv: list[str] | None = None) -> int:
    """Serve a drill whose files lie in ``--folder`` until interrupted, or list the scenarios."""
    parser = argparse.ArgumentParser(prog="workbench.drill", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("--folder", type=Path, default=Path("drill"), help="where the drill keeps its files")
    args = parser.parse_args(argv)
    if args.list:
        sys.stdout.write(listing() + "\n")
        return 0
    # The servers are heavy to import; a listing or a usage error needs none of them.
    from workbench.drill.servers.serve import serve

    try:
        return asyncio.run(serve(from_arguments(args), args.folder))
    except WorkbenchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
