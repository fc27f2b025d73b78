"""Inbound routes (dossier B4)."""

from __future__ import annotations

import re
from typing import Any

from workbench.drill.api.dates import rfc1123
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import SimulatedRoute

AREA = EndpointArea("routes")
_PATH = "/v3/routes"


def _shown(route: SimulatedRoute) -> dict[str, Any]:
    return {
        "id": route.id,
        "priority": route.priority,
        "description": route.description,
        "expression": route.expression,
        "actions": route.actions,
        "created_at": rfc1123(route.created),
    }


def _sorted(call: WireCall) -> list[SimulatedRoute]:
    return sorted(call.area.routes.values(), key=lambda route: (route.priority, route.created, route.id))


def _one(call: WireCall) -> SimulatedRoute:
    route = call.area.routes.get(call.params["route"])
    if route is None:
        raise WireRefusal(404, "Route not found")
    return route


@AREA.on("GET", _PATH)
def list_routes(call: WireCall) -> WireAnswer:
    """One page by priority."""
    skip, limit = call.number("skip", 0), call.number("limit", 100, most=1000)
    routes = _sorted(call)
    return ok(total_count=len(routes), items=[_shown(route) for route in routes[skip : skip + limit]])


@AREA.on("GET", _PATH + "/match")
def match(call: WireCall) -> WireAnswer:
    """The first route that would take mail for an address."""
    address = call.arg("address")
    for route in _sorted(call):
        if matches(route.expression, address):
            return ok(route=_shown(route))
    raise WireRefusal(404, "Route not found")


def matches(expression: str, address: str) -> bool:
    """Return whether a route's expression takes mail for an address."""
    if expression.strip() == "catch_all()":
        return True
    found = re.fullmatch(r"""match_recipient\(["'](.*)["']\)""", expression.strip())
    try:
        return bool(found and re.fullmatch(found[1], address))
    except re.error:
        return False


@AREA.on("GET", _PATH + "/{route}")
def one_route(call: WireCall) -> WireAnswer:
    """One route."""
    return ok(route=_shown(_one(call)))


@AREA.on("POST", _PATH)
def create_route(call: WireCall) -> WireAnswer:
    """Add a route."""
    route = SimulatedRoute(
        call.account.next_id("route"),
        call.number("priority", 0),
        call.arg("description"),
        call.arg("expression"),
        call.args("action"),
        call.now,
    )
    call.area.routes[route.id] = route
    call.account.changed()
    return said("Route has been created", route=_shown(route))


@AREA.on("PUT", _PATH + "/{route}")
def update_route(call: WireCall) -> WireAnswer:
    """Change a route; the answer is flat, unlike the documentation (recorded), and no date moves."""
    route = _one(call)
    route.priority = call.number("priority", route.priority)
    if call.given("description"):
        route.description = call.arg("description")
    if call.given("expression"):
        route.expression = call.arg("expression")
    if call.given("action"):
        route.actions = call.args("action")
    call.account.changed()
    return said("Route has been updated", **_shown(route))


@AREA.on("DELETE", _PATH + "/{route}")
def delete_route(call: WireCall) -> WireAnswer:
    """Remove a route."""
    route = _one(call)
    del call.area.routes[route.id]
    call.account.changed()
    return said("Route has been deleted", id=route.id)
