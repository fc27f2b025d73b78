"""An account that let nobody in at the start is asked again, and watched from then on like any other."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from workbench.core.errors import NotAuthorised, Unreachable, WorkbenchError
from workbench.tui.account_watch import AccountWatch

REFUSED = NotAuthorised(
    "The key is refused everywhere.", "The allowlist, or a dead key.", "Ask whoever is in."
)


class Account:
    """An account that answers once it is open: what it was asked, in order."""

    def __init__(self) -> None:
        self.open = False
        self.asked: list[str] = []
        self.capabilities: Any = None
        self.shut: WorkbenchError | None = None

    async def connect(self) -> None:
        """Let in whoever asks, or say why not, as a real one does: known either way."""
        self.asked.append("connect")
        failure = None if self.open else REFUSED
        self.capabilities = SimpleNamespace(words=list, failure=lambda: failure)
        if failure is not None:
            raise failure

    async def watch(self, *, whole: bool) -> None:
        """Read."""
        self.asked.append("all" if whole else "share")

    async def read_rate(self) -> None:
        """Read the figures."""
        self.asked.append("rate")

    async def read_use(self) -> None:
        """Read who sends what, from a log that may be closed."""
        self.asked.append("use")
        if self.shut is not None:
            raise self.shut


class Screen:
    """As much of the program as the watch knows; work begins when it is awaited, clocks tick when told to."""

    def __init__(self, account: Account, *, read_only: bool = False) -> None:
        session = SimpleNamespace(account=account, recorder=SimpleNamespace(read_only=read_only))
        self.store = SimpleNamespace(session=session, reading=False, failed="")
        self.clocks: list[tuple[float, Callable[[], object]]] = []
        self.waiting: list[tuple[Any, Any]] = []
        self.failed: list[str] = []
        self.work = SimpleNamespace(start=self._start, running=lambda group: False)
        self.renew = self.renew_status = lambda: None

    def set_interval(self, seconds: float, again: Callable[[], object]) -> None:
        """Keep a clock."""
        self.clocks.append((seconds, again))

    def call_later(self, callback: Callable[..., object], *args: Any) -> None:
        """Call at once."""
        callback(*args)

    async def pass_time(self) -> None:
        """Let every clock tick once, and everything begun end."""
        for _, again in list(self.clocks):
            again()
        await self.settle()

    async def settle(self) -> None:
        """Run what was begun, and what that begins."""
        while self.waiting:
            work, then = self.waiting.pop(0)
            try:
                result = await work()
            except WorkbenchError as error:
                self.failed.append(error.what)
            else:
                then and then(result)

    def _start(self, work: Any, *, then: Any = None, **_: object) -> None:
        self.waiting.append((work, then))


async def test_whoever_is_let_in_later_is_watched_like_everybody() -> None:
    account = Account()
    screen, begun = Screen(account), []
    ui: Any = screen
    watch = AccountWatch(
        ui,
        (60.0, 20.0),
        reopen=list,
        first=lambda: begun.append("first"),
        follow=lambda: begun.append("follow"),
    )
    watch.connect()
    await screen.settle()
    assert screen.failed == [REFUSED.what] and not begun
    # Nobody let us in yet: it is asked again with each look, and nothing else is asked in vain.
    account.asked.clear()
    await screen.pass_time()
    assert account.asked == ["connect"] and not begun
    account.open = True
    account.asked.clear()
    await screen.pass_time()
    assert account.asked[:2] == ["connect", "share"] and begun == ["first", "follow"]
    account.asked.clear()
    await screen.pass_time()
    assert account.asked == ["share", "rate"] and begun == ["first", "follow", "follow"]
    assert [seconds for seconds, _ in screen.clocks] == [60.0, 20.0]


async def test_connecting_twice_begins_no_second_watch() -> None:
    account = Account()
    account.open = True
    screen, begun = Screen(account), []
    ui: Any = screen
    watch = AccountWatch(ui, (60.0, 20.0), reopen=list, first=lambda: begun.append("first"), follow=list)
    for _ in range(2):
        watch.connect()
        await screen.settle()
    assert begun == ["first"] and len(screen.clocks) == 2


async def test_who_sends_what_is_read_as_soon_as_the_account_is() -> None:
    # What is planned before it is known cuts everything: nobody may have to wait a minute for it.
    account = Account()
    account.open = True
    screen: Any = Screen(account)
    watch = AccountWatch(screen, (60.0, 20.0), reopen=list, first=list, follow=list)
    watch.connect()
    await screen.settle()
    assert account.asked == ["connect", "all", "rate", "use"]
    await screen.pass_time()
    assert account.asked.count("use") == 1


async def test_a_log_that_cannot_be_read_at_the_start_is_a_gap_and_no_failure_of_the_start() -> None:
    account = Account()
    account.open, account.shut = True, Unreachable("The log does not answer.", "It is busy.", "Wait.")
    screen: Any = Screen(account)
    watch = AccountWatch(screen, (60.0, 20.0), reopen=list, first=list, follow=list)
    watch.connect()
    await screen.settle()
    assert account.asked[-1] == "use" and not screen.failed


async def test_whoever_only_follows_another_workbench_leaves_the_log_to_it() -> None:
    account = Account()
    account.open = True
    screen: Any = Screen(account, read_only=True)
    watch = AccountWatch(screen, (60.0, 20.0), reopen=list, first=list, follow=list)
    watch.connect()
    await screen.settle()
    assert "use" not in account.asked
