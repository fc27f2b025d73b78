"""How hard the look-up engine may ask."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.core.errors import UsageError

_MOST_IN_FLIGHT = 999


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """How hard to ask.

    ``in_flight`` queries at once (from about 1,000 to one server datagrams get lost); ``timeout`` seconds
    for one question over all ``tries``; ``owner_rate`` queries a second to one owner's zones, None for no
    cap; ``give_up_after`` failures in a row a zone is asked no further.
    """

    in_flight: int = 200
    timeout: float = 5.0
    tries: int = 4
    owner_rate: float | None = 20.0
    give_up_after: int = 3

    def __post_init__(self) -> None:
        fine = (
            1 <= self.in_flight <= _MOST_IN_FLIGHT
            and self.timeout > 0
            and 1 <= self.tries <= 8
            and (self.owner_rate is None or self.owner_rate > 0)
            and self.give_up_after >= 1
        )
        if not fine:
            raise UsageError(
                "The limits for blocklist look-ups cannot be used.",
                f"Between 1 and {_MOST_IN_FLIGHT} queries in flight, a time-out above 0, 1 to 8 tries.",
                "Correct the configuration.",
            )
