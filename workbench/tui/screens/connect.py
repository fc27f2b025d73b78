"""What stands before the panes where it is needed: the admin key, and the vault's passphrase.

Both screens hand a Secret to a callback and keep nothing; what was typed is never drawn and leaves the
input as soon as it is taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from workbench.core.redact import Secret, visible
from workbench.domain.detection.key_kinds import by_form
from workbench.tui.screens.choices import Choice
from workbench.tui.screens.dialog import Dialog, SecretInput, title, words
from workbench.tui.widgets.table import Cell, Column, KeyedTable, TableRow
from workbench.tui.widgets.table.telling import TellingTable

HOW_TO_MAKE_A_KEY = """\
No key at hand? Make one in the control panel, it takes a minute:
1. Sign in as an owner or admin. If you cannot, call Mailgun Support now.
2. Open the menu of your account (top right), then API Security.
3. Add new key. Give it a name of this incident and the role Admin.
4. Copy the key: it is shown once. Type or paste it above.
The workbench replaces this key as well, so that nothing from today stays behind."""

RULES = (
    "The rule: hard to guess for somebody who has the file. Four or five words that nobody says together do."
)
ONE_FILE = "The new keys and passwords go into one encrypted file on this host, opened with a passphrase."
LOST_WITHOUT_IT = (
    "Without this passphrase the new credentials are lost: nobody can recover it, not Mailgun and not the "
    "workbench. Write it down now, and keep it away from this host."
)


class FoundKey(NamedTuple):
    """A key found somewhere: what to call it, where it is from, never its value."""

    id: str
    where: str
    tail: str = ""


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """The answer of the connect screen: a typed key, or the id of a found one."""

    typed: Secret | None = None
    found: str = ""


class KeyRefusal(NamedTuple):
    """Why a key was not taken, in words; ``insist`` where one may go on with it all the same, and what that means."""

    words: str
    insist: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """What has to be asked before the incident can be opened.

    ``try_key`` asks Mailgun about a key and returns why it is not the one, None where it is; without it a key is taken
    as it is. ``supplied`` says that a key came from the environment, to be tried before anything is asked.
    ``vault`` is ready, or must be created or unlocked; ``take_passphrase`` raises WorkbenchError with the
    words when it is wrong or too weak; ``ask_again`` asks a keyring that was locked once more and returns ``""``
    where it answers now, else why not; ``judge`` returns words about a passphrase being typed, and whether it is good
    enough; ``offer`` a strong one.
    """

    ask_key: bool = False
    found: Sequence[FoundKey] = ()
    take_key: Callable[[KeyChoice], None] | None = None
    try_key: Callable[[KeyChoice], Awaitable[KeyRefusal | None]] | None = None
    supplied: KeyChoice | None = None
    vault: Literal["ready", "create", "unlock"] = "ready"
    vault_words: str = ""
    take_passphrase: Callable[[Secret], Awaitable[None]] | None = None
    ask_again: Callable[[], Awaitable[str]] | None = None
    judge: Callable[[Secret], tuple[str, bool]] | None = None
    offer: Callable[[], Secret] | None = None


Trying = Callable[[KeyChoice, Callable[[KeyRefusal | None], None]], object]


class ConnectScreen(Dialog[KeyChoice]):
    """Asks for the admin key, or offers what was found in the environment or the vault.

    ``try_`` starts asking about a key and calls back with why it is not the one, None where it is: the question then
    comes again, with the reason under the field, as often as needed. ``refused`` is a reason from before.
    """

    def __init__(
        self,
        found: Sequence[FoundKey] = (),
        try_: Trying | None = None,
        *,
        refused: tuple[KeyChoice, KeyRefusal] | None = None,
    ) -> None:
        super().__init__(classes="connect-screen")
        self._found = found
        self._try = try_
        self._refused = refused
        self._trying = False
        self._table = TellingTable(
            (Column("where", "found", flex=1, min_width=14), Column("tail", "key", width=10)), id="found-keys"
        )

    def compose(self) -> ComposeResult:
        """Found keys, the prompt, how to make a key."""
        with Vertical(classes="dialog-box -tall"):
            yield title("Connect to Mailgun")
            yield words(
                "The workbench needs an API key with the role Admin. It goes to Mailgun and nowhere else; it is "
                "never shown, logged or written down in clear."
            )
            if self._found:
                yield words("Found on this host; Enter uses the one under the cursor:")
                yield self._table
            yield SecretInput("Admin API key: type or paste it, then Enter", id="key-input")
            yield words(self._reason(), classes="dialog-wrong", id="key-wrong")
            with VerticalScroll(classes="dialog-scroll", can_focus=False):
                yield words(HOW_TO_MAKE_A_KEY)
            yield words("Enter connects · Tab moves · Esc quits", classes="dialog-keys")

    def on_mount(self) -> None:
        """Ready to type, or to take what was found."""
        self._table.styles.height = min(len(self._found), 5) + 1
        if self._found:
            rows = [Choice(f.id, f.where, f.tail) for f in self._found]
            self._table.set_rows(TableRow(c.id, (Cell(c.words), Cell(c.more)), markable=False) for c in rows)
            self._table.focus()
        else:
            self.query_one("#key-input").focus()

    @on(KeyedTable.Opened)
    def _take_found(self, event: KeyedTable.Opened) -> None:
        self._ask(KeyChoice(found=event.key))

    @on(Input.Submitted, "#key-input")
    def _take_typed(self, event: Input.Submitted) -> None:
        value = "".join(event.value.split())
        if not value and self._refused is not None and self._refused[1].insist:
            self.dismiss(self._refused[0])
            return
        typed = Secret(value)
        doubt = by_form(typed)
        if doubt is not None:
            self._tell(doubt.words())
            return
        event.input.value = ""
        self._ask(KeyChoice(typed=typed))

    def _ask(self, choice: KeyChoice) -> None:
        """Have Mailgun asked about a key; without anybody to ask it is taken as it is."""
        if self._try is None:
            self.dismiss(choice)
        elif not self._trying:
            self._trying, self._refused = True, None
            self._tell("One moment: Mailgun is asked about this key.")
            self._try(choice, lambda refusal: self._answered(choice, refusal))

    def _answered(self, choice: KeyChoice, refusal: KeyRefusal | None) -> None:
        self._trying = False
        if not self.is_current:
            return
        if refusal is None:
            self.dismiss(choice)
            return
        self._refused = (choice, refusal)
        self._tell(self._reason())
        self.query_one("#key-input").focus()

    def _reason(self) -> str:
        if self._refused is None:
            return ""
        refusal = self._refused[1]
        return f"{refusal.words} {refusal.insist}".strip()

    def _tell(self, text: str) -> None:
        self.query_one("#key-wrong", Static).update(Content(visible(text, 1200)))


class VaultScreen(Dialog[bool]):
    """Makes or unlocks the file vault. The passphrase is typed twice when it is new, or a strong one accepted.

    ``take`` starts the opening and calls back with what was wrong, ``""`` when the vault is open. ``ask_again`` does
    the same with a keyring of the host that was locked: whoever unlocks it meanwhile needs no file.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "offer", "A strong one", id="vault.offer", show=False, priority=True),
        Binding("f5", "ask_again", "Ask the keyring again", id="vault.again", show=False, priority=True),
    ]

    def __init__(
        self,
        take: Callable[[Secret, Callable[[str], None]], object],
        *,
        create: bool,
        reason: str = "",
        judge: Callable[[Secret], tuple[str, bool]] | None = None,
        offer: Callable[[], Secret] | None = None,
        ask_again: Callable[[Callable[[str], None]], object] | None = None,
    ) -> None:
        super().__init__(classes="vault-screen")
        self._ask_again = ask_again
        self._asking = False
        self._offer = offer if create else None
        self._offered: Secret | None = None
        self._take = take
        self._create = create
        self._reason = reason
        self._judge = judge

    def compose(self) -> ComposeResult:
        """Why, the passphrase, its judgement."""
        with Vertical(classes="dialog-box"):
            yield title("A vault for the new credentials" if self._create else "Unlock the vault")
            reason = self._reason or (ONE_FILE if self._create else "")
            if reason:
                yield words(visible(reason, 600))
            if self._create:
                yield words(LOST_WITHOUT_IT, classes="-loud")
            yield SecretInput("Passphrase", id="pass-first")
            if self._create:
                yield SecretInput("The same passphrase again", id="pass-second")
            # What is wrong stands first: on a low terminal the judgement is what may be cut off.
            yield words("", classes="dialog-wrong", id="pass-wrong")
            yield words(RULES if self._create else "", id="pass-words")
            keys = "Enter goes on · Tab, Shift+Tab" if self._create else "Enter goes on"
            offer = " · F2 a strong one" if self._offer is not None else ""
            again = " · F5 keyring" if self._ask_again is not None else ""
            yield words(f"{keys}{offer}{again} · Esc quits", classes="dialog-keys")

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#pass-first").focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """Say while typing how each rule stands; what is shown describes the passphrase and never quotes it."""
        if self._create:
            if event.value:
                self._wrong("")
            self.query_one("#pass-words", Static).update(Content(self._standing()))

    def _standing(self) -> str:
        first, second = (self.query_one(name, Input).value for name in ("#pass-first", "#pass-second"))
        if self._offered is not None and first == self._offered.reveal():
            note = f"Write this down now, it is shown only here:\n\n    {first}\n\n"
            return f"{note}Enter accepts it once it is written down; typing makes one of your own."
        if not first:
            return RULES
        judged, enough = self._judge(Secret(first)) if self._judge is not None else ("", True)
        same = (
            "is the same" if second == first else "is not the same yet" if second else "is still to be typed"
        )
        signs = ("✓" if enough else "✗", "✓" if second == first else "·")
        return f"{signs[0]} hard to guess: {judged}\n{signs[1]} the second one {same}"

    def action_offer(self) -> None:
        """Make a strong passphrase, fill it in twice and show it to be written down."""
        if self._offer is None:
            return
        self._offered = self._offer()
        for field in self.query(SecretInput):
            field.value = self._offered.reveal()
        self.query_one("#pass-second").focus()

    def action_ask_again(self) -> None:
        """Ask the host's keyring once more: it may have been unlocked meanwhile."""
        if self._ask_again is None or self._asking:
            return
        self._asking = True
        self._wrong("One moment: the keyring is asked.")
        self._ask_again(self._keyring_answered)

    def _keyring_answered(self, wrong: str) -> None:
        """Close where it answers; what was typed for a file stays where it does not."""
        self._asking = False
        if not self.is_current:
            return
        if wrong:
            self._wrong(visible(wrong, 600))
        else:
            self.dismiss(True)

    @on(Input.Submitted, "#pass-first")
    def _first(self, event: Input.Submitted) -> None:
        if not self._create:
            self._submit(event.value)
            return
        if not event.value:
            self._wrong("The passphrase is empty.")
            return
        if self._judge is not None and not self._judge(Secret(event.value))[1]:
            self._wrong("Too easy to guess: make it longer here, the field keeps what you typed.")
            return
        self.query_one("#pass-second").focus()

    @on(Input.Submitted, "#pass-second")
    def _second(self, event: Input.Submitted) -> None:
        if event.value != self.query_one("#pass-first", Input).value:
            event.input.value = ""
            self._wrong("The two passphrases differ. Nothing was saved: type the second one again.")
            return
        self._submit(event.value)

    def _wrong(self, text: str) -> None:
        self.query_one("#pass-wrong", Static).update(text)

    def _submit(self, value: str) -> None:
        if not value:
            self._wrong("The passphrase is empty.")
        else:
            self._wrong("One moment: the passphrase is made slow to guess on purpose.")
            self._take(Secret(value), self._answered)

    def _answered(self, wrong: str) -> None:
        """Close, or tell what is wrong with the passphrase here, where it can be typed again."""
        if not self.is_current:
            return
        if not wrong:
            self.dismiss(True)
            return
        self._wrong(wrong)
        for field in self.query(SecretInput):
            field.value = ""
        self.query_one("#pass-first").focus()
