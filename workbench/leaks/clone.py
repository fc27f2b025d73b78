"""A repository by URL: cloned bare into a private folder, searched, removed again."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from workbench.core.errors import UsageError
from workbench.core.redact import Secret, visible
from workbench.leaks.gitsafe import git_program, isolated_environment
from workbench.leaks.model import LeakError

_SCP = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!//|:)[^\s]+")
_SCHEMES = ("https", "ssh", "git+ssh", "file")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_MOST_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class GitUrl:
    """A repository's address without credentials, and the ``user:password`` that stood in it."""

    url: str
    login: Secret | None


def is_git_url(text: str) -> bool:
    """Return whether an argument names a repository by URL (https, ssh, file, ``host:path``) and no path."""
    scheme = urlsplit(text).scheme if "://" in text else ""
    return bool(scheme) or (_SCP.fullmatch(text) is not None and not Path(text).exists())


def git_url(text: str) -> GitUrl:
    """Return the parsed address. Raises UsageError for a transport that is not allowed.

    Plain HTTP goes only to loopback: a clone over it could be changed on the way. ``ext::`` and other
    helpers run programs and are refused.
    """
    if _SCP.fullmatch(text) and "://" not in text and not text.startswith("-"):
        return GitUrl(text, None)
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError as error:
        raise _refused(text) from error
    allowed = parts.scheme in _SCHEMES or (parts.scheme == "http" and host in _LOOPBACK)
    if not allowed or host.startswith("-") or any(char.isspace() for char in text):
        raise _refused(text)
    login = None
    netloc = parts.netloc
    if parts.scheme in {"http", "https"} and "@" in netloc:
        userinfo, _, netloc = netloc.rpartition("@")
        login = Secret(unquote(userinfo) if ":" in userinfo else unquote(userinfo) + ":")
    return GitUrl(urlunsplit((parts.scheme, netloc, parts.path, "", "")), login)


def _refused(text: str) -> UsageError:
    return UsageError(
        f"{visible(re.sub(r'//[^/@]*@', '//…@', text), 120)} is no address a repository can be cloned from.",
        "Only https, ssh and file are used; other transports may run programs or be changed on the way.",
        "Give an https or ssh URL, or the path of a checkout.",
    )


@contextmanager
def cloned(address: GitUrl) -> Iterator[Path]:
    """Clone every reference of a repository and yield the bare folder; it is removed in the end.

    The folder is private (0700). git asks nothing, reads no configuration of the user's, runs no hooks and
    fetches no submodules; a password in the URL reaches it through its environment, never its arguments.
    Raises LeakError when the repository cannot be reached or asks for a login.
    """
    private = Path(tempfile.mkdtemp(prefix="workbench-clone-"))
    try:
        target = private / "repository.git"
        _clone(address, target)
        yield target
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _clone(address: GitUrl, target: Path) -> None:
    environment = isolated_environment("https:http:ssh:file")
    environment["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes"
    settings = [("core.hooksPath", os.devnull), ("http.followRedirects", "false"), ("gc.auto", "0")]
    if address.login is not None:
        token = base64.b64encode(address.login.reveal().encode()).decode("ascii")
        settings.append((f"http.{address.url}.extraHeader", f"Authorization: Basic {token}"))
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    for number, (name, value) in enumerate(settings):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    command = [git_program(), "clone", "--quiet", "--mirror", "--no-local", "--no-recurse-submodules"]
    command += ["--template=", "--", address.url, str(target)]
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed program; the address was checked
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LeakError(
            f"Cloning {visible(address.url, 200)} took more than an hour.",
            "Its history was not searched.",
            "Clone it yourself and give the folder.",
        ) from error
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        said = visible(lines[-1] if lines else "git said nothing", 200)
        raise LeakError(
            f"{visible(address.url, 200)} could not be cloned: {said}",
            "Its history was not searched.",
            "Check the address and that this host may read it unasked, or clone it yourself and give the "
            "folder.",
        )
