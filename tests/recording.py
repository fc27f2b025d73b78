"""The drill's first minute as a moving picture: ``python -m tests.recording`` writes ``screenshots/first-minute.gif``.

Played on the real program and the simulated account, with the keys that a person would press. Nothing is drawn by hand;
how long a picture stands is chosen so that it can be read.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.pilot import Pilot

from tests.screenshots import FOLDER, PLAIN_TERMINAL, START, Gate, Studio, _later
from tests.support.patience import HANGS
from workbench.drill.servers.serve import start
from workbench.drill.world.options import DrillOptions
from workbench.session.account import AccountReadings

FILE = FOLDER / "first-minute.gif"
SIZE = (120, 40)  # cells
WIDTH = 960  # pixels
COLOURS = 48


class Recording(Studio):
    """Takes the pictures of the first minute, each with the seconds for which it stands."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.frames: list[tuple[str, float]] = []

    async def frame(self, pilot: Pilot[Any], seconds: float) -> None:
        """Take what is on the screen now."""
        await self.shoot(pilot, "frame")
        self.frames.append((self.shots.popitem()[1], seconds))

    async def play(self) -> None:
        """From the first look to access being cut, by Enter and one typed number."""
        async with self.app(SIZE) as pilot:
            await self.frame(pilot, 3.0)
            await self.press(pilot, "enter")
            await self.frame(pilot, 2.0)
            await self.press(pilot, "enter")
            await self.frame(pilot, 2.5)
            await self.press(pilot, "enter")
            await self.frame(pilot, 1.5)
            await self.press(pilot, "C")
            await self.frame(pilot, 3.0)
            from workbench.tui.screens.plan import PlanScreen

            screen = pilot.app.screen
            assert isinstance(screen, PlanScreen), screen
            await pilot.press(*str(screen.count))
            await self.frame(pilot, 1.5)
            self.gate.left = 9
            await pilot.press("enter")
            await asyncio.wait_for(self.gate.reached.wait(), HANGS)
            await pilot.pause(0.4)
            await self.frame(pilot, 1.5)
            self.gate.open.set()
            await self.carried_out(pilot)
            await self.two_minutes_later(pilot)
            await self.frame(pilot, 4.0)


async def recorded(folder: Path) -> list[tuple[str, float]]:
    """Return the pictures as SVG, each with its seconds."""
    gate = Gate()
    options = DrillOptions(scenario="stolen-env", fresh=True, seed=1, start=START)
    drill = await start(options, folder / "drill")
    drill.clock.stand_still()
    recording = Recording(folder, drill, gate)
    try:
        with ExitStack() as patches:
            patches.enter_context(gate.in_place())
            patches.enter_context(patch.dict(os.environ, {"LOGNAME": "operator"}))
            patches.enter_context(patch.object(AccountReadings, "preserve_rest", _later))
            patches.enter_context(patch.object(os, "fsync", lambda _: None))
            await recording.play()
        return recording.frames
    finally:
        await drill.close()


def written(frames: list[tuple[str, float]], file: Path) -> int:
    """Write the pictures as one GIF that begins again; return its bytes."""
    import cairosvg
    from PIL import Image

    pictures = [
        Image.open(io.BytesIO(cairosvg.svg2png(bytestring=svg.encode(), output_width=WIDTH)))  # type: ignore[no-untyped-call]
        .convert("RGB")
        .quantize(COLOURS)
        for svg, _ in frames
    ]
    file.parent.mkdir(exist_ok=True)
    pictures[0].save(
        file,
        save_all=True,
        append_images=pictures[1:],
        duration=[int(seconds * 1000) for _, seconds in frames],
        loop=0,
        optimize=True,
    )
    return file.stat().st_size


def main() -> int:
    """Record it."""
    os.environ.update(PLAIN_TERMINAL)
    for name in ("NO_COLOR", "TMUX", "STY", "WORKBENCH_THEME"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        frames = asyncio.run(recorded(Path(folder)))
    print(f"{FILE.name}: {len(frames)} pictures, {written(frames, FILE):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
