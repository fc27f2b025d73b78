"""The account on the screen: connecting, reading it again and again, and saying that it is being read."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.core.allocator import give_back
from workbench.core.errors import ApiError

if TYPE_CHECKING:
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Ui

# Seconds between two readings of the account and of the sending figures while the app is open.
WATCH_EVERY = 60.0
RATE_EVERY = 20.0
FOLLOW_EVERY = 2.0  # seconds between looks at what another workbench writes


class AccountWatch:
    """One per app. ``reopen`` opens the incident where there is none yet, ``first`` is called once an account let the
    workbench in, ``follow`` after every whole reading. An account that let nobody in at the start is asked again."""

    def __init__(
        self,
        ui: Ui,
        every: tuple[float, float],
        *,
        reopen: Callable[[], object],
        first: Callable[[], object],
        follow: Callable[[], object],
    ) -> None:
        self._ui = ui
        self._every = every
        self._reopen = reopen
        self._first = first
        self._follow = follow
        self._read_again = False
        self._watching = False
        self._let_in = False

    def connect(self) -> None:
        """Ask the account what the key can do, then read everything, and again from time to time."""
        if not self._watching:
            self._watching = True
            for seconds, again in zip(self._every, (self._watch, self.read_rate), strict=True):
                if seconds > 0:
                    self._ui.set_interval(seconds, again)
        doing = "connecting to Mailgun"
        self._ui.work.start(self._connect, group="connect", doing=doing, then=self._connected)

    async def _connect(self) -> None:
        if self._ui.store.session is not None:
            await self._ui.store.session.account.connect()

    def _connected(self, _: None) -> None:
        known = self._ui.store.session.account.capabilities if self._ui.store.session is not None else None
        if known is not None and (words := known.words()):
            more = f" And {len(words) - 1} more: see Activity." if len(words) > 1 else ""
            self._ui.tell(f"{words[0]}{more}", "warning")
        self.refresh()
        self.read_rate()
        self._begin()

    def _begin(self) -> None:
        if self._let_in:
            return
        self._let_in = True
        self._first()
        session = self._ui.store.session
        if session is not None and session.recorder.read_only:
            self._ui.set_interval(FOLLOW_EVERY, self._follow_writer)
        elif session is not None:
            # A plan made before this is known cuts everything, what nobody abuses too.
            self._ui.work.start(
                lambda: _read_senders(session), group="use", doing="reading who sends what", loud=False
            )

    def _follow_writer(self) -> None:
        """Take in what the workbench that writes has recorded; the top line says how far."""
        session = self._ui.store.session
        if session is not None and not self._ui.work.running("follow"):
            self._ui.work.start(
                session.recorder.follow,
                group="follow",
                doing="following the other workbench",
                loud=False,
                then=lambda _: self._ui.renew_status(),
            )

    def refresh(self, loud: bool = True, whole: bool = True) -> None:
        """Read the account again, all of it or a share; before there is a session, try again to open it."""
        session = self._ui.store.session
        if session is None:
            if not self._ui.work.running("open"):
                self._reopen()
        elif session.account.capabilities is None:
            # One that is under way reads everything once it is through.
            if not self._ui.work.running("connect"):
                self.connect()
        elif self._ui.work.running("read"):
            # What is being read now may be older than what was just changed.
            self._read_again = self._read_again or whole
        else:
            self.reading(True)
            self._ui.work.start(
                lambda: _read(session, whole=whole),
                group="read",
                doing="reading the account",
                loud=loud,
                then=self._read,
            )

    def look(self) -> None:
        """Read everything because somebody asked for it, and say what came of it, also that nothing did."""
        session = self._ui.store.session
        if session is None or session.account.capabilities is None or self._ui.work.running("read"):
            self._ui.tell(
                "The account is being read already." if session is not None else "Opening the incident…"
            )
            self.refresh()
            return
        self._ui.tell("Looking again…")
        before = _shown(session)
        self.reading(True)

        def told(_: object) -> None:
            self._read(None)
            news = (
                "Something moved: the guide says what is next" if _shown(session) != before else "Nothing new"
            )
            self._ui.tell(f"{news}, looked up {session.clock.now():%H:%M}Z.")

        self._ui.work.start(
            lambda: _read(session, whole=True), group="read", doing="reading the account", then=told
        )

    def _watch(self) -> None:
        self.refresh(loud=False, whole=False)

    def _read(self, _: object) -> None:
        self.reading(False)
        give_back()
        self._begin()
        if self._read_again:
            self._read_again = False
            self._ui.call_later(self.refresh, False)
        self._follow()

    def reading(self, reading: bool) -> None:
        """Say that the account is being read, or no longer; what was read is drawn once it is there."""
        self._ui.store.reading = reading
        if reading:
            self._ui.renew_status()
        else:
            self._ui.store.failed = ""
            self._ui.renew()

    def read_rate(self) -> None:
        """Read the sending figures, once at a time."""
        session = self._ui.store.session
        if session is not None and _is_in(session) and not self._ui.work.running("rate"):
            self._ui.work.start(
                session.account.read_rate, group="rate", doing="reading the sending figures", loud=False
            )


def _is_in(session: Incident) -> bool:
    """Return whether the account let the workbench in when it was last asked."""
    known = session.account.capabilities
    return known is not None and known.failure() is None


async def _read_senders(session: Incident) -> None:
    """Read by which credential mail goes out; where the log cannot be read that is a gap, and the watch asks again."""
    with contextlib.suppress(ApiError):
        await session.account.read_use()


async def _read(session: Incident, *, whole: bool) -> None:
    """Read the account, all of it or a share; where it let nobody in before, ask first whether it does now."""
    if not _is_in(session):
        await session.account.connect()
    await session.account.watch(whole=whole)


def _shown(session: Incident) -> object:
    """Return what the guide shows of the account: whoever looked again wants to know whether it moved."""
    steps = session.steps()
    return session.lead(steps), [(one.id, one.verdict, one.progress, one.evidence) for one in steps]
