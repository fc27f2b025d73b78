"""The one way to the vendor's API: paced, typed, and careful with the key.

``Mailgun`` is cheap to make: what speaks HTTP is imported and a connection opened at the first call. Every call
goes through one limiter, answers within a size cap or fails with one of the errors of ``workbench.core.errors``,
and never follows a redirect, so the key reaches only the servers it was meant for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from workbench.core.clock import Clock
from workbench.core.errors import (
    ApiError,
    NotAuthorised,
    RateLimited,
    Unreachable,
    Untrusted,
    UsageError,
    VendorFault,
)
from workbench.core.network import Network
from workbench.core.redact import Secret, visible
from workbench.mailgun.answers import Answer, CutShort, check, put_off
from workbench.mailgun.calls import Call, CallSeen, Credential, Timeouts
from workbench.mailgun.dates import parse_moment
from workbench.mailgun.endpoints import Endpoints, Region
from workbench.mailgun.limits import Limiter, Priority, family_of
from workbench.mailgun.pool import Pool
from workbench.mailgun.requests import Form, Query, prepare
from workbench.mailgun.retry_hints import NOTHING, read_hints

if TYPE_CHECKING:
    import httpx

__all__ = ["Answer", "CallSeen", "Form", "Mailgun", "Priority", "Query", "Timeouts"]

_SAFE_TRIES = 3
_PACED_TRIES = 8
_BACKOFF = 0.5
# A proof that would wait longer than this is left for later; the cut goes on.
PROOF_PATIENCE = 10.0
# Seconds of waiting that are told, with their end.
LONG_WAIT = 10.0


class CallTerms(NamedTuple):
    """When a call may be made again, and how long it may be put off; see ``Mailgun.call``."""

    repeat_safe: bool | None
    patience: float | None
    settled_by: Callable[[RateLimited], bool] | None


class _Shared:
    """What clients of one account share whatever key they use: servers, pool, limiter, clock."""

    __slots__ = (
        "clock",
        "endpoints",
        "last_date",
        "limiter",
        "offset",
        "on_call",
        "on_wait",
        "pool",
        "timeouts",
        "told_until",
    )

    def __init__(
        self, endpoints: Endpoints, clock: Clock, limiter: Limiter, pool: Pool, timeouts: Timeouts
    ) -> None:
        self.endpoints = endpoints
        self.clock = clock
        self.limiter = limiter
        self.pool = pool
        self.timeouts = timeouts
        self.on_call: Callable[[CallSeen], None] | None = None
        self.on_wait: Callable[[str, float], None] | None = None
        self.told_until = 0.0
        self.offset: float | None = None
        self.last_date: bytes | None = None


class Mailgun:
    """A client of one account, with one key.

    ::

        client = Mailgun(MAILGUN, Secret(text), clock=SystemClock())
        answer = await client.call("GET", "/v1/keys", region=Region.US)
        keys = answer.document()["items"]
        await client.aclose()

    ``on_call`` is told of every exchange, ``on_wait`` of every wait longer than ten seconds that a server asked
    for (what is called, seconds). ``limits`` may be given to share a limiter; ``transport`` replaces
    the network in tests; ``network`` is the only way to route or to trust differently: the environment is
    read by whoever makes it, not here.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        key: Secret,
        *,
        clock: Clock,
        limits: Limiter | None = None,
        timeouts: Timeouts | None = None,
        on_call: Callable[[CallSeen], None] | None = None,
        on_wait: Callable[[str, float], None] | None = None,
        network: Network | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        limiter = limits or Limiter(clock, documented=endpoints.vendor)
        times = timeouts or Timeouts()
        pool = Pool(times, network or Network(), transport)
        self._shared = _Shared(endpoints, clock, limiter, pool, times)
        self._shared.on_call = on_call
        self._shared.on_wait = on_wait
        self._credential = Credential(key)
        self._owns_pool = True

    def __repr__(self) -> str:
        return f"Mailgun({', '.join(self._shared.endpoints.api.values())}, key_id={self.key_id!r})"

    @property
    def endpoints(self) -> Endpoints:
        """The servers this client talks to."""
        return self._shared.endpoints

    def serve(self, endpoints: Endpoints) -> None:
        """Talk to these servers from now on: what is global goes to the first of their regions."""
        self._shared.endpoints = endpoints

    @property
    def clock(self) -> Clock:
        """The clock this client waits on."""
        return self._shared.clock

    @property
    def limiter(self) -> Limiter:
        """The limiter every call of this account goes through."""
        return self._shared.limiter

    @property
    def key(self) -> Secret:
        """The key in use."""
        return self._credential.key

    @property
    def key_id(self) -> str | None:
        """The id of the key in use, as answers name it (``X-Mailgun-Key-Id``); None until one has."""
        return self._credential.key_id

    @property
    def clock_offset(self) -> float | None:
        """Seconds the server's clock is ahead of this host's, to about one second; None before any answer."""
        return self._shared.offset

    def clocks_agree(self) -> None:
        """Say that this host's clock was just set to the server's: what it was ahead by counts no more."""
        self._shared.offset = 0.0

    def use_key(self, key: Secret) -> None:
        """Use another key from the next call on; calls on their way finish with either."""
        self._credential = Credential(key)

    def with_key(self, key: Secret) -> Mailgun:
        """Return a client with another key on the same servers, connections and limiter (for proofs)."""
        other = object.__new__(Mailgun)
        other._shared = self._shared
        other._credential = Credential(key)
        other._owns_pool = False
        return other

    async def aclose(self) -> None:
        """Close the connections; a client made by ``with_key`` leaves them open."""
        if self._owns_pool:
            await self._shared.pool.aclose()

    async def call(
        self,
        method: str,
        path: str,
        *,
        region: Region | None = None,
        subaccount: str | None = None,
        query: Query | None = None,
        form: Form | None = None,
        json: object | None = None,
        multipart: bool = False,
        priority: Priority = Priority.READ,
        base: str | None = None,
        repeat_safe: bool | None = None,
        family: str | None = None,
        patience: float | None = None,
        accept: str = "",
        settled_by: Callable[[RateLimited], bool] | None = None,
    ) -> Answer:
        """Make one call and return its 2xx answer; raise an error of the ApiError family otherwise.

        ``path`` starts with a slash and is already quoted (see ``requests.at``). ``region`` None means the
        home region, for what is global. ``base`` names a storage host instead. ``subaccount`` acts for that
        subaccount: without it the call hits the parent (dossier A4). ``repeat_safe`` says that a second run
        changes nothing more; only then is a call repeated after a fault or a lost answer. None means GET
        only, and whatever was surely not sent; False means never.
        A 429 was not carried out and is always repeated, within bounds; so is a 401 to a key that
        ``use_key`` has replaced meanwhile. ``patience`` is the longest wait in seconds that a 429 may ask for;
        beyond it RateLimited is raised at once: a proof is left for later, a cut is worth the wait. A 429 that
        ``settled_by`` takes for an answer is raised at once, too. ``accept`` asks for another form of the answer than
        JSON.
        """
        place = region or self._shared.endpoints.home
        server = self._server(place, base)
        if patience is None and priority is Priority.PROOF:
            patience = PROOF_PATIENCE
        request = prepare(path, query, form, json, multipart=multipart)
        bare = path.partition("?")[0]
        call = Call(self._credential, method, bare, server, place, subaccount, request, accept)
        # Regions are served, and limited, apart.
        name = f"{family or family_of(method, bare)}@{place}"
        return await self._until_settled(call, name, priority, CallTerms(repeat_safe, patience, settled_by))

    def _server(self, place: Region, base: str | None) -> str:
        """Return the address a call goes to: the region's API or the storage host ``base``, if it is Mailgun's."""
        endpoints = self._shared.endpoints
        server = base or endpoints.api.get(place)
        if server is None:
            raise UsageError(
                f"There is no API server for the region {place.upper()}.",
                "The endpoints in use name one region only.",
                "Name the other region's server too, or leave that region out.",
            )
        if base is not None and not endpoints.owns(base):
            raise UsageError(
                "A call was about to leave for a server that is not Mailgun's.",
                "The key would have gone with it; nothing was sent.",
                "Report this: it should never happen.",
            )
        return server

    async def _until_settled(self, call: Call, name: str, priority: Priority, terms: CallTerms) -> Answer:
        """Make a call of the family ``name``, again as its terms allow, until it is answered or refused for good."""
        shared, patience = self._shared, terms.patience
        safe = call.method == "GET" if terms.repeat_safe is None else terms.repeat_safe
        tried = limited = 0
        lost = False
        while True:
            blocked = shared.limiter.blocked_for(name)
            if patience is not None and blocked > patience:
                raise put_off(call.where, blocked)
            self._tell_wait(call, blocked)
            try:
                return await self._once(call, name, priority)
            except NotAuthorised:
                # Refused, so not carried out. It left with a key that was replaced while it was on its way.
                if call.credential is self._credential:
                    raise
                call = call._replace(credential=self._credential)
            except RateLimited as busy:
                # Refused before it was carried out: the limiter now knows, and the call waits its turn.
                limited += 1
                if terms.settled_by is not None and terms.settled_by(busy):
                    raise
                if limited >= _PACED_TRIES or (patience is not None and (busy.retry_after or 1.0) > patience):
                    raise
            except Untrusted:
                raise  # Asked again, the same certificate would come.
            except (VendorFault, Unreachable, CutShort) as fault:
                tried += 1
                repeat = terms.repeat_safe is not False and (safe or not fault.sent)
                if not repeat or tried >= _SAFE_TRIES:
                    raise
                lost = lost or fault.sent
                await shared.clock.sleep(_BACKOFF * 2 ** (tried - 1))
            except ApiError as refusal:
                refusal.earlier_lost = lost
                raise

    async def _once(self, call: Call, family: str, priority: Priority) -> Answer:
        """Make one attempt, within the limiter's pace, and tell who listens."""
        shared = self._shared
        issued = await shared.limiter.acquire(family, priority)
        started = shared.clock.monotonic()
        status, hints = 0, NOTHING
        try:
            answer = await shared.pool.exchange(call)
            status = answer.status
            now = shared.clock.now()
            hints = read_hints(answer.raw_headers, answer.body, now, refused=status == 429)
        finally:
            shared.limiter.release(family, issued, status, hints)
            if status:
                self._note(call, answer)
            if shared.on_call is not None:
                seconds = shared.clock.monotonic() - started
                shared.on_call(
                    CallSeen(
                        call.method, call.path, call.region, call.subaccount, status, seconds, shared.offset
                    )
                )
        return check(answer, (call.credential.key, *call.request.secrets), hints.wait)

    def _tell_wait(self, call: Call, seconds: float) -> None:
        """Tell who listens, once, of a wait that a person would take for a hang."""
        shared = self._shared
        until = shared.clock.monotonic() + seconds
        if seconds > LONG_WAIT and shared.on_wait is not None and until > shared.told_until + 1.0:
            shared.told_until = until
            shared.on_wait(f"{call.where} ({call.region.upper()})", seconds)

    def _note(self, call: Call, answer: Answer) -> None:
        """Keep what an answer tells besides itself: which key this is, and the server's time."""
        shared = self._shared
        for name, value in answer.raw_headers:
            key = name.lower()
            if key == b"x-mailgun-key-id":
                call.credential.key_id = visible(value.decode("latin-1"), 80)
            elif key == b"date" and value != shared.last_date:
                # A whole second's resolution: half of it is the fairest guess.
                shared.last_date = value
                moment = parse_moment(value.decode("latin-1"))
                if moment is not None:
                    shared.offset = (moment - shared.clock.now()).total_seconds() + 0.5
