"""Whose addresses are shortened in what leaves the house: people's, never a login's or the intruder's. Pure."""

from __future__ import annotations

from collections.abc import Callable

from workbench.core.redact import short_address
from workbench.domain.model import people
from workbench.domain.model.situation import Situation


def shortener(situation: Situation, *, strangers_too: bool = False) -> Callable[[str], str]:
    """Return what shortens the addresses of the account's people inside a text: ``an…@acme.example``.

    Strangers among the users are named whole where they are what is looked for, else (``strangers_too``) shortened
    like everybody, those that are deleted since included; logins and senders are no people.
    """
    inventory = situation.inventory
    hidden = people.there(inventory)
    if strangers_too:
        hidden |= people.told_of(inventory, situation.state)
    else:
        hidden -= {
            (i.user.email or "").lower() for i in inventory.users.values() if situation.of_user(i).likely
        }

    def shorten(text: str) -> str:
        if "@" not in text:
            return text
        return people.ADDRESS.sub(
            lambda found: short_address(found[0]) if found[0].lower() in hidden else found[0], text
        )

    return shorten
