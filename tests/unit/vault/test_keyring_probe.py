"""A keyring that is locked, broken or silent is told within its limit, with the way on."""

from __future__ import annotations

import threading

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked

from workbench.vault.backends import NoKeyring, SystemKeyring
from workbench.vault.keyring_probe import answering


class Backend(KeyringBackend):
    """Answers as the test says."""

    def __init__(self, fault: Exception | None = None, until: threading.Event | None = None) -> None:
        self.fault, self.until = fault, until

    def get_password(self, service: str, username: str) -> str | None:
        """Wait, fail, or have nothing."""
        if self.until is not None:
            self.until.wait()
        if self.fault is not None:
            raise self.fault
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Refuse: a probe stores nothing."""
        raise AssertionError("a probe stored something")


async def test_one_that_answers_is_used() -> None:
    found = SystemKeyring(Backend(), "Secret Service")
    assert await answering(find=lambda: found) is found
    nothing = NoKeyring("This host has no keyring.")
    assert await answering(find=lambda: nothing) is nothing


@pytest.mark.parametrize(
    ("fault", "words"), [(KeyringLocked("x"), "is locked"), (InitError("x"), "InitError")]
)
async def test_one_that_is_locked_or_broken_names_the_way(fault: Exception, words: str) -> None:
    found = await answering(find=lambda: SystemKeyring(Backend(fault), "Secret Service"))
    assert isinstance(found, NoKeyring) and words in found.reason and "--vault file" in found.todo


async def test_one_that_never_answers_is_left_behind() -> None:
    for_ever = threading.Event()
    try:
        found = await answering(0.01, lambda: SystemKeyring(Backend(until=for_ever), "Secret Service"))
        assert (
            isinstance(found, NoKeyring) and "did not answer" in found.reason and "--vault file" in found.todo
        )
    finally:
        for_ever.set()
