"""A certificate that does not verify: what it most likely is, and what to do; the one trust and its sources."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.company import CA_NAME, Authority, CompanyProxy, Rules
from workbench.core.certificates import Presented, explain, failure, presented
from workbench.core.errors import HostError
from workbench.core.proxies import parse
from workbench.core.trust import CertificateTrust
from workbench.core.tunnel import TunnelRefused, open_tunnel

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
TERM = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
PROXY = parse("http://proxy.acme.example:3128")


def fault(code: int, message: str = "unable to get local issuer certificate") -> ssl.SSLCertVerificationError:
    """Return the library's error with a verdict."""
    error = ssl.SSLCertVerificationError(1, message)
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("code", "shown", "proxy", "likelier", "remedy"),
    [
        (20, Presented("api", "Acme CA", *TERM), PROXY, "likelier than an attack", "--ca-file"),
        (19, Presented("api", "Acme CA", *TERM), None, "so does an attacker", "--ca-file"),
        (18, Presented("api", "api", *TERM), None, "attack is likelier", "--ca-file"),
        (20, Presented("api", "DigiCert TLS CA", *TERM), None, "store is old or empty", "ca-certificates"),
        (62, Presented("wifi", "Acme CA", *TERM), None, "another name", "Sign in"),
        (10, Presented("api", "Acme CA", *TERM), None, "wrong clock", "date -u"),
        (9, Presented("api", "Acme CA", *TERM), PROXY, "wrong clock", "date -u"),
        (20, None, None, "so does an attacker", "--ca-file"),
    ],
)
def test_what_is_likelier_and_what_to_do(
    code: int, shown: Presented | None, proxy: object, likelier: str, remedy: str
) -> None:
    told = explain("api.mailgun.net", fault(code), shown, PROXY if proxy else None, NOW)
    assert "api.mailgun.net" in told.what and "Nothing was sent" in told.what
    assert shown is None or shown.issuer in told.what
    assert likelier in told.means and remedy in told.todo
    assert "2026-11-28" in told.means or code not in (9, 10)


def test_the_verification_error_is_found_behind_a_librarys_own() -> None:
    inner = fault(20)
    try:
        try:
            raise inner
        except ssl.SSLError as error:
            raise OSError("connect") from error
    except OSError as outer:
        assert failure(outer) is inner
    assert failure(OSError("refused")) is None and failure(None) is None


def test_named_authorities_are_read_or_said(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    counted = (
        CertificateTrust(environ={"SSL_CERT_FILE": str(authority.file)})
        .context()
        .cert_store_stats()["x509_ca"]
    )
    assert counted == 1, "SSL_CERT_FILE stands instead of the host's own store"
    (tmp_path / "odd.pem").write_text("no certificate")
    os.mkfifo(tmp_path / "pipe.pem")
    for file in ("none.pem", "odd.pem", "pipe.pem"):
        for trust in (
            CertificateTrust(str(tmp_path / file), {}),
            CertificateTrust(environ={"SSL_CERT_FILE": str(tmp_path / file)}),
        ):
            with pytest.raises(HostError, match="authorities cannot be read"):
                trust.context()
    with pytest.raises(HostError, match=r"it holds no certificate in PEM form\."):
        CertificateTrust(str(tmp_path / "odd.pem"), {}).context()
    with pytest.raises(HostError, match="SSL_CERT_DIR"):
        CertificateTrust(environ={"SSL_CERT_DIR": str(tmp_path / "none")}).context()


def test_every_context_verifies(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    for trust in (
        CertificateTrust(environ={}),
        CertificateTrust(str(authority.file), {}),
        CertificateTrust(environ={"SSL_CERT_DIR": str(tmp_path)}),
    ):
        for use in ("https", "smtp", "proxy"):
            context = trust.context(use)
            assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
            assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
            assert trust.context(use) is context
        assert trust.sources()


async def test_the_issuer_is_read_through_a_tunnel_that_carries_nothing(tmp_path: Path) -> None:
    authority, proxy = Authority(tmp_path), CompanyProxy(Rules())
    proxy.rules.opens = authority
    await proxy.start()
    proxy.rules.places["api.mailgun.example:443"] = proxy.port
    try:
        shown = await presented("api.mailgun.example", 443, parse(proxy.url))
        assert shown is not None and CA_NAME in shown.issuer and not shown.self_signed
        assert await presented("elsewhere.example", 443, parse(proxy.url)) is None
    finally:
        await proxy.close()


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (Rules(login="jo:secret-word"), "wants a login"),
        (Rules(tunnels=False), "does not tunnel"),
        (Rules(ports=frozenset({443})), "rules do not allow"),
        (Rules(), "cannot reach that server"),
    ],
)
async def test_a_tunnel_refused_says_why(rules: Rules, words: str) -> None:
    proxy = CompanyProxy(rules)
    await proxy.start()
    try:
        with pytest.raises(TunnelRefused, match=words):
            await open_tunnel(parse(proxy.url.replace("//", "//jo:other-word@")), "smtp.mailgun.org", 587)
    finally:
        await proxy.close()
