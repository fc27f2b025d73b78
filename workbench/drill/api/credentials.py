"""SMTP credentials of a domain (dossier B1)."""

from __future__ import annotations

from typing import Any

from workbench.drill.api.dates import rfc2822
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import SimulatedCredential, SimulatedDomain
from workbench.drill.world.story import digest

AREA = EndpointArea("credentials")
_PATH = "/v3/domains/{domain}/credentials"
SHORTEST, LONGEST = 5, 32


@AREA.on("GET", _PATH)
def list_credentials(call: WireCall) -> WireAnswer:
    """One page; ``total_count`` counts only what this page holds, so a caller pages until a short one."""
    limit = call.number("limit", 100, most=1000)
    skip = call.number("skip", 0)
    logins = list(call.domain().credentials.values())[skip : skip + limit]
    items = [
        {"login": c.login, "mailbox": c.login, "created_at": rfc2822(c.created), "size_bytes": None}
        for c in logins
    ]
    return ok(items=items, total_count=len(items))


@AREA.on("POST", _PATH)
def create_credentials(call: WireCall) -> WireAnswer:
    """Make one or more logins; without a password the vendor makes one and shows it once."""
    domain = call.domain()
    wanted = call.args("login") + call.args("mailbox")
    if not wanted:
        raise WireRefusal(400, "login is required")
    password = _password(call)
    names = [_full(name, domain) for name in wanted]
    if any(name in domain.credentials for name in names):
        raise WireRefusal(400, "The user already exists")
    made: dict[str, str] = {}
    for name in names:
        value = password or _generated(call, name)
        domain.credentials[name] = SimulatedCredential(name, value, call.now)
        if not password:
            made[name] = value
        call.account.touch(ref=name)
    return said(f"Created {len(names)} credentials pair(s)", **_once(made))


@AREA.on("PUT", _PATH + "/{spec}")
def reset_password(call: WireCall) -> WireAnswer:
    """Give a login a new password; nothing dates the change."""
    domain = call.domain()
    credential = domain.credentials.get(_full(call.params["spec"], domain))
    if credential is None:
        raise WireRefusal(404, "Credentials not found")
    password = _password(call)
    if password == credential.password:
        raise WireRefusal(400, "New password cannot be the same as old password.")
    call.account.set_password(credential, password or _generated(call, credential.login))
    return said("Password changed", **_once({} if password else {credential.login: credential.password}))


@AREA.on("DELETE", _PATH + "/{spec}")
def delete_credential(call: WireCall) -> WireAnswer:
    """Delete a login; the domain's postmaster can only be reset."""
    domain = call.domain()
    login = _full(call.params["spec"], domain)
    credential = domain.credentials.get(login)
    if credential is None:
        raise WireRefusal(404, "Credentials not found")
    if credential.system:
        raise WireRefusal(400, f"Cannot delete system mailbox: {login}")
    del domain.credentials[login]
    call.account.touch(ref=login)
    return said("Credentials have been deleted", spec=login)


@AREA.on("DELETE", _PATH)
def delete_all(call: WireCall) -> WireAnswer:
    """Delete every login of a domain but the system one."""
    domain = call.domain()
    gone = [c.login for c in domain.credentials.values() if not c.system]
    for login in gone:
        del domain.credentials[login]
    call.account.touch()
    return said("All domain credentials have been deleted", count=len(gone))


def _full(spec: str, domain: SimulatedDomain) -> str:
    """Return the login of a spec that is either a local part or a full address."""
    if spec in domain.credentials or spec.endswith(f"@{domain.name}"):
        return spec
    return f"{spec}@{domain.name}"


def _password(call: WireCall) -> str:
    """Return the password asked for, "" for none; 400 when its length is not the vendor's."""
    password = call.arg("password")
    if password and not SHORTEST <= len(password) <= LONGEST:
        raise WireRefusal(400, f"Password must be {SHORTEST} to {LONGEST} characters long")
    return password


def _generated(call: WireCall, login: str) -> str:
    world = call.account.world
    world.serial += 1
    text = "".join(f"{digest(world.seed, 'smtp', login, world.serial, part):016x}" for part in range(3))
    return f"{text[:32]}-{text[32:40]}-{text[40:48]}"


def _once(made: dict[str, str]) -> dict[str, Any]:
    if not made:
        return {}
    return {"note": "These credentials are only shown once, please store them safely", "credentials": made}
