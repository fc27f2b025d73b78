"""The people on the screen: strangers named, and the message that tells each user what to do (steps 1b, 4, 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.core.redact import short_address, visible
from workbench.core.words import plural
from workbench.planning.catalog import Pane
from workbench.tui.controllers.base import Controller, SentQuestion

if TYPE_CHECKING:
    from workbench.domain.runbook.user_actions import UserProgress
    from workbench.tui.incident_port import Incident
    from workbench.tui.screens.lists import Chosen


class UsersController(Controller):
    """One per app; ``table`` is what the dispatcher takes over."""

    def table(self) -> dict[str, Callable[[Incident], object]]:
        """Return the handlers by action id."""
        return {"people.strangers": self.strangers, "people.message": self.message}

    def strangers(self, session: Incident) -> None:
        """Name the users who look like strangers, all at once."""
        from workbench.tui.screens.lists import ListLine, Verb

        situation = session.situation()
        suspects = [i for i in session.inventory.users.values() if situation.of_user(i).likely]
        if not suspects:
            self._ui.tell("No user looks like a stranger.")
            return
        lines = [
            ListLine(
                f"user:{item.id}",
                f"{visible(item.user.name or 'no name', 40)}, {item.user.email or 'no address'} "
                f"({item.user.role or 'no role'})",
                situation.of_user(item).why,
                "warn",
            )
            for item in suspects
        ]
        asked = (
            "This user looks like a stranger. Do you know who it is?"
            if len(suspects) == 1
            else "These users look like strangers. Do you know them?"
        )
        text = (
            f"{asked} Enter only reads; i and y say it. Saying it changes nothing yet: no call deletes a user. "
            "Somebody does it in the control panel at once: Security, Users, Delete."
        )
        verbs = (
            Verb("enter", "on", "reads on"),
            Verb("i", "intruder", "a stranger", judges=True),
            Verb("y", "ours", "one of yours", judges=True),
        )

        def answered(chosen: Chosen) -> None:
            if chosen.verb == "on":
                # Whoever only read has named nobody: the guide goes on, and asks again.
                self.put_off(session, "people.strangers")
                return
            reason = "named a stranger in the list" if chosen.verb == "intruder" else "known, by the list"
            self.decide(session, chosen.keys, chosen.verb, reason)

        every = [line.key for line in lines]
        self.show_list("Who is a stranger?", text, lines, verbs, answered, marked=every, to_read=every)

    def message(self, session: Incident) -> None:
        """Show the message for the highlighted user, or one for everybody who still has something to do."""
        from workbench.domain.runbook import user_actions

        situation = session.situation()
        waiting = user_actions.pending(situation)
        one = self._highlighted(waiting)
        chosen = [one] if one is not None else user_actions.to_tell(situation) or waiting
        if not chosen:
            self._ui.tell("Every user has a new password and a second factor.")
            return
        items = [person.item for person in chosen]
        text = user_actions.message_for(items[0]) if one is not None else user_actions.message_to_all(items)
        again = any(person.told_at for person in chosen)
        names = ", ".join(visible(short_address(i.user.email or i.user.name or i.id), 60) for i in items[:5])
        more = f" and {len(items) - 5} more" if len(items) > 5 else ""
        without = sum(not item.user.email for item in items)
        in_person = f" {without} of them have no address: tell them in person." if without else ""
        hint = (
            f"For {names}{more}.{in_person} Once you say that it was sent, {'the' if len(items) == 1 else 'each'} "
            f"timer runs{' anew' if again else ''}: a mailed link dies after 20 minutes. Send it over "
            "something the intruder does not read: not this mail account."
        )

        question = SentQuestion(
            "people.message",
            "Was the message sent?",
            "From then on the list counts: a mailed link dies after 20 minutes.",
        )

        heading = "Send again" if again else "To one user" if one is not None else f"To {len(items)} users"
        self.show_to_send(session, heading, text, hint, question, lambda: self._start_timers(session, chosen))

    def _highlighted(self, waiting: Sequence[UserProgress]) -> UserProgress | None:
        here = self._selection.current is Pane.USERS
        key = self._selection.cursor_key(Pane.USERS) if here else None
        return next((one for one in waiting if one.item.id == key), None)

    def _start_timers(self, session: Incident, chosen: Sequence[UserProgress]) -> None:
        from workbench.domain.runbook import user_actions

        async def work() -> None:
            situation = session.situation()
            for person in chosen:
                name, due, text, kind = user_actions.timer_for(situation, person.item)
                user = person.item.user
                await session.recorder.timer(
                    name, due, text, kind=kind, subject=user.id, called=user.email or user.name or ""
                )

        def told(_: None) -> None:
            self._ui.tell(
                f"{plural(len(chosen), 'timer')} running. The user list is read again and shows who did it."
            )
            self._ui.renew()

        self._ui.work.start(work, group="attest", doing="starting the users' timers", then=told)
