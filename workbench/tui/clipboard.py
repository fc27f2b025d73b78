"""Copying over SSH: OSC 52, wrapped where tmux or screen stand between, and an honest word about it.

No terminal answers whether it took the text, so no message here claims that it did.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workbench.core.redact import Secret

# xterm takes at most 100,000 bytes of one sequence; longer ones are dropped without a word.
MAX_PAYLOAD = 74_994  # bytes of base64
SCREEN_CHUNK = 240  # GNU screen cuts a device control string at 256 bytes


class Copied(NamedTuple):
    """What to write to the terminal (empty: nothing) and what to tell the operator."""

    sequence: str
    words: str


def copy_sequence(text: str, environ: Mapping[str, str]) -> Copied:
    """Return the escape sequence that offers ``text`` to the terminal's clipboard, and words about it."""
    if not text:
        return Copied("", "There is nothing to copy.")
    payload = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(payload) > MAX_PAYLOAD:
        return Copied(
            "", f"Too long for a terminal's clipboard ({len(text):,} characters): nothing was copied."
        )
    plain = f"\x1b]52;c;{payload}\x07"
    said = f"Sent to the terminal ({len(text):,} characters); it does not say whether it took them."
    if environ.get("TMUX"):
        hint = " In tmux it needs: set -g allow-passthrough on."
        return Copied("\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\", said + hint)
    if environ.get("STY"):
        pieces = (plain[i : i + SCREEN_CHUNK] for i in range(0, len(plain), SCREEN_CHUNK))
        return Copied("".join(f"\x1bP{piece}\x1b\\" for piece in pieces), said)
    return Copied(plain, said + " If not, hold Shift and select with the mouse.")


def copied_secret(secret: Secret, environ: Mapping[str, str], *, share_safe: bool) -> Copied:
    """Return the same for a secret: nothing while share-safe is on, and a warning about who keeps it."""
    if share_safe:
        return Copied("", "Not copied: share-safe is on. `workbench secrets get NAME` writes it to a pipe.")
    copied = copy_sequence(secret.reveal(), environ)
    words = "The secret went to the terminal. Recorders and tmux keep it: clear their history, or replace it again."
    return Copied(copied.sequence, words if copied.sequence else copied.words)
