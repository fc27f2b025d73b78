"""The SMTP proof: three outcomes, and whatever a server does, no exception and no leaked password."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workbench.core.clock import ManualClock
from workbench.core.redact import Secret
from workbench.drill.servers.certificate import server_context
from workbench.drill.servers.smtp_server import SubmissionServer
from workbench.mailgun.endpoints import HostPort
from workbench.smtp.auth_probe import AuthProof, SmtpProver, prove, proves_replaced, submission_servers
from workbench.smtp.session import SmtpTls, is_loopback

START = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
PASSWORD = "pa55-w0rd-that-nobody-may-see"  # 29 characters, as an operator would choose
LOGIN = "app@mg.acme.example"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Account:
    """Accepts one password and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def authenticate_smtp(self, region: str, login: str, password: str, peer: str) -> bool:
        self.asked.append(login)
        return password == PASSWORD

    def accept_smtp(self, *_: object) -> tuple[int, str]:
        raise AssertionError("a proof must never send mail")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_context(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@asynccontextmanager
async def submission(
    context: ssl.SSLContext, *, implicit_tls: bool = False
) -> AsyncIterator[tuple[SubmissionServer, Account]]:
    account = Account()
    server = SubmissionServer("us", account, context)
    await server.start(implicit_tls=implicit_tls)
    try:
        yield server, account
    finally:
        await server.close()


@asynccontextmanager
async def scripted(talk: Talk) -> AsyncIterator[HostPort]:
    """Serve a script: a coroutine that says and reads what it likes on each connection."""
    tasks: set[asyncio.Task[None]] = set()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    try:
        yield HostPort("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def says(*lines: str, hang_up: bool = True) -> Talk:
    """Return a script that answers each line read with the next of ``lines``, the first unasked."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, line in enumerate(lines):
            if number:
                await reader.read(4096)
            writer.write(line.encode() + b"\r\n")
            await writer.drain()
        if not hang_up:
            await reader.read(-1)

    return talk


def over_tls(context: ssl.SSLContext, *answers: str, injected: bytes = b"") -> Talk:
    """Return a script that behaves up to STARTTLS and the second EHLO, then answers AUTH with ``answers``."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 script\r\n")
        await reader.readline()
        writer.write(b"250-script\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go ahead\r\n" + injected)
        await writer.drain()
        await writer.start_tls(context)
        await reader.readline()
        writer.write(b"250-script\r\n250 AUTH PLAIN\r\n")
        for answer in answers:
            await reader.readline()
            writer.write(answer.encode() + b"\r\n")
            await writer.drain()

    return talk


async def ask(server: HostPort, clock: ManualClock, seconds: float = 5.0) -> AuthProof:
    return await prove([server], LOGIN, Secret(PASSWORD), clock=clock, timeout=seconds)


async def test_right_and_wrong_password_over_starttls(context: ssl.SSLContext, clock: ManualClock) -> None:
    async with submission(context) as (server, account):
        place = [HostPort("127.0.0.1", server.port)]
        good = await prove(place, LOGIN, Secret(PASSWORD), clock=clock)
        bad = await prove(place, LOGIN, Secret("wrong"), clock=clock)
    assert (good.verdict, good.code, good.text) == ("accepted", 235, "2.0.0 OK")
    assert (bad.verdict, bad.code, bad.text) == ("refused", 535, "5.7.0 Authentication failed")
    assert good.server == place[0] and good.at == START
    assert account.asked == [LOGIN, LOGIN]


async def test_implicit_tls(context: ssl.SSLContext, clock: ManualClock) -> None:
    async with submission(context, implicit_tls=True) as (server, _):
        tls = SmtpTls(implicit=frozenset({server.port}))
        proof = await prove(
            [HostPort("127.0.0.1", server.port)], LOGIN, Secret(PASSWORD), tls=tls, clock=clock
        )
    assert proof.accepted


async def test_a_login_too_long_for_one_line_is_sent_in_two(
    context: ssl.SSLContext, clock: ManualClock
) -> None:
    async with submission(context) as (server, account):
        login = "l" * 900 + "@mg.acme.example"
        proof = await prove([HostPort("127.0.0.1", server.port)], login, Secret(PASSWORD), clock=clock)
    assert proof.accepted and account.asked == [login]


@pytest.mark.parametrize("login, password", [("", "x"), ("a\0b@d", "x"), (LOGIN, "x\0y"), (LOGIN, "\ud800")])
async def test_what_auth_plain_cannot_carry_is_not_sent(
    login: str, password: str, clock: ManualClock
) -> None:
    proof = await prove([HostPort("127.0.0.1", 1)], login, Secret(password), clock=clock)
    assert proof.verdict == "cannot_tell" and proof.cause == "protocol" and "AUTH PLAIN" in proof.reason


@pytest.mark.parametrize(
    "answer, verdict, cause",
    [
        ("454 4.7.0 Temporary authentication failure", "cannot_tell", "transient"),
        ("421 4.3.2 shutting down", "cannot_tell", "transient"),
        ("534 5.7.9 mechanism too weak", "cannot_tell", "unexpected"),
        ("503 bad sequence", "cannot_tell", "unexpected"),
        ("535 5.7.0 Mailgun is not loving your login or password", "refused", ""),
        ("235 2.0.0 OK", "accepted", ""),
    ],
)
async def test_only_235_and_535_count(
    answer: str, verdict: str, cause: str, context: ssl.SSLContext, clock: ManualClock
) -> None:
    async with scripted(over_tls(context, answer)) as server:
        proof = await ask(server, clock)
    assert (proof.verdict, proof.cause, proof.code) == (verdict, cause, int(answer[:3]))
    assert ("proves nothing" in proof.reason) == (verdict == "cannot_tell")


@pytest.mark.parametrize(
    "talk, cause, words",
    [
        (says("HTTP/1.1 400 Bad Request"), "protocol", "not an SMTP answer"),
        (says("\x00\xff\x1b[2J garbage"), "protocol", "not an SMTP answer"),
        (says("220 " + "x" * 9000), "protocol", "over-long line"),
        (says(*["220-more\r\n" * 100]), "protocol", "does not end"),
        (says("421 too busy"), "transient", "421"),
        (says("554 go away"), "protocol", "554"),
        (says("220 hello"), "transient", "hung up"),
        (says("220 hello", "250-x\r\n250 AUTH PLAIN LOGIN", hang_up=False), "protocol", "no STARTTLS"),
        (says("220 hello", "250-x\r\n250 STARTTLS", "454 TLS not available"), "transient", "454"),
        (says("220 hello", "250-x\r\n250 STARTTLS", "220 go"), "transient", "cut"),
        (
            says("220 hello", "250-x\r\n250 STARTTLS", "220 go", "this is no TLS record at all"),
            "tls",
            "TLS failed",
        ),
    ],
)
async def test_servers_that_prove_nothing(talk: Talk, cause: str, words: str, clock: ManualClock) -> None:
    async with scripted(talk) as server:
        proof = await ask(server, clock)
    assert (proof.verdict, proof.code, proof.cause) == ("cannot_tell", 0, cause)
    assert words in proof.reason
    assert "\x1b" not in proof.reason and len(proof.reason) < 400


async def test_no_plain_on_offer_after_tls(context: ssl.SSLContext, clock: ManualClock) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        await reader.readline()
        writer.write(b"250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go\r\n")
        await writer.start_tls(context)
        await reader.readline()
        writer.write(b"250-x\r\n250 AUTH XOAUTH2\r\n")
        await reader.read(-1)

    async with scripted(talk) as server:
        proof = await ask(server, clock)
    assert proof.cause == "protocol" and "AUTH PLAIN" in proof.reason


async def test_hang_up_instead_of_an_answer_to_auth(context: ssl.SSLContext, clock: ManualClock) -> None:
    async with scripted(over_tls(context)) as server:
        proof = await ask(server, clock)
    assert proof.verdict == "cannot_tell" and proof.cause == "transient"


async def test_what_is_injected_before_tls_cannot_pass_for_an_answer(
    context: ssl.SSLContext, clock: ManualClock
) -> None:
    forged = b"250-x\r\n250 AUTH PLAIN\r\n235 2.0.0 OK\r\n"
    async with scripted(over_tls(context, "535 5.7.0 no", injected=forged)) as server:
        proof = await ask(server, clock)
    assert not proof.accepted


async def test_a_silent_server_runs_into_the_time_limit(clock: ManualClock) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with scripted(silent) as server:
        proof = await ask(server, clock, seconds=0.05)
    assert proof.cause == "unreachable" and "no answer within 0.05 s" in proof.reason


async def test_closed_port_and_unknown_name(clock: ManualClock) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = HostPort("127.0.0.1", probe.getsockname()[1])
        proof = await ask(closed, clock)
    assert proof.cause == "unreachable" and "connection refused" in proof.reason
    odd = await ask(HostPort("x" * 70 + ".invalid", 587), clock)
    assert odd.verdict == "cannot_tell" and odd.cause == "unreachable"


async def test_a_certificate_that_does_not_verify_keeps_the_password_here(
    context: ssl.SSLContext, clock: ManualClock
) -> None:
    verified = ssl.create_default_context()
    async with submission(context) as (server, account):
        strict = SmtpTls(verified=verified, loopback=verified)
        place = [HostPort("127.0.0.1", server.port)]
        proof = await prove(place, LOGIN, Secret(PASSWORD), tls=strict, clock=clock)
    assert proof.cause == "tls" and "does not verify" in proof.reason and "not sent" in proof.reason
    assert account.asked == []


async def test_certificate_for_another_name(
    tmp_path: Path, context: ssl.SSLContext, clock: ManualClock
) -> None:
    trusting = ssl.create_default_context()
    server_context(tmp_path)
    trusting.load_verify_locations(tmp_path / "smtp-cert.pem")
    async with submission(server_context(tmp_path)) as (server, account):
        tls = SmtpTls(verified=trusting, loopback=trusting)
        named = await prove(
            [HostPort("127.0.0.1", server.port)], LOGIN, Secret(PASSWORD), tls=tls, clock=clock
        )
        other = await prove(
            [HostPort("127.0.0.2", server.port)], LOGIN, Secret(PASSWORD), tls=tls, clock=clock
        )
    assert named.accepted and other.verdict == "cannot_tell" and len(account.asked) == 1


def test_only_this_machine_goes_unverified() -> None:
    tls = SmtpTls()
    for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost"):
        assert is_loopback(host) and tls.context(HostPort(host, 587)).verify_mode is ssl.CERT_NONE
    for host in ("smtp.mailgun.org", "localhost.example", "10.0.0.1", "128.0.0.1", "127.0.0.1.example"):
        context = tls.context(HostPort(host, 587))
        assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


async def test_the_next_port_is_tried_only_while_the_password_has_not_been_sent(
    context: ssl.SSLContext, clock: ManualClock
) -> None:
    async with submission(context) as (server, account), scripted(says("421 busy")) as busy:
        good = HostPort("127.0.0.1", server.port)
        proof = await prove([busy, good], LOGIN, Secret(PASSWORD), clock=clock)
        assert proof.accepted and proof.server == good and len(account.asked) == 1
        async with scripted(over_tls(context)) as hangs_up:
            proof = await prove([hangs_up, good], LOGIN, Secret(PASSWORD), clock=clock)
        assert proof.verdict == "cannot_tell" and len(account.asked) == 1


def test_ports_of_the_vendor() -> None:
    assert [server.port for server in submission_servers("smtp.mailgun.org")] == [587, 2525, 465]


@pytest.mark.parametrize("form", ["clear", "token", "base64"])
async def test_a_server_that_echoes_the_password_is_not_believed_on_screen(
    form: str, context: ssl.SSLContext, clock: ManualClock
) -> None:
    token = base64.b64encode(f"\0{LOGIN}\0{PASSWORD}".encode()).decode()
    echo = {"clear": PASSWORD, "token": token, "base64": base64.b64encode(PASSWORD.encode()).decode()}[form]
    async with scripted(over_tls(context, f"535 wrong: {echo} \x1b[31m")) as server:
        proof = await ask(server, clock)
    assert proof.refused and "wrong:" in proof.text and "\x1b" not in proof.text
    assert echo not in repr(proof) and PASSWORD not in str(vars(proof))


async def test_the_password_is_in_no_exception_and_no_log(
    context: ssl.SSLContext, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().set_debug(True)
    caplog.set_level("DEBUG")
    async with scripted(over_tls(context, "garbage")) as server:
        proof = await ask(server, clock)
    assert proof.verdict == "cannot_tell"
    token = base64.b64encode(f"\0{LOGIN}\0{PASSWORD}".encode()).decode()
    for text in (caplog.text, repr(proof)):
        assert PASSWORD not in text and token not in text


def proof_at(verdict: str, seconds: float, port: int = 587) -> AuthProof:
    assert verdict in {"accepted", "refused", "cannot_tell"}
    at = START + timedelta(seconds=seconds)
    return AuthProof(verdict, at, HostPort("smtp.mailgun.org", port))  # type: ignore[arg-type]


def test_dead_needs_the_positive_control() -> None:
    assert proves_replaced(proof_at("refused", 0), proof_at("accepted", 30))
    assert not proves_replaced(proof_at("refused", 0), proof_at("refused", 1))
    assert not proves_replaced(proof_at("cannot_tell", 0), proof_at("accepted", 1))
    assert not proves_replaced(proof_at("refused", 0), proof_at("accepted", 61))
    assert not proves_replaced(proof_at("refused", 0), proof_at("accepted", 1, port=465))


async def test_prover_in_bulk_is_bounded_and_right(context: ssl.SSLContext, clock: ManualClock) -> None:
    async with submission(context) as (server, account):
        prover = SmtpProver(clock=clock, concurrency=8)
        place = [HostPort("127.0.0.1", server.port)]
        seen = 0

        async def one(number: int) -> AuthProof:
            nonlocal seen
            proof = await prover.prove(
                place, f"u{number}@mg.acme.example", Secret(PASSWORD if number % 3 else "no")
            )
            seen = max(seen, len(server._handler.open))
            return proof

        proofs = await asyncio.gather(*(one(number) for number in range(60)))
    assert [proof.accepted for proof in proofs] == [bool(number % 3) for number in range(60)]
    assert all(proof.refused for proof in proofs[::3])
    assert len(account.asked) == 60 and 2 <= seen <= 16


async def test_prover_tries_transient_faults_again_and_gives_up(
    context: ssl.SSLContext, clock: ManualClock
) -> None:
    async with submission(context) as (server, account):
        prover = SmtpProver(clock=clock)
        place = [HostPort("127.0.0.1", server.port)]
        server.faults.next_auth += ["454 4.7.0 later", "454 4.7.0 later"]
        assert (await prover.prove(place, LOGIN, Secret(PASSWORD))).accepted
        assert clock.monotonic() == 4.0
        server.faults.next_auth += ["454 4.7.0 later"] * 3
        proof = await prover.prove(place, LOGIN, Secret(PASSWORD))
        assert proof.verdict == "cannot_tell" and proof.code == 454 and not server.faults.next_auth
        server.faults.next_auth += ["535 5.7.0 no"]
        assert (await prover.prove(place, LOGIN, Secret(PASSWORD))).refused
    assert len(account.asked) == 1


async def test_prover_learns_the_port_that_answers(context: ssl.SSLContext, clock: ManualClock) -> None:
    tried = 0

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tried
        tried += 1
        writer.write(b"554 not here\r\n")

    async with submission(context) as (server, _), scripted(plain) as wrong:
        prover = SmtpProver(clock=clock)
        place = [wrong, HostPort("127.0.0.1", server.port)]
        proofs = await asyncio.gather(*(prover.prove(place, LOGIN, Secret(PASSWORD)) for _ in range(12)))
    assert all(proof.accepted for proof in proofs) and tried == 1


async def test_prover_does_not_wait_for_a_blocked_network_twice(
    context: ssl.SSLContext, clock: ManualClock
) -> None:
    connections = 0

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read(-1)

    async with scripted(silent) as server:
        prover = SmtpProver(clock=clock, timeout=0.05)
        proofs = await asyncio.gather(*(prover.prove([server], LOGIN, Secret(PASSWORD)) for _ in range(50)))
        assert {proof.cause for proof in proofs} == {"unreachable"} and connections == 1
        clock.advance(61)
        await prover.prove([server], LOGIN, Secret(PASSWORD))
        assert connections == 2


async def test_prover_an_unsendable_login_does_not_block_the_rest(
    context: ssl.SSLContext, clock: ManualClock
) -> None:
    async with submission(context) as (server, _):
        prover = SmtpProver(clock=clock)
        place = [HostPort("127.0.0.1", server.port)]
        odd = await prover.prove(place, "a\0b", Secret(PASSWORD))
        good = await prover.prove(place, LOGIN, Secret(PASSWORD))
    assert odd.verdict == "cannot_tell" and good.accepted
