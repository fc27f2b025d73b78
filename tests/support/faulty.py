"""A whole containment while the network or the server is at fault, for tests of what that costs."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.ground import Ground
from tests.support.kills import everything, ready
from workbench.drill.servers.faults import Fault, FaultRule, strike
from workbench.execution.progress import Summary
from workbench.mailgun.client import Timeouts
from workbench.session.session import Session

# Any fault text makes the drill put its proxies in front; this one never strikes.
PROXIED = "slow-0.1:0.0"
SHORT = Timeouts(connect=0.5, read=0.3, total=2.0)
CREATE, DELETE, RESET = ("POST", "^/v1/keys$"), ("DELETE", "^/v1/keys/"), ("PUT", "/credentials/")
WRITES = (CREATE, DELETE, RESET)


def rules_for(fault: Fault, *, times: int | None = 1) -> list[FaultRule]:
    """Return rules by which each kind of write meets ``fault`` so often."""
    return [strike(fault, method=method, path=path, times=times) for method, path in WRITES]


async def faulty_run(
    place: Ground, rules: list[FaultRule], *, before: Callable[[Session], None] | None = None
) -> Summary:
    """Run the whole containment with the rules in force from the first write on."""
    place.faults = True
    async with place.session() as session:
        session.account.api._shared.pool._timeouts = SHORT
        await ready(session)
        planned = everything(session)
        await session.account.preserve()
        for proxy in place.drill.proxies.values():
            proxy.rules[:] = rules
        if before is not None:
            before(session)
        try:
            return await session.run(planned)
        finally:
            for proxy in place.drill.proxies.values():
                proxy.rules.clear()
                await proxy.accept()


def struck(place: Ground, kind: str) -> int:
    """Return how often a kind of fault has struck."""
    return sum(what == kind for proxy in place.drill.proxies.values() for _, _, what in proxy.log)
