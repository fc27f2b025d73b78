"""Panel users, account settings and the webhook signing key (dossier B1). Users can only be read."""

from __future__ import annotations

from typing import Any

from workbench.drill.api.dates import iso6
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import SimulatedUser

AREA = EndpointArea("users")
ROLES = ("basic", "billing", "support", "developer", "admin")


def shown(user: SimulatedUser, account_id: str) -> dict[str, Any]:
    """Return a user as the API shows it."""
    local, _, domain = user.email.partition("@")
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "activated": True,
        "is_disabled": user.is_disabled,
        "role": user.role,
        "account_id": account_id,
        "is_master": user.is_owner,
        "opened_ip": user.opened_ip,
        "email_details": {
            "address": user.email,
            "is_valid": True,
            "parts": {"local_part": local, "domain": domain, "display_name": ""},
        },
        "metadata": {},
        "tfa_enabled": user.tfa_enabled,
        "tfa_active": user.tfa_active,
        "tfa_created_at": None if user.tfa_created is None else iso6(user.tfa_created),
        "password_updated_at": None if user.password_updated is None else iso6(user.password_updated),
        "preferences": {
            "time_zone": "UTC",
            "time_format": "%m/%d/%y %I:%M %p",
            "programming_language": "curl",
        },
        "auth": {"method": user.method, "prior_method": "", "prior_details": {}},
        "github_user_id": None,
        "salesforce_user_id": None,
        "migration_status": "done" if user.method == "sinch" else "",
    }


@AREA.on("GET", "/v5/users")
def list_users(call: WireCall) -> WireAnswer:
    """One page of users, all roles or one."""
    role = call.arg("role")
    if role and role not in ROLES:
        raise WireRefusal(400, "invalid role")
    users = [user for user in call.tenant.users.values() if role in ("", user.role)]
    skip = call.number("skip", 0)
    limit = call.number("limit", 0) or len(users)
    return ok(users=[shown(user, call.tenant.id) for user in users[skip : skip + limit]], total=len(users))


@AREA.on("GET", "/v5/users/me", area="me")
def own_user(call: WireCall) -> WireAnswer:
    """The user behind a session key; other keys belong to no user."""
    user = call.tenant.users.get(call.key.user_id)
    if user is None:
        raise WireRefusal(403, "Incompatible key for this endpoint")
    return WireAnswer(shown(user, call.tenant.id))


@AREA.on("GET", "/v5/users/{user_id}")
def one_user(call: WireCall) -> WireAnswer:
    """One user."""
    user = call.tenant.users.get(call.params["user_id"])
    if user is None:
        raise WireRefusal(404, "No such user exists")
    return WireAnswer(shown(user, call.tenant.id))


@AREA.on("PUT", "/v5/accounts", area="settings")
def update_account(call: WireCall) -> WireAnswer:
    """Write-only settings: there is no way to read them back."""
    names = ("name", "inactive_session_timeout", "absolute_session_timeout", "logout_redirect_url")
    given = {name: call.arg(name) for name in names if call.given(name)}
    for name in names[1:3]:
        if name in given and not given[name].isdigit():
            # The error speaks of another parameter than the documentation does (dossier B1).
            raise WireRefusal(400, f"{name.replace('_session', '')} is not valid")
    if "name" in given:
        call.tenant.name = given["name"]
    call.tenant.settings.update(given)
    call.account.changed()
    return said("success")


@AREA.on("GET", "/v5/accounts/http_signing_key", area="settings")
def read_signing_key(call: WireCall) -> WireAnswer:
    """The current webhook signing key, in clear."""
    return said("success", http_signing_key=call.tenant.signing_key)


@AREA.on("POST", "/v5/accounts/http_signing_key", area="settings")
def new_signing_key(call: WireCall) -> WireAnswer:
    """A new webhook signing key, valid at once."""
    call.tenant.signing_key = f"key-{call.account.next_id('signing', 32)}"
    call.account.changed(urgent=True)
    return said("regenerated HTTP signing key for account", http_signing_key=call.tenant.signing_key)


@AREA.on("GET", "/v5/sandbox/auth_recipients", area="domains")
def list_recipients(call: WireCall) -> WireAnswer:
    """Who may receive mail of the sandbox domain."""
    return ok(recipients=_recipients(call))


@AREA.on("POST", "/v5/sandbox/auth_recipients", area="domains")
def add_recipient(call: WireCall) -> WireAnswer:
    """Invite a sandbox recipient; at most five, each must confirm."""
    address = call.arg("email")
    if not address or "@" not in address:
        raise WireRefusal(400, "invalid email")
    if len(call.tenant.sandbox_recipients) >= 5 and address not in call.tenant.sandbox_recipients:
        raise WireRefusal(400, "Maximum number of authorized recipients reached")
    call.tenant.sandbox_recipients.setdefault(address, False)
    call.account.changed()
    return ok(recipient={"email": address, "activated": call.tenant.sandbox_recipients[address]})


@AREA.on("DELETE", "/v5/sandbox/auth_recipients/{email}", area="domains")
def drop_recipient(call: WireCall) -> WireAnswer:
    """Remove a sandbox recipient."""
    if call.tenant.sandbox_recipients.pop(call.params["email"], None) is None:
        raise WireRefusal(400, "recipient not found")
    call.account.changed()
    return said("Sandbox recipient deleted.")


def _recipients(call: WireCall) -> list[dict[str, Any]]:
    return [{"email": email, "activated": active} for email, active in call.tenant.sandbox_recipients.items()]
