"""The drill's own controls under ``/_drill/``: no part of the vendor's API, no authentication, loopback only.

They stand for what happens outside the API: somebody clicks in the control panel, deploys an application with
its new credential, writes to a blocklist, or time passes.
"""

from __future__ import annotations

from typing import Any

from workbench.drill.activity.usage import last_hour
from workbench.drill.api.wire import WireAnswer, WireRefusal
from workbench.drill.world.account import Account
from workbench.drill.world.records import Allowed, Stream


def handle(account: Account, action: str, method: str, body: Any) -> WireAnswer:
    """Carry out a control: GET ``state``; POST ``adopt``, ``panel``, ``clock``, ``removal``."""
    if not isinstance(body, dict):
        raise WireRefusal(400, "the body must be a JSON object")
    account.advance()
    if action == "state" and method == "GET":
        return WireAnswer(_state(account))
    if method == "POST" and action in _ACTIONS:
        return WireAnswer(_ACTIONS[action](account, body))
    raise WireRefusal(404, f"there is no control {action}")


def _state(account: Account) -> dict[str, Any]:
    world = account.world
    return {
        "now": account.clock.now().isoformat(),
        "scenario": world.scenario,
        "intruder_last_hour": last_hour(account, "intruder"),
        "production_last_hour": last_hour(account, "production"),
        "senders": [
            {
                "id": stream.id,
                "actor": stream.actor,
                "name": stream.name,
                "region": stream.region,
                "domain": stream.domain,
                "kind": stream.kind,
                "ref": stream.ref,
                "ips": stream.ips,
                "sending": _sending(account, stream),
                "asleep": stream.asleep,
            }
            for stream in account.streams()
        ],
        "comebacks": [
            {"at": c.at, "kind": c.kind, "id": c.id, "where": c.where, "name": c.name, "through": c.through}
            for c in world.intruder.comebacks
        ],
    }


def _sending(account: Account, stream: Stream) -> bool:
    """Return whether a sender is at work now."""
    if stream.kind == "queue":
        return account.can_send(stream)
    return bool(stream.spans) and stream.spans[-1][1] is None


def _adopt(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """An application got its replacement: ``{"old": key id or login, "secret": the new one}``."""
    adopted = account.adopt(str(body.get("old", "")), str(body.get("secret", "")))
    return {"adopted": adopted}


def _clock(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Time passes: ``{"seconds": 3600}``."""
    seconds = body.get("seconds")
    if not isinstance(seconds, int | float) or seconds < 0:
        raise WireRefusal(400, "seconds must be a number of at least 0")
    account.clock.advance(float(seconds))
    account.advance()
    account.changed()
    return {"now": account.clock.now().isoformat()}


def _removal(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """A blocklist was asked for a removal: ``{"zone": …, "subject": …}``."""
    account.listings.request_removal(str(body.get("zone", "")), str(body.get("subject", "")))
    return {"requested": True}


def _panel(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Somebody clicks in the control panel: ``{"do": …, "user": id or e-mail}``.

    ``delete-user``, ``reset-password``, ``enable-2fa``, ``disable-user``, ``re-enable`` (Support re-enables the
    account), ``allow`` (an address is put on the IP allowlist: ``address``), ``fix-site`` (the web form is closed),
    ``clean-leaks`` (the developers take the secrets out of the site and out of the repository's history).
    """
    do = str(body.get("do", ""))
    now = account.now()
    if do == "re-enable":
        account.main.disabled = ""
        for area in account.main.regions.values():
            for domain in area.domains.values():
                if domain.is_disabled:
                    domain.is_disabled, domain.disabled, domain.state = False, None, "active"
    elif do == "allow":
        account.main.allowlist.append(Allowed(str(body.get("address", "")), "added in the panel"))
    elif do == "clean-leaks":
        account.clean_leaks()
    elif do == "fix-site":
        for stream in account.streams("intruder"):
            if stream.through_site:
                # Closed for good: no reserve that is woken, and no heir of what the site gets next.
                stream.asleep, stream.through_site, stream.secret = True, False, ""
    else:
        _user(account, do, str(body.get("user", "")), now)
    account.touch(urgent=True)
    return {"done": do}


def _user(account: Account, do: str, who: str, now: float) -> None:
    user = next((u for u in account.main.users.values() if who in (u.id, u.email)), None)
    if user is None:
        raise WireRefusal(404, "no such user")
    if do == "delete-user":
        if user.is_owner:
            raise WireRefusal(400, "the account owner cannot be removed")
        del account.main.users[user.id]
    elif do == "reset-password":
        user.password_updated = now
        account.mail_sent(user)
    elif do == "enable-2fa":
        user.tfa_enabled, user.tfa_active, user.tfa_created = True, True, now
    elif do == "disable-user":
        user.is_disabled = True
    else:
        raise WireRefusal(400, f"the panel cannot {do}")


_ACTIONS = {"adopt": _adopt, "clock": _clock, "panel": _panel, "removal": _removal}
