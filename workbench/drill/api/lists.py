"""Mailing lists and their members (dossier B4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from workbench.drill.api.address_pages import by_address
from workbench.drill.api.dates import rfc1123, rfc2822_minus
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import Member, SimulatedMailingList

AREA = EndpointArea("lists")
_PATH = "/v3/lists"
_ONE = _PATH + "/{address}"


def _shown(item: SimulatedMailingList, pages: bool = False) -> dict[str, Any]:
    """Return a list; its date is written differently by the two listings."""
    return {
        "address": item.address,
        "name": item.name,
        "description": item.description,
        "access_level": item.access_level,
        "reply_preference": item.reply_preference,
        "created_at": rfc1123(item.created) if pages else rfc2822_minus(item.created),
        "members_count": len(item.members),
    }


def _member_shown(member: Member) -> dict[str, Any]:
    return {
        "address": member.address,
        "name": member.name,
        "subscribed": member.subscribed,
        "vars": member.vars,
    }


def _one(call: WireCall) -> SimulatedMailingList:
    found = call.area.lists.get(call.params["address"].lower())
    if found is None:
        raise WireRefusal(404, f"Mailing list {call.params['address']} not found")
    return found


def _page(call: WireCall, names: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    limit = max(1, call.number("limit", 100, most=100))
    return by_address(call, sorted(names), limit, back="prev", first="first")


@AREA.on("GET", _PATH)
def list_lists(call: WireCall) -> WireAnswer:
    """One page by skip and limit."""
    skip, limit, address = call.number("skip", 0), call.number("limit", 100, most=1000), call.arg("address")
    items = [_shown(item) for item in call.area.lists.values() if address in ("", item.address)]
    return ok(total_count=len(items), items=items[skip : skip + limit])


@AREA.on("GET", _PATH + "/pages")
def list_pages(call: WireCall) -> WireAnswer:
    """One page by links."""
    names, paging = _page(call, call.area.lists)
    return ok(items=[_shown(call.area.lists[name], pages=True) for name in names], paging=paging)


@AREA.on("POST", _PATH)
def create_list(call: WireCall) -> WireAnswer:
    """Make a list; recorded answers are 200, not 201."""
    address = call.arg("address").lower()
    if "@" not in address:
        raise WireRefusal(400, "address is not valid")
    if address in call.area.lists:
        raise WireRefusal(400, f"Mailing list {address} already exists")
    item = SimulatedMailingList(
        address,
        call.arg("name"),
        call.arg("description"),
        call.now,
        call.arg("access_level", "readonly"),
        call.arg("reply_preference", "list"),
    )
    call.area.lists[address] = item
    call.account.changed()
    return said("Mailing list has been created", list=_shown(item))


@AREA.on("GET", _ONE)
def one_list(call: WireCall) -> WireAnswer:
    """One list."""
    return ok(list=_shown(_one(call)))


@AREA.on("PUT", _ONE)
def update_list(call: WireCall) -> WireAnswer:
    """Change name, description or who may post."""
    item = _one(call)
    for name in ("name", "description", "access_level", "reply_preference"):
        if call.given(name):
            setattr(item, name, call.arg(name))
    call.account.changed()
    return said("Mailing list has been updated", list=_shown(item))


@AREA.on("DELETE", _ONE)
def delete_list(call: WireCall) -> WireAnswer:
    """Remove a list with its members."""
    item = _one(call)
    del call.area.lists[item.address]
    call.account.changed()
    return said("Mailing list has been removed", address=item.address)


def _members(call: WireCall) -> list[Member]:
    item = _one(call)
    wanted = call.given("subscribed")
    return [m for m in item.members.values() if not wanted or m.subscribed == call.flag("subscribed")]


@AREA.on("GET", _ONE + "/members")
def list_members(call: WireCall) -> WireAnswer:
    """Members by skip and limit."""
    skip, limit = call.number("skip", 0), call.number("limit", 100, most=1000)
    members = _members(call)
    return ok(total_count=len(members), items=[_member_shown(m) for m in members[skip : skip + limit]])


@AREA.on("GET", _ONE + "/members/pages")
def member_pages(call: WireCall) -> WireAnswer:
    """Members by links."""
    members = {member.address: member for member in _members(call)}
    names, paging = _page(call, members)
    return ok(items=[_member_shown(members[name]) for name in names], paging=paging)


@AREA.on("POST", _ONE + "/members")
def add_member(call: WireCall) -> WireAnswer:
    """Add a member."""
    item, address = _one(call), call.arg("address").lower()
    if address in item.members and not call.flag("upsert"):
        raise WireRefusal(400, f"Address already exists '{address}'")
    member = Member(address, call.arg("name"), call.flag("subscribed", True), _vars(call))
    item.members[address] = member
    call.account.changed()
    return said("Mailing list member has been created", member=_member_shown(member))


@AREA.on("PUT", _ONE + "/members/{member}")
def update_member(call: WireCall) -> WireAnswer:
    """Change a member."""
    member = _member(call)
    member.name = call.arg("name", member.name)
    member.subscribed = call.flag("subscribed", member.subscribed)
    call.account.changed()
    return said("Mailing list member has been updated", member=_member_shown(member))


@AREA.on("DELETE", _ONE + "/members/{member}")
def delete_member(call: WireCall) -> WireAnswer:
    """Remove a member."""
    member = _member(call)
    del _one(call).members[member.address]
    call.account.changed()
    return said("Mailing list member has been deleted", member={"address": member.address})


def _member(call: WireCall) -> Member:
    member = _one(call).members.get(call.params["member"].lower())
    if member is None:
        raise WireRefusal(
            404, f"Member {call.params['member']} of mailing list {call.params['address']} not found"
        )
    return member


def _vars(call: WireCall) -> dict[str, Any]:
    try:
        return msgspec.json.decode(call.arg("vars").encode(), type=dict[str, Any]) if call.arg("vars") else {}
    except msgspec.DecodeError:
        raise WireRefusal(400, "vars must be a JSON object") from None
