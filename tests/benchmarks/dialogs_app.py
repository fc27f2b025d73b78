"""The program ``bench_bytes`` measures the dialogs with: the drill, where F9 opens each dialog in turn and closes it.

``python -m tests.benchmarks.dialogs_app`` with ``WORKBENCH_HOME`` set.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tests.support.dialogs import EXAMPLES
from workbench.cli.parser import build_parser
from workbench.cli.screen import _Drill
from workbench.tui.app import WorkbenchApp

NEXT = "\x1b[20~"  # F9, as a terminal sends it


class DialogsApp(WorkbenchApp):
    """The workbench with a key that opens one dialog after the other, in the order of their names."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f9", "next_dialog", priority=True, show=False)]
    left = sorted(EXAMPLES, key=lambda kind: kind.__name__)

    def action_next_dialog(self) -> None:
        """Open the next dialog, or close the one that is open."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.left:
            self.push_screen(EXAMPLES[self.left.pop(0)](self))


def main() -> None:
    """Run it on a fresh drill; what serves the drill is started as by the command."""
    drill = _Drill(build_parser().parse_args(["drill", "--fresh"]))
    try:
        DialogsApp(drill.open_session, drill=True, watch_every=10.0, rate_every=5.0).run(mouse=False)
    finally:
        drill.stop()


if __name__ == "__main__":
    main()
