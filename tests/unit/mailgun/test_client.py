"""The call itself: what is sent, what is repeated, and which error each odd answer becomes."""

from __future__ import annotations

import asyncio
import importlib.abc
import logging
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import KEY, KEY_ID, START, fake_client, form_of, json_of, key_of, reply, text
from workbench.core.clock import ManualClock, SystemClock
from workbench.core.errors import (
    ApiError,
    Forbidden,
    HostError,
    NotAuthorised,
    NotFound,
    RateLimited,
    Refused,
    Unreachable,
    UnreadableAnswer,
    UsageError,
    VendorFault,
)
from workbench.core.network import Network
from workbench.core.proxies import choose
from workbench.core.redact import Secret
from workbench.core.trust import CertificateTrust
from workbench.mailgun import answers
from workbench.mailgun import pool as pool_module
from workbench.mailgun.client import CallSeen, Mailgun, Timeouts
from workbench.mailgun.endpoints import MAILGUN, Region, from_base_url
from workbench.mailgun.requests import at, prepare
from workbench.mailgun.wire import Line

HTML = "<!DOCTYPE html><html><title>Sign in to the network</title></html>"


async def test_a_call_goes_to_its_region_with_the_key_and_nothing_of_the_environment() -> None:
    client, api = fake_client([reply({"items": []})])
    answer = await client.call("GET", "/v4/domains", region=Region.EU, query={"limit": 5, "state": None})
    assert str(api.last.url) == "https://api.eu.mailgun.net/v4/domains?limit=5"
    assert key_of(api.last) == KEY
    assert "x-mailgun-on-behalf-of" not in api.last.headers
    assert answer.document() == {"items": []}
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"


async def test_a_subaccount_is_named_in_the_header() -> None:
    client, api = fake_client([reply()])
    await client.call("GET", "/v1/keys", subaccount="sub-1")
    assert api.last.headers["x-mailgun-on-behalf-of"] == "sub-1"


async def test_a_hostile_subaccount_id_cannot_add_a_header() -> None:
    client, api = fake_client([reply()])
    await client.call("GET", "/v1/keys", subaccount="x\r\nX-Evil: 1")
    assert "x-evil" not in api.last.headers


async def test_bodies_as_form_multipart_and_json() -> None:
    client, api = fake_client([reply(), reply(), reply()])
    await client.call(
        "PUT", "/a", form={"password": Secret("pä ss&=x"), "action": ("one", "two"), "no": None}
    )
    assert form_of(api.last) == {"password": ["pä ss&=x"], "action": ["one", "two"]}
    await client.call("PUT", "/a", form={"wildcard": False, "archive_to": "", "n\r\n": "x"}, multipart=True)
    body = api.last.content.decode()
    assert api.last.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert 'name="wildcard"\r\n\r\nfalse\r\n' in body
    assert 'name="archive_to"\r\n\r\n\r\n' in body
    assert 'name="n%0D%0A"' in body
    await client.call("POST", "/a", json={"start": "x"})
    assert json_of(api.last) == {"start": "x"}


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_change_the_path_is_refused(name: str) -> None:
    with pytest.raises(Refused) as caught:
        at("/v3/domains/{}/credentials", name)
    assert not caught.value.sent


@pytest.mark.parametrize(
    ("name", "quoted"),
    [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("ü\n", "%C3%BC%0A"), ("{}", "%7B%7D"), ("n@d", "n@d")],
)
def test_names_are_quoted_into_the_path(name: str, quoted: str) -> None:
    assert at("/v1/keys/{}", name) == f"/v1/keys/{quoted}"


def test_a_query_joins_one_that_is_there() -> None:
    assert prepare("/a?x=1", {"y": "a b"}, None, None).target == "/a?x=1&y=a+b"


async def test_the_key_in_use_is_named_by_answers_and_forgotten_with_the_key() -> None:
    named = {"x-mailgun-key-id": KEY_ID}
    client, api = fake_client([reply(headers=named), reply(status=403, headers=named), reply()])
    assert [client.key_id] == [None]
    await client.call("GET", "/v1/keys")
    assert [client.key_id] == [KEY_ID]
    client.use_key(Secret("another-key"))
    assert [client.key_id] == [None]
    with pytest.raises(Forbidden):
        await client.call("GET", "/v1/keys")
    assert client.key_id == KEY_ID
    await client.call("GET", "/v1/keys")
    assert client.key_id == KEY_ID  # an answer without the header takes nothing back
    assert key_of(api.last) == "another-key"


async def test_an_answer_to_the_old_key_does_not_name_the_new_one() -> None:
    def switch(request: httpx.Request) -> httpx.Response:
        client.use_key(Secret("another-key"))  # while the call is on its way
        return reply(headers={"x-mailgun-key-id": KEY_ID})

    client, _ = fake_client(switch)
    await client.call("GET", "/v1/keys")
    assert client.key_id is None


async def test_a_proof_uses_another_key_on_the_same_limiter() -> None:
    client, api = fake_client([reply(headers={"x-mailgun-key-id": "other"}), reply()])
    proof = client.with_key(Secret("old-key"))
    await proof.call("GET", "/v1/keys")
    assert (proof.key_id, client.key_id) == ("other", None)
    assert key_of(api.last) == "old-key"
    assert proof.limiter is client.limiter
    await proof.aclose()
    await client.call("GET", "/v1/keys")
    assert key_of(api.last) == KEY


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (text("Forbidden", 401), NotAuthorised, "not authorised"),
        (text("Forbidden", 401, "text/html"), NotAuthorised, "allowlist"),
        (reply({"message": "Invalid private key"}, 401), NotAuthorised, "401"),
        (reply({"message": "could not create key, account limit reached"}, 403), Forbidden, "limit reached"),
        (reply({"Reason": "upgrade your account"}, 402), Forbidden, "upgrade your account"),
        (reply({"message": "Forbidden"}, 400), Forbidden, "role"),
        (reply({"message": "no key matching id"}, 404), NotFound, "no key matching id"),
        (text(HTML, 404, "text/html"), UnreadableAnswer, "404 without"),
        (text("404 page not found", 404), UnreadableAnswer, "404 without"),
        (reply({"Reason": "bad url"}, 400), Refused, "bad url"),
        (reply({"Description": "in use"}, 409), Refused, "in use"),
        (reply({"Field": "url", "Value": "x"}, 400), Refused, "url: x"),
        (reply({"Error": "odd"}, 420), Refused, "odd"),
        (text("", 400), Refused, "refused (400)"),
        (text(HTML, 200, "text/html"), UnreadableAnswer, "captive portal"),
        (text(HTML, 200, "application/json"), UnreadableAnswer, "captive portal"),
        (httpx.Response(302, headers={"location": "https://evil.example/"}), UnreadableAnswer, "redirect"),
    ],
)
async def test_each_odd_answer_becomes_its_error(
    answer: httpx.Response, kind: type[ApiError], says: str
) -> None:
    client, api = fake_client([answer])
    with pytest.raises(kind) as caught:
        await client.call("PUT", "/v1/things/1")
    assert says in str(caught.value)
    assert caught.value.where == "PUT /v1/things/1"
    assert caught.value.means
    assert caught.value.todo
    assert len(api.requests) == 1, "what was understood is not repeated"


@pytest.mark.parametrize("media", ["application/json", "text/plain"])
@pytest.mark.parametrize("body", ['{"items": [', "null,", "[1]", '"text"', "\x00"])
async def test_a_body_that_is_no_object_is_unreadable(body: str, media: str) -> None:
    client, api = fake_client([text(body, 200, media)])
    with pytest.raises(UnreadableAnswer):
        (await client.call("PUT", "/a")).object()
    assert len(api.requests) == 1


async def test_an_empty_body_is_an_empty_object() -> None:
    client, _ = fake_client([httpx.Response(204)])
    assert (await client.call("DELETE", "/a")).object() == {}


async def test_a_read_cut_short_inside_a_whole_answer_is_repeated() -> None:
    client, api = fake_client([text('{"items": [', 200, "application/json"), reply({"items": []})])
    assert (await client.call("GET", "/a")).object() == {"items": []}
    assert len(api.requests) == 2


async def test_an_error_never_repeats_the_key_or_a_password_a_server_echoes() -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        return reply({"message": f"bad {request.content.decode()} {KEY}"}, 400)

    client, _ = fake_client(echo)
    with pytest.raises(Refused) as caught:
        await client.call("PUT", "/a", form={"password": Secret("hunter2-hunter2")})
    shown = repr(caught.value) + str(caught.value) + caught.value.detail
    assert "hunter2" not in shown
    assert KEY not in shown
    assert KEY not in repr(client) + str(vars(caught.value))


async def test_hostile_error_text_is_made_harmless() -> None:
    client, _ = fake_client([reply({"message": "\x1b[2J\u202e" + "x" * 9000}, 400)])
    with pytest.raises(Refused) as caught:
        await client.call("GET", "/a")
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)
    assert len(str(caught.value)) < 800


async def test_a_read_is_repeated_after_faults_with_growing_pauses() -> None:
    clock = ManualClock(START)
    client, api = fake_client([reply(status=503), reply(status=500), reply({"ok": 1})], clock=clock)
    assert (await client.call("GET", "/a")).document() == {"ok": 1}
    assert len(api.requests) == 3
    assert clock.monotonic() == pytest.approx(1.5)


async def test_repeats_are_bounded() -> None:
    client, api = fake_client(lambda request: reply({"message": "down"}, 503))
    with pytest.raises(VendorFault):
        await client.call("GET", "/a")
    assert len(api.requests) == 3


@pytest.mark.parametrize(
    "fault", [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("gone"), httpx.ReadError("")]
)
async def test_a_write_that_may_have_arrived_is_not_repeated_unless_that_is_safe(fault: Exception) -> None:
    client, api = fake_client([fault])
    with pytest.raises(Unreachable) as caught:
        await client.call("POST", "/v1/keys")
    assert caught.value.sent
    client, api = fake_client([fault, reply({"message": "done"})])
    await client.call("PUT", "/a", repeat_safe=True)
    assert len(api.requests) == 2


@pytest.mark.parametrize(
    ("fault", "lost"), [(httpx.ReadError("reset"), True), (httpx.ConnectError("refused"), False)]
)
async def test_a_refused_repetition_says_whether_an_earlier_call_may_have_been_carried_out(
    fault: Exception, lost: bool
) -> None:
    client, _ = fake_client([fault, reply({"message": "no"}, 403)])
    with pytest.raises(Forbidden) as caught:
        await client.call("DELETE", "/v1/keys/k", repeat_safe=True)
    assert caught.value.earlier_lost is lost
    assert caught.value.status == 403


async def test_what_was_surely_not_sent_is_tried_again_and_said_so() -> None:
    client, api = fake_client([httpx.ConnectError("refused"), reply()])
    await client.call("POST", "/v1/keys")
    assert len(api.requests) == 2
    client, api = fake_client(lambda request: httpx.ConnectTimeout("slow"))
    with pytest.raises(Unreachable) as caught:
        await client.call("POST", "/v1/keys")
    assert not caught.value.sent
    client, api = fake_client([httpx.ConnectError("refused")])
    with pytest.raises(Unreachable):
        await client.call("GET", "/a", repeat_safe=False)


async def test_a_429_is_waited_out_and_even_a_write_repeated() -> None:
    clock = ManualClock(START)
    client, api = fake_client([reply({"retry-seconds": 30}, 429), reply({"message": "done"})], clock=clock)
    await client.call("POST", "/v1/keys")
    assert len(api.requests) == 2
    assert clock.monotonic() >= 30


async def test_429_for_ever_ends_with_the_error_and_its_wait() -> None:
    client, api = fake_client(lambda request: reply({"retry-seconds": 30}, 429))
    with pytest.raises(RateLimited) as caught:
        await client.call("PUT", "/a")
    assert caught.value.retry_after == 30
    assert len(api.requests) == 8


async def test_a_region_without_a_server_and_a_foreign_base_are_refused_before_anything_is_sent() -> None:
    client, api = fake_client([], endpoints=from_base_url("https://api.mailgun.net"))
    with pytest.raises(UsageError):
        await client.call("GET", "/a", region=Region.EU)
    with pytest.raises(UsageError):
        await client.call("GET", "/a", base="https://storage.evil.example")
    assert not api.requests


async def test_every_exchange_is_told_and_the_clocks_are_compared() -> None:
    seen: list[CallSeen] = []
    late = {"date": "Sat, 21 Nov 2026 15:02:07 GMT"}
    client, _ = fake_client(
        [reply(headers=late), reply(status=404), httpx.ConnectError("x")], on_call=seen.append
    )
    await client.call("GET", "/a", region=Region.EU, subaccount="s")
    with pytest.raises(NotFound):
        await client.call("GET", "/b?secret=1")
    with pytest.raises(Unreachable):
        await client.call("GET", "/c", repeat_safe=False)
    assert [(item.path, item.status, item.region) for item in seen] == [
        ("/a", 200, Region.EU),
        ("/b", 404, Region.US),
        ("/c", 0, Region.US),
    ]
    assert client.clock_offset == pytest.approx(3600, abs=1)


async def test_the_http_library_logs_no_address(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client, _ = fake_client([reply()])
        await client.call("GET", "/v2/ip_whitelist", query={"address": "198.51.100.7"})
    assert "198.51.100.7" not in caplog.text


async def test_an_answer_beyond_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "MAX_ANSWER", 1000)
    client, _ = fake_client([text(b"x" * 2000)])
    with pytest.raises(UnreadableAnswer, match="larger"):
        await client.call("PUT", "/a")


def test_explanations_of_every_shape() -> None:
    assert answers.explain(b'{"message": "a", "Reason": "b"}') == "a; b"
    assert answers.explain(b"first line\nsecond") == "first line"
    assert answers.explain(b"[1, 2]") == "[1,2]"
    assert answers.explain(b"") == ""
    assert answers.explain(b"\xff\xfe") == "��"
    assert answers.explain(b"[" * 100_000)


class RawServer:
    """A server that says exactly the bytes it was given, over a real socket."""

    def __init__(self, said: bytes, *, hang: bool = False) -> None:
        self.said = said
        self.hang = hang
        self.calls = 0
        self.called = asyncio.Event()

    async def __aenter__(self) -> RawServer:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.calls += 1
            self.called.set()
            writer.write(self.said)
            await writer.drain()
            if self.hang:
                await reader.read()
        finally:
            writer.close()

    def client(self, timeouts: Timeouts | None = None) -> Mailgun:
        return Mailgun(from_base_url(self.base), Secret(KEY), clock=SystemClock(), timeouts=timeouts)


async def test_an_answer_cut_off_in_the_middle_is_unreadable_not_unreachable() -> None:
    async with RawServer(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"items":') as server:
        client = server.client()
        with pytest.raises(UnreadableAnswer, match="cut short"):
            await client.call("PUT", "/a")
        assert server.calls == 1
        await client.aclose()


async def test_a_server_that_is_no_http_server_is_unreachable() -> None:
    async with RawServer(b"220 mail.example ESMTP\r\n") as server:
        client = server.client()
        with pytest.raises(Unreachable) as caught:
            await client.call("PUT", "/a")
        assert caught.value.sent
        await client.aclose()


async def test_a_server_that_never_answers_is_given_up() -> None:
    async with RawServer(b"", hang=True) as server:
        client = server.client(Timeouts(connect=5, read=5, total=0.05))
        with pytest.raises(Unreachable, match="no end"):
            await client.call("PUT", "/a")
        await client.aclose()


async def test_a_closed_port_is_unreachable_and_nothing_was_sent() -> None:
    async with RawServer(b"") as server:
        base = server.base
    client = Mailgun(from_base_url(base), Secret(KEY), clock=ManualClock(START))
    with pytest.raises(Unreachable, match=r"POST /a: connection refused\.") as caught:
        await client.call("POST", "/a")
    assert not caught.value.sent
    assert caught.value.exit_code == 3
    await client.aclose()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (socket.EAI_NONAME, "the name does not resolve"),
        (socket.EAI_AGAIN, "no name server answered this host"),
    ],
)
async def test_a_name_that_does_not_resolve_is_told_in_words(
    code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lookup(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(code, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    client = Mailgun(MAILGUN, Secret(KEY), clock=ManualClock(START))
    with pytest.raises(Unreachable, match=f"GET /a: {words}") as caught:
        await client.call("GET", "/a")
    assert not caught.value.sent
    await client.aclose()


async def test_the_client_itself_reads_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as server:
        client = server.client()
        assert (await client.call("GET", "/a")).object() == {}
        await client.aclose()


async def test_a_cancelled_call_gives_its_turn_and_connection_back() -> None:
    async with RawServer(b"", hang=True) as server:
        client = server.client()
        task = asyncio.get_running_loop().create_task(client.call("GET", "/a"))
        await server.called.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.limiter.in_flight == 0
        await client.aclose()


async def test_a_certificate_nobody_signed_is_refused_away_from_loopback() -> None:
    client = Mailgun(from_base_url("https://api.mailgun.net"), Secret(KEY), clock=ManualClock(START))
    built = client._shared.pool._build("https://api.mailgun.net")
    assert isinstance(built, Line)
    context = built.context
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
    await built.aclose()


async def test_a_missing_file_of_authorities_is_said_and_nothing_is_sent_unverified(tmp_path: Path) -> None:
    for name, body in (("none.pem", None), ("odd.pem", "no certificate")):
        file = tmp_path / name
        if body is not None:
            file.write_text(body)
        client = Mailgun(
            MAILGUN, Secret(KEY), clock=ManualClock(START), network=Network(trust=CertificateTrust(str(file)))
        )
        with pytest.raises(HostError, match="authorities cannot be read"):
            await client.call("GET", "/a")
        assert client.limiter.in_flight == 0


@pytest.mark.parametrize("proxy", ["proxy", "socks5://x:1", "http://user:hunter2@[::1:1", "http://"])
def test_a_proxy_that_is_none_is_refused_without_repeating_it(proxy: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose({}, asked=proxy)
    assert "hunter2" not in str(caught.value)


async def test_a_proxy_is_not_used_for_this_very_machine() -> None:
    async with RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as server:
        client = Mailgun(
            from_base_url(server.base),
            Secret(KEY),
            clock=SystemClock(),
            network=Network(choose({}, asked="http://user:pw@127.0.0.1:1")),
        )
        assert (await client.call("GET", "/a")).object() == {}
        await client.aclose()


async def test_a_call_searches_no_folder_for_a_module_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[str] = []

    class Finder(importlib.abc.MetaPathFinder):
        def find_spec(self, name: str, path: object, target: object = None) -> None:
            searched.append(name)

    async with RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as server:
        client = Mailgun(from_base_url(server.base), Secret(KEY), clock=SystemClock(), network=Network())
        await client.call("GET", "/a")
        monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
        await client.call("GET", "/a")
        monkeypatch.undo()
        await client.aclose()
    assert searched == []


def test_the_http_library_is_not_imported_before_the_first_call() -> None:
    code = (
        "import sys\n"
        "from workbench.core.clock import SystemClock\n"
        "from workbench.mailgun import account, content, credentials, domains, evidence, keys, queues\n"
        "from workbench.mailgun import probe, settings\n"
        "from workbench.mailgun.client import Mailgun\n"
        "from workbench.mailgun.endpoints import MAILGUN\n"
        "from workbench.core.redact import Secret\n"
        "Mailgun(MAILGUN, Secret('x'), clock=SystemClock())\n"
        "sys.exit(any(name in sys.modules for name in ('httpx', 'httpcore', 'anyio', 'h11')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()


async def test_a_call_refused_with_the_key_that_was_replaced_meanwhile_is_made_with_the_new_one() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(key_of(request))
        if asked[-1] == KEY:
            client.use_key(Secret("the-new-key"))
            return text("Forbidden", 401)
        return reply({"message": "done"})

    client, _ = fake_client(answer)
    answered = await client.call("POST", "/v1/keys", form={"role": "admin"}, repeat_safe=False)
    assert answered.status == 200
    assert asked == [KEY, "the-new-key"]


async def test_a_key_that_is_refused_and_still_in_use_is_not_tried_again() -> None:
    client, api = fake_client([text("Forbidden", 401)])
    with pytest.raises(NotAuthorised):
        await client.call("GET", "/v1/keys")
    assert len(api.requests) == 1


@pytest.mark.parametrize("status", [400, 403, 409])
async def test_a_refusal_whose_reason_is_cut_off_is_no_refusal_yet(status: int) -> None:
    half = text('{"message":"New password cannot', status, "application/json")
    client, api = fake_client([half, reply({"message": "Password changed"})])
    await client.call("PUT", "/v3/domains/d/credentials/l", form={"password": "p" * 8}, repeat_safe=True)
    assert len(api.requests) == 2
