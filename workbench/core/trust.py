"""Whose certificates are believed: one answer for Mailgun, for the operator's sites and for SMTP.

The host's own store, or what ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` name instead of it (as OpenSSL reads
them), and the file of ``--ca-file`` in addition: a company proxy that signs anew seldom does so for every
server. There is no way to verify nothing: only this very machine is spoken to without (the drill).
"""

from __future__ import annotations

import os
import re
import ssl
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from workbench.core.errors import HostError
from workbench.core.redact import visible

# Where distributions keep their bundle when the OpenSSL that Python was built with looks elsewhere
# (a Python that uv or pyenv brought along).
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)
# How OpenSSL names the certificates of a folder.
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")


class CertificateTrust:
    """The authorities that certificates are judged by; read from the disk when first needed."""

    def __init__(self, ca_file: str | None = None, environ: Mapping[str, str] | None = None) -> None:
        self._ca_file = ca_file
        self._environ = os.environ if environ is None else environ
        self._made: dict[str, ssl.SSLContext] = {}

    def context(self, use: str = "https") -> ssl.SSLContext:
        """Return a verifying TLS context, one for each ``use`` (HTTP libraries set options on theirs).

        Raises HostError where a named file or folder of authorities cannot be read.
        """
        made = self._made.get(use)
        if made is None:
            made = self._made[use] = self._build()
        return made

    def sources(self) -> str:
        """Return where the authorities come from, in words."""
        file, folder = self._environ.get("SSL_CERT_FILE"), self._environ.get("SSL_CERT_DIR")
        named = [
            f"{name} {value}" for name, value in (("SSL_CERT_FILE", file), ("SSL_CERT_DIR", folder)) if value
        ]
        parts = named or [_system()[1]]
        if self._ca_file is not None:
            parts.append(f"--ca-file {self._ca_file}")
        return visible(" and ".join(parts), 300)

    def _build(self) -> ssl.SSLContext:
        context = _bare()
        file, folder = self._environ.get("SSL_CERT_FILE"), self._environ.get("SSL_CERT_DIR")
        if file or folder:
            # OpenSSL would silently trust nobody where these name nothing.
            if file:
                _load(context, file, "SSL_CERT_FILE")
            if folder:
                if not Path(folder).is_dir():
                    raise _unreadable("SSL_CERT_DIR", "no such folder")
                context.load_verify_locations(capath=folder)
        else:
            bundle, _ = _system()
            if bundle:
                _load(context, bundle, "the host's own bundle")
            else:
                context.set_default_verify_paths()
        if self._ca_file is not None:
            _load(context, self._ca_file, "--ca-file")
        return context


def _bare() -> ssl.SSLContext:
    if sys.platform == "darwin":
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # What a company installs as its authority is often an intermediate one, not the root above it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _system() -> tuple[str, str]:
    """Return the host's bundle (``""``: OpenSSL's own places do) and its name in words."""
    if sys.platform == "darwin":
        return "", "the system keychain"
    paths = ssl.get_default_verify_paths()
    folder = paths.capath
    if paths.cafile or (folder and any(_HASHED.fullmatch(one.name) for one in Path(folder).iterdir())):
        return "", f"the system store ({paths.cafile or folder})"
    for bundle in _BUNDLES:
        if Path(bundle).is_file():
            return bundle, f"the system store ({bundle})"
    import certifi

    return certifi.where(), "Mozilla's list as certifi brings it (this host has no store of its own)"


def _load(context: ssl.SSLContext, file: str, name: str) -> None:
    try:
        if not stat.S_ISREG(Path(file).stat().st_mode):
            raise _unreadable(name, "it is not a regular file")
        context.load_verify_locations(cafile=file)
    except OSError as fault:  # ssl.SSLError is one
        empty = getattr(fault, "reason", "") == "NO_CERTIFICATE_OR_CRL_FOUND"
        words = "it holds no certificate in PEM form" if empty else fault.strerror or str(fault)
        raise _unreadable(name, words) from None


def _unreadable(name: str, why: str) -> HostError:
    return HostError(
        f"The certificate authorities cannot be read ({name}): {visible(why, 120)}.",
        "Without them no connection can be verified, and none is made unverified.",
        "Correct the path, or leave the setting out to use the host's own authorities.",
    )
