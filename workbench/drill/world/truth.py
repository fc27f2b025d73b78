"""The ground truth of a drill as JSON: what was planted, who is who in the logs, when it began."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from workbench.core.clock import iso
from workbench.drill.world.account import Account
from workbench.drill.world.records import Stream

SCHEMA = "workbench.drill-truth/1"


def truth(account: Account) -> dict[str, Any]:
    """Return the ground truth: ``planted`` holds only what the API can show, ids as the API names them."""
    story, world = account.story, account.world
    leak = story.leak
    happened = leak.kind != "none"
    first = min((s.spans[0][0] or 0.0 for s in account.streams("intruder") if s.spans), default=None)
    return {
        "schema": SCHEMA,
        "scenario": world.scenario,
        "seed": world.seed,
        "start": iso(story.start),
        "company": story.company,
        "planted": world.planted,
        "groups": [_group(stream) for stream in account.streams()],
        "window": {"from": None if first is None else _iso(first), "to": None},
        "leak": {
            "kind": leak.kind,
            "ref": leak.ref,
            "path": leak.path if leak.kind in ("key", "login") else "",
            "taken_at": iso(leak.taken_at) if happened else None,
            "taken_from": leak.taken_from if happened else "",
            "first_use": iso(leak.first_use) if happened else None,
        },
        "hosts": [{"name": host.name, "ip": host.ip, "role": host.role} for host in story.hosts],
        "intruder_ips": list(story.intruder_ips),
        "responder": story.responder,
        "counts": {
            "keys": len(account.main.keys),
            "users": len(account.main.users),
            "domains": sum(len(area.domains) for area in account.main.regions.values()),
            "credentials": sum(
                len(domain.credentials)
                for area in account.main.regions.values()
                for domain in area.domains.values()
            ),
            "subaccounts": len(world.tenants) - 1,
        },
    }


def _group(stream: Stream) -> dict[str, Any]:
    """Return one sender as an assessment sees it: credential, addresses, method, sender, domain."""
    return {
        "actor": stream.actor,
        "name": stream.name,
        "region": stream.region,
        "domain": stream.domain,
        "account": stream.tenant,
        "credential": stream.ref,
        "credential_kind": stream.kind,
        "method": stream.method,
        "ips": stream.ips,
        "sender": stream.sender,
        "subjects": stream.subjects,
        "rate": stream.rate,
        "reserve": stream.asleep and stream.stage == "all",
        "stage": stream.stage,
        "through_site": stream.through_site,
        "spans": [[_iso(low), None if high is None else _iso(high)] for low, high in stream.spans],
    }


def _iso(moment: float | None) -> str:
    return iso(datetime.fromtimestamp(moment or 0.0, UTC))
