"""What the controllers share: a list to decide on, a text to take, words to record.

People's addresses are shortened on the way to the screen and to the clipboard while share-safe is on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from workbench.core.words import plural

if TYPE_CHECKING:
    from workbench.domain.model.facts import RecordedFact
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Plans, Prompts, Selection, Ui
    from workbench.tui.screens.lists import Chosen, ListLine, Verb

Result = TypeVar("Result")


class SentQuestion(NamedTuple):
    """Whether something was sent: the action that gave it to send, the question, and what each answer means."""

    action: str
    heading: str
    words: str
    not_yet: str = "it is only copied; nothing is recorded, and the step stays open"
    was_sent: str = "recorded under your name"


class Attested(NamedTuple):
    """What a person says of a step: (text, subject) each.

    ``told`` says it on the screen in other words than theirs; ``fact`` is what the words are about, where the journal
    keeps more of it than words.
    """

    step: str
    words: Sequence[tuple[str, str]]
    told: str = ""
    fact: RecordedFact | None = None


class Controller:
    """Shows, asks and records; starts no change of the account.

    A controller hands its handlers to the dispatcher by action id (``table``) and says of each why it is not
    possible now (``impossible``), where that is not the plan's own business.
    """

    def __init__(self, ui: Ui, selection: Selection, plans: Plans, prompts: Prompts) -> None:
        self._ui = ui
        self._selection = selection
        self._plans = plans
        self._prompts = prompts

    def table(self) -> dict[str, Callable[[Incident], object]]:
        """Return the handlers by action id."""
        return {}

    def impossible(self, action_id: str, session: Incident) -> str | None:
        """Return why one of these is not possible now, ``""`` when it is, None where the session knows."""
        return None

    def begin_reading(
        self,
        work: Callable[[], Awaitable[Result]],
        *,
        group: str,
        doing: str,
        then: Callable[[Result], None] | None = None,
    ) -> None:
        """Start a reading that a key asks for, and say so at once; pressed again meanwhile, say that it runs.

        ``doing`` as in *reading who clicked*; ``then`` gets the result and says what came of it.
        """
        said = f"{doing[:1].upper()}{doing[1:]}"
        if self._ui.work.running(group):
            self._ui.tell(f"{said}: under way already; it says when it is done.")
            return
        self._ui.tell(f"{said}…")
        self._ui.work.start(work, group=group, doing=doing, then=then)

    def counted(self, count: int, words: str, then: Callable[[], object]) -> None:
        """Do something to several things once their number was typed; one thing is done at once."""
        if count == 1:
            then()
            return

        def check(typed: str) -> str:
            return "" if typed in ("", str(count)) else f"That is not {count}: nothing is recorded."

        text = f"{count} rows: {words}. Type {count} and Enter; Esc leaves them as they are."
        self._prompts.line("How many?", text, lambda _: then(), placeholder="number", check=check)

    def show_list(
        self,
        heading: str,
        text: str,
        lines: Sequence[ListLine],
        verbs: Sequence[Verb],
        answered: Callable[[Chosen], object],
        *,
        marked: Sequence[str] = (),
        to_read: Sequence[str] = (),
    ) -> None:
        """Show a list to decide on (see ``ListScreen``); ``answered`` hears the verb when rows were meant."""
        from workbench.tui.screens.lists import ListScreen

        def closed(chosen: Chosen | None) -> None:
            if chosen is None or not chosen.keys:
                return
            verb = next(one for one in verbs if one.id == chosen.verb)
            if verb.judges:
                self.counted(len(chosen.keys), verb.words, lambda: answered(chosen))
            else:
                answered(chosen)

        safe = [
            line._replace(words=self._ui.safe(line.words), more=tuple(map(self._ui.safe, line.more)))
            for line in lines
        ]
        screen = ListScreen(
            heading, self._ui.safe(text), safe, verbs, marked=marked, whole=lines, to_read=to_read
        )
        self._ui.push(screen, closed)

    def show_text(
        self, heading: str, text: str, hint: str, copied: Callable[[], object] | None, *, take: bool = True
    ) -> None:
        """Show a text; with ``take`` Enter copies it. ``copied`` is called when it was copied."""
        from workbench.tui.screens.texts import TextScreen

        def closed(done: bool | None) -> None:
            if done and copied is not None:
                copied()

        screen = TextScreen(heading, self._ui.safe(text), hint=hint, enter_copies=take)
        self._ui.push(screen, closed)

    def show_to_send(
        self,
        session: Incident,
        heading: str,
        text: str,
        hint: str,
        question: SentQuestion,
        sent: Callable[[], object],
    ) -> None:
        """Show a text that is there to be sent; once it was copied, ask whether it was."""
        from workbench.tui.screens.texts import TextScreen

        screen = TextScreen(heading, self._ui.safe(text), hint=hint, enter_copies=True, to_send=True)

        def closed(copied: bool | None) -> None:
            if screen.sent:
                sent()
            elif copied:
                self.ask_sent(session, question, sent)

        self._ui.push(screen, closed)

    def ask_sent(self, session: Incident, question: SentQuestion, sent: Callable[[], object]) -> None:
        """Ask whether what was copied was sent; only a yes calls ``sent``. It opens on *not yet*.

        Copying is not sending: a text in a clipboard has reached nobody, and no reflex may say that it has. After a
        *not yet* the guide goes on with what else there is, and asks again.
        """
        from workbench.tui.screens.choices import Choice, Picked
        from workbench.tui.screens.prompts import PickScreen

        def answered(picked: Picked | None) -> None:
            if picked is not None and picked.id == "sent":
                sent()
            elif picked is not None:
                self.put_off(session, question.action)

        choices = (
            Choice("later", "Not yet", question.not_yet),
            Choice("sent", "It was sent", question.was_sent, "y"),
        )
        self._ui.push(PickScreen(question.heading, self._ui.safe(question.words), choices), answered)

    def put_off(self, session: Incident, action_id: str) -> None:
        """Have the guide go on without what this action asks somebody to do, and ask again."""
        put_off(self._ui, session, action_id)

    def decide(
        self,
        session: Incident,
        keys: Sequence[str],
        decision: str,
        reason: str,
        then: Callable[[], object] | None = None,
    ) -> None:
        """Record one judgement of several findings; ``then`` is done once it stands."""
        decide(self._ui, session, keys, decision, reason, then)

    def attest(self, session: Incident, said: Attested) -> None:
        """Record what a person says of a step."""
        attest(self._ui, session, said)


def put_off(ui: Ui, session: Incident, action_id: str) -> None:
    """Record in a worker that what an action asks somebody to do is not done yet; the guide asks again later."""
    from workbench.domain.runbook.put_off import AGAIN, LEFT, with_put_off

    later = with_put_off(session.state, action_id, session.situation().now)
    left, minutes = LEFT[action_id], int(AGAIN.total_seconds()) // 60
    ui.work.start(
        lambda: session.recorder.learn(later),
        group="record",
        doing="putting a question off",
        then=lambda _: ui.tell(f"{left[:1].upper()}{left[1:]}: you are asked again in {minutes} minutes."),
    )


def decide(
    ui: Ui,
    session: Incident,
    keys: Sequence[str],
    decision: str,
    reason: str,
    then: Callable[[], object] | None = None,
) -> None:
    """Record in a worker one judgement of several findings; ``then`` is done once it stands."""

    async def work() -> None:
        titles = {one.key: one.title for one in session.findings()}
        for key in keys:
            called.append(_called(session, key, titles.get(key, "")))
            await session.recorder.decide(key, decision, reason, called[-1])

    def recorded(_: None) -> None:
        from workbench.presentation.activity_log import JUDGED

        one = called[0] if len(called) == 1 and called[0] else ""
        what = f"{one} is" if one else plural(len(called), "of them is", "of them are")
        ui.tell(f"Recorded under your name: {what} {JUDGED.get(decision, decision)}.")
        if then is not None:
            then()

    called: list[str] = []

    as_somebody(
        ui,
        session,
        lambda: ui.work.start(work, group="decide", doing="recording your judgement", then=recorded),
    )


def _called(session: Incident, key: str, title: str) -> str:
    """Return what somebody would call a finding, a user by the address: an id tells nobody anything later."""
    user = session.inventory.users.get(key.removeprefix("user:")) if key.startswith("user:") else None
    return f"user {user.user.email}" if user is not None and user.user.email else title


def attest(ui: Ui, session: Incident, said: Attested) -> None:
    """Record in a worker what a person says of a step, and say that it is recorded."""

    async def work() -> None:
        if said.fact is not None:
            await session.recorder.learn(said.fact)
        for text, subject in said.words:
            await session.recorder.attest(said.step, text, subject)

    def recorded(_: None) -> None:
        more = f", and {len(said.words) - 1} more" if len(said.words) > 1 else ""
        ui.tell(said.told or f"Recorded under your name: {said.words[0][0]}{more}.")

    as_somebody(
        ui,
        session,
        lambda: ui.work.start(work, group="attest", doing=f"attesting step {said.step}", then=recorded),
    )


def as_somebody(ui: Ui, session: Incident, then: Callable[[], object]) -> None:
    """Do what goes into the journal under a name; ask for the name first, once, where nobody gave one.

    Esc leaves it undone: what a nameless person said is no evidence to whoever reads the report.
    """
    if not session.recorder.nameless:
        then()
        return
    from workbench.tui.screens.prompts import AskScreen

    def named(name: str | None) -> None:
        if name is None:
            ui.tell("Nothing is recorded: it would stand in the journal without a name.", "warning")
            return
        session.recorder.name_operator(name)
        then()

    words = (
        "What you judge and attest stands in the journal and in the reports with your name. This account of the host "
        "is shared, so it names nobody. Asked once; WORKBENCH_OPERATOR gives it at the start."
    )
    ui.push(AskScreen("Who are you?", words, placeholder="first and last name", check=_no_name), named)


def _no_name(text: str) -> str:
    return "" if text.strip() else "A name, as Support and your colleagues know you."
