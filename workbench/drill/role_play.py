"""The drill's people and its time: what in a real incident others do, or only waiting does.

In the drill nobody sits at the control panel and nobody deploys. These controls stand for them, so that
the whole runbook can be played to its end. They exist on the simulated account only: a real server has no
such address, and a session on a real account never gets here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.core.errors import UsageError
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.mailgun.client import Mailgun, Priority

if TYPE_CHECKING:
    from workbench.session.role_play_port import Fetch, Played

HOUR = 3600.0


class DrillRolePlay:
    """Plays the others' parts on a drill: what a session of a drill is given as its ``RolePlay``."""

    async def play(self, action_id: str, api: Mailgun, fetch: Fetch, situation: Situation) -> str:
        """Play one part and return what happened in one sentence; raises UsageError for an unknown one."""
        return await _Parts(api, fetch).play(action_id, situation)

    async def catch_up(self, action_id: str, session: Played) -> None:
        """Read what a played part changed: the account, and who sends with what once applications or time moved."""
        await session.watch(whole=True)
        if action_id == "drill.lists":
            for found in session.blocklists.removals():
                if found.ready and found.listing.matters:
                    await session.blocklists.requested(*found.listing.pair)
        if action_id in ("drill.deploy", "drill.hour", "drill.day"):
            await session.read_use()


class _Parts:
    """The parts on one account. ``fetch`` returns a stored secret by its vault entry."""

    def __init__(self, api: Mailgun, fetch: Fetch) -> None:
        self._api = api
        self._fetch = fetch

    async def play(self, action_id: str, situation: Situation) -> str:
        """Play one part and return what happened in one sentence; raises UsageError for an unknown one."""
        parts = {
            "drill.people": self._people,
            "drill.deploy": self._deploy,
            "drill.hour": self._hour,
            "drill.day": self._day,
            "drill.support": self._support,
            "drill.lists": self._lists,
        }
        if action_id not in parts:
            raise UsageError(f"{action_id} is no part of the drill.")
        return await parts[action_id](situation)

    async def _people(self, situation: Situation) -> str:
        """Strangers are deleted in the panel; everybody else resets the password and turns two-factor on."""
        gone = done = 0
        for item in situation.inventory.users.values():
            if item.place.subaccount is not None:
                continue
            if situation.of_user(item).likely:
                await self._control("panel", {"do": "delete-user", "user": item.id})
                gone += 1
            elif not item.user.is_disabled:
                await self._control("panel", {"do": "reset-password", "user": item.id})
                await self._control("panel", {"do": "enable-2fa", "user": item.id})
                done += 1
        return f"In the simulated panel {gone} stranger(s) were deleted and {done} user(s) did steps 4 and 5."

    async def _deploy(self, situation: Situation) -> str:
        """Every application gets its replacement."""
        adopted = 0
        for record in situation.state.of_kind(EffectKind.KEY_CREATE, EffectKind.LOGIN_RESET):
            if record.state is not EffectState.VERIFIED or not record.entry:
                continue
            secret = await self._fetch(record.entry)
            if secret is not None:
                await self._control("adopt", {"old": record.effect.target, "secret": secret.reveal()})
                adopted += 1
        # Adoption shows in the log, and some applications send only once in a while.
        await self._control("clock", {"seconds": HOUR})
        return f"{adopted} new credential(s) handed to the simulated applications; an hour later they send again."

    async def _lists(self, situation: Situation) -> str:
        """Whoever may ask writes to every list that matters; recorded like any request (``catch_up``)."""
        count = len(situation.state.listings.mattering)
        return f"In the drill {count} request(s) for removal are written, each where it is ready for it."

    async def _support(self, situation: Situation) -> str:
        await self._control("panel", {"do": "re-enable"})
        return "In the drill, Mailgun Support re-enabled the account."

    async def _hour(self, situation: Situation) -> str:
        await self._control("clock", {"seconds": HOUR})
        return "One simulated hour has passed."

    async def _day(self, situation: Situation) -> str:
        await self._control("clock", {"seconds": 24 * HOUR})
        return "One simulated day has passed; the blocklists are asked again."

    async def _control(self, name: str, body: dict[str, object]) -> None:
        await self._api.call("POST", f"/_drill/{name}", json=body, priority=Priority.READ, repeat_safe=False)
