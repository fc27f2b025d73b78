"""Whose addresses are people's: the account's users, who asked for its keys, and who the journal names. Pure.

A login is a machine's name and a sender a domain's: neither is a person, whatever names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.domain.model.inventory import Inventory
    from workbench.domain.model.state import State

# What an alarm or a change is about whose words name a person: the user itself, or who asked for a key.
_OF_PEOPLE = ("users", "keys")
ADDRESS = re.compile(r"[\w.+%-]{1,80}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


def there(inventory: Inventory) -> frozenset[str]:
    """Return the addresses of the users in the panel and of who asked for the keys that are there, lower case."""
    named: list[str | None] = [item.user.email for item in inventory.users.values()]
    for item in inventory.keys.values():
        named += (item.key.requestor, item.key.user_name)
    found = {name.strip().lower() for name in named if name and "@" in name}
    return _no_logins(found, inventory)


def told_of(inventory: Inventory, state: State) -> frozenset[str]:
    """Return the addresses in what the journal says of users and keys: people who are gone are among them."""
    found = {name.lower() for text in _told(state) for name in ADDRESS.findall(text)}
    before = {name.lower() for name in state.baseline.logins or ()}
    return _no_logins(found - before, inventory)


def _no_logins(found: set[str], inventory: Inventory) -> frozenset[str]:
    # Asked for every sentence that is shown: no set of ten thousand logins is made of it.
    return frozenset(found.difference(map(str.lower, inventory.logins)) if found else ())


def _told(state: State) -> Iterator[str]:
    """Yield the sentences of the journal that may name a person."""
    for alarm in state.alarms.values():
        if alarm.kind in _OF_PEOPLE:
            yield from (alarm.text, alarm.through)
    for record in state.effects.values():
        if record.effect.kind.value.startswith("key."):
            yield from (record.effect.what, record.effect.why)
    for one in state.attestations:
        yield from (one.subject, one.text)
    for timer in state.timers.values():
        yield from (timer.called, timer.text)
    for name, decision in state.decisions.items():
        if name.startswith(("user:", "key:")):
            yield from (decision.title, decision.reason)
