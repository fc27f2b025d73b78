"""Run by test_terminal.py on a pseudo-terminal: the app on a fake session, with one thing going wrong."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.pilot.fake_session import SECRET, FakeSession
from workbench.app import WorkbenchApp


def main(what: str, marker: Path) -> int:
    """Run the app until it ends; ``marker`` tells what became of the session."""

    class Witness(FakeSession):
        async def record_error(self, error: BaseException, doing: str) -> None:
            await super().record_error(error, doing)
            with marker.open("a") as file:
                file.write(f"error {type(error).__name__} {doing}\n")

        async def aclose(self) -> None:
            await super().aclose()
            with marker.open("a") as file:
                file.write("closed\n")

    session = Witness()

    async def opener() -> FakeSession:
        return session

    app = WorkbenchApp(opener, drill=True, watch_every=0, rate_every=0)  # type: ignore[arg-type]

    def crash() -> None:
        password = SECRET
        raise RuntimeError(f"cannot use {password}")

    if what == "crash":
        app.call_later(lambda: app.set_timer(0.5, crash))
    code = app.run(mouse=False)
    sys.stdout.write(f"ended {code} {app.return_code}\n")
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
