"""One writer for each incident: a lock the kernel releases when its holder dies, and who holds it."""

from __future__ import annotations

import errno
import fcntl
import getpass
import json
import os
import socket
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from workbench.core.clock import iso
from workbench.core.errors import JournalError
from workbench.core.json_text import read_json
from workbench.core.redact import visible

_READ = 4096
_MEANS = "Nothing was read or changed: without a lock two workbenches could write to one incident."
_ELSEWHERE = (
    "Copy the state folder, closed as it is, to a volume of this host that takes locks and new files (cp -a), and "
    "name the copy in WORKBENCH_HOME."
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an incident open: process id, host, user, and since when (ISO UTC). Text is made harmless."""

    pid: int
    host: str
    user: str
    since: str

    def __str__(self) -> str:
        return f"{self.user} on {self.host} (process {self.pid}) since {self.since}"


_UNKNOWN = Holder(0, "unknown host", "somebody", "an unknown time")


class IncidentLock:
    """The lock file of one incident folder. ``held`` tells whether this process may write."""

    def __init__(self, path: Path, now: datetime) -> None:
        """Try once to take the lock; never waits. JournalError where the lock file cannot be made."""
        self._handle: int | None = None
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(
                f"The lock file {path} cannot be used ({error.strerror}).", _MEANS, _remedy(error, path)
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.holder = _read_holder(handle)
            os.close(handle)
            return
        except OSError as error:
            os.close(handle)
            raise JournalError(
                f"The volume of {path} does not support locks ({error.strerror}).", _MEANS, _ELSEWHERE
            ) from None
        self._handle = handle
        self.holder = Holder(os.getpid(), socket.gethostname(), _user(), iso(now))
        data = json.dumps(asdict(self.holder)).encode()
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, data, 0)
        except OSError:
            # A full disk: the lock itself holds; only who we are cannot be said to a second workbench.
            return

    @property
    def held(self) -> bool:
        """Whether this process holds the lock."""
        return self._handle is not None

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _remedy(error: OSError, path: Path) -> str:
    """Return what to do about a lock file that cannot be opened: to be copied, or to be given back to its owner."""
    if error.errno == errno.EROFS:
        return _ELSEWHERE
    return f"Look at whose it is and what it allows (ls -ld {path.parent} {path}), then run the same command again."


def _read_holder(handle: int) -> Holder:
    try:
        data = read_json(os.pread(handle, _READ, 0))
        return Holder(
            int(data["pid"]), visible(data["host"], 80), visible(data["user"], 80), visible(data["since"], 40)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return _UNKNOWN


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
