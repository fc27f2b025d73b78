"""API keys: ``/v1/keys`` (dossier A2, B1)."""

from __future__ import annotations

from typing import Any

from workbench.drill.api.dates import iso0
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import SimulatedKey
from workbench.drill.world.story import digest

AREA = EndpointArea("keys")
KINDS = ("user", "domain", "web")
ROLES = ("admin", "basic", "developer", "sending", "support")
# Right after its creation a key cannot be deleted: the vendor's own test waits three seconds (dossier A2).
SETTLING = 3.0
WEB_LIFE = 86400.0


def shown(key: SimulatedKey) -> dict[str, Any]:
    """Return a key as the API lists it: never the secret."""
    item: dict[str, Any] = {
        "id": key.id,
        "description": key.description,
        "kind": key.kind,
        "role": key.role,
        "created_at": iso0(key.created),
        "updated_at": iso0(key.updated),
        "is_disabled": bool(key.disabled),
        "domain_name": key.domain or None,
        "requestor": key.requestor or None,
        "user_name": key.user_name or None,
    }
    if key.expires is not None:
        item["expires_at"] = iso0(key.expires)
    if key.disabled:
        item["disabled_reason"] = key.disabled
    return item


@AREA.on("GET", "/v1/keys")
def list_keys(call: WireCall) -> WireAnswer:
    """All keys, or those of a kind. Session keys appear only when asked for: an unfiltered list may miss kinds."""
    kind, domain = call.arg("kind"), call.arg("domain_name")
    if kind and kind not in KINDS:
        raise WireRefusal(400, "invalid kind")
    items = [
        shown(key)
        for key in call.tenant.keys.values()
        if (key.kind == kind if kind else key.kind != "web") and domain in ("", key.domain)
    ]
    return ok(total_count=len(items), items=items)


@AREA.on("POST", "/v1/keys")
def create_key(call: WireCall) -> WireAnswer:
    """Make a key; its secret is in this answer and nowhere else."""
    role, kind = call.arg("role"), call.arg("kind") or "user"
    if role not in ROLES:
        raise WireRefusal(400, "invalid role")
    if kind not in KINDS:
        raise WireRefusal(400, "invalid kind")
    if role != "admin" and not call.has("key_roles"):
        raise WireRefusal(402, "upgrade your account to use API key roles", "Reason")
    domain = call.arg("domain_name")
    if kind == "domain":
        if role != "sending" or not domain:
            raise WireRefusal(400, "domain keys need domain_name and the role sending")
        if not any(domain in area.domains for area in call.tenant.regions.values()):
            raise WireRefusal(404, "Domain not found")
    if kind == "web" and not (call.arg("user_id") and call.arg("email")):
        raise WireRefusal(400, "web keys need user_id and email")
    if len(call.tenant.keys) >= call.tenant.key_quota:
        raise WireRefusal(403, "could not create key, account limit reached")
    now = call.now
    life = call.number("expiration", 0)
    if kind == "web":
        life = int(min(life or WEB_LIFE, WEB_LIFE))
    secret = _secret(call)
    key = SimulatedKey(
        id=secret[33:],
        secret=secret,
        description=call.arg("description"),
        kind=kind,
        role=role,
        created=now,
        updated=now,
        requestor=call.arg("email"),
        user_name=call.arg("user_name"),
        user_id=call.arg("user_id"),
        domain=domain,
        expires=now + life if life else None,
        settled_at=now + SETTLING,
    )
    call.account.add_key(call.tenant, key)
    return said("great success", key={**shown(key), "secret": secret})


def _secret(call: WireCall) -> str:
    """Return a new secret in the current form; its tail becomes the id."""
    world = call.account.world
    world.serial += 1
    text = "".join(
        f"{digest(world.seed, 'secret', world.serial, part, world.start):016x}" for part in range(3)
    )
    return f"{text[:32]}-{text[32:40]}-{text[40:48]}"


@AREA.on("DELETE", "/v1/keys/{key_id}")
def delete_key(call: WireCall) -> WireAnswer:
    """Delete a key, the one in use too: it answers 401 from the next call on."""
    key = call.tenant.keys.get(call.params["key_id"])
    if key is None:
        raise WireRefusal(404, "no key matching id")
    if call.now < key.settled_at:
        raise WireRefusal(400, "an error occurred, please try again later")
    call.account.drop_key(call.tenant, key)
    return said("key deleted")


@AREA.on("POST", "/v1/keys/public")
def regenerate_public(call: WireCall) -> WireAnswer:
    """Make a new public validation key."""
    call.tenant.public_key = f"pubkey-{call.account.next_id('public', 32)}"
    call.account.changed(urgent=True)
    return ok(key=call.tenant.public_key, message="The public API key has been successfully regenerated.")
