"""Connect, vault, reveal, judge, attest, support message, limit and subaccount questions."""

from __future__ import annotations

import base64

import pytest
from textual import events

from tests.pilot.conftest import SIZES, Running, app_of, screen_text, settle, until
from tests.pilot.fake_session import PERSON, SECRET, FakeSession
from tests.support.effects import an_effect
from tests.support.patience import HANGS
from workbench.core.errors import VaultError
from workbench.core.redact import Secret
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.recorded_rows import RecordedSnapshot
from workbench.domain.model.state import Alarm, EffectRecord
from workbench.tui.screens.choices import Choice
from workbench.tui.screens.connect import Door, FoundKey, KeyChoice, KeyRefusal
from workbench.tui.screens.reveal import RevealScreen

KEY = "0123456789abcdef0123456789abcdef-01234567-89abcdef"


@pytest.mark.parametrize("size", SIZES)
async def test_connect_by_typing(running: Running, size: tuple[int, int]) -> None:
    taken: list[KeyChoice] = []

    async def door() -> Door:
        return Door(ask_key=True, take_key=taken.append)

    async with running(FakeSession(), size, door=door, wait=False) as pilot:
        await until(pilot, "API Security")
        assert "API Security" in screen_text(pilot)
        await pilot.press(*"short", "enter")
        await pilot.pause()
        assert "no Mailgun key (5 characters)" in screen_text(pilot)
        await pilot.press(*(["backspace"] * 5))
        pilot.app.screen.query_one("#key-input").post_message(events.Paste(KEY))
        await pilot.pause()
        assert KEY[:8] not in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert taken[0].typed is not None and taken[0].typed.reveal() == KEY
        assert "acme (US+EU)" in screen_text(pilot)


async def test_connect_with_what_was_found(running: Running) -> None:
    taken: list[KeyChoice] = []

    async def door() -> Door:
        return Door(found=(FoundKey("env", "MAILGUN_API_KEY", "…4f2a"),), take_key=taken.append)

    async with running(FakeSession(), door=door, first_screen="connect", wait=False) as pilot:
        await until(pilot, "MAILGUN_API_KEY")
        assert "MAILGUN_API_KEY" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert taken == [KeyChoice(found="env")]


async def test_a_wrong_key_goes_back_to_the_key_field_as_often_as_needed(running: Running) -> None:
    tried: list[str] = []
    taken: list[KeyChoice] = []

    async def try_key(choice: KeyChoice) -> KeyRefusal | None:
        assert choice.typed is not None
        tried.append(choice.typed.reveal())
        if len(tried) == 3:
            return KeyRefusal("This is a developer's key.", "Enter on the empty field goes on with it.")
        return KeyRefusal("Mailgun refuses this key (401) in US and EU.") if len(tried) < 3 else None

    opened: list[bool] = []
    session = FakeSession()

    async def door() -> Door:
        opened.append(bool(taken))
        return Door(
            take_key=taken.append,
            try_key=try_key,
            supplied=KeyChoice(typed=Secret(KEY[:-1] + "0")),
        )

    async with running(session, (80, 24), door=door, wait=False) as pilot:
        await until(pilot, "refuses this key")
        for end in "12":
            pilot.app.screen.query_one("#key-input").post_message(events.Paste(KEY[:-1] + end))
            await pilot.press("enter")
            await app_of(pilot).work.rest("key", HANGS)
            await pilot.pause()
            assert not taken and "acme (US+EU)" not in screen_text(pilot)
            assert app_of(pilot).screen.focused is pilot.app.screen.query_one("#key-input")
        assert "developer's key" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert [t[-1] for t in tried] == ["0", "1", "2"]
        assert taken[0].typed is not None and taken[0].typed.reveal()[-1] == "2"
        assert "acme (US+EU)" in screen_text(pilot)


async def test_a_weak_passphrase_keeps_the_focus_and_a_strong_one_can_be_accepted(running: Running) -> None:
    taken: list[str] = []

    async def take(passphrase: Secret) -> None:
        taken.append(passphrase.reveal())

    async def door() -> Door:
        return Door(
            vault="create",
            take_passphrase=take,
            judge=lambda s: ("Easy to guess.", False) if len(s.reveal()) < 9 else ("Hard to guess.", True),
            offer=lambda: Secret("babe-bibo-bubu-dade-dido-dudu"),
        )

    async with running(FakeSession(), (80, 24), door=door, wait=False) as pilot:
        await until(pilot, "credentials are lost")
        assert "Shift+Tab" in screen_text(pilot) and "The rule" in screen_text(pilot)
        await pilot.press(*"weak")
        await pilot.pause()
        assert "✗ hard to guess" in screen_text(pilot) and "still to be typed" in screen_text(pilot)
        await pilot.press("enter")
        await pilot.pause()
        first = pilot.app.screen.query_one("#pass-first")
        assert pilot.app.screen.focused is first and "Too easy to guess" in screen_text(pilot)
        await pilot.press("f2")
        await pilot.pause()
        assert "babe-bibo-bubu-dade-dido-dudu" in screen_text(pilot) and not taken
        await pilot.press("enter")
        await settle(pilot)
        assert taken == ["babe-bibo-bubu-dade-dido-dudu"]


async def test_leaving_at_the_door_quits(running: Running) -> None:
    async def door() -> Door:
        return Door(ask_key=True, take_key=lambda choice: None)

    async with running(FakeSession(), door=door, wait=False) as pilot:
        await until(pilot, "Connect to Mailgun")
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert app_of(pilot)._exit


async def test_vault_is_made_with_a_passphrase_typed_twice(running: Running) -> None:
    taken: list[str] = []

    async def take(passphrase: Secret) -> None:
        if passphrase.reveal() == "weak":
            raise VaultError("Too weak.", "", "Take a longer one.")
        taken.append(passphrase.reveal())

    async def door() -> Door:
        return Door(
            vault="create",
            vault_words="This host has no keyring.",
            take_passphrase=take,
            judge=lambda s: ("judged", True),
        )

    async with running(FakeSession(), (80, 24), door=door, wait=False) as pilot:
        await until(pilot, "credentials are lost")
        text = screen_text(pilot)
        assert "no keyring" in text and "credentials are lost" in text
        await pilot.press(*"weak", "enter")
        await pilot.pause()
        assert "judged" in screen_text(pilot)
        await pilot.press(*"other", "enter")
        await pilot.pause()
        assert "differ" in screen_text(pilot) and not taken
        await pilot.press(*"weak", "enter")
        await app_of(pilot).work.rest("vault", HANGS)
        await pilot.pause()
        assert "Too weak." in screen_text(pilot) and not taken
        await pilot.press(*"correct horse", "enter", *"correct horse", "enter")
        await settle(pilot)
        assert taken == ["correct horse"]
        assert "acme (US+EU)" in screen_text(pilot)


async def test_a_wrong_passphrase_can_be_typed_again(running: Running) -> None:
    async def take(passphrase: Secret) -> None:
        if passphrase.reveal() != "right":
            raise VaultError("This passphrase does not open the vault.")

    async def door() -> Door:
        return Door(vault="unlock", take_passphrase=take)

    async with running(FakeSession(), door=door, wait=False) as pilot:
        await until(pilot, "Unlock the vault")
        await pilot.press(*"wrong", "enter")
        await app_of(pilot).work.rest("vault", HANGS)
        await pilot.pause()
        assert "does not open" in screen_text(pilot)
        await pilot.press(*"right", "enter")
        await settle(pilot)
        assert "acme (US+EU)" in screen_text(pilot)


def with_new_secret(session: FakeSession) -> FakeSession:
    """Give the first login a new password."""
    session.fill()
    login = next(iter(session.inventory.logins.values()))
    effect = an_effect(EffectKind.LOGIN_RESET, login.login, login.place, what="reset")
    session.state.effects[effect.id] = EffectRecord(effect, EffectState.VERIFIED, entry="smtp postmaster")
    return session


async def test_reveal_is_refused_while_share_safe(running: Running) -> None:
    session = with_new_secret(FakeSession())
    async with running(session) as pilot:
        await pilot.press("2", "j", "j", "j", "V")
        await settle(pilot)
        assert "share-safe is on" in screen_text(pilot)
        assert not any(asked[0] == "secret" for asked in session.asked)


async def test_reveal_covers_warns_shows_and_hides(running: Running) -> None:
    session = with_new_secret(FakeSession())
    async with running(session) as pilot:
        await pilot.press("s", "down", "enter", "2", "j", "j", "j", "V")
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, RevealScreen)
        text = screen_text(pilot)
        assert "Stop" in text and SECRET not in text and "2 Credentials" not in text
        assert pilot.app.focused is screen.query_one("#cancel")
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert SECRET in screen_text(pilot) and "Hidden in 20 s" in screen_text(pilot)
        assert ("secret", "smtp postmaster") in session.asked
        session.clock.advance(12)
        screen.tick()
        await pilot.pause()
        assert "Hidden in 8 s" in screen_text(pilot)
        session.clock.advance(8)
        screen.tick()
        await settle(pilot)
        assert SECRET not in screen_text(pilot) and not isinstance(pilot.app.screen, RevealScreen)


async def test_no_secret_is_revealed_where_a_filter_hides_every_row(running: Running) -> None:
    session = with_new_secret(FakeSession())
    async with running(session) as pilot:
        await pilot.press("s", "down", "enter", "2", "/", *"no such row", "enter", "V")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, RevealScreen)


async def test_reveal_cancels_by_default(running: Running) -> None:
    session = with_new_secret(FakeSession())
    async with running(session) as pilot:
        await pilot.press("s", "down", "enter", "2", "j", "j", "j", "V", "enter")
        await settle(pilot)
        assert not any(asked[0] == "secret" for asked in session.asked)


async def test_judge_a_row_with_a_reason(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("2", "d")
        await settle(pilot)
        assert "Whose is it?" in screen_text(pilot)
        await pilot.press("down", "down", "tab", *"nobody knows it", "enter")
        await settle(pilot)
        key = next(iter(session.inventory.keys))
        assert ("decide", f"key:{key}", "intruder", "nobody knows it") in session.asked
        assert "intruder" in screen_text(pilot)


async def test_attest_a_step_and_a_user(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("j", "t")
        await settle(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert "Nothing was typed" in screen_text(pilot)
        await pilot.press(*"done by phone", "enter")
        await settle(pilot)
        assert ("attest", "1", "done by phone", "") in session.asked
        await pilot.press("4", "t")
        await settle(pilot)
        assert PERSON not in screen_text(pilot)
        # It opens on "nothing yet": Enter alone attests nothing.
        await pilot.press("enter")
        await settle(pilot)
        assert not any(asked[-1] == "user-0" for asked in session.asked if asked[0] == "attest")
        await pilot.press("t")
        await settle(pilot)
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert ("attest", "5", "has two-factor switched on", "user-0") in session.asked


async def test_a_nameless_operator_is_asked_once_before_anything_stands_under_no_name(
    running: Running,
) -> None:
    session = FakeSession()
    session.nameless = True
    async with running(session) as pilot:

        async def attest(*typed: str) -> None:
            await pilot.press("t")
            await settle(pilot)
            await pilot.press(*typed, "enter")
            await settle(pilot)

        await pilot.press("j")
        await attest(*"by phone")
        assert "Who are you?" in screen_text(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert not [asked for asked in session.asked if asked[0] == "attest"], "nobody said it"
        await attest(*"by phone")
        await pilot.press(*"Ada", "enter")
        await settle(pilot)
        assert ("attest", "1", "by phone", "") in session.asked and session.operator == "Ada"
        await attest(*"again")
        assert ("attest", "1", "again", "") in session.asked, "asked once"


async def test_support_message_is_copied_and_attested(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app = app_of(pilot)
        written: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", written.append)
        await pilot.press("m")
        await settle(pilot)
        assert "compromised" in screen_text(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert not any(asked[0] == "attest" for asked in session.asked), "reading it is not sending it"
        await pilot.press("m", "c")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        copied = next(piece for piece in written if piece.startswith("\x1b]52;c;"))
        assert base64.b64decode(copied[7:-1]).decode() == session.support_message()
        assert "Was the message sent to Support?" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert not any(asked[0] == "attest" for asked in session.asked), "copying it is not sending it"
        await pilot.press("m", "c", "escape")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert ("attest", "0", "opening message sent to Support", "") in session.asked


async def test_limit_asks_for_a_number_then_shows_the_plan(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("3", "L")
        await settle(pilot)
        await pilot.press(*"999", "enter")
        await pilot.pause()
        assert "1,000 or more" in screen_text(pilot)
        await pilot.press(*(["backspace"] * 3), *"5000", "enter")
        await settle(pilot)
        assert ("plan", "limit.set", (), {"limit": 5000}) in session.asked
        assert pilot.app.screen.has_class("plan-screen")


async def test_local_time_and_maximise_from_the_palette(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause(0.2)
        await pilot.press(*"disable a rogue")
        await pilot.pause(0.4)
        await pilot.press("enter")
        await settle(pilot)
        assert "shop" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert ("plan", "subaccounts.disable", ("sub-1",), {}) in session.asked


async def test_sweep_offers_what_waits_for_a_judgement(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        session.state.alarms["a1"] = Alarm(
            "a1", "2026-11-21T14:05:00Z", "route [b]x[/b] appeared", "route", "r1"
        )
        await pilot.press("w")
        await app_of(pilot).work.rest("sweep", HANGS)
        await settle(pilot)
        assert ("sweep",) in session.asked
        text = screen_text(pilot)
        assert "route [b]x[/b] appeared" in text


async def test_one_question_after_another(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        app = app_of(pilot)
        for _ in range(3):
            app.controllers.questions.pick("Which?", "", (Choice("a", "A"),), lambda picked: None)
        await settle(pilot)
        assert len(app.screen_stack) == 4


async def test_damage_is_told_share_safe(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app_of(pilot).controllers.dispatcher.do("damage.assess")
        await app_of(pilot).work.rest("assess", HANGS)
        await settle(pilot)
        assert "about 900 messages to ma…@acme.example" in screen_text(pilot)


async def test_a_domain_is_deleted_by_its_typed_name_only(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("3")
        app_of(pilot).controllers.dispatcher.do("domains.delete")
        await settle(pilot)
        pilot.app.screen.query_one("#ask-line").post_message(events.Paste("mg0.acme.example"))
        await pilot.press("enter")
        await settle(pilot)
        assert (
            "plan",
            "domains.delete",
            ("mg0.acme.example",),
            {"typed": "mg0.acme.example"},
        ) in session.asked


async def test_evidence_goes_on_below_the_writes(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("e")
        await settle(pilot)
        assert session.asked.index(("preserve",)) < session.asked.index(("preserve_rest",))


async def test_evidence_that_an_earlier_start_was_left_in_goes_on_at_the_next(running: Running) -> None:
    session = FakeSession()
    session.state.snapshots["0a"] = RecordedSnapshot(part="0a", at="2026-11-21T14:03:00Z", sha256="ab" * 32)
    async with running(session) as pilot:
        await settle(pilot)
        assert session.asked.count(("preserve_rest",)) == 1
    session = FakeSession()
    session.read_only = True
    session.state.snapshots["0a"] = RecordedSnapshot(part="0a", at="2026-11-21T14:03:00Z", sha256="ab" * 32)
    async with running(session) as pilot:
        await settle(pilot)
        assert ("preserve_rest",) not in session.asked


async def test_a_keyring_that_was_locked_is_asked_again_at_the_door_and_no_file_is_needed(
    running: Running,
) -> None:
    answers = ["It is still locked.", ""]

    async def ask() -> str:
        return answers.pop(0)

    async def take(passphrase: Secret) -> None:
        raise AssertionError("no file was asked for")

    async def door() -> Door:
        return Door(vault="create", vault_words="It is locked.", take_passphrase=take, ask_again=ask)

    async with running(FakeSession(), door=door, wait=False) as pilot:
        await until(pilot, "F5 keyring")
        await pilot.press("f5")
        await app_of(pilot).work.rest("vault", HANGS)
        await pilot.pause()
        assert "It is still locked." in screen_text(pilot)
        await pilot.press("f5")
        await settle(pilot)
        assert "acme (US+EU)" in screen_text(pilot)


async def test_the_first_dialog_brings_its_styles_and_no_others_are_read_for_it(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(FakeSession()) as pilot:
        sheet = app_of(pilot).stylesheet
        before, anew = len(sheet.rules), list[str]()
        monkeypatch.setattr(sheet, "reparse", lambda: anew.append("all"))
        await pilot.press("question_mark")
        await pilot.pause()
        assert anew == []
        monkeypatch.undo()
        beside = [str(rule.selectors) for rule in sheet.rules]
        assert len(beside) > before
        sheet.reparse()
        assert [str(rule.selectors) for rule in sheet.rules] == beside
