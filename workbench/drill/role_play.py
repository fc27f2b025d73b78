"""The drill's people and its time: what in a real incident others do, or only waiting does.

In the drill nobody sits at the control panel and nobody deploys. These controls stand for them, so that
the whole runbook can be played to its end. They exist on the simulated account only: a real server has no
such address, and a session on a real account never gets here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.core.words import plural
from workbench.domain.blocklists.ours import mattering
from workbench.domain.detection.alarms import open_alarms
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.recorded_rows import AdoptionNote
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.adoption import senders_down
from workbench.domain.runbook.role_play import HOUR as HOUR_PART
from workbench.domain.runbook.role_play import hours_left, with_part
from workbench.mailgun.client import Mailgun, Priority

if TYPE_CHECKING:
    from workbench.session.role_play_port import Fetch, Played

HOUR = 3600.0
# Days after which the watch of the drill is given up: the longest listing of its lists ends before.
MOST_DAYS = 16
_DEVELOPERS = "the drill's developers"
_MADE = (EffectKind.KEY_CREATE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE)


class DrillRolePlay:
    """Plays the others' parts on a drill: what a session of a drill is given as its ``RolePlay``."""

    def __init__(self) -> None:
        self._parts: _Parts | None = None

    async def play(self, action_id: str, api: Mailgun, fetch: Fetch, situation: Situation) -> str:
        """Play one part and return what happened in one sentence; raises UsageError for an unknown one."""
        self._parts = _Parts(api, fetch)
        return await self._parts.play(action_id, situation)

    async def catch_up(self, action_id: str, session: Played) -> str:
        """Read what a played part changed: the account, and who sends with what once applications or time moved.

        Returns what more there is to say, in a sentence, empty for nothing.
        """
        parts = self._parts
        if action_id == "drill.allow":
            await session.account.connect()
        await session.account.watch(whole=True)
        for note in parts.noted if parts is not None else ():
            await session.recorder.record("adoption.noted", note.body())
        if action_id == "drill.lists":
            await _write_to_lists(session)
        if action_id == "drill.clean":
            from workbench.session.leak_search import LeakSearchRequest

            await session.search_leaks(LeakSearchRequest(recheck=True, from_vault=True), lambda _: None)
        if action_id == "drill.watch" and parts is not None:
            return await _watch_over(session, parts)
        if action_id in ("drill.deploy", "drill.hour", "drill.day"):
            await session.account.read_use()
        if action_id == HOUR_PART and parts is not None:
            return await _wait_for_use(session, parts)
        return ""


class _Parts:
    """The parts on one account. ``fetch`` returns a stored secret by its vault entry."""

    def __init__(self, api: Mailgun, fetch: Fetch) -> None:
        self._api = api
        self._fetch = fetch
        # What the drill's developers say of replacements: who took one, and which nobody needs.
        self.noted: list[AdoptionNote] = []

    async def play(self, action_id: str, situation: Situation) -> str:
        """Play one part and return what happened in one sentence; raises UsageError for an unknown one."""
        parts = {
            "drill.people": self._people,
            "drill.deploy": self._deploy,
            "drill.hour": self._hour,
            "drill.day": self._day,
            "drill.support": self._support,
            "drill.lists": self._lists,
            "drill.allow": self._allow,
            "drill.clean": self._clean,
            "drill.watch": self._day,
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
            if situation.of_user(item).likely and not item.user.is_master:
                await self._control("panel", {"do": "delete-user", "user": item.id})
                gone += 1
            elif not item.user.is_disabled:
                await self._control("panel", {"do": "reset-password", "user": item.id})
                await self._control("panel", {"do": "enable-2fa", "user": item.id})
                done += 1
        strangers, others = plural(gone, "stranger"), plural(done, "user")
        was = "was" if gone == 1 else "were"
        return f"In the simulated panel {strangers} {was} deleted, and {others} did steps 4 and 5."

    async def _deploy(self, situation: Situation) -> str:
        """Every application gets its replacement."""
        adopted = unused = 0
        for record in situation.state.of_kind(*_MADE):
            if record.state is not EffectState.VERIFIED or not record.entry:
                continue
            secret = await self._fetch(record.entry)
            if secret is not None:
                old = record.effect.params.replaces or record.effect.target
                taken = await self._control("adopt", {"old": old, "secret": secret.reveal()})
                adopted += bool(taken.get("adopted"))
                if taken.get("adopted"):
                    self.noted.append(AdoptionNote(effect=record.effect.id, owner=_DEVELOPERS, places=()))
                elif record.effect.id not in situation.state.adoption:
                    unused += 1
                    self.noted.append(AdoptionNote(effect=record.effect.id, unneeded=_DEVELOPERS))
        # Whoever puts a credential in looks at what it is used for: a form that was abused is closed.
        await self._control("panel", {"do": "fix-site"})
        # Adoption shows in the log, and some applications send only once in a while.
        await self._control("clock", {"seconds": HOUR})
        rest = f" Nobody uses {plural(unused, 'other credential')}." if unused else ""
        return (
            f"{plural(adopted, 'new credential')} handed to the simulated applications, which send again an hour "
            f"later.{rest}"
        )

    async def _lists(self, situation: Situation) -> str:
        """Whoever may ask writes to every list that matters; recorded like any request (``catch_up``)."""
        count = len(mattering(situation))
        return f"In the drill {plural(count, 'request')} for removal {'is' if count == 1 else 'are'} written."

    async def _allow(self, situation: Situation) -> str:
        await self._control("panel", {"do": "allow", "address": "127.0.0.0/8"})
        return "In the simulated panel this host was put on the IP allowlist: it may ask again."

    async def _clean(self, situation: Situation) -> str:
        await self._control("panel", {"do": "clean-leaks"})
        return "The drill's developers took the secrets out of site and history; the same places are searched again."

    async def _support(self, situation: Situation) -> str:
        await self._control("panel", {"do": "re-enable"})
        return "In the drill, Mailgun Support re-enabled the account."

    async def _hour(self, situation: Situation) -> str:
        await self._control("clock", {"seconds": HOUR})
        return "One simulated hour has passed."

    async def _day(self, situation: Situation) -> str:
        await self._control("clock", {"seconds": 24 * HOUR})
        return "One simulated day has passed; the blocklists are asked again."

    async def _control(self, name: str, body: dict[str, object]) -> dict[str, Any]:
        answer = await self._api.call(
            "POST", f"/_drill/{name}", json=body, priority=Priority.READ, repeat_safe=False
        )
        return answer.object()


async def _write_to_lists(session: Played) -> None:
    if not session.situation().state.listings.mattering:
        return
    # No list is asked before it is seen anew that nobody sends any more.
    await session.account.read_use()
    for found in session.account.blocklists.removals():
        if found.ready and found.listing.matters:
            await session.account.blocklists.requested(*found.listing.pair)


async def _wait_for_use(session: Played, played: _Parts) -> str:
    """Let more hours pass while a sender that was given its new credential has not shown with it, a day at most.

    A new alarm ends it early: somebody is back, and that comes first.
    """
    hours, known = 1, {alarm.id for alarm in open_alarms(session.situation())}
    while hours_left(session.situation()) and known.issuperset(
        alarm.id for alarm in open_alarms(session.situation())
    ):
        await played.play(HOUR_PART, session.situation())
        await session.recorder.learn(
            with_part(session.situation().state, HOUR_PART, iso(session.situation().now))
        )
        await session.account.watch(whole=True)
        await session.account.read_use()
        hours += 1
    down = senders_down(session.situation())
    shown = f"{plural(down, 'sender')} still down." if down else "no sender is down."
    return f"{plural(hours, 'simulated hour')} {'has' if hours == 1 else 'have'} passed: {shown}"


async def _watch_over(session: Played, played: _Parts) -> str:
    """Let the days of the watch pass, asking what is due and writing to whoever lists anew, until it is over.

    An alarm ends it early: somebody is back, and that comes first.
    """
    # What is not asked cannot be called clean: in the drill somebody reads the terms that wait for a yes, and gives it.
    if terms := session.account.blocklists.acceptable():
        await session.account.blocklists.accept([zone.name for zone in terms])
    days = 1
    while not session.account.blocklists.over() and days < MOST_DAYS:
        await session.account.watch_blocklists()
        await _write_to_lists(session)
        if open_alarms(session.situation()):
            return "Something appeared meanwhile: the watch waits."
        await played.play("drill.day", session.situation())
        await session.account.watch(whole=True)
        days += 1
    await session.account.watch_blocklists()
    await session.account.read_use()
    yes = (
        f"The terms of {plural(len(terms), 'list')} were accepted, so that they are asked too. "
        if terms
        else ""
    )
    return f"{yes}{plural(days, 'day')} passed; every list was asked when it was due."
