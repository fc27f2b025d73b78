"""What a search for leaks is told of today's passwords: a leaked one is never dead because nobody fetched it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.situations import Story, situation
from workbench.core.redact import Secret
from workbench.domain.model.state import State
from workbench.leaks.findings import Liveness, _password
from workbench.planning import logins
from workbench.session.leak_search import LeakSearchRequest, OpenedVault, open_up, options_of
from workbench.vault.vault import EntryName

LOGIN, OTHER = "news@mg.acme.example", "bill@mg.acme.example"
KEY = b"k" * 32


class FakeVault:
    """Holds a password for each entry but those that are lost; ``then`` happens while the first one is fetched."""

    def __init__(self, *lost: str, then: Callable[[], None] | None = None) -> None:
        self.lost, self.then = lost, then

    async def fetch(self, name: EntryName) -> Secret | None:
        then, self.then = self.then, None
        if then is not None:
            then()
        return None if name.username in self.lost else Secret(f"password of {name.username}")


def _reset(story: Story, *names: str, again: bool = False) -> Story:
    there = situation(logins=[LOGIN, OTHER], state=story.state())
    return story.verified(logins.plan_reset(there, names, again=again))


async def _opened(story: Story, vault: FakeVault, tmp_path: Path) -> tuple[OpenedVault, State]:
    state = story.state()
    sealing: Any = (KEY, None)
    return await open_up(state, vault, sealing, tmp_path, values=False), state


def _judged(opened: OpenedVault, state: State, password: str, login: str = LOGIN) -> Liveness | None:
    facts = options_of(LeakSearchRequest(), state, opened).facts
    if facts is None or login not in facts.resets:
        return None  # Compared with nothing: it cannot be told.
    return _password(Secret(password).fingerprint(KEY), (login,), facts)[0]


async def test_an_older_password_is_dead_and_todays_is_live(tmp_path: Path) -> None:
    opened, state = await _opened(_reset(Story(), LOGIN), FakeVault(), tmp_path)
    assert _judged(opened, state, "what it was before") is Liveness.DEAD
    assert _judged(opened, state, f"password of entry {LOGIN}") is Liveness.LIVE


async def test_where_todays_password_is_not_in_the_vault_nothing_found_is_dead(tmp_path: Path) -> None:
    story = _reset(Story(), LOGIN, OTHER)
    opened, state = await _opened(story, FakeVault(f"entry {LOGIN}"), tmp_path)
    assert _judged(opened, state, "any") is None
    assert _judged(opened, state, "any", OTHER) is Liveness.DEAD


async def test_where_todays_password_is_not_proven_yet_nothing_found_is_dead(tmp_path: Path) -> None:
    story = _reset(Story(), LOGIN)
    second = logins.plan_reset(situation(logins=[LOGIN], state=story.state()), [LOGIN], again=True)
    effect = second.effects[0]
    story.add("plan.confirmed", title="t", effects=[effect.to_json()])
    story.add("effect.intent", id=effect.id, entry="entry of the second")
    story.add("effect.done", id=effect.id, evidence=["done"], result={})
    opened, state = await _opened(story, FakeVault(), tmp_path)
    assert _judged(opened, state, "password of entry of the second") is None


async def test_a_password_that_is_set_while_others_are_fetched_is_one_of_todays(tmp_path: Path) -> None:
    story = _reset(Story(), LOGIN)
    state = story.state()
    later = _reset(story, OTHER).state()

    def plan_goes_on() -> None:
        state.effects.update(later.effects)

    sealing: Any = (KEY, None)
    opened = await open_up(state, FakeVault(then=plan_goes_on), sealing, tmp_path, values=False)
    assert _judged(opened, state, f"password of entry {OTHER}", OTHER) is Liveness.LIVE
