"""An archive encrypted for somebody by the installed tool: ``age`` for age and SSH recipients, ``gpg`` for PGP ones.

No library of ours: whoever receives it opens it with the same tool. The plain archive passes through a pipe and
never touches the disk.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence

from workbench.core.errors import HostError, UsageError
from workbench.core.process import child_environment
from workbench.core.redact import visible

_AGE = re.compile(r"age1[0-9a-z]{50,80}|ssh-(?:ed25519|rsa) [A-Za-z0-9+/=]{60,1000}(?: [^\x00-\x1f]*)?")
_PGP = re.compile(r"(?:0x)?[0-9A-Fa-f]{16,64}|[^\s@<>-][^\s@<>]*@[^\s@<>]+")
_FINGERPRINT = re.compile(r"(?:0x)?[0-9A-Fa-f]{40,64}")
SECONDS = 600.0


def tool_for(recipients: Sequence[str]) -> str:
    """Return ``age`` or ``gpg``; UsageError where a recipient is of neither kind, or they are of both."""
    kinds = set()
    for one in recipients:
        if _AGE.fullmatch(one):
            kinds.add("age")
        elif _PGP.fullmatch(one):
            kinds.add("gpg")
        else:
            raise UsageError(
                f"{visible(one, 80)!r} is no recipient.",
                "Nothing was written.",
                "Give an age recipient (age1…), an SSH public key, or a PGP fingerprint or address.",
            )
    if len(kinds) != 1:
        raise UsageError(
            "Recipients of age and of PGP cannot share one file.", "Nothing was written.", "Export twice."
        )
    return kinds.pop()


def encrypted(data: bytes, recipients: Sequence[str]) -> bytes:
    """Return ``data`` encrypted for every recipient. Blocks.

    Raises UsageError for a recipient that is none, HostError where the tool is not installed, does not end or
    refuses (a PGP key that is not in the keyring, or not trusted: only a whole fingerprint says whose it is).
    """
    tool = tool_for(recipients)
    program = shutil.which(tool)
    if program is None:
        raise HostError(
            f"{tool} is not installed here.",
            "Nothing was written: an archive in clear was not asked for.",
            f"Install {tool}, or leave --encrypt-to out and encrypt the file where you have it.",
        )
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, recipients checked, no shell
            [program, *_arguments(tool, recipients)],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env=child_environment(),
        )
    except subprocess.TimeoutExpired:
        raise HostError(
            f"{tool} did not end within {SECONDS:.0f} s.", "Nothing was written.", "Try it by hand."
        ) from None
    except OSError as error:
        raise HostError(
            f"{tool} could not be started ({error.strerror}).", "Nothing was written.", ""
        ) from error
    if done.returncode != 0 or not done.stdout:
        said = visible(done.stderr.decode("utf-8", "replace").strip().replace("\n", "; "), 300)
        raise HostError(
            f"{tool} refused: {said or f'exit {done.returncode}'}",
            "Nothing was written.",
            "For PGP: import the recipient's key and name its whole fingerprint.",
        )
    return done.stdout


def _arguments(tool: str, recipients: Sequence[str]) -> list[str]:
    if tool == "age":
        return ["--encrypt", *(part for one in recipients for part in ("--recipient", one))]
    # A whole fingerprint was compared by whoever typed it; an address was not, and then gpg's own trust decides.
    sure = all(_FINGERPRINT.fullmatch(one) for one in recipients)
    trust = ["--trust-model", "always"] if sure else []
    named = (part for one in recipients for part in ("--recipient", one))
    return ["--batch", "--no-tty", "--yes", *trust, "--encrypt", *named, "--output", "-"]
