"""Every error an operator may see, in one tree.

::

    WorkbenchError            what happened, what it means, what to do
    ├── UsageError            the command line or the configuration is off            exit 2
    ├── ApiError              the vendor's API, one class a family
    │   ├── NotAuthorised     401                                                    exit 3
    │   ├── Forbidden         403, 402
    │   ├── NotFound          404
    │   ├── Refused           400, 409 and other 4xx: the request itself was refused
    │   ├── RateLimited       429
    │   ├── VendorFault       5xx
    │   ├── Unreachable       no answer at all                                       exit 3
    │   └── UnreadableAnswer  an answer that is not the API's (HTML, cut short)
    ├── VaultError            a secret could not be stored or read back
    ├── JournalError          the record could not be made durable
    └── HostError             something this host lacks
"""

from __future__ import annotations


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


class ApiError(WorkbenchError):
    """The vendor's API did not do what was asked; ``status`` is the HTTP status, 0 where there was none.

    ``sent`` says whether the request may have reached the server: False only when it surely did not.
    ``where`` names method and path, never a query that might hold a secret. ``earlier_lost`` says that the
    same call was sent before and its answer was lost: a refusal of the repetition says nothing about that one.
    """

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


class NotAuthorised(ApiError):
    """401: the key is dead, wrong, or this host's address is not on the IP allowlist (they look alike)."""

    exit_code = 3


class Forbidden(ApiError):
    """403 or 402: the key is alive, but its role, the plan or a quota does not allow this."""

    exit_code = 3


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

    exit_code = 3


class UnreadableAnswer(ApiError):
    """An answer that is not the API's: HTML with 200 (a captive portal), cut-off JSON, a wrong shape."""

    exit_code = 3


class VaultError(WorkbenchError):
    """A secret could not be stored, or what was read back was not what was written."""


class JournalError(WorkbenchError):
    """A row could not be made durable (full disk, lost volume): nothing further may be written to the account."""


class HostError(WorkbenchError):
    """Something this host lacks: a keyring, a usable terminal, DNS."""
