"""Which servers the workbench talks to: the vendor's two regions, or those a document names.

Plain text and unverified TLS are for loopback only: a key must never cross a network unprotected because
of a mistyped variable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from workbench.core.errors import UsageError
from workbench.core.proxies import is_loopback
from workbench.core.redact import visible


class Region(StrEnum):
    """A vendor region: domains, SMTP credentials, logs and limits exist in one of them only (dossier A1)."""

    US = "us"
    EU = "eu"


class HostPort(NamedTuple):
    """A host name or address and a TCP or UDP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The servers of one account.

    ``api`` holds one base address per region, without a trailing slash; ``storage`` the hosts that hold
    queued mail (a purge must be sent to every one, dossier B2); ``smtp`` the submission servers per region
    in the order to try; ``dns`` the name server to ask instead of the host's own, if any; ``web`` the
    address of a web site that belongs to a drill, if any.
    """

    api: Mapping[Region, str]
    storage: tuple[str, ...] = ()
    smtp: Mapping[Region, tuple[HostPort, ...]] = field(default_factory=lambda: MappingProxyType({}))
    dns: HostPort | None = None
    web: str | None = None

    def __post_init__(self) -> None:
        if not self.api:
            raise UsageError(
                "No API server is named.",
                "Without one there is no account to look at.",
                "Name at least one of api_us and api_eu.",
            )
        for address in (*self.api.values(), *self.storage):
            check_address(address)

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions that have an API server, US first."""
        return tuple(region for region in Region if region in self.api)

    @property
    def home(self) -> Region:
        """The region asked for what is global (keys, users, subaccounts): US where there is one."""
        return self.regions[0]

    def only(self, regions: Iterable[Region]) -> Endpoints:
        """Return the same servers without the API and SMTP servers of other regions; storage hosts stay."""
        kept = set(regions)
        return replace(
            self,
            api=MappingProxyType({region: base for region, base in self.api.items() if region in kept}),
            smtp=MappingProxyType({region: held for region, held in self.smtp.items() if region in kept}),
        )

    @property
    def vendor(self) -> bool:
        """True where every API server is the vendor's own (and its documented limits therefore apply)."""
        return all(_host(address).endswith(".mailgun.net") for address in self.api.values())

    def storage_region(self, address: str) -> Region | None:
        """Return the region whose mail a storage host holds; None where neither name nor place tells."""
        host = _host(address)
        if "europe" in host or ".eu." in host:
            return Region.EU
        if "-us-" in host:
            return Region.US
        # Other servers are listed in the vendor's own order: two American hosts, then the European one.
        if address in self.storage and len(self.storage) == len(MAILGUN.storage):
            return Region.EU if self.storage.index(address) == len(self.storage) - 1 else Region.US
        return self.home if len(self.api) == 1 else None

    def owns(self, address: str) -> bool:
        """True if an absolute address has the origin of one of these API or storage servers."""
        wanted = origin(address)
        return any(origin(base) == wanted for base in (*self.api.values(), *self.storage))


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").lower()


def origin(address: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an absolute address; raise UsageError for anything else."""
    parts = _split(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            f"{visible(address, 80)!r} is not a server address.",
            "An address looks like https://api.mailgun.net.",
            "Correct the endpoints document or MAILGUN_BASE_URL.",
        )
    return parts


def check_address(address: str) -> str:
    """Return an API address without its trailing slash; raise UsageError where it may not be used.

    Refused: no http(s) scheme, plain HTTP to another machine, user names, queries and fragments.
    """
    parts = _split(address)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            f"The address of {visible(parts.hostname, 80)} holds more than scheme, host, port and path.",
            "A key or password inside an address would end up in logs.",
            "Give the bare address; the key is asked for separately.",
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UsageError(
            f"{visible(address, 80)} is not encrypted.",
            "The account's admin key would cross the network in clear.",
            "Use https; plain http is for this very machine (loopback) only.",
        )
    return address.rstrip("/")


def _host_port(text: object) -> HostPort:
    """Return ``host:port`` or ``[v6]:port`` read from a document."""
    try:
        parts = urlsplit(f"//{text}" if "//" not in str(text) else str(text))
        if parts.hostname and parts.port:
            return HostPort(parts.hostname, parts.port)
    except ValueError:
        pass  # Said below, with the value: a port out of range is just one way to be wrong.
    raise UsageError(
        f"{visible(text, 80)!r} is not host:port.",
        "SMTP and DNS servers are named like 127.0.0.1:2525.",
        "Correct the endpoints document.",
    )


def _several(value: object) -> Iterable[object]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


_SMTP_PORTS = (587, 2525, 465)


def _smtp(host: str) -> tuple[HostPort, ...]:
    return tuple(HostPort(host, port) for port in _SMTP_PORTS)


# Dossier A1. Port 25 is left out: hosting providers block it, and the other three do the same job.
MAILGUN = Endpoints(
    api=MappingProxyType({Region.US: "https://api.mailgun.net", Region.EU: "https://api.eu.mailgun.net"}),
    storage=(
        "https://storage-us-east4.api.mailgun.net",
        "https://storage-us-west1.api.mailgun.net",
        "https://storage-europe-west1.api.mailgun.net",
    ),
    smtp=MappingProxyType({Region.US: _smtp("smtp.mailgun.org"), Region.EU: _smtp("smtp.eu.mailgun.org")}),
)


def from_document(document: object) -> Endpoints:
    """Return the servers named by an endpoints document: the object itself, or the one that holds it.

    Keys: ``api_us``, ``api_eu``, ``storage`` (list), ``smtp_us``, ``smtp_eu`` (one or several host:port),
    ``dns``, ``web_url``. Raises UsageError where it names no API server or an unusable address.
    """
    inner: Any = document.get("endpoints", document) if isinstance(document, dict) else None
    if not isinstance(inner, dict):
        raise UsageError(
            "The endpoints document is not a JSON object.",
            "It should name api_us, api_eu, storage, smtp_us, smtp_eu and dns.",
            "Pass the first line that `workbench drill --serve` prints, or its `endpoints`.",
        )
    api = {
        region: check_address(str(inner[f"api_{region}"])) for region in Region if inner.get(f"api_{region}")
    }
    smtp = {
        region: tuple(_host_port(item) for item in _several(inner.get(f"smtp_{region}")))
        for region in Region
        if inner.get(f"smtp_{region}")
    }
    web = inner.get("web_url") or (document.get("web_url") if isinstance(document, dict) else None)
    return Endpoints(
        api=MappingProxyType(api),
        storage=tuple(check_address(str(item)) for item in _several(inner.get("storage"))),
        smtp=MappingProxyType(smtp),
        dns=_host_port(inner["dns"]) if inner.get("dns") else None,
        web=str(web) if web else None,
    )


def from_base_url(url: str) -> Endpoints:
    """Return one server for one region, as ``MAILGUN_BASE_URL`` names it (a path such as /v3 is dropped).

    The vendor's own two addresses bring their storage and SMTP hosts along; any other server is asked for
    stored mail itself, and has no SMTP.
    """
    scheme, host, port = origin(check_address(url))
    for region, base in MAILGUN.api.items():
        if origin(base) == (scheme, host, port):
            return Endpoints(
                api=MappingProxyType({region: base}),
                storage=MAILGUN.storage,
                smtp=MappingProxyType({region: MAILGUN.smtp[region]}),
            )
    region = Region.EU if ".eu." in host else Region.US
    base = f"{scheme}://{HostPort(host, port)}"
    return Endpoints(api=MappingProxyType({region: base}), storage=(base,))
