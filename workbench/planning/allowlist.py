"""The IP allowlist: who may use the API and SMTP at all. The one change that can lock everybody out.

It binds with its first entry (dossier A3): on an empty list a single entry, even our own, stops every
production sender. So during containment an empty list stays empty; on a list in use our own address, which
no call tells and the operator must type, comes before anything else.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_network

from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.domain.detection.findings import findings
from workbench.domain.model.effect_params import AllowlistAddParams, AllowlistRemoveParams
from workbench.domain.model.plan import Effect, EffectKind, Place, Plan
from workbench.domain.model.situation import INTRUDER, Situation
from workbench.domain.runbook import adoption
from workbench.domain.settings_audit.results import swept_items
from workbench.planning.own_things import all_theirs
from workbench.planning.ranking import NothingToDo, listed, plural

Network = IPv4Network | IPv6Network
# Above every cut: while this host may be shut out, nothing else is sure to arrive.
RANK_OWN_ADDRESS = 2000
RANK_REMOVE = 850
RANK_ADD = 60
# Why no other plan takes an entry off.
OF_ITS_OWN = (
    "in a plan of its own (“allowlist: remove strangers' addresses”), after this host's own address was confirmed: "
    "without it the workbench might lock itself out"
)


def plan_add(
    situation: Situation,
    *,
    address: str = "",
    own: bool = False,
    own_address: str = "",
    production: Collection[str] = (),
    description: str = "",
) -> Plan:
    """Return the plan that puts an address on the list; ``own`` says that it is this host's own.

    For any other address ``own_address`` (typed, or confirmed before) must be covered by the list already.
    On an empty list it is refused, unless access is cut and ``production`` names every address that sends:
    then one plan writes them all, ours first (step 11). Raises UsageError with the reason.
    """
    network = network_of(address)
    held = _held(situation)
    if held is None:
        raise _unread()
    if not held:
        return _first_entries(situation, network, production, own=own)
    if address in held or any(network == other for other in held.values() if other is not None):
        raise NothingToDo(f"{network} is on the list already.", "", "There is nothing to add.")
    ours = own_address or _confirmed(situation)
    if not own and not (ours and any(_covers(net, network_of(ours)) for net in held.values())):
        raise UsageError(
            "This host's own address has not been confirmed yet.",
            "On a list in use, ours comes first: otherwise the next change may shut the workbench out.",
            "Add your own address first and say that it is yours.",
        )
    effect = _add(situation, network, description or ("workbench" if own else ""), own=own)
    return Plan("Add to the IP allowlist", (effect,), notes=(_note(held),))


def plan_remove(situation: Situation, marked: Collection[str], *, own_address: str = "") -> Plan:
    """Return the plan that takes entries off the list, this host's own address first if it is not covered.

    ``marked`` are entries; without any those judged the intruder's are meant. Raises UsageError when our address is
    not typed, or when it is itself one of them.
    """
    held = _held(situation)
    if held is None:
        raise _unread()
    gone = [name for name in marked or judged(situation) if name in held]
    if not gone:
        raise UsageError(
            "No entry of the IP allowlist is selected.",
            f"The list has {plural(len(held), 'entry', 'entries')}.",
            "Name the entries to remove.",
        )
    ours = network_of(own_address or _confirmed(situation))
    if own := [name for name in gone if held[name] == ours]:
        raise UsageError(
            f"{visible(own[0], 60)} is this host's own address.",
            "Taken off the list, the workbench is refused everywhere.",
            "Judge it yours, or leave it out.",
        )
    left = {name: net for name, net in held.items() if name not in gone}
    effects = []
    if not any(_covers(net, ours) for net in left.values()):
        effects.append(_add(situation, ours, "workbench", own=True))
    why = all_theirs(situation, "allowlist")
    removals = [_remove(situation, name, why(name), after=effects) for name in gone]
    notes = [
        f"Your own address {ours} {'is put on the list first' if effects else 'stays on the list'}.",
        "Whoever sends from a removed address is refused at once, by API (401) and SMTP (535).",
    ]
    if not left:
        notes.append(
            "No entry of before is left: production that sends from elsewhere is refused. Add it first."
        )
    return Plan("Remove from the IP allowlist", (*effects, *removals), notes=tuple(notes))


def judged(situation: Situation) -> list[str]:
    """Return the entries that were judged the intruder's and are on the list still."""
    found = findings(situation)
    return [one.id for one in found if one.kind == "allowlist" and one.decision == INTRUDER]


def network_of(address: str) -> Network:
    """Return what was typed as an address or network; raises UsageError, because no call tells our address."""
    try:
        return ip_network(address.strip(), strict=False)
    except ValueError as error:
        raise UsageError(
            f"{visible(address, 60) or 'Nothing'} is not an IP address or network.",
            "No call of the API tells which address this host has from outside, so it must be typed.",
            "Ask your network's people, or a what-is-my-address page opened on this host.",
        ) from error


def _first_entries(situation: Situation, ours: Network, production: Collection[str], *, own: bool) -> Plan:
    if not situation.state.contained_at or not own or not production:
        raise UsageError(
            "The IP allowlist is empty, and stays so during containment.",
            "It starts to bind with its first entry: one address, even yours, cuts every production sender, by API "
            "and SMTP together.",
            "Do it in step 11, as one plan with your own address and every address that sends.",
        )
    others = "whoever uses the API or SMTP from an address that this plan does not name"
    first = _add(situation, ours, "workbench", own=True, breaks=others)
    # Each once, however often and in whatever way it was typed.
    named = dict.fromkeys(net for item in production if (net := network_of(item)) != ours)
    rest = [_add(situation, network, "production", own=False, breaks=others) for network in named]
    note = (
        f"The list is empty now and binds with its first entry: until the last of these {1 + len(rest)} is written, "
        "production that is not on it is refused; afterwards everything that is not named here is."
    )
    notes = [note]
    if down := adoption.senders_down(situation):
        notes.append(
            f"{plural(down, 'sender')} not seen with the new credential yet: nobody knows from where they send. "
            "Wait for them, or they are shut out."
        )
    return Plan("Begin the IP allowlist", (first, *rest), notes=tuple(notes))


def _add(
    situation: Situation, network: Network, description: str, *, own: bool, breaks: str = "nothing"
) -> Effect:
    address = _plain(network)
    return Effect(
        EffectKind.ALLOWLIST_ADD,
        target=address,
        place=Place(situation.inventory.places[0].region),
        params=AllowlistAddParams(description=description, own=own, instance=str(situation.state.last_seq)),
        rank=RANK_OWN_ADDRESS if own else RANK_ADD,
        what=f"put {address} on the IP allowlist{' (this host)' if own else ''}",
        breaks=breaks,
        undo="remove it again",
        why="our own address comes first on a list in use" if own else "named by the operator",
    )


def _remove(situation: Situation, address: str, why: str, *, after: Collection[Effect]) -> Effect:
    entry = situation.inventory.allowlist[address]
    asked = [one.key for one in swept_items(situation) or () if (one.kind, one.id) == ("allowlist", address)]
    return Effect(
        EffectKind.ALLOWLIST_REMOVE,
        target=address,
        place=Place(situation.inventory.places[0].region),
        params=AllowlistRemoveParams(
            description=entry.description or "",
            instance=str(situation.state.last_seq),
            # The name of the finding, where a sweep asks about it: a later one must know by whom it was settled.
            about=asked[0] if asked else None,
        ),
        after=tuple(effect.id for effect in after),
        rank=RANK_REMOVE,
        what=f"take {visible(address, 60)} ({visible(entry.description or 'no description', 60)}) off the IP allowlist",
        breaks="whoever uses the API or SMTP from there",
        undo="put it on the list again",
        why=why,
    )


def _held(situation: Situation) -> dict[str, Network | None] | None:
    """Return the entries with what they cover, None while the list is not read: then nothing may be planned."""
    if "allowlist" not in situation.inventory.read_at:
        return None
    made: dict[str, Network | None] = {}
    for address in situation.inventory.allowlist:
        try:
            made[address] = ip_network(address, strict=False)
        except ValueError:
            # Kept as an entry that covers nothing we can tell: it still makes the list one in use.
            made[address] = None
    return made


def _covers(network: Network | None, ours: Network) -> bool:
    if network is None or network.version != ours.version:
        return False
    return ours.subnet_of(network)  # type: ignore[arg-type]


def _plain(network: Network) -> str:
    single = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if single else str(network)


def _confirmed(situation: Situation) -> str:
    """Return this host's address as the operator confirmed it in this incident, ``""`` when nobody did."""
    for record in reversed(situation.state.of_kind(EffectKind.ALLOWLIST_ADD)):
        if record.effect.params.own:
            return record.effect.target
    return ""


def _note(held: Collection[str]) -> str:
    return f"On the list now: {listed(visible(name, 60) for name in held)}."


def _unread() -> UsageError:
    return UsageError(
        "The IP allowlist could not be read.",
        "Without knowing whether it is in use, a change could shut everybody out.",
        "Read the account again with a key that may see the allowlist.",
    )
