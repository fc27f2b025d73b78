"""The command line: the same work without the screen, for scripts and tickets.

Nothing heavy is imported here: each command imports what it needs when it runs, because the time to the
first frame and ``leaks`` on a large tree both pay for every import.
"""

from __future__ import annotations

import contextlib
import signal
import traceback
from collections.abc import Sequence

from workbench.cli import output
from workbench.cli.command_parser import Mistyped
from workbench.cli.parser import build_parser
from workbench.core.errors import OutputError, Signalled, UsageError, WorkbenchError, host_fault
from workbench.core.process import protect

# A command that a signal ends says so as a shell does: 128 and the signal's number.
SIGNALLED = 128
FAULT = 70
_ROOT = "workbench"


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code (design, contracts).

    0 known and good, 1 findings or steps open or not all of it read, 2 usage, 3 nothing could be asked, 4 stopped
    half-way, 70 a fault of the program, 128 + n a signal. A fault of the host is an error with words and a remedy.
    """
    output.begin()
    protect()
    error: WorkbenchError | None = None
    try:
        options = build_parser().parse_args(list(arguments))
        return int(options.run(options))
    except KeyboardInterrupt as stopped:
        output.say("")
        error = WorkbenchError("Stopped.", "What was done is journaled.", "The same command continues.")
        output.say("Stopped. What was done is journaled; the same command continues.")
        code = SIGNALLED + (stopped.number if isinstance(stopped, Signalled) else signal.SIGINT)
    except BrokenPipeError:
        # Whoever read our output has gone (head, less): the result is cut short, and the code says by what.
        output.abandon()
        return SIGNALLED + signal.SIGPIPE
    except Mistyped as mistyped:
        error, code = mistyped.told, mistyped.told.exit_code
    except SystemExit as ended:
        if not ended.code:
            raise  # --help, --version
        error, code = UsageError("The command line cannot be used as given.", "", "Add --help."), 2
    except WorkbenchError as told:
        error, code = told, told.exit_code
        output.explain(told)
    except Exception as unforeseen:
        error = host_fault(unforeseen)
        if error is not None:
            code = error.exit_code
            output.explain(error)
        else:
            # The kind and the place say enough to mend it; its text and its variables may hold a secret.
            error, code = _fault(unforeseen), FAULT
    _log(error, code)
    return _with_document(arguments, error, code)


def _log(error: WorkbenchError, code: int) -> None:
    """Keep what stopped a command for a bug report; a mistyped command line is none."""
    if code == UsageError.exit_code:
        return
    from workbench.core import diagnostics
    from workbench.core.state_dir import Home

    with contextlib.suppress(OSError, RuntimeError):
        diagnostics.note(Home.find().path, error, f"exit {code}")


def _with_document(arguments: Sequence[str], error: WorkbenchError, code: int) -> int:
    """Return ``code``; where a document was asked for and none went out, one says why there is no result."""
    if isinstance(error, OutputError):
        output.abandon()
    elif "--json" in arguments and not output.wrote_a_document():
        try:
            output.failed(error, code)
        except (OutputError, BrokenPipeError):
            output.abandon()
    return code


def _fault(error: Exception) -> WorkbenchError:
    what = f"A fault of this program: {type(error).__name__} at {_place(error)}."
    means = "What was done is journaled; this command did not get to its end."
    todo = "Run it again; if it stays so, report the line above."
    for sentence in (what, means, todo):
        output.say(sentence)
    return WorkbenchError(what, means, todo)


def _place(error: BaseException) -> str:
    """Return the module and line where it came up, the last one of our own."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"/{_ROOT}/" in frame.filename.replace("\\", "/")] or frames
    last = ours[-1]
    return f"{last.filename.replace(chr(92), '/').rpartition(f'/{_ROOT}/')[2]}:{last.lineno}"
