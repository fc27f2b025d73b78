"""Does a found secret still open the account? Asked only on request, and believed only with the positive control.

An address that is missing from the IP allowlist sees the same 401 and 535 as a dead credential: *dead* needs
ours accepted from this host in the same minute, or nothing is said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from workbench.core.errors import ApiError, Forbidden, NotAuthorised, NotFound, Refused, UnreadableAnswer
from workbench.core.redact import Secret
from workbench.leaks.findings import Candidate, Liveness
from workbench.leaks.model import SecretKind
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import HostPort, Region
from workbench.mailgun.requests import at
from workbench.smtp.auth_probe import SmtpProver, proves_replaced

# A sending key answers only at its own domain: so many are tried, in every region.
MOST_DOMAINS = 20
Shown = tuple[Liveness, str]
Control = Callable[[str], Awaitable[Secret | None]]
"""Returns the password that a login has now, None where it is not in the vault."""


async def prove_found(
    api: Mailgun, prover: SmtpProver, found: Sequence[Candidate], domains: Sequence[str], control: Control
) -> dict[str, Shown]:
    """Return for each found secret, by fingerprint, whether it lives and how that was shown.

    ``api`` holds the admin key, which is the control of every key; ``domains`` the account's, where sending
    keys are tried. Only calls that change nothing are made. Raises nothing for one secret: what cannot be
    told says why.
    """
    probing = _Probing(api, prover, domains, control)
    return {one.fingerprint: await probing.candidate(one) for one in found}


class _Probing:
    def __init__(self, api: Mailgun, prover: SmtpProver, domains: Sequence[str], control: Control) -> None:
        self._api, self._prover = api, prover
        self._domains, self._control = domains, control

    async def candidate(self, one: Candidate) -> Shown:
        """Return what was shown of one secret."""
        try:
            if one.kind in (SecretKind.SMTP_PASSWORD, SecretKind.UNKNOWN_50) and one.logins:
                shown = await self._as_password(one)
                if one.kind is SecretKind.SMTP_PASSWORD or shown[0] is Liveness.LIVE:
                    return shown
            if one.kind is SecretKind.SMTP_PASSWORD:
                return Liveness.CANNOT_TELL, "No login stood beside it, so there is nothing to try it on."
            if one.kind in (SecretKind.PUBLIC_KEY, SecretKind.SIGNING_KEY):
                return Liveness.CANNOT_TELL, "A key of this kind opens no call, so none can prove it."
            shown = await self._as_key(one.secret)
            if one.kind is SecretKind.UNKNOWN_50 and shown[0] is Liveness.DEAD and not one.logins:
                return (
                    Liveness.CANNOT_TELL,
                    "Refused as an API key; it may be the SMTP password of some login.",
                )
            return shown
        except ApiError as error:
            return Liveness.CANNOT_TELL, f"The proof could not be made: {error.what}"

    async def _as_key(self, secret: Secret) -> Shown:
        """Read one domain with it, then try the send endpoints: a sending key answers nowhere else."""
        other = self._api.with_key(secret)
        status = await _answer(other, "GET", "/v4/domains", self._api.endpoints.home)
        if status != 401:
            return Liveness.LIVE, f"It answered {status} to a harmless read."
        for name in self._domains[:MOST_DOMAINS]:
            for region in self._api.endpoints.regions:
                # An empty message is refused (400, or 403 where the domain may not send) after the key was accepted;
                # nothing is sent.
                status = await _answer(other, "POST", at("/v3/{}/messages", name), region)
                if status != 401:
                    return Liveness.LIVE, f"It was accepted at the send endpoint of {name} ({status})."
        ours = await _answer(self._api, "GET", "/v4/domains", self._api.endpoints.home)
        if ours == 401:
            return (
                Liveness.CANNOT_TELL,
                "It answers 401, but so does our own key: this host may be missing from the IP allowlist.",
            )
        if len(self._domains) > MOST_DOMAINS:
            return Liveness.CANNOT_TELL, f"Refused on reads and at the first {MOST_DOMAINS} domains."
        return Liveness.DEAD, "It answers 401 while our own key is accepted, same host, same minute."

    async def _as_password(self, one: Candidate) -> Shown:
        refused: set[str] = set()
        for login in one.logins:
            for region in self._api.endpoints.regions:
                servers = self._api.endpoints.smtp.get(region, ())
                if not servers:
                    continue
                verdict = await self._login(servers, login, one.secret)
                if verdict is Liveness.LIVE:
                    return Liveness.LIVE, f"The server accepted it for {login} (235)."
                if verdict is Liveness.DEAD:
                    refused.add(login)
        if refused >= set(one.logins):
            return (
                Liveness.DEAD,
                f"Refused (535) for {', '.join(one.logins)} while the new password was accepted, same server.",
            )
        return (
            Liveness.CANNOT_TELL,
            "Not accepted, but there is no positive control: the new password is not in the vault, or no "
            "server answered.",
        )

    async def _login(self, servers: Sequence[HostPort], login: str, secret: Secret) -> Liveness:
        old = await self._prover.prove(servers, login, secret)
        if old.accepted:
            return Liveness.LIVE
        control = await self._control(login) if old.refused else None
        if control is None:
            return Liveness.CANNOT_TELL
        new = await self._prover.prove(servers, login, control)
        return Liveness.DEAD if proves_replaced(old, new) else Liveness.CANNOT_TELL


async def _answer(api: Mailgun, method: str, path: str, region: Region) -> int:
    """Return the status of a call that changes nothing; raises ApiError where no proper answer came.

    Only the API's own answer tells of a key: a filter on the way has its 403, and its 200, too (dossier D).
    """
    try:
        answer = await api.call(
            method,
            path,
            region=region,
            query={"limit": 1} if method == "GET" else None,
            form={} if method == "POST" else None,
            priority=Priority.PROOF,
            repeat_safe=True,
        )
    except NotAuthorised:
        return 401
    except (Forbidden, NotFound, Refused) as error:
        if not error.own:
            raise
        return error.status
    if method == "GET" and not isinstance(answer.object().get("items"), list):
        raise UnreadableAnswer("Another document than the API's was answered (200).", where=answer.where)
    return 200
