"""Faults, kills and resumes in any order over any small account: the promise holds after each of them.

Account and workbench share one thread (see ``in_process``), so that a life that breaks the promise breaks it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.support.amount import amount
from tests.support.breaking import quiet
from tests.support.ground import Ground, direct_ground
from tests.support.kills import PLANS, Builder, Fuse, everything, killed_run, random_trouble, resumed, some
from tests.support.promise import at_rest

# These would be done to the same login: one of them at most.
ONE_LOGIN = {"smtp.reset", "smtp.delete", "smtp.create"}
CHOICES = st.one_of(
    st.just(("everything",)),
    st.tuples(
        st.sampled_from([(), *((kind,) for kind in sorted(ONE_LOGIN))]),
        st.sets(st.sampled_from(sorted(set(PLANS) - ONE_LOGIN)), min_size=1, max_size=3),
    ).map(lambda chosen: (*chosen[0], *sorted(chosen[1]))),
)
PROFILE = settings(
    max_examples=amount(4, whole=10),
    stateful_step_count=5,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class AnyLife(RuleBasedStateMachine):
    """One account and one incident, struck again and again."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._stack = contextlib.AsyncExitStack()
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.place: Ground | None = None
        self.build: Builder = everything

    @initialize(
        kinds=CHOICES,
        domains=st.integers(1, 3),
        credentials=st.integers(4, 7),
        seed=st.integers(1, 1000),
    )
    def open(self, kinds: tuple[str, ...], domains: int, credentials: int, seed: int) -> None:
        """Serve some account and choose what is to be done to it."""
        self.build = everything if kinds == ("everything",) else some(kinds)
        serving = direct_ground(Path(self._folder.name), domains=domains, credentials=credentials, seed=seed)
        self.place = self._runner.run(self._stack.enter_async_context(serving))

    def _struck(self, fuse: Fuse) -> None:
        place = self.place
        assert place is not None

        async def live() -> list[str]:
            await killed_run(place, self.build, fuse)
            return await at_rest(place)

        wrong = self._runner.run(live())
        assert wrong == [], (wrong, fuse.passed[-3:])

    @rule(at=st.integers(1, 60))
    def kill(self, at: int) -> None:
        """Run until the process ends at some checkpoint, if it gets so far."""
        self._struck(Fuse(at))

    @rule(seed=st.integers(0, 10**6), chance=st.sampled_from([0.02, 0.1, 0.4]))
    def suffer(self, seed: int, chance: float) -> None:
        """Run to the end of it amid faults."""
        assert self.place is not None
        self.place.faults = True
        self._struck(Fuse(0, random_trouble(random.Random(seed), chance)))

    @rule(at=st.integers(1, 60), seed=st.integers(0, 10**6))
    def suffer_and_die(self, at: int, seed: int) -> None:
        """Run amid faults until the process ends."""
        assert self.place is not None
        self.place.faults = True
        self._struck(Fuse(at, random_trouble(random.Random(seed))))

    def teardown(self) -> None:
        """Resume in peace: everything must come to its end."""
        place = self.place
        try:
            if place is not None:
                wrong = self._runner.run(resumed(place, self.build))
                assert wrong == [], wrong
        finally:
            self._runner.run(self._stack.aclose())
            self._runner.close()
            self._folder.cleanup()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_any_life_keeps_the_promise() -> None:
    quiet()
    run_state_machine_as_test(AnyLife, settings=PROFILE)


async def test_the_same_life_goes_the_same_way_twice(tmp_path: Path) -> None:
    """What hypothesis finds, it must find again: nothing may depend on threads, sockets or the host's clock."""
    lives = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        passed: list[str] = []
        async with direct_ground(folder, seed=107) as place:
            place.faults = True
            for seed in (5382, 2518):
                fuse = Fuse(150, random_trouble(random.Random(seed), 0.3))
                await killed_run(place, everything, fuse)
                passed += [*fuse.passed, "the end of a run"]
        lives.append(passed)
    assert lives[0] == lives[1]
    assert len(lives[0]) > 100
