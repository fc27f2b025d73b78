"""Who may do what: roles of keys by area (dossier A2).

Rows the vendor's table leaves out (keys, credentials, users, allowlist, account settings) are admin only, as
its text says; reading SMTP logins is left to developers too, as the panel does.
"""

from __future__ import annotations

ADMIN_ONLY = frozenset({"keys", "users", "settings", "allowlist"})
_SUPPRESSIONS = frozenset({"suppressions"})
_SUPPORT_WRITES = frozenset({"suppressions", "allow", "lists"})
# Reads that are written as POST.
READS = frozenset({"evidence"})


def may(role: str, area: str, method: str) -> bool:
    """Return whether a key of this role may use this method in this area."""
    write = method not in ("GET", "HEAD") and area not in READS
    if role == "admin":
        return True
    if area in ADMIN_ONLY:
        return False
    if area == "credentials":
        return not write and role == "developer"
    if role == "developer":
        return True
    if role == "basic":
        return not write and area not in _SUPPRESSIONS
    if role == "support":
        return not write or area in _SUPPORT_WRITES
    return False
