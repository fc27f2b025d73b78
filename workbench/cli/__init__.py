"""The command line: the same work without the screen, for scripts and tickets.

Nothing heavy is imported here: each command imports what it needs when it runs, because the time to the
first frame and ``leaks`` on a large tree both pay for every import.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from workbench.cli.parser import build_parser
from workbench.errors import WorkbenchError

INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code (design, contracts): 0, 1, 2, 3, 4 or 130."""
    parser = build_parser()
    options = parser.parse_args(list(arguments))
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What was done is journaled; the same command continues.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (head, less); that is not an error of ours.
        sys.stderr.close()
        return 0
    except WorkbenchError as error:
        from workbench.cli.output import explain

        explain(error)
        return error.exit_code
    return code
