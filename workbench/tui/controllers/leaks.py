"""Step 7 on the screen: ask what to search, search in a worker, show what was found, judge it, ask people.

The search itself is light on the screen's time: it runs in a thread, and only its lines of progress arrive.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.core.redact import visible
from workbench.core.turns import loaded
from workbench.core.words import plural
from workbench.tui.controllers.base import Attested, Controller
from workbench.tui.screens.choices import Choice, Picked

if TYPE_CHECKING:
    from workbench.leaks.people import PersonSuspicion
    from workbench.leaks.report import LeakReport
    from workbench.session.leak_search import LeakSearchRequest
    from workbench.tui.incident_port import Incident
    from workbench.tui.screens.leaks import Places, Wish


LOG_MARK, SITE_MARK = "log:", "site:"


def proposed(places: Sequence[str]) -> Places:
    """Return marked places (``log:…``, ``site:…``, all else to be searched) as the lines of the search screen."""
    from workbench.tui.screens.leaks import Places

    logs = [one.removeprefix(LOG_MARK) for one in places if one.startswith(LOG_MARK)]
    sites = [one.removeprefix(SITE_MARK) for one in places if one.startswith(SITE_MARK)]
    targets = [one for one in places if not one.startswith((LOG_MARK, SITE_MARK))]
    return Places(*(" ".join(shlex.quote(one) for one in held) for held in (targets, logs, sites)))


class LeaksController(Controller):
    """One per app."""

    def table(self) -> dict[str, Callable[[Incident], object]]:
        """Return the handlers by action id."""
        return {
            "leaks.search": self.search,
            "leaks.judge": self.show,
            "leaks.recheck": self.again,
            "leaks.person": self.person,
        }

    def impossible(self, action_id: str, session: Incident) -> str | None:
        """Return why an action of this step is not possible now, ``""`` when it is."""
        from workbench.domain.leaks.recorded import LeaksFound

        if session.recorder.read_only:
            return session.recorder.read_only_words
        if self._ui.work.running("leaks") and action_id != "leaks.judge":
            return "a search is under way"
        if action_id == "leaks.recheck" and session.state.fact(LeaksFound) is None:
            return "nothing was searched yet"
        return ""

    def search(self, session: Incident) -> None:
        """Ask what to search, then search."""
        from workbench.tui.screens.leaks import SearchScreen

        def closed(places: Places | None) -> None:
            if places is not None:
                self._begin(session, places)

        self._ui.push(SearchScreen(proposed(session.account.search_places), own=session.state.drill), closed)

    def _begin(self, session: Incident, places: Places) -> None:
        try:
            targets, logs, sites = (tuple(shlex.split(line)) for line in places)
        except ValueError:
            self._ui.tell("Not understood: a quotation mark is open.", severity="warning")
            return

        def wanted() -> LeakSearchRequest:
            from workbench.session.leak_search import LeakSearchRequest

            # The screen took the sites only with their confirmation typed.
            return LeakSearchRequest(
                targets=targets, logs=logs, sites=sites, mine=bool(sites), from_vault=True
            )

        self._run(session, wanted)

    def again(self, session: Incident) -> None:
        """Search again where this incident searched: what is closed, what is still exposed."""

        def wanted() -> LeakSearchRequest:
            from workbench.session.leak_search import LeakSearchRequest

            return LeakSearchRequest(recheck=True, from_vault=True)

        self._run(session, wanted)

    def _run(self, session: Incident, wanted: Callable[[], LeakSearchRequest]) -> None:
        self.show(session)
        self._progress("searching…")

        def told(report: LeakReport) -> None:
            failed = [f"{one.target}: {one.error}" for one in report.searched if one.error]
            for line in failed[:3]:
                self._ui.tell(f"Not searched: {line}", severity="warning")
            self._renew(session)
            self._ui.renew()

        async def search() -> LeakReport:
            await loaded("workbench.session.leak_search")
            return await session.search_leaks(wanted(), self._progress)

        self._ui.work.start(
            search,
            group="leaks",
            doing="searching for the leak",
            then=told,
        )

    def _progress(self, line: str) -> None:
        from workbench.tui.screens.leaks import LeaksScreen

        for screen in self._ui.screen_stack:
            if isinstance(screen, LeaksScreen):
                screen.progress(line)

    def _renew(self, session: Incident) -> None:
        from workbench.domain.leaks import leaks
        from workbench.tui.screens.leaks import LeaksScreen

        found, told = leaks.leaks(session.state), self._told(session)
        for screen in self._ui.screen_stack:
            if isinstance(screen, LeaksScreen):
                screen.show(found, told)
                return
        still = sum(one.open for one in found)
        self._ui.tell(f"The search is done: {len(found)} found, {still} open. Step 7 shows them.")

    def _told(self, session: Incident) -> list[str]:
        from workbench.domain.leaks import beside, leaks

        return [*leaks.headlines(session.state), *beside.reach(session.state)]

    def show(self, session: Incident) -> None:
        """Show what the searches found, as it stands now."""
        from workbench.domain.leaks import leaks
        from workbench.tui.screens.leaks import LeaksScreen

        screen = LeaksScreen(
            leaks.leaks(session.state),
            self._told(session),
            ascii_mode=self._ui.store.look.ascii,
            safe=self._ui.safe,
        )

        def closed(wish: Wish | None) -> None:
            if wish is None:
                return
            if wish.verb == "closed":
                keys = wish.keys
                self.counted(
                    len(keys),
                    "closed by hand",
                    lambda: self.decide(session, keys, leaks.CLOSED, "closed by hand"),
                )
                return
            if wish.verb == "accept":
                self._accept(session, wish.keys)
                return
            if wish.verb in ("beside", "copy"):
                (self.beside if wish.verb == "beside" else self.copy_searches)(session)
                return
            action = {"search": "leaks.search", "again": "leaks.recheck", "person": "leaks.person"}[wish.verb]
            self._ui.do(action)

        self._ui.push(screen, closed)

    def _accept(self, session: Incident, keys: tuple[str, ...]) -> None:
        stays = plural(len(keys), "find stays as it is and counts", "finds stay as they are and count")
        words = f"{stays} as open no more. Why is that no danger?"

        def reason(text: str) -> None:
            from workbench.domain.leaks.leaks import ACCEPTED

            self.decide(session, keys, ACCEPTED, text)

        self._prompts.line("Accept what was found", words, reason, placeholder="reason")

    def copy_searches(self, session: Incident) -> None:
        """Copy what to look for where copies of a leaked file may lie; looking is done by hand, nothing is sent."""
        from workbench.domain.leaks.beside import search_strings

        if strings := search_strings(session.state):
            self._ui.copy_to_clipboard("\n".join(strings))
        else:
            self._ui.tell("Nothing was found yet whose copies could be looked for.")

    def beside(self, session: Incident) -> None:
        """Ask which other secret of a leaked file was replaced, and who did it."""
        from workbench.domain.leaks.beside import BESIDE, beside_secrets

        still = {one.subject: one for one in beside_secrets(session.state) if not one.owner}
        if not still:
            self._ui.tell("No other secret of a leaked file waits for its owner.")
            return

        def picked(choice: Picked) -> None:
            title = still[choice.id].title
            self._prompts.line(
                "Replaced by whom?",
                f"{title}\nThe name is recorded as your word; a later search does not prove it.",
                lambda owner: self.attest(session, Attested(BESIDE, [(owner, choice.id)])),
                placeholder="owner",
            )

        self._prompts.pick(
            "Which of them was replaced?",
            "Whoever read the leaked file has these too. Each is its owner's to replace.",
            [Choice(one.subject, one.title) for one in still.values()],
            picked,
        )

    # Or a person

    def person(self, session: Incident) -> None:
        """Show under whose name keys were planted, and ask what only that person knows."""

        def found(suspects: tuple[PersonSuspicion, ...]) -> None:
            if not suspects:
                self._ui.tell("No planted key carries the name of one of your users.")
                return
            if len(suspects) == 1:
                self._question(session, suspects[0])
                return
            by_id = {one.person.id: one for one in suspects}
            choices = [
                Choice(name, visible(one.person.name or one.person.email, 60), one.why[0])
                for name, one in by_id.items()
            ]
            self._prompts.pick(
                "Ask whom?",
                "Keys nobody claims carry these names.",
                choices,
                lambda picked: self._question(session, by_id[picked.id]),
            )

        self.begin_reading(
            session.leak_suspects,
            group="people",
            doing="setting planted keys against the users",
            then=found,
        )

    def _question(self, session: Incident, one: PersonSuspicion) -> None:
        name = visible(one.person.name or one.person.email, 60)
        asked = (*one.questions, f"Is this done? {one.check}")
        choices = [Choice(str(number), text) for number, text in enumerate(asked)]
        why = "\n".join(f"- {line}" for line in one.why)

        def answered(picked: Picked) -> None:
            self._answer(session, one, asked[int(picked.id)])

        heading = f"Ask {name}, on another channel than mail"
        self._prompts.pick(heading, why, choices, answered)

    def _answer(self, session: Incident, one: PersonSuspicion, question: str) -> None:
        from workbench.domain.leaks.leaks import PERSON

        def given(text: str) -> None:
            name = visible(one.person.name or one.person.email, 60)
            self.attest(session, Attested(PERSON, [(f"{name}: {question} {text}", one.person.id)]))

        words = f"{question}\nThe answer is recorded with your name; it proves nothing by itself."
        self._prompts.line("What was the answer?", words, given, placeholder="answer")
