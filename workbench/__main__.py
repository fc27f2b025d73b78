"""``python -m workbench`` and the ``workbench`` command."""

from __future__ import annotations

import sys

TOO_OLD = (
    "The workbench needs Python 3.11 or newer; this is {0}.{1}. Install one beside it: `uv tool install "
    "--python 3.13 mailgun-workbench` brings its own, or use a python3.11 package of this system.\n"
)


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts it on an older Python gets a sentence
        sys.stderr.write(TOO_OLD.format(*sys.version_info))
        sys.exit(2)
    from workbench.core.allocator import keep_thresholds, look_seldom

    keep_thresholds()
    look_seldom()
    from workbench.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
