"""Sample files as they lie about, kept as text: ``=== kind | name | what is secret``, then the file itself.

``«pw»`` stands for a password, ``«key»``, ``«leg»`` and ``«dash»`` for keys of the three forms, the other names for
what stands around them; ``«key[:16]»`` is a piece, ``«pw|base64»`` an encoding. Values are drawn anew by each seed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.unit.leaks.wild import Leak, Wild

_FILE = Path(__file__).with_name("samples.txt")
_HOLDER = re.compile(r"«(\w+)(?:\[(\d*):(\d*)\])?(?:\|(\w+))?»")
LOOK_ALIKE = "look-alike: "
_FORMS: dict[str | None, Callable[[str], str]] = {
    None: str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "basic": lambda text: base64.b64encode(f"api:{text}".encode()).decode(),
    "percent": lambda text: re.sub(r"\W", lambda sign: f"%{ord(sign.group()):02X}", text),
    "unicode": lambda text: text.replace("-", "\\u002d"),
    "hexadecimal": lambda text: text.replace("-", "\\x2d"),
}


def samples(seed: int) -> Iterator[Leak]:
    """Yield every sample with values drawn from ``seed``; the value of a look-alike is empty."""
    draw = Wild(seed)
    for block in _FILE.read_text(encoding="utf-8").split("\n=== "):
        head, _, text = block.removeprefix("=== ").partition("\n")
        kind, name, *secret = head.split(" | ")
        values = _values(draw)
        yield Leak(kind, name, f"{_filled(text, values)}\n".encode(), values[secret[0]] if secret else "")


def _values(draw: Wild) -> dict[str, str]:
    return {
        "host": draw.host(), "dom": draw.domain(), "login": draw.login(), "pw": draw.password(),
        "key": draw.current(), "leg": draw.legacy(), "dash": draw.dashed(), "hex": draw.hex(32),
        "other": draw.own(), "other2": draw.old_password(), "id": f"{draw.hex(8)}-{draw.hex(8)}",
    }  # fmt: skip


def _filled(text: str, values: dict[str, str]) -> str:
    def put(found: re.Match[str]) -> str:
        name, first, last, form = found.groups()
        return _FORMS[form](values[name][int(first or 0) : int(last) if last else None])

    return _HOLDER.sub(put, text)
