"""What makes the suite quick: temporary files in memory where there is room, and the long tests first."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.amount import amount
from tests.support.breaking import quiet

# Hundreds of tests start the program: where compiled files are not kept, each of them compiles all of it anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long an example takes says how busy the machine is, not whether the answer is right.
settings.register_profile(
    "workbench",
    deadline=None,
    max_examples=amount(30, whole=100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("workbench")

TESTS = Path(__file__).parent
MEMORY = Path("/dev/shm")
# All tests that run at once need a fraction of this; a container with a small one uses the disk.
ROOM = 2 * 1024**3
# What runs the whole program takes longest: such a test that began last would keep one worker busy while the others
# rest. The others are mixed: a screen waits for itself half of its time, while what is computed never waits.
FIRST, LAST = "e2e", "unit"


def pytest_configure(config: pytest.Config) -> None:
    """Put temporary folders into memory: journals and vaults are synced to the disk thousands of times.

    And look for garbage less often: with thousands of tests' modules loaded that took a third of the time.
    """
    gc.set_threshold(100_000, 50, 50)
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """Leave what was collected out of later looks for garbage: each went through all tests, a quarter of a second.

    What garbage there is now stays with it; to look for that first took each worker a second.
    """
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Collect the garbage of a test that says it leaves some, while its own filters hold: it fails no later test."""
    yield
    if any("ResourceWarning" in str(mark.args) for mark in item.iter_markers("filterwarnings")):
        gc.collect()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal the long tests out, the longest first, to the stretches that the workers begin with."""
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return  # One process runs all of them, in the order they are written.
    parts: dict[str, list[pytest.Item]] = {}
    for item in items:
        parts.setdefault(item.path.relative_to(TESTS).parts[0], []).append(item)
    first, short = parts.pop(FIRST, []), parts.pop(LAST, [])
    mixed = [
        (place / len(part), name, item) for name, part in parts.items() for place, item in enumerate(part)
    ]
    long = [*first, *(item for _, _, item in sorted(mixed, key=lambda one: one[:2]))]
    workers = int(worker["workercount"])
    dealt: list[pytest.Item] = []
    for number in range(workers):
        here = long[number::workers]
        share = (len(items) * (number + 1)) // workers - len(dealt) - len(here)
        dealt += [*here, *short[: max(0, share)]]
        del short[: max(0, share)]
    items[:] = dealt + short


@pytest.fixture
def quiet_servers() -> None:
    """Silence what the drill's servers print about connections that broke."""
    quiet()
