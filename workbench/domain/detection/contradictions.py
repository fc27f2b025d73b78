"""A list that other readings contradict was not read, whatever it answered: what sends is there to be listed. Pure.

No domains while the figures, a key or the log name domains that send; no login although the log shows it sending
within the hour: such an answer is *could not be read*, never *there are none*.
"""

from __future__ import annotations

from workbench.core.redact import visible
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.inventory import Gap, Inventory
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.sending_volume import Volume
from workbench.domain.model.state import State

# How the names of these gaps begin, which tells them from those that a reading left.
MARK = "contradicted: "
_NAMED = 3


def contradicted(inventory: Inventory, state: State, volume: Volume | None) -> dict[str, Gap]:
    """Return the gaps of lists that say less than other readings show, by their names in the inventory."""
    found = {}
    if (
        "domains" in inventory.read_at
        and not inventory.domains
        and (names := _domains(inventory, state, volume))
    ):
        found[f"{MARK}domains"] = _gap("domains", "the list is empty", names)
    if "logins" in inventory.read_at and (names := _logins(inventory, state)):
        found[f"{MARK}logins"] = _gap("logins", "the lists do not name all", names)
    return found


def _gap(part: str, listed: str, names: list[str]) -> Gap:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    shown = ", ".join(visible(name, 80) for name in names[:_NAMED])
    return Gap(part, None, f"{listed}, yet the account shows {shown}{more} in use", passing=True)


def _domains(inventory: Inventory, state: State, volume: Volume | None) -> list[str]:
    """Return domains that something else names: figures of what was sent, a key's own domain, the log, the baseline."""
    sent = [name for name, count in (volume.by_domain if volume is not None else {}).items() if count > 0]
    bound = [item.key.domain_name for item in inventory.keys.values() if item.key.domain_name]
    logged = [name for use in state.known(CredentialUses).by_credential.values() for name in use.domains]
    gone = {r.effect.target for r in state.of_kind(EffectKind.DOMAIN_DELETE)}
    before = [name for name in state.baseline.domains or () if name not in gone]
    return list(dict.fromkeys([*sent, *bound, *logged, *before]))


def _logins(inventory: Inventory, state: State) -> list[str]:
    """Return logins that the log shows sending for a domain of the account, which no list names and nobody deleted."""
    ended = {
        r.effect.target
        for r in state.of_kind(EffectKind.LOGIN_DELETE, EffectKind.DOMAIN_DELETE)
        if r.attempts
    }
    use = state.known(CredentialUses).by_credential
    names = [name.removeprefix("smtp:") for name in use if name.startswith("smtp:")]
    return [
        name
        for name in names
        if name not in inventory.logins
        and name.partition("@")[2] in inventory.domains
        and not {name, name.partition("@")[2]} & ended
        and use[f"smtp:{name}"].last_hour
        and name not in (state.baseline.logins or ())
    ]
