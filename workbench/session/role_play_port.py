"""What plays the others' parts in a drill, as the session knows it: the command line hands it in.

A session on a real account has none, so nothing can be played there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from workbench.blocklists.removal import Removal
    from workbench.blocklists.zones import Zone
    from workbench.core.redact import Secret
    from workbench.domain.model.facts import RecordedFact
    from workbench.domain.model.situation import Situation
    from workbench.mailgun.client import Mailgun

# Returns a stored secret by its vault entry, None where there is none.
Fetch = Callable[[str], Awaitable["Secret | None"]]


class Delisting(Protocol):
    """The watch over the account's listings, as far as removals are asked for."""

    def over(self) -> bool:
        """Return whether the days of the watch are over."""

    def removals(self) -> tuple[Removal, ...]:
        """Return the way off every listing."""

    def acceptable(self) -> tuple[Zone, ...]:
        """Return the lists that are off only because nobody accepted their terms yet."""

    async def accept(self, zones: Sequence[str]) -> None:
        """Record that the terms of some lists were accepted."""

    async def requested(self, subject: str, zone: str) -> object:
        """Record that a removal was asked for."""


class PlayedAccount(Protocol):
    """The account a part was played in, as far as its consequences are read."""

    @property
    def blocklists(self) -> Delisting:
        """Return the watch over the account's listings."""

    async def connect(self) -> object:
        """Ask what our key can do now."""

    async def watch_blocklists(self) -> None:
        """Ask the lists what is due."""

    async def watch(self, *, whole: bool = False) -> Sequence[Any]:
        """Read the account again."""

    async def read_use(self) -> None:
        """Read which credential sends what."""


class PlayedRecord(Protocol):
    """The journal in which a part's consequences are written."""

    async def record(self, kind: str, body: Mapping[str, Any]) -> object:
        """Write one journal row."""

    async def learn(self, fact: RecordedFact) -> object:
        """Write what was found out."""


class Played(Protocol):
    """The session a part was played in."""

    @property
    def account(self) -> PlayedAccount:
        """Return the account's side."""

    @property
    def recorder(self) -> PlayedRecord:
        """Return the journal's side."""

    def situation(self) -> Situation:
        """Return everything that is known."""

    async def search_leaks(self, request: Any, say: Callable[[str], None]) -> object:
        """Search for the leak as asked."""


class RolePlay(Protocol):
    """Plays the parts of users, developers, Support and time on a simulated account."""

    async def play(self, action_id: str, api: Mailgun, fetch: Fetch, situation: Situation) -> str:
        """Play one part; return what happened in one sentence. Raises UsageError for an unknown one."""

    async def catch_up(self, action_id: str, session: Played) -> str:
        """Read what the played part changed; return what more there is to say, empty for nothing."""
