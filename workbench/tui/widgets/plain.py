"""Everything in ASCII, for terminals that can draw nothing else."""

from __future__ import annotations

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# Heavy lines mean focus, so they stay apart from light ones.
_ASCII = str.maketrans(
    {
        # Whatever else frames, bars and scroll bars are made of; the ones below say it better.
        **dict.fromkeys(map(chr, range(0x2500, 0x2580)), "+"),
        **dict.fromkeys(map(chr, range(0x2580, 0x25A0)), "#"),
        **dict.fromkeys("▂▃", "_"),
        **dict.fromkeys("▌▐", "|"),
        **dict.fromkeys("─╌┄┈╶╴▔▁", "-"),
        **dict.fromkeys("│╎┆┊▏▎▕", "|"),
        **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
        **dict.fromkeys("━═", "="),
        **dict.fromkeys("┃┏┓┗┛║╔╗╚╝█", "#"),
        **dict.fromkeys("·•…", "."),
        **dict.fromkeys("—–−", "-"),
        **dict.fromkeys("▶›❯→", ">"),
        **dict.fromkeys("“”", '"'),
        **dict.fromkeys("‘’", "'"),
        "✓": "+",
        "✗": "x",
        "×": "x",
        "⚠": "!",
        "◐": "~",
        "●": "*",
        "◉": "*",
        "○": "o",
        "▲": "^",
        "▼": "v",
        "↑": "^",
        "↓": "v",
        "\u200e": None,
    }
)


class AsciiFilter(LineFilter):
    """Draws everything in ASCII, cell for cell: the last resort for terminals that can draw nothing else."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with every other character replaced by one that looks alike, or by ``?``."""
        return [
            segment
            if segment.text.isascii() or segment.control
            else Segment(_plain(segment.text), segment.style)
            for segment in segments
        ]


def _plain(text: str) -> str:
    translated = text.translate(_ASCII)
    if translated.isascii():
        return translated
    return "".join(char if char.isascii() else "?" * get_character_cell_size(char) for char in translated)
