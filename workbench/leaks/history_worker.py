"""The second process of a search through a large history; see ``history_split``. Started by it alone."""

from __future__ import annotations

import signal
import sys

from workbench.leaks.history_split import work


def main() -> None:
    """Do the work that comes in; a ctrl+c is for the process that started this one, whose end ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
