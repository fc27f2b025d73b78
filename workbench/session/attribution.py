"""Who works here, as the journal names them."""

from __future__ import annotations

import getpass
import os

from workbench.core.redact import visible

LONGEST = 40  # characters of a name
# Accounts of a host that several people share.
SHARED = frozenset({"root", "admin", "administrator", "ubuntu", "ec2-user", "nobody"})


def operator() -> str:
    """Return who works here, for the journal: ``WORKBENCH_OPERATOR``, else the name of the host's user.

    A shared account is no person: where root works and no name was given, the journal says that nobody was named.
    """
    if named := os.environ.get("WORKBENCH_OPERATOR", "").strip():
        return visible(named, LONGEST)
    user = _host_user()
    if not user:
        return "somebody (no name given: WORKBENCH_OPERATOR)"
    return f"somebody as {user} (no name given: WORKBENCH_OPERATOR)" if user in SHARED else user


def is_named() -> bool:
    """Return whether ``operator`` names a person: by a name that was given, or by an account of one's own."""
    user = _host_user()
    return bool(os.environ.get("WORKBENCH_OPERATOR", "").strip()) or bool(user and user not in SHARED)


def _host_user() -> str:
    try:
        return visible(getpass.getuser(), LONGEST)
    except (OSError, KeyError):
        return ""
