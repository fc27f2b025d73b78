"""A found secret is called dead or alive by the API's own word alone, and by that of every login beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.core.errors import Forbidden, NotAuthorised, Refused
from workbench.core.redact import Secret
from workbench.leaks.findings import Candidate, Liveness
from workbench.leaks.model import SecretKind
from workbench.mailgun.endpoints import HostPort, Region
from workbench.session.leak_probe import prove_found
from workbench.smtp.auth_probe import AuthProof

SERVER = HostPort("smtp.example", 587)
AT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
FOUND = Secret("found-value-0123456789")


def _own(error: Any) -> Any:
    error.own = True
    return error


class FakeApi:
    """Answers reads and messages with a key as it is told; ours is let in everywhere."""

    def __init__(self, read: Any, message: Any = None, key: Secret | None = None) -> None:
        self.told = {"GET": read, "POST": message}
        self.key = key
        self.endpoints = SimpleNamespace(
            home=Region.US, regions=(Region.US, Region.EU), smtp={Region.US: (SERVER,), Region.EU: (SERVER,)}
        )

    def with_key(self, key: Secret) -> FakeApi:
        return FakeApi(self.told["GET"], self.told["POST"], key)

    async def call(self, method: str, path: str, **_: Any) -> Any:
        answer = self.told[method] if self.key is not None else {"items": []}
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(object=lambda: answer, where=path)


class FakeProver:
    """Accepts what it is told of each login; every other password is refused."""

    def __init__(self, accepted: Mapping[str, str]) -> None:
        self.accepted = accepted

    async def prove(self, servers: Sequence[HostPort], login: str, secret: Secret) -> AuthProof:
        let_in = self.accepted.get(login) == secret.reveal()
        return AuthProof("accepted" if let_in else "refused", AT, servers[0])


async def _asked(
    api: FakeApi, found: Candidate, passwords: Mapping[str, str] | None = None
) -> tuple[Any, str]:
    held = passwords or {}

    async def control(login: str) -> Secret | None:
        return Secret(held[login]) if login in held else None

    made = await prove_found(api, FakeProver(held), [found], ["acme.example"], control)  # type: ignore[arg-type]
    return made["f"]


def _key() -> Candidate:
    return Candidate("f", SecretKind.API_KEY, FOUND, ())


@pytest.mark.parametrize(
    ("read", "message", "live"),
    [
        (_own(NotAuthorised("no", status=401)), _own(NotAuthorised("no", status=401)), Liveness.DEAD),
        (_own(NotAuthorised("no", status=401)), _own(Refused("no from", status=400)), Liveness.LIVE),
        # A domain that may not send now is refused after the key was accepted.
        (
            _own(NotAuthorised("no", status=401)),
            _own(Forbidden("not allowed to send", status=403)),
            Liveness.LIVE,
        ),
        (_own(Forbidden("role", status=403)), None, Liveness.LIVE),
        # A filter on the way says nothing of a key.
        (Forbidden("blocked by the web filter", status=403), None, Liveness.CANNOT_TELL),
        ({"welcome": "to the hotel"}, None, Liveness.CANNOT_TELL),
        (_own(NotAuthorised("no", status=401)), Forbidden("blocked", status=403), Liveness.CANNOT_TELL),
    ],
)
async def test_a_key_is_judged_by_the_apis_own_answers(read: Any, message: Any, live: Liveness) -> None:
    assert (await _asked(FakeApi(read, message), _key()))[0] is live


async def test_a_password_is_dead_only_where_every_login_beside_it_refused_it() -> None:
    found = Candidate("f", SecretKind.SMTP_PASSWORD, FOUND, ("a@acme.example", "b@acme.example"))
    api = FakeApi({"items": []})
    both = {"a@acme.example": "new-a", "b@acme.example": "new-b"}
    assert (await _asked(api, found, both))[0] is Liveness.DEAD
    # The servers of two regions let the new password of one login in: that tells nothing of the other.
    assert (await _asked(api, found, {"a@acme.example": "new-a"}))[0] is Liveness.CANNOT_TELL
