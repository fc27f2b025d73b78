"""The diagnostic log: what went wrong, for a bug report; a small private file that never holds a secret.

Standard logging into ``<home>/workbench.log`` (mode 0600, rotated at 256 kB, one older kept). Made only when there
is something to say and the state folder exists: a look leaves nothing behind. Whatever has the shape of a
secret, or is one that this process knows, is masked; addresses of people are shortened.
"""

from __future__ import annotations

import logging
import os
import re
import traceback
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from workbench.core.atomic_files import FILE_MODE
from workbench.core.redact import MASK, Secret, short_address, visible
from workbench.core.secret_scanner import SecretScanner

FILE_NAME = "workbench.log"
LARGEST = 256 * 1024  # bytes
LAST_LINES = 60  # of the log in a bug report
_NAME = "workbench"
# Keys of either form, generated SMTP passwords, tokens: a long run of letters and digits with at least one digit.
_SHAPES = re.compile(r"(?:key-)?(?=[A-Za-z0-9_+/=-]*\d)[A-Za-z0-9_+/=-]{20,}")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_known = SecretScanner()


def guard(secret: Secret) -> None:
    """Mask ``secret`` wherever it would be logged from now on."""
    _known.add(secret)


def scrubbed(text: str) -> str:
    """Return ``text`` as one harmless line without secrets and without whole addresses of people."""
    if _known.found_in(text):
        return f"{MASK} (a line that held a secret)"
    shaped = _SHAPES.sub(MASK, visible(text, 2000))
    home = str(Path.home())
    plain = shaped.replace(home, "~") if len(home) > 1 else shaped
    return _ADDRESS.sub(lambda found: short_address(found.group()), plain)


def note(folder: Path, error: BaseException, doing: str = "") -> None:
    """Log an error: its words where they are made for people, else its kind and where it came up, never its text."""
    log = _logger(folder)
    if log is None:
        return
    what = getattr(error, "what", "")
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    log.error(
        "%s%s%s%s", type(error).__name__, place, f": {what}" if what else "", f" ({doing})" if doing else ""
    )


def last_lines(folder: Path, most: int = LAST_LINES) -> list[str]:
    """Return the newest lines of the log, scrubbed once more; none where there is no log."""
    try:
        handle = os.open(folder / FILE_NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            data = file.read(LARGEST * 2)
    except OSError:
        return []
    return [scrubbed(line) for line in data.decode("utf-8", "replace").splitlines()[-most:]]


class _Scrub(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = self.formatTime(record, "%Y-%m-%dT%H:%M:%S")
        return f"{at} {record.levelname} {scrubbed(record.getMessage())}"


class _Private(RotatingFileHandler):
    """Rotates like its base, and opens files for their owner only."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(self.baseFilename, flags, FILE_MODE)
        return TextIOWrapper(os.fdopen(handle, "ab"), encoding="utf-8", errors="backslashreplace")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Leave it: a full disk is told where the work fails, not by the log."""


def _logger(folder: Path) -> logging.Logger | None:
    if not folder.is_dir():
        return None
    log = logging.getLogger(_NAME)
    path = str((folder / FILE_NAME).absolute())
    for handler in list(log.handlers):
        if isinstance(handler, _Private) and handler.baseFilename != path:
            log.removeHandler(handler)
            handler.close()
    if not any(isinstance(handler, _Private) for handler in log.handlers):
        try:
            handler = _Private(path, maxBytes=LARGEST, backupCount=1, delay=True)
        except OSError:
            return None
        handler.setFormatter(_Scrub())
        log.addHandler(handler)
        log.propagate = False
    return log
