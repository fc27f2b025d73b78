"""The shapes of a real account's answers: types and field names, never a value; and what of them is a surprise.

Whoever first runs the workbench on a live account can send what differs from what the client expects. Only reads
are made. A field name that could itself be data (an address, an id, a domain) is written as ``*``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workbench.core.errors import ApiError
from workbench.core.json_text import kind_of
from workbench.core.redact import visible
from workbench.mailgun import models
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.requests import at

_NAME = re.compile(r"@?[A-Za-z][A-Za-z_-]{0,40}\d?")
# Fields that are known to be there and that nothing here reads.
UNUSED = frozenset({"email_details", "metadata", "preferences", "features", "size_bytes"})
# Deeper than this no answer of the API goes; what is below is told as its type.
_DEEP = 8
# What is asked: path, query, where the list is, and the record the client makes of an element.
ASKED: tuple[tuple[str, Mapping[str, int], str, type | None], ...] = (
    ("/v1/keys", {}, "items", models.Key),
    ("/v5/users", {"limit": 10, "skip": 0}, "users", models.User),
    ("/v5/accounts/subaccounts", {"limit": 10, "skip": 0}, "subaccounts", models.Subaccount),
    ("/v4/domains", {"limit": 10, "skip": 0}, "items", models.Domain),
    ("/v2/ip_whitelist", {}, "addresses", models.AllowEntry),
    ("/v3/routes", {"limit": 10, "skip": 0}, "items", models.Route),
    ("/v1/webhooks", {}, "webhooks", models.AccountWebhook),
    ("/v3/ip_pools", {}, "ip_pools", models.IpPool),
    ("/v5/accounts/limit/custom/monthly", {}, "", models.Limit),
)


def shape_of(value: Any, depth: int = 0) -> Any:
    """Return the types and field names of a JSON value: an object's by name, a list's by its different elements."""
    if isinstance(value, dict) and depth < _DEEP:
        made: dict[str, Any] = {}
        for name, inner in value.items():
            made[name if _NAME.fullmatch(name) else "*"] = shape_of(inner, depth + 1)
        return dict(sorted(made.items()))
    if isinstance(value, list) and depth < _DEEP:
        kinds: list[Any] = []
        for inner in value:
            shape = shape_of(inner, depth + 1)
            if shape not in kinds:
                kinds.append(shape)
        return kinds
    return "null" if value is None else type(value).__name__


async def record(api: Mailgun) -> list[dict[str, Any]]:
    """Return the shape of each answer, or its status where it is refused, with the surprises in it, in words."""
    asked = list(ASKED)
    found: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for path, query, name, kind in asked:
        for region in api.endpoints.regions:
            row: dict[str, Any] = {"endpoint": f"GET {path}", "region": region.value}
            try:
                answer = await api.call("GET", path, region=region, query=query, priority=Priority.READ)
                body = answer.document()
            except ApiError as refusal:
                found.append(
                    {**row, "status": refusal.status, "reason": refusal.reason.value, "surprises": []}
                )
                continue
            row |= {
                "status": answer.status,
                "shape": shape_of(body),
                "surprises": surprises(body, name, kind),
            }
            found.append(row)
            if path == "/v4/domains" and isinstance(body, dict) and isinstance(body.get("items"), list):
                first = next((i.get("name") for i in body["items"] if isinstance(i, dict)), None)
                if isinstance(first, str):
                    names[region.value] = first
    for region in api.endpoints.regions:
        if domain := names.get(region.value):
            row = {"endpoint": "GET /v3/domains/{domain}/credentials", "region": region.value}
            try:
                answer = await api.call("GET", at("/v3/domains/{}/credentials", domain), region=region)
                row |= {
                    "status": answer.status,
                    "shape": shape_of(answer.document()),
                    "surprises": surprises(answer.document(), "items", models.SmtpCredential),
                }
            except ApiError as refusal:
                row |= {"status": refusal.status, "reason": refusal.reason.value, "surprises": []}
            found.append(row)
    return found


def surprises(body: Any, name: str, kind: type | None) -> list[str]:
    """Return what of an answer the client does not expect: no list, elements that are no objects, unknown fields."""
    if not isinstance(body, dict):
        return [f"{kind_of(body)} instead of an object"]
    if name and not isinstance(body.get(name), list):
        return [f"no list under {name}"]
    rows = body[name] if name else [body]
    fields = set(getattr(kind, "__struct_encode_fields__", ()))
    told: list[str] = []
    for row in rows:
        if not isinstance(row, dict):
            told.append(f"{kind_of(row)} in the list")
            continue
        told += [
            f"unknown field {visible(field, 40)}"
            for field in row
            if _NAME.fullmatch(field) and field not in fields | UNUSED
        ]
    return list(dict.fromkeys(told))
