"""One ASGI application a host: authenticates, limits, calls the handler, answers in the vendor's manner."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cache
from urllib.parse import parse_qsl, unquote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from workbench.drill.api import (
    control,
    credentials,
    dkim,
    domains,
    health,
    keys,
    lists,
    logs,
    messages,
    metrics,
    moods,
    network,
    people,
    routes,
    subaccounts,
    suppressions,
    templates,
    webhooks,
)
from workbench.drill.api.access import may
from workbench.drill.api.throttle import Throttle
from workbench.drill.api.wire import (
    API,
    NOT_FOUND_PAGE,
    STORAGE,
    Endpoint,
    WireAnswer,
    WireCall,
    WireRefusal,
    parse_body,
)
from workbench.drill.world.account import Account
from workbench.drill.world.records import SimulatedKey, Tenant

_MODULES = (
    credentials,
    keys,
    domains,
    dkim,
    people,
    subaccounts,
    network,
    routes,
    webhooks,
    logs,
    metrics,
    health,
    lists,
    suppressions,
    templates,
    messages,
)
_ENCODER = msgspec.json.Encoder()
# Calls that never wait for the latency and are no part of the vendor's API.
CONTROL_PREFIX = "/_drill/"


def endpoints() -> list[Endpoint]:
    """Return every endpoint of the vendor's API that the drill serves (the drill's own controls left out)."""
    return [endpoint for module in _MODULES for endpoint in module.AREA.endpoints]


# Names the host in the scope of its requests: the routes are the same for all of a kind, and made once.
_HOST = "workbench.drill.host"


@cache
def _router(kind: str) -> Router:
    """Return the routes of one kind of host."""
    table: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints():
        if kind in endpoint.hosts:
            table.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    views = [Route(path, _view(methods), methods=list(methods)) for path, methods in table.items()]
    if kind == API:
        views.append(Route(CONTROL_PREFIX + "{action}", _control, methods=["GET", "POST"]))
    router = Router(views, redirect_slashes=False)
    router.default = _lost
    return router


def _view(methods: Mapping[str, Endpoint]) -> Callable[[Request], Awaitable[Response]]:
    async def view(request: Request) -> Response:
        return await _host(request.scope).serve(request, methods)

    return view


async def _control(request: Request) -> Response:
    return await _host(request.scope).control(request)


async def _lost(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await _host(scope).lost()(scope, receive, send)


def _host(scope: Scope) -> HostApp:
    host: HostApp = scope[_HOST]
    return host


@dataclass
class HostSettings:
    """One host: ``name`` as the vendor calls it (``api`` or ``storage-us-east4`` …), the region it serves."""

    name: str
    region: str
    latency: float = 0.0


# Stands for a slash within a name while a path is taken apart; no name holds it.
_SLASH = "\ufdd0"
_ESCAPED_SLASH = re.compile("%2f", re.IGNORECASE)


class HostApp:
    """The ASGI application of one host of the simulated vendor."""

    def __init__(self, account: Account, settings: HostSettings, throttle: Throttle) -> None:
        self.account = account
        self.settings = settings
        self.throttle = throttle
        self.calls = 0
        self.moods: tuple[moods.Mood, ...] = ()
        self._router = _router(API if settings.name == API else STORAGE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope = {**scope, _HOST: self}
        raw = scope.get("raw_path")
        if raw is not None and b"%2f" in raw.lower():
            # An escaped slash is part of a name; decoded before the routes are looked up it would part two.
            scope = {**scope, "path": unquote(_ESCAPED_SLASH.sub(_SLASH, raw.decode("ascii")))}
        await self._router(scope, receive, send)

    def _date(self) -> dict[str, str]:
        return {"Date": format_datetime(self.account.clock.now(), usegmt=True)}

    async def serve(self, request: Request, methods: Mapping[str, Endpoint]) -> Response:
        """Answer a call to a path of the API, after the latency of the line."""
        raw = await request.body()
        if self.settings.latency:
            await asyncio.sleep(self.settings.latency)
        endpoint = methods.get(request.method)
        if endpoint is None:
            return self.lost()
        path = request.url.path
        answer = moods.instead(self.moods, self.settings.region, request.method, path)
        if answer is None:
            answer = self._answer(request, endpoint, raw)
            answer = moods.changed(self.moods, request.method, path, dict(request.query_params), answer)
        return self._respond(answer)

    def lost(self) -> Response:
        """Return what the API says to a path it does not know: 404 as HTML, without JSON (dossier C)."""
        return Response(NOT_FOUND_PAGE, 404, self._date(), "text/html")

    def _respond(self, answer: WireAnswer) -> Response:
        if answer.media == "application/json":
            content = b"" if answer.status == 204 else _ENCODER.encode(answer.body)
        else:
            content = answer.body if isinstance(answer.body, bytes) else str(answer.body).encode()
        return Response(content, answer.status, {**self._date(), **answer.headers}, answer.media)

    async def control(self, request: Request) -> Response:
        """Answer a call to the drill's own controls."""
        raw = await request.body()
        try:
            body = msgspec.json.decode(raw) if raw else {}
            answer = control.handle(self.account, request.path_params["action"], request.method, body)
        except WireRefusal as refusal:
            answer = refusal.answer
        except msgspec.DecodeError:
            answer = WireAnswer({"message": "the body is not JSON"}, 400)
        return self._respond(answer)

    def _answer(self, request: Request, endpoint: Endpoint, raw: bytes) -> WireAnswer:
        """Return the answer to one call: 401, then 429, then 403, then what the handler says."""
        self.calls += 1
        account = self.account
        account.advance()
        peer = request.client.host if request.client else ""
        found = self._authenticate(request, peer)
        if found is None:
            return unauthorised()
        owner, key = found
        named = {"X-Mailgun-Key-Id": key.id}
        tenant = owner
        victim = request.headers.get("x-mailgun-on-behalf-of", "")
        if victim:
            child = account.world.tenants.get(victim)
            if child is None or child.parent != owner.id or child.status == "closed":
                return WireAnswer({"message": "Account not found"}, 404, named)
            tenant = child
        limited, headers = self.throttle.check(tenant.id, endpoint.family, account.now())
        headers.update(named)
        if limited is not None:
            limited.headers.update(named)
            return limited
        sends = endpoint.area == "messages"
        if key.kind == "domain" and not (sends and request.path_params.get("domain") == key.domain):
            # A sending key opens nothing else; its refusal looks like a dead key's (dossier D, API probe).
            return unauthorised()
        if key.kind != "domain" and not may(key.role, endpoint.area, request.method):
            # One endpoint says it with another status (described so).
            status = 400 if endpoint.path == "/v1/keys/public" else 403
            return WireAnswer({"message": "Forbidden"}, status, headers)
        if tenant.status == "disabled" and tenant is owner:
            return WireAnswer({"message": "Account is disabled"}, 403, headers)
        try:
            form, body = parse_body(request.headers.get("content-type", ""), raw)
            call = WireCall(
                account=account,
                region=self.settings.region,
                host=self.settings.name,
                base=f"{request.url.scheme}://{request.headers.get('host', '')}",
                method=request.method,
                path=request.url.path,
                tenant=tenant,
                key=key,
                peer=peer,
                params={name: str(value).replace(_SLASH, "/") for name, value in request.path_params.items()},
                query=parse_qsl(request.url.query, keep_blank_values=True),
                form=form,
                body=body,
                raw=raw,
                headers=dict(request.headers),
            )
            answer = endpoint.handler(call)
        except WireRefusal as refusal:
            answer = refusal.answer
        answer.headers = {**headers, **answer.headers}
        return answer

    def _authenticate(self, request: Request, peer: str) -> tuple[Tenant, SimulatedKey] | None:
        """Return the tenant and key of the Basic credentials; None for anything that gets a 401."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        if user != "api" or self.settings.region not in self.account.story.scenario.regions:
            return None
        found = self.account.key_of(secret)
        if found is None:
            return None
        # Keys of a panel session pass the allowlist (dossier A3).
        if found[1].kind != "web" and not self.account.allowed(found[0], peer):
            return None
        return found


def unauthorised() -> WireAnswer:
    """Return the vendor's real 401: nine bytes of plain text (dossier C)."""
    return WireAnswer("Forbidden", 401, {"WWW-Authenticate": 'Basic realm="MG API"'}, "text/plain")
