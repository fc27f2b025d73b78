"""The drill's submission servers answer as recorded from the vendor, checked with the standard library's client."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.patience import HANGS
from workbench.core.errors import UsageError
from workbench.drill.servers.certificate import server_context
from workbench.drill.servers.side import smtp_faults
from workbench.drill.servers.smtp_server import SmtpFaults, SubmissionServer

LOGIN, PASSWORD = "postmaster@mg.acme.example", "p" * 32


class Account:
    """One login in the US region; ``allowed`` is the IP allowlist, ``answer`` what DATA is told."""

    def __init__(self) -> None:
        self.allowed = {"127.0.0.1"}
        self.answer = (250, "Great success")
        self.sent: list[tuple[str, str, str, str, list[str], bytes]] = []

    def authenticate_smtp(self, region: str, login: str, password: str, peer: str) -> bool:
        return (region, login, password) == ("us", LOGIN, PASSWORD) and peer in self.allowed

    def accept_smtp(
        self,
        region: str,
        login: str,
        peer: str,
        envelope_from: str,
        recipients: Sequence[str],
        data: bytes,
    ) -> tuple[int, str]:
        self.sent.append((region, login, peer, envelope_from, list(recipients), data))
        return self.answer


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_context(tmp_path_factory.mktemp("certificate"))


@asynccontextmanager
async def serving(
    context: ssl.SSLContext, account: Account, region: str = "us", faults: SmtpFaults | None = None
) -> AsyncIterator[int]:
    server = SubmissionServer(region, account, context, faults)
    port = await server.start()
    try:
        yield port
    finally:
        await server.close()


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def dialogue(port: int, work: Callable[[smtplib.SMTP], list[object]]) -> list[object]:
    """Run a blocking smtplib dialogue in a thread and return what it noted."""

    def run() -> list[object]:
        with smtplib.SMTP("127.0.0.1", port, timeout=HANGS) as client:
            return work(client)

    return await asyncio.to_thread(run)


def code(answer: tuple[int, bytes]) -> str:
    return f"{answer[0]} {answer[1].decode()}"


def secured(client: smtplib.SMTP) -> smtplib.SMTP:
    client.starttls(context=client_context())
    client.ehlo()
    return client


def attempt(client: smtplib.SMTP, login: str, password: str, mechanism: str = "PLAIN") -> str:
    client.user, client.password = login, password
    method = client.auth_plain if mechanism == "PLAIN" else client.auth_login
    try:
        return code(client.auth(mechanism, method))
    except smtplib.SMTPAuthenticationError as error:
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode() if isinstance(text, bytes) else text}"


async def test_what_is_offered_before_and_after_starttls(context: ssl.SSLContext) -> None:
    def work(client: smtplib.SMTP) -> list[object]:
        client.ehlo()
        before = dict(client.esmtp_features)
        secured(client)
        assert isinstance(client.sock, ssl.SSLSocket)
        return [before, dict(client.esmtp_features), client.sock.version()]

    async with serving(context, Account()) as port:
        before, after, version = await dialogue(port, work)
    assert isinstance(before, dict) and isinstance(after, dict)
    assert before["auth"].strip() == "PLAIN LOGIN" and before["size"] == "52428800"
    assert "starttls" in before and "starttls" not in after and after["auth"].strip() == "PLAIN LOGIN"
    assert version in {"TLSv1.2", "TLSv1.3"}


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_accepted_and_refused_in_the_vendors_words(context: ssl.SSLContext, mechanism: str) -> None:
    def good(client: smtplib.SMTP) -> list[object]:
        return [attempt(secured(client), LOGIN, PASSWORD, mechanism)]

    def bad(client: smtplib.SMTP) -> list[object]:
        return [attempt(secured(client), LOGIN, "wrong", mechanism)]

    async with serving(context, Account()) as port:
        assert await dialogue(port, good) == ["235 2.0.0 OK"]
        assert await dialogue(port, bad) == ["535 5.7.0 Authentication failed"]


async def test_other_region_and_allowlist_look_like_a_wrong_password(context: ssl.SSLContext) -> None:
    def work(client: smtplib.SMTP) -> list[object]:
        return [attempt(secured(client), LOGIN, PASSWORD)]

    account = Account()
    async with serving(context, account, "eu") as port:
        assert await dialogue(port, work) == ["535 5.7.0 Authentication failed"]
    account.allowed = {"192.0.2.1"}
    async with serving(context, account) as port:
        assert await dialogue(port, work) == ["535 5.7.0 Authentication failed"]


async def test_a_message_reaches_the_account(context: ssl.SSLContext) -> None:
    def work(client: smtplib.SMTP) -> list[object]:
        attempt(secured(client), LOGIN, PASSWORD)
        to = ["x@example.com", "y@example.com"]
        return [client.sendmail("a@mg.acme.example", to, "Subject: s\r\n\r\nhi")]

    account = Account()
    async with serving(context, account) as port:
        assert await dialogue(port, work) == [{}]
    region, login, peer, sender, recipients, data = account.sent[0]
    assert (region, login, peer, sender) == ("us", LOGIN, "127.0.0.1", "a@mg.acme.example")
    assert recipients == ["x@example.com", "y@example.com"] and data.startswith(b"Subject: s")


async def test_disabled_shows_only_at_data(context: ssl.SSLContext) -> None:
    def work(client: smtplib.SMTP) -> list[object]:
        noted: list[object] = [attempt(secured(client), LOGIN, PASSWORD)]
        noted.append(client.mail("a@mg.acme.example")[0])
        noted.append(client.rcpt("x@example.com")[0])
        noted.append(client.data("hi")[0])
        return noted

    account = Account()
    account.answer = (421, "Domain mg.acme.example is not allowed to send: Account disabled")
    async with serving(context, account) as port:
        assert await dialogue(port, work) == ["235 2.0.0 OK", 250, 250, 421]


async def test_mail_without_a_login_is_refused(context: ssl.SSLContext) -> None:
    def work(client: smtplib.SMTP) -> list[object]:
        return [secured(client).mail("a@mg.acme.example")[0]]

    async with serving(context, Account()) as port:
        assert await dialogue(port, work) == [530]


async def test_faults_prove_nothing(context: ssl.SSLContext) -> None:
    def work(client: smtplib.SMTP) -> list[object]:
        secured(client)
        return [attempt(client, LOGIN, PASSWORD), attempt(client, LOGIN, PASSWORD)]

    faults = SmtpFaults(next_auth=["454 4.7.0 Temporary authentication failure"])
    async with serving(context, Account(), faults=faults) as port:
        assert await dialogue(port, work) == [
            "454 4.7.0 Temporary authentication failure",
            "235 2.0.0 OK",
        ]
        faults.greeting_busy = 1.0
        with pytest.raises(smtplib.SMTPConnectError, match="421"):
            await dialogue(port, work)
        faults.greeting_busy = 0.0
        assert len(await dialogue(port, work)) == 2


def test_faults_from_the_command_line() -> None:
    faults = smtp_faults("status-503:0.1,smtp-454:0.25,smtp-421:0.5", 7)
    assert (faults.auth_temporary, faults.greeting_busy) == (0.25, 0.5)
    answers = [smtp_faults("smtp-454:0.25", 7) for _ in "ab"]
    first, second = ([one.auth_answer() for _ in range(40)] for one in answers)
    assert first == second and 0 < sum(answer is not None for answer in first) < 40
    with pytest.raises(UsageError, match="smtp-nonsense"):
        smtp_faults("smtp-nonsense", 1)


def test_the_certificate_is_kept_and_its_key_is_private(tmp_path: Path) -> None:
    server_context(tmp_path)
    first = (tmp_path / "smtp-cert.pem").read_bytes()
    server_context(tmp_path)
    assert (tmp_path / "smtp-cert.pem").read_bytes() == first
    assert (tmp_path / "smtp-key.pem").stat().st_mode & 0o777 == 0o600
