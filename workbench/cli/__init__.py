"""The command line: the same work without the screen, for scripts and tickets.

Nothing heavy is imported here: each command imports what it needs when it runs, because the time to the
first frame and ``leaks`` on a large tree both pay for every import.
"""

from __future__ import annotations

import signal
import traceback
from collections.abc import Sequence

from workbench.cli import output
from workbench.cli.parser import build_parser
from workbench.core.errors import OutputError, Signalled, WorkbenchError, host_fault

# A command that a signal ends says so as a shell does: 128 and the signal's number.
SIGNALLED = 128
FAULT = 70
_ROOT = "workbench"


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code (design, contracts).

    0 known and good, 1 findings or steps open or not all of it read, 2 usage, 3 nothing could be asked, 4 stopped
    half-way, 70 a fault of the program, 128 + n a signal. A fault of the host is an error with words and a remedy.
    """
    try:
        options = build_parser().parse_args(list(arguments))
        code: int = options.run(options)
    except KeyboardInterrupt as stopped:
        output.say("")
        output.say("Stopped. What was done is journaled; the same command continues.")
        return SIGNALLED + (stopped.number if isinstance(stopped, Signalled) else signal.SIGINT)
    except BrokenPipeError:
        # Whoever read our output has gone (head, less): the result is cut short, and the code says by what.
        output.abandon()
        return SIGNALLED + signal.SIGPIPE
    except WorkbenchError as error:
        return _told(error)
    except Exception as error:
        fault = host_fault(error)
        if fault is not None:
            return _told(fault)
        # The kind and the place say enough to mend it; its text and its variables may hold a secret.
        output.say(f"A fault of this program: {type(error).__name__} at {_place(error)}.")
        output.say("What was done is journaled; this command did not get to its end.")
        output.say("Run it again; if it stays so, report the line above.")
        return FAULT
    return code


def _told(error: WorkbenchError) -> int:
    output.explain(error)
    if isinstance(error, OutputError):
        output.abandon()
    return error.exit_code


def _place(error: BaseException) -> str:
    """Return the module and line where it came up, the last one of our own."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"/{_ROOT}/" in frame.filename.replace("\\", "/")] or frames
    last = ours[-1]
    return f"{last.filename.replace(chr(92), '/').rpartition(f'/{_ROOT}/')[2]}:{last.lineno}"
