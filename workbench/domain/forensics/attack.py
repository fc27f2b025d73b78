"""Which technique of MITRE ATT&CK (Enterprise) a finding stands for. Pure data: ids, names, and a finding's kinds."""

from __future__ import annotations

TECHNIQUES = {
    "T1078.004": "Valid Accounts: Cloud Accounts",
    "T1098.001": "Account Manipulation: Additional Cloud Credentials",
    "T1114.003": "Email Collection: Email Forwarding Rule",
    "T1136.003": "Create Account: Cloud Account",
    "T1190": "Exploit Public-Facing Application",
    "T1496.004": "Resource Hijacking: Cloud Service Hijacking",
    "T1531": "Account Access Removal",
    "T1552.001": "Unsecured Credentials: Credentials In Files",
    "T1562.001": "Impair Defenses: Disable or Modify Tools",
    "T1562.007": "Impair Defenses: Disable or Modify Cloud Firewall",
    "T1566.001": "Phishing: Spearphishing Attachment",
    "T1566.002": "Phishing: Spearphishing Link",
    "T1567.004": "Exfiltration Over Web Service: Exfiltration Over Webhook",
    "T1595.003": "Active Scanning: Wordlist Scanning",
}
# By the kind of a finding, of a sweep's row, or of what a leak search found.
_BY_KIND: dict[str, tuple[str, ...]] = {
    "key": ("T1098.001",),
    "credential": ("T1098.001",),
    "user": ("T1136.003",),
    "subaccount": ("T1136.003",),
    "domain": ("T1098.001",),
    "dkim": ("T1098.001",),
    "allowlist": ("T1562.007",),
    "route": ("T1114.003",),
    "archive_to": ("T1114.003",),
    "list": ("T1114.003",),
    "webhook": ("T1567.004",),
    "template": ("T1566.002",),
    "tracking": ("T1566.002",),
    "alert": ("T1562.001",),
    "limit": ("T1562.001",),
    "suppression": ("T1562.001",),
    "sender": ("T1496.004", "T1078.004"),
    "lockout": ("T1531",),
    "secret": ("T1552.001",),
    "exposure": ("T1552.001",),
    "wordpress-plugin": ("T1190",),
}


def techniques(kind: str) -> tuple[str, ...]:
    """Return the techniques a kind of finding stands for, none where it stands for none alone.

    Kinds of the sweep may be finer (``account_webhook``, ``list_member``): the longest known word of one counts.
    """
    if kind in _BY_KIND:
        return _BY_KIND[kind]
    inside = [name for name in _BY_KIND if name in kind.lower()]
    return _BY_KIND[max(inside, key=len)] if inside else ()
