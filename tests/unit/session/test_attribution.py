"""Who works here: a name that was given once, and never a shared account of the host."""

from __future__ import annotations

import getpass

import pytest

from workbench.session.attribution import SHARED, is_named, operator


def test_the_name_that_was_given_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "root")
    monkeypatch.setenv("WORKBENCH_OPERATOR", "  Ada Lovelace\x1b[2J ")
    said = operator()
    assert said.startswith("Ada Lovelace") and "\x1b" not in said
    assert is_named()


@pytest.mark.parametrize("user", sorted(SHARED))
def test_a_shared_account_is_no_person(monkeypatch: pytest.MonkeyPatch, user: str) -> None:
    monkeypatch.delenv("WORKBENCH_OPERATOR", raising=False)
    monkeypatch.setattr(getpass, "getuser", lambda: user)
    assert operator() == f"somebody as {user} (no name given: WORKBENCH_OPERATOR)"
    assert not is_named()
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert (operator(), is_named()) == ("ada", True)


def test_a_host_without_a_user_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setenv("WORKBENCH_OPERATOR", " ")
    monkeypatch.setattr(getpass, "getuser", nobody)
    assert operator() == "somebody (no name given: WORKBENCH_OPERATOR)"
