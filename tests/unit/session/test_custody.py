"""Whose vault is open: what of an incident's secrets it holds, in words, and never *all of them* unseen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from workbench.core.errors import VaultError
from workbench.domain.model.state import State
from workbench.session.custody import standing
from workbench.vault.reading import NoVault
from workbench.vault.vault import EntryName

SERVICE = "Mailgun incident 2026-11-21 (acme 3f2a)"
STORED = ("API key prod-web …4f2a", "SMTP app@mg.acme.example")


class Opened:
    """An open vault that holds what it is told to, cannot list it (None), or does not answer."""

    keeps = True
    kind = "file"

    def __init__(self, held: Sequence[str] | VaultError | None) -> None:
        self._held = held

    def describe(self) -> str:
        """Return what it is."""
        return "encrypted file /srv/home/vault.json"

    async def names(self) -> list[EntryName] | None:
        """Return what it holds."""
        if isinstance(self._held, VaultError):
            raise self._held
        return None if self._held is None else [EntryName(SERVICE, name) for name in self._held]


def stored(*entries: str) -> State:
    """Return the state of an incident that stored these."""
    return State(incident="20261121-140207-3f2a", vault_service=SERVICE, entries=list(entries))


@pytest.mark.parametrize(
    ("held", "words", "missing"),
    [
        (STORED, "holds 2 secrets of this incident, all of them", 0),
        (STORED[:1], "1 of 2 secrets that this incident stored are NOT in it", 1),
        ((), "2 of 2 secrets that this incident stored are NOT in it: it is another home's vault", 2),
        (None, "of a kind that cannot list what is in it", None),
        (VaultError("The keyring is locked."), "not listed: The keyring is locked.", None),
    ],
)
async def test_it_says_whether_it_is_this_incidents(held: Any, words: str, missing: int | None) -> None:
    vault: Any = Opened(held)
    found = await standing(vault, stored(*STORED))
    assert found.words.startswith("encrypted file /srv/home/vault.json") and words in found.words
    assert found.missing == missing
    assert found.to_json() == {"words": found.words, "kind": "file", "stored": 2, "missing": missing}
    assert found.amiss is (bool(missing) or isinstance(held, VaultError)), "no list is no good news"


async def test_of_a_journal_that_is_not_what_was_written_nobody_can_tell_what_it_stored() -> None:
    vault: Any = Opened(STORED)
    for state in (stored(), stored(*STORED)):
        state.damage = "An older journal stands in this one's place."
        found = await standing(vault, state)
        assert "holds 2 entries; what this incident stored nobody can tell" in found.words
        assert found.missing is None


async def test_what_stored_nothing_misses_nothing_and_no_vault_holds_nothing() -> None:
    vault: Any = Opened(())
    assert "this incident stored nothing yet" in (await standing(vault, stored())).words
    unseen = await standing(NoVault(), stored(*STORED))
    assert unseen.words == "none is open: 2 secrets of this incident not looked for"
    assert (unseen.kind, unseen.stored, unseen.missing, unseen.amiss) == ("none", 2, None, False)
    assert (await standing(NoVault(), stored())).words == "none is open"
