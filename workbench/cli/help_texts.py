"""What stands below the options in ``--help`` and in the manual page: exit codes, keys, environment. Light."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

EXIT_CODES = (
    "0 done, 1 findings or steps open, 2 usage, 3 not reached or not authorised, 4 stopped half-way, 70 a fault of the "
    "program, 128 + n a signal (the same command resumes)."
)
KEYS = (
    "Enter does what the guide names, f goes on with what was begun, z maximises a pane, F5 reads the account again, ] "
    "and [ move the guide, u takes back what was said (Activity), ! shows what is suspicious alone (Timeline), F1 "
    "takes the tour, F2 switches the mouse, ctrl+p lists all."
)
# By the variable, in the order of a first start; each is read by the program (a test compares).
ENVIRONMENT: Mapping[str, str] = {
    "MAILGUN_API_KEY": "the admin key, where it is not typed",
    "WORKBENCH_HOME": "where all state lies",
    "WORKBENCH_OPERATOR": "who works here, for the journal",
    "WORKBENCH_PASSPHRASE_FILE": "a file only you can read, with the passphrase of the vault file",
    "WORKBENCH_ENDPOINTS": "servers to talk to, as --endpoints",
    "WORKBENCH_THEME": "how the screen is drawn: dark, light, contrast or ansi",
    "WORKBENCH_ASCII": "1 draws the screen with ASCII alone, 0 never does",
    "WORKBENCH_TOUR": "0 never offers the tour",
    "NO_COLOR": "anything here draws the screen without colours",
}


def epilog() -> str:
    """Return what follows the options in ``--help``, a paragraph a line."""
    named = "; ".join(f"{name}, {words}" for name, words in ENVIRONMENT.items())
    return f"Exit codes: {EXIT_CODES}\nKeys of the full screen: {KEYS}\nEnvironment: {named}."


class Paragraphs(argparse.HelpFormatter):
    """Fills each line of a text as a paragraph of its own; argparse would run them into one."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(
            super(Paragraphs, self)._fill_text(line, width, indent) for line in text.splitlines()
        )
