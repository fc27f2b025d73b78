"""A scripted API: answers by path, every request kept, no network."""

from __future__ import annotations

import base64
import json as jsonlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx

from workbench.core.clock import ManualClock
from workbench.core.redact import Secret
from workbench.mailgun.client import CallSeen, Mailgun, Timeouts
from workbench.mailgun.endpoints import MAILGUN, Endpoints

KEY = "0123456789abcdef0123456789abcdef-0a1b2c3d-4e5f6071"
KEY_ID = "0a1b2c3d-4e5f6071"
START = datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)

Handler = Callable[[httpx.Request], httpx.Response | Exception]


def reply(document: Any = None, status: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
    """Return a JSON answer."""
    return httpx.Response(status, json=document if document is not None else {}, headers=headers)


def text(body: str | bytes, status: int = 200, media: str = "text/plain") -> httpx.Response:
    """Return an answer that is not JSON."""
    return httpx.Response(status, content=body, headers={"content-type": media})


class FakeApi(httpx.AsyncBaseTransport):
    """Answers with a handler, or with prepared answers one after the other."""

    def __init__(self, answers: Handler | Iterable[httpx.Response | Exception]) -> None:
        self.requests: list[httpx.Request] = []
        self._handler = answers if callable(answers) else None
        self._queue = [] if callable(answers) else list(answers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._handler(request) if self._handler else self._queue.pop(0)
        if isinstance(answer, Exception):
            raise answer
        answer.request = request
        return answer

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]


def fake_client(
    answers: Handler | Iterable[httpx.Response | Exception],
    *,
    endpoints: Endpoints = MAILGUN,
    clock: ManualClock | None = None,
    on_call: Callable[[CallSeen], None] | None = None,
    key: str = KEY,
    timeouts: Timeouts | None = None,
) -> tuple[Mailgun, FakeApi]:
    """Return a client on a manual clock and the API behind it."""
    api = FakeApi(answers)
    client = Mailgun(
        endpoints,
        Secret(key),
        clock=clock or ManualClock(START),
        transport=api,
        on_call=on_call,
        timeouts=timeouts,
    )
    return client, api


def form_of(request: httpx.Request) -> dict[str, list[str]]:
    """Return the urlencoded form of a request."""
    return parse_qs(request.content.decode(), keep_blank_values=True)


def json_of(request: httpx.Request) -> Any:
    """Return the JSON body of a request."""
    return jsonlib.loads(request.content)


def key_of(request: httpx.Request) -> str:
    """Return the API key a request carries."""
    scheme, _, value = request.headers["authorization"].partition(" ")
    assert scheme == "Basic"
    user, _, key = base64.b64decode(value).decode().partition(":")
    assert user == "api"
    return key


async def gather_pages(pages: Any) -> list[Any]:
    """Return all items of an iterator of pages."""
    return [item async for page in pages for item in page]
