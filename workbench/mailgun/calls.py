"""One call as a value: key, target and body, how long to wait for it, and what is told of it afterwards."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import NamedTuple

from workbench.core.redact import Secret
from workbench.mailgun.endpoints import Region
from workbench.mailgun.requests import Prepared


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait: for a connection, for the next byte, and for a whole call."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 120.0


class CallSeen(NamedTuple):
    """One exchange with the API, for the status bar and the activity log; holds no secret.

    ``status`` is 0 where no answer came; ``seconds`` is the time from sending to the last byte.
    """

    method: str
    path: str
    region: Region
    subaccount: str | None
    status: int
    seconds: float
    clock_offset: float | None


class Credential:
    """One key, ready to be sent, and the id under which the API knows it once it has said so."""

    __slots__ = ("header", "key", "key_id")

    def __init__(self, key: Secret) -> None:
        self.key = key
        self.header = b"Basic " + base64.b64encode(b"api:" + key.reveal().encode())
        self.key_id: str | None = None


class Call(NamedTuple):
    """One call, ready to be sent as often as needed."""

    credential: Credential
    method: str
    path: str
    server: str
    region: Region
    subaccount: str | None
    request: Prepared
    # The form of the answer that is asked for; empty means JSON.
    accept: str = ""

    @property
    def where(self) -> str:
        """Method and path, as errors name a call: no query, which may hold page tokens and addresses."""
        return f"{self.method} {self.path}"
