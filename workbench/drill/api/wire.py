"""What a handler gets and gives: a parsed call, an answer in one of the vendor's shapes, the table of endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec

from workbench.drill.world.account import Account
from workbench.drill.world.records import SimulatedDomain, SimulatedKey, SimulatedRegion, Tenant

# Where an endpoint is served: on the regional API hosts, on the storage hosts, or on both.
API, STORAGE = "api", "storage"


@dataclass
class WireAnswer:
    """An HTTP answer; ``body`` is sent as JSON unless ``media`` says otherwise."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media: str = "application/json"


class WireRefusal(Exception):
    """Ends a handler with an error answer."""

    def __init__(self, status: int, text: str, key: str = "message", **more: Any) -> None:
        super().__init__(text)
        self.answer = WireAnswer({key: text, **more}, status)


NOT_FOUND_PAGE = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<title>404 Not Found</title>\n'
    "<h1>Not Found</h1>\n<p>The requested URL was not found on the server.</p>\n"
)


@dataclass
class WireCall:
    """One authenticated call: who asks, for which account and region, with what."""

    account: Account
    region: str
    host: str
    base: str
    method: str
    path: str
    tenant: Tenant
    key: SimulatedKey
    peer: str
    params: dict[str, str]
    query: list[tuple[str, str]]
    form: list[tuple[str, str]]
    body: Any
    raw: bytes
    headers: dict[str, str]

    @property
    def now(self) -> float:
        """The simulated moment of this call."""
        return self.account.now()

    @property
    def area(self) -> SimulatedRegion:
        """What the account owns in this region."""
        return self.account.region(self.tenant, self.region)

    def arg(self, name: str, default: str = "") -> str:
        """Return the first query or form value of this name."""
        for key, value in (*self.query, *self.form):
            if key == name:
                return value
        return default

    def given(self, name: str) -> bool:
        """Return whether query or form hold this name at all."""
        return any(key == name for key, _ in (*self.query, *self.form))

    def args(self, name: str) -> list[str]:
        """Return all query and form values of this name."""
        return [value for key, value in (*self.query, *self.form) if key == name]

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """Return a whole number; 400 when it is none or above ``most`` (in the vendor's words)."""
        text = self.arg(name)
        if not text:
            return default
        try:
            value = int(text)
        except ValueError:
            raise WireRefusal(400, f"{name} is not a number") from None
        if most is not None and value > most:
            raise WireRefusal(400, f"{name.capitalize()} parameter can't be larger than {most}")
        if value < 0:
            raise WireRefusal(400, f"{name} must not be negative")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a yes/no value in any of the vendor's spellings."""
        text = self.arg(name).lower()
        return default if not text else text in ("yes", "true", "1", "on")

    def domain(self, name: str | None = None) -> SimulatedDomain:
        """Return the domain named in the path, or refuse with the vendor's 404."""
        wanted = name if name is not None else self.params.get("domain", "")
        domain = self.area.domains.get(wanted.lower())
        if domain is None or (domain.gone_at is not None and domain.gone_at <= self.now):
            raise WireRefusal(404, "Domain not found")
        return domain

    def domains(self) -> list[SimulatedDomain]:
        """Return the living domains of this account in this region."""
        now = self.now
        return [d for d in self.area.domains.values() if d.gone_at is None or d.gone_at > now]

    def has(self, feature: str) -> bool:
        """Return whether the plan of the account (of the parent, for a subaccount) holds a feature."""
        return feature in self.account.main.features

    def url(self, path: str, **query: object) -> str:
        """Return an absolute address on the host that was called, as the vendor's paging links have it."""
        tail = "&".join(f"{quote(key)}={quote(str(value), safe='')}" for key, value in query.items())
        return f"{self.base}{path}" + (f"?{tail}" if tail else "")


Handler = Callable[[WireCall], WireAnswer]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: ``area`` decides who may (see ``access``), ``family`` which limit counts (``throttle``)."""

    method: str
    path: str
    handler: Handler
    area: str
    family: str
    hosts: tuple[str, ...]


class EndpointArea:
    """Collects the endpoints of one module."""

    def __init__(self, area: str, family: str = "") -> None:
        self.area = area
        self.family = family or area
        self.endpoints: list[Endpoint] = []

    def on(
        self, method: str, *paths: str, hosts: Iterable[str] = (API,), area: str = "", family: str = ""
    ) -> Callable[[Handler], Handler]:
        """Register a handler for a method and one or more paths."""

        def register(handler: Handler) -> Handler:
            for path in paths:
                self.endpoints.append(
                    Endpoint(method, path, handler, area or self.area, family or self.family, tuple(hosts))
                )
            return handler

        return register


def ok(**body: Any) -> WireAnswer:
    """Return a 200 answer with this JSON object."""
    return WireAnswer(body)


def said(text: str, **more: Any) -> WireAnswer:
    """Return a 200 answer with a message."""
    return WireAnswer({"message": text, **more})


def parse_body(content_type: str, raw: bytes) -> tuple[list[tuple[str, str]], Any]:
    """Return the form values and the JSON document of a request body. Raises Refusal for what cannot be read."""
    kind = content_type.partition(";")[0].strip().lower()
    if not raw:
        return [], None
    if kind == "application/x-www-form-urlencoded":
        return parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True), None
    if kind in ("multipart/form-data", "application/form-data") and "boundary=" in content_type:
        boundary = content_type.partition("boundary=")[2].partition(";")[0].strip().strip('"')
        return _multipart(raw, boundary), None
    if kind == "application/json":
        try:
            return [], msgspec.json.decode(raw)
        except msgspec.DecodeError:
            raise WireRefusal(400, "failed to parse request body") from None
    return [], None


def _multipart(raw: bytes, boundary: str) -> list[tuple[str, str]]:
    values: list[tuple[str, str]] = []
    for part in raw.split(b"--" + boundary.encode()):
        head, gap, content = part.partition(b"\r\n\r\n")
        if not gap:
            continue
        for line in head.decode("utf-8", "replace").split("\r\n"):
            if line.lower().startswith("content-disposition:") and 'name="' in line:
                name = line.partition('name="')[2].partition('"')[0]
                text = content.removesuffix(b"\r\n").decode("utf-8", "replace")
                # Browsers' escapes in names and values of multipart forms (WHATWG form submission).
                values.append((name.replace("%22", '"').replace("%0D%0A", "\n"), text))
    return values
