"""What a session tells its listeners: progress of plans, and which slice of what is known changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from workbench.execution.progress import Progress, ProgressNotice

SLICES = (
    "keys",
    "logins",
    "domains",
    "users",
    "subaccounts",
    "blocklists",
    "rate",
    "runbook",
    "log",
    "alarms",
    "capabilities",
)


@dataclass(frozen=True, slots=True)
class Changed:
    """Something in a slice changed; read the session for what it is now."""

    slice: str


@dataclass(frozen=True, slots=True)
class SendingRate:
    """How fast mail leaves that is not the account's own: an hour, with the hours before for a sparkline."""

    per_hour: float
    series: tuple[int, ...]
    text: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Waiting(ProgressNotice):
    """A server asked for a long wait: which call waits, and until when."""


@dataclass(frozen=True, slots=True)
class VaultDamaged(ProgressNotice):
    """The vault was found damaged on the disk while it is open: what of it is kept, and what goes on with."""


Event = Progress | Changed
Listener = Callable[[Event], None]


class Events:
    """Passes events on to whoever listens, in the order they happen, on the event loop."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` told of every event; returns the call that ends it."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def tell(self, event: Event) -> None:
        """Pass one event on."""
        for listener in tuple(self._listeners):
            listener(event)
