"""The drill is recovered in a real terminal by key presses alone, quit, lost and reopened.

Everything waited for is waited for on the screen. What the terminal was sent is searched afterwards for the
secrets that the account and the vault hold, and for people's addresses.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.drills import AFTERNOON
from tests.support.patience import HANGS
from tests.support.tmux import Tmux, need_tmux
from workbench.core.redact import Secret
from workbench.core.secret_scanner import SecretScanner
from workbench.core.state_dir import Home
from workbench.domain.model.hash_chain import verify
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.replay import fold
from workbench.domain.model.state import State
from workbench.drill.servers.serve import open_world
from workbench.drill.world.options import DrillOptions
from workbench.journal.journal import read_rows
from workbench.vault.vault import EntryName, Vault

pytestmark = pytest.mark.tool("tmux")

SEED = 3
STEPS = ("0", "1", "1b", "2", "3")
# A small account has everything that a large one has; each key press costs less on it.
SIZES = ("--domains", "4", "--credentials", "10", "--users", "5")
# What an account has sent depends on the hour: in a quiet one nothing of the old is kept for a hand-over.
START = ("--start", AFTERNOON.isoformat())
WORKBENCH = (sys.executable, "-m", "workbench", "drill", "--seed", str(SEED), *SIZES, *START)
# How a plan asks to be confirmed.
COUNT = re.compile(r"To go ahead type (\d+) and Enter")
# What the top line says once nothing abnormal is sent any more: in full, or short where it is narrow.
QUIET, SILENT = "no abnormal sending", "last abuse"
ESCAPES = re.compile(r"\x1b(\[[0-9;:?<>=$ ]*[a-zA-Z~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>78])")


@pytest.fixture(autouse=True)
def tmux_is_here() -> None:
    """Every test here needs the terminal."""
    need_tmux()


@contextmanager
def terminal(folder: Path, columns: int, lines: int) -> Iterator[Tmux]:
    """Open a terminal whose programs keep their state below ``folder``."""
    env = {"WORKBENCH_HOME": str(folder / "home"), "TERM": "xterm-256color"}
    with Tmux(folder, columns=columns, lines=lines, env=env) as made:
        yield made


def confirm(screen: Tmux, *texts: str) -> int:
    """Confirm the plan on the screen by typing its count; return the count."""
    shown = screen.until("To go ahead type", *texts)
    found = COUNT.search(shown)
    assert found is not None, shown
    screen.type(found.group(1))
    screen.press("Enter")
    screen.until_true(lambda now: "To go ahead type" not in now, "the plan closed")
    return int(found.group(1))


def guide(screen: Tmux, step: str) -> None:
    """Go to the runbook and move to a step; its guide then says what Enter will do."""
    screen.press("1")
    screen.until("[1 Runbook]")
    screen.press("Home", *["Down"] * STEPS.index(step))
    screen.until_true(
        lambda now: re.search(rf"(Next|Step): {step} ", now) is not None, f"the guide of step {step}"
    )


def back(screen: Tmux, left: str) -> None:
    """Press Esc and wait until what it closes is gone: Esc and a key in one go would arrive as alt+key."""
    screen.press("Escape")
    screen.until(gone=(left,))


def by_palette(screen: Tmux, typed: str, title: str) -> None:
    """Do an action by its name in the palette."""
    screen.press("C-p")
    screen.until("Search for commands")
    screen.type(typed)
    screen.until(title)
    screen.press("Enter")
    screen.until(gone=("Search for commands",))


def the_others(screen: Tmux) -> None:
    """Let the drill's people delete the strangers.

    Before the cut: whoever has a way left then is back a minute and a half after it, and that may be in the middle.
    """
    by_palette(screen, "others do", "drill: let the others do theirs")
    # The columns stand further apart where there is room.
    screen.until_true(lambda now: re.search(r"✓\s+1b ", now) is not None, "step 1b is done")


def an_hour_later(screen: Tmux) -> None:
    """Let an hour pass, in which nobody comes back."""
    by_palette(screen, "hours pass", "drill: let hours pass")
    screen.until_true(silent, "the intruder's rate fell to nothing")


def silent(screen: str) -> bool:
    """Return whether the top line says that nothing abnormal goes out."""
    return QUIET in screen or SILENT in screen


def judge_the_stranger(screen: Tmux) -> None:
    """Go to the last user, who looks like a stranger, and judge it the intruder's."""
    screen.until("[4 Users]", "stranger?")
    screen.press("End")
    screen.until_true(
        lambda now: re.search(r"❯\s+⚠ stranger\?", now) is not None, "the stranger is highlighted"
    )
    screen.press("d")
    screen.until("Whose is it?", "It is the intruder's")
    screen.press("Down", "Down")
    screen.until_true(
        lambda now: re.search(r"❯\s+It is the intruder's", now) is not None, "the answer is chosen"
    )
    screen.press("Enter")
    screen.until("✗ intruder", gone=("Whose is it?",))


def drill_home(folder: Path) -> Home:
    """Return where the drill's incidents stand."""
    return Home(folder / "home").drill()


def state_of(folder: Path) -> State:
    """Return the fold of the journal after verifying its chain of hashes."""
    home = drill_home(folder)
    incident = home.latest()
    assert incident is not None
    rows = read_rows(home.folder(incident) / "journal.sqlite")
    assert verify(rows) is None
    return fold(rows)


async def assert_nothing_leaked(folder: Path, shown: Tmux) -> None:
    """Search every byte that the terminal was sent for secrets in any form, and for people's addresses."""
    home, state = drill_home(folder), state_of(folder)
    world, story, _ = open_world(
        DrillOptions(seed=SEED, domains=4, credentials=10, users=5), home.path / "account"
    )
    passphrase = Secret((home.path / "passphrase").read_text().strip())
    secrets = [passphrase, *(Secret(key.secret) for key in story.keys)]
    secrets += [Secret(login.password) for login in story.logins]
    vault = await Vault.unlock_file(home.vault_file, passphrase)
    try:
        for entry in state.entries:
            held = await vault.fetch(EntryName(state.vault_service, entry))
            assert held is not None, entry
            secrets.append(held)
    finally:
        vault.close()
    scanner = SecretScanner()
    assert all(scanner.add(secret) for secret in secrets)
    addresses = [user.email for tenant in world.tenants.values() for user in tenant.users.values()]
    assert len(secrets) > len(story.keys) + len(story.logins)
    assert len(addresses) >= 4
    raw = shown.raw.read_bytes().decode(errors="replace")
    # Once as sent, once without escape sequences, once without the line ends that may cut a value in two.
    plain = ESCAPES.sub("", raw)
    for text in (raw, plain, "".join(plain.split())):
        assert not scanner.found_in(text)
        assert not [address for address in addresses if address in text]


async def test_the_drill_is_recovered_by_key_presses_alone(tmp_path: Path) -> None:
    with terminal(tmp_path, 120, 40) as screen:
        screen.start(WORKBENCH)
        screen.until("/h above the usual", "postmaster@", "Next: 0 ", "● live", "0/11")
        # The evidence is stored, and the message to Support comes by itself.
        screen.press("Enter")
        screen.until("To Mailgun Support", "is compromised")
        screen.press("c")
        # Copied is not sent: it is asked, and a person says so.
        back(screen, "To Mailgun Support")
        screen.until("Was the message sent to Support?")
        screen.press("y")
        screen.until("✓ 0 ", gone=("Was the message sent",))
        screen.press("4")
        judge_the_stranger(screen)
        the_others(screen)
        guide(screen, "1")
        # A plan made before that cuts everything at once, and nothing waits for its hand-over.
        screen.until_true(lambda _: bool(state_of(tmp_path).use_known_at), "who sends what is read")
        screen.press("C")
        assert confirm(screen, "Cancel (Esc)") > 20
        screen.until("CUT, BUT OPEN")
        guide(screen, "3")
        screen.press("Enter")
        # Two abused domains to purge, one rogue subaccount to disable: one plan.
        assert confirm(screen, "Cancel (Esc)") == 3
        screen.press("3")
        screen.until("[3 Domains]")
        screen.press("p")
        assert confirm(screen, "Cancel (Esc)") >= 1
        an_hour_later(screen)
        # The stranger is deleted and nothing is queued; what was kept for the hand-over is asked about, and ended.
        screen.until("Time is up", "Decide later")
        screen.press("End")
        screen.until_true(
            lambda now: re.search(r"❯\s+End the old ones", now) is not None, "the answer is chosen"
        )
        screen.press("Enter")
        assert confirm(screen, "Cancel (Esc)") > 5
        screen.until("CONTAINED in")
        screen.press("q")
        assert screen.until_ended() == 0

        state = state_of(tmp_path)
        assert state.opened_at[:13] == AFTERNOON.isoformat()[:13]
        assert state.contained_at
        assert all(record.state is EffectState.VERIFIED for record in state.effects.values())
        assert {record.effect.kind for record in state.effects.values()} >= {
            EffectKind.KEY_CREATE,
            EffectKind.KEY_DELETE,
            EffectKind.LOGIN_RESET,
            EffectKind.QUEUE_PURGE,
        }
        assert [a.step for a in state.attestations] == ["0"]
        assert [d.decision for d in state.decisions.values()] == ["intruder"]
        screen.start_again(WORKBENCH)
        screen.until("CONTAINED in", "postmaster@", "●")
        screen.until_true(lambda now: QUIET in now or SILENT in now, "still nothing abnormal")
        screen.press("q")
        assert screen.until_ended() == 0
        assert len(state_of(tmp_path).effects) == len(state.effects)
    await assert_nothing_leaked(tmp_path, screen)


async def test_on_a_small_terminal_it_works_and_a_lost_terminal_leaves_a_safe_state(tmp_path: Path) -> None:
    with terminal(tmp_path, 80, 24) as screen:
        # Slow calls: the cut is under way when the terminal goes, unless this host stands still meanwhile.
        screen.start((*WORKBENCH, "--latency-ms", "700"))
        screen.until("[1 Runbook]", "Next: 0 ", "intruder ", "● live", "0/11")
        the_others(screen)
        screen.press("C")
        confirm(screen)
        # The terminal goes away while the cut is under way.
        screen.until("WORKING")
        process = screen.pid
        screen.close_window()
        gone(process)
        cut_short = state_of(tmp_path)
        assert cut_short.effects
        screen.start(WORKBENCH)
        if cut_short.half_done:
            screen.until("[1 Runbook]", "NOT FINISHED")
            screen.press("f")
        # Through what it is open gives way to who is down on a line of 80.
        screen.until("CUT, BUT OPEN")
        an_hour_later(screen)
        screen.until("CUT, BUT OPEN", SILENT)
        screen.press("q")
        assert screen.until_ended() == 0
        state = state_of(tmp_path)
        assert set(cut_short.effects) <= set(state.effects)
        assert not state.open_intents
        assert all(record.state is EffectState.VERIFIED for record in state.effects.values())
    await assert_nothing_leaked(tmp_path, screen)


def gone(process: int) -> None:
    """Wait until a process has ended."""
    end = time.monotonic() + HANGS
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < end, "the workbench outlived its terminal"
        time.sleep(0.05)


async def test_every_screen_with_people_or_secrets_is_safe_to_share(tmp_path: Path) -> None:
    with terminal(tmp_path, 120, 40) as screen:
        screen.start(WORKBENCH)
        screen.until("postmaster@", "Next: 0 ", "● live", "◉ share-safe", "0/11")
        screen.press("C")
        confirm(screen, "Cancel (Esc)")
        screen.until("CUT, BUT OPEN")
        screen.press("4")
        screen.until("[4 Users]", "…@")
        screen.press("Home", "Enter")
        screen.until("signs in by", "…@")
        back(screen, "signs in by")
        # The message goes to the clipboard in base64; the timer of its link is on the screen.
        screen.press("m")
        screen.until("To one user", "four or more random words")
        screen.press("Enter")
        screen.until("Was the message sent?")
        screen.press("Down", "Enter")
        screen.until("password link", gone=("To one user",))
        screen.press("J")
        screen.until("Judge the findings", "user Mail Admin")
        back(screen, "Judge the findings")
        screen.press("H")
        screen.until("Is the leak closed?")
        back(screen, "Is the leak closed?")
        for typed, title, shown in (
            ("name the str", "users: name the strangers", "Who is a stranger?"),
            ("assess from", "damage: assess from the log", "The damage"),
            ("report: wr", "report: write, and copy for Support", "Report to Mailgun Support"),
        ):
            by_palette(screen, typed, title)
            screen.until(shown)
            back(screen, shown)
        screen.press("2")
        screen.until("[2 Credentials]")
        screen.press("Home", "Enter")
        screen.until("secret stored and read back", "Esc closes")
        back(screen, "Esc closes")
        screen.press("T")
        screen.until("what happened", "Enter closer")
        screen.press("e")
        back(screen, "Enter closer")
        # A reveal is refused while share-safe is on, in words.
        screen.press("V")
        screen.until("share-safe is on")
        screen.press("q")
        assert screen.until_ended() == 0
        assert any(name.startswith("link:") for name in state_of(tmp_path).timers)
    await assert_nothing_leaked(tmp_path, screen)
