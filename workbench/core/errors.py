"""Every error an operator may see, in one tree.

::

    WorkbenchError            what happened, what it means, what to do
    ├── UsageError            the command line or the configuration is off            exit 2
    │   └── SecretInRow       what was to be recorded holds a secret
    ├── ApiError              the vendor's API, one class a family                  exit 3
    │   ├── NotAuthorised     401
    │   ├── Forbidden         403, 402
    │   ├── NotFound          404
    │   ├── Refused           400, 409 and other 4xx: the request itself was refused
    │   ├── RateLimited       429
    │   ├── VendorFault       5xx
    │   ├── Unreachable       no answer at all
    │   │   └── Untrusted     whoever answered has a certificate that does not verify
    │   └── UnreadableAnswer  an answer that is not the API's (HTML, cut short)
    │       └── Incomplete    a list of which only a part was read
    ├── VaultError            a secret could not be stored or read back              exit 4
    ├── JournalError          the record could not be made durable                   exit 4
    └── HostError             something this host lacks, before anything was asked   exit 3
        └── OutputError       the result could not be written                        exit 4
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from workbench.core.redact import visible


class Reason(StrEnum):
    """Why the vendor's side said no, as far as status and body tell; each has a remedy of its own."""

    NONE = "not told"
    KEY = "the key is refused"
    ROLE = "the key's role is too small"
    PLAN = "the plan lacks the feature"
    STOPPED = "Mailgun has stopped the account"
    VERIFICATION = "Mailgun waits for a verification"
    ALLOWLIST = "the IP allowlist excludes this host"
    QUOTA = "a quota is used up"
    PACE = "too many calls"
    MISSING = "it is not there"
    VENDOR = "a fault at Mailgun"
    PAGE = "a web page answered, not the API"
    PROXY = "a proxy on the way wants something"


class WorkbenchError(Exception):
    """An error made to be read by a person in trouble.

    ``what`` happened, what it ``means``, what ``todo``: three short plain sentences, none of which may
    hold a secret. ``exit_code`` is the process exit code the command line uses (design, contracts).
    """

    exit_code = 4

    def __init__(self, what: str, means: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.means = means
        self.todo = todo

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.means, self.todo) if part)


class UsageError(WorkbenchError):
    """The command line or the configuration cannot be used as given."""

    exit_code = 2


class SecretInRow(UsageError, ValueError):
    """A row of the journal would hold a secret: typed by somebody, most likely. Nothing was recorded."""


class Signalled(KeyboardInterrupt):
    """A signal asked the program to stop; ``number`` is which one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class ApiError(WorkbenchError):
    """The vendor's API did not do what was asked; ``status`` is the HTTP status, 0 where there was none.

    ``sent`` says whether the request may have reached the server: False only when it surely did not.
    ``where`` names method and path, never a query that might hold a secret. ``earlier_lost`` says that the
    same call was sent before and its answer was lost: a refusal of the repetition says nothing about that one.
    ``reason`` is the class of a refusal. ``own`` says that the body was the API's own JSON: only such an answer
    proves anything about a key, for a filter on the way may say 403 too. Where nothing was changed before it, nothing
    could be asked; whoever stops half-way for one says so (4).
    """

    exit_code = 3

    def __init__(
        self,
        what: str,
        means: str = "",
        todo: str = "",
        *,
        status: int = 0,
        where: str = "",
        detail: str = "",
        sent: bool = True,
    ) -> None:
        super().__init__(what, means, todo)
        self.status = status
        self.where = where
        self.detail = detail
        self.sent = sent
        self.earlier_lost = False
        self.reason = Reason.NONE
        self.own = False


class NotAuthorised(ApiError):
    """401: the key is dead, wrong, or this host's address is not on the IP allowlist (they look alike)."""


class Forbidden(ApiError):
    """403 or 402: the key is alive, but its role, the plan or a quota does not allow this."""


class NotFound(ApiError):
    """404 with the API's own body: the thing is not there (or not yet, or in the other region)."""


class Refused(ApiError):
    """400, 409 and other 4xx: the API understood the request and refused it."""


class RateLimited(ApiError):
    """429: too many calls; ``retry_after`` is in seconds, None when the answer names no time."""

    def __init__(
        self, what: str, *, retry_after: float | None = None, status: int = 429, where: str = ""
    ) -> None:
        super().__init__(
            what,
            "Mailgun limits how many calls an account may make.",
            "Nothing is lost: the workbench slows down and goes on by itself.",
            status=status,
            where=where,
        )
        self.retry_after = retry_after


class VendorFault(ApiError):
    """5xx: a fault at the vendor; the request may or may not have been carried out."""


class Unreachable(ApiError):
    """No answer: connection refused, reset, timed out, or the name did not resolve."""


class Untrusted(Unreachable):
    """Whoever answered shows a certificate that does not verify; nothing was sent to them."""


class UnreadableAnswer(ApiError):
    """An answer that is not the API's: HTML with 200 (a captive portal), cut-off JSON, a wrong shape."""


class Incomplete(UnreadableAnswer):
    """A list that is not the whole list, or that holds elements nobody could read; what was read is kept.

    ``rows`` is what was read (raw items or records, as the reading function says), ``lost`` names each element
    of which nothing usable was left, ``short`` says that elements are missing altogether.
    """

    def __init__(
        self,
        what: str,
        means: str = "",
        todo: str = "",
        *,
        status: int = 0,
        where: str = "",
        rows: Sequence[Any] = (),
        lost: Sequence[str] = (),
        short: bool = True,
    ) -> None:
        super().__init__(what, means, todo, status=status, where=where)
        self.rows = rows
        self.lost = tuple(lost)
        self.short = short


class VaultError(WorkbenchError):
    """A secret could not be stored, or what was read back was not what was written."""


class JournalError(WorkbenchError):
    """A row could not be made durable (full disk, lost volume): nothing further may be written to the account."""


class HostError(WorkbenchError):
    """Something this host lacks: a keyring, a usable folder, descriptors, DNS. Nothing could be asked without it."""

    exit_code = 3


class OutputError(HostError):
    """The result could not be written: standard output is closed, or its disk is full. The work itself was done."""

    exit_code = 4

    def __init__(self, what: str) -> None:
        super().__init__(
            what,
            "What was done is journaled; what is missing is its description, so do not rely on what was written.",
            "Give it a standard output with room, then run the same command again: nothing is done twice.",
        )


_MEANS = "This did not get to its end; what was done before it is journaled."
_HOST_TROUBLES: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("The disk is full", "Make room on that disk, then run the same command again."),
    errno.EDQUOT: ("Your disk quota is used up", "Make room, then run the same command again."),
    errno.ENOENT: (
        "It is not there and cannot be made",
        "Check the path; WORKBENCH_HOME moves the state folder.",
    ),
    errno.EROFS: ("The volume is read-only", "Set WORKBENCH_HOME to a folder you can write to."),
    errno.EACCES: (
        "It may not be opened",
        "Set WORKBENCH_HOME to a folder you own, or run this as its owner.",
    ),
    errno.EPERM: (
        "It may not be changed",
        "Set WORKBENCH_HOME to a folder you own, or run this as its owner.",
    ),
    errno.ENOTDIR: (
        "Something stands where a folder should be",
        "Set WORKBENCH_HOME to a folder, or move that file away.",
    ),
    errno.EEXIST: (
        "Something else stands there already",
        "Set WORKBENCH_HOME to a folder, or move that file away.",
    ),
    errno.EISDIR: ("A folder stands where a file should be", "Move that folder away."),
    errno.ELOOP: ("It is a chain of links without an end", "Set WORKBENCH_HOME to a folder you own."),
    errno.ENAMETOOLONG: ("Its name is too long", "Set WORKBENCH_HOME to a shorter path."),
    errno.EMFILE: (
        "This process may open no further file",
        "Raise the limit (ulimit -n 1024), then run the same command again.",
    ),
    errno.ENFILE: ("The host may open no further file", "Close programs on this host, then try again."),
    errno.ENOMEM: ("The host has no memory left", "Close programs on this host, then try again."),
    errno.EIO: ("The disk does not answer as it should", "Check the disk, or set WORKBENCH_HOME elsewhere."),
}


def host_fault(error: BaseException) -> HostError | None:
    """Return the error of the tree that a fault of the host is, None for what is no fault of the host.

    A folder that cannot be used, a full disk, a limit of descriptors, no memory. Causes are looked through, and
    of a failed import what it failed of: for want of a descriptor nothing can be imported.
    """
    if isinstance(error, BaseExceptionGroup):
        found = [fault for one in error.exceptions if (fault := host_fault(one)) is not None]
        return found[0] if len(found) == len(error.exceptions) else None
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, MemoryError):
            return HostError("This process has no memory left.", _MEANS, _HOST_TROUBLES[errno.ENOMEM][1])
        if isinstance(seen, OSError) and seen.errno is not None:
            named = seen.filename if isinstance(seen.filename, str) else ""
            what, todo = _HOST_TROUBLES.get(
                seen.errno, (os.strerror(seen.errno), "Put that right on this host, then try again.")
            )
            return HostError(f"{what}{f': {visible(named, 200)}' if named else ''}.", _MEANS, todo)
        seen = seen.__cause__ or (seen.__context__ if isinstance(seen, ImportError) else None)
    return None
