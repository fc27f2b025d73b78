"""What one site showed, as typed records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from workbench.leaks import wordpress


@dataclass(frozen=True, slots=True)
class Site:
    """A site the operator confirmed as theirs: scheme, host, port, and whether it is this very host."""

    origin: str
    host: str
    loopback: bool


@dataclass(frozen=True, slots=True)
class Exposure:
    """Something a site hands out. ``grade`` is P3 (a known secret in the body), P2 (its marker) or P1 (an
    answer of its own that needs an eye); ``proof`` names markers, never values; ``digest`` is the SHA-256 of
    what was read, 16 hex digits; ``todo`` says what to do.
    """

    site: str
    path: str
    kind: str
    grade: str
    proof: tuple[str, ...]
    status: int
    length: int
    digest: str
    at: str
    todo: str


@dataclass(slots=True)
class SiteReport:
    """What one site showed: exposures, answers to look at by hand, WordPress versions, every request made."""

    site: str
    exposures: list[Exposure] = field(default_factory=list)
    by_hand: list[Exposure] = field(default_factory=list)
    installed: list[wordpress.Installed] = field(default_factory=list)
    vulnerable: list[wordpress.Vulnerable] = field(default_factory=list)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    usual_sizes: set[int] = field(default_factory=set)
    stopped: str = ""
    # What could not be told: why, and how often.
    unread: Counter[str] = field(default_factory=Counter)
