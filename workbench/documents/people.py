"""Whose addresses are shortened in what leaves the house: people's, never a login's or the intruder's. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from workbench.core.redact import short_address
from workbench.domain.model.situation import Situation

# What an alarm is about whose words name a person: the user itself, or who asked for a key.
_OF_PEOPLE = ("users", "keys")
_ADDRESS = re.compile(r"[\w.+%-]{1,80}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


def shortener(situation: Situation, *, strangers_too: bool = False) -> Callable[[str], str]:
    """Return what shortens the addresses of the account's people inside a text: ``an…@acme.example``.

    Strangers among the users are named whole where they are what is looked for, else (``strangers_too``) shortened
    like everybody, those that are deleted since included; logins and senders are no people.
    """
    inventory = situation.inventory
    people = {(item.user.email or "").lower() for item in inventory.users.values()}
    people |= {(item.key.requestor or "").lower() for item in inventory.keys.values()}
    if strangers_too:
        told = (
            f"{one.text} {one.through}" for one in situation.state.alarms.values() if one.kind in _OF_PEOPLE
        )
        people |= {found.lower() for text in told for found in _ADDRESS.findall(text)}
    else:
        people -= {
            (i.user.email or "").lower() for i in inventory.users.values() if situation.of_user(i).likely
        }
    people -= {"", *(name.lower() for name in inventory.logins)}

    def shorten(text: str) -> str:
        if "@" not in text:
            return text
        return _ADDRESS.sub(
            lambda found: short_address(found[0]) if found[0].lower() in people else found[0], text
        )

    return shorten
