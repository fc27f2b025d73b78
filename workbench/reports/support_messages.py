"""The texts for Mailgun Support: the opening message now, the closing one in the report."""

from __future__ import annotations

from workbench.core.clock import iso
from workbench.core.redact import visible
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.containment_state import containment
from workbench.reports.audiences import since_when


def opening(situation: Situation) -> str:
    """Return the message to send at once: what happened, what is being done, what only Support can do.

    It names no secret; key ids are shortened, since the id of a current key is a part of its secret.
    """
    state = situation.state
    domains = [
        item.name
        for item in situation.inventory.domains.values()
        if not item.domain.is_sandbox and not situation.of_domain(item).likely
    ]
    lines = [
        f"Subject: Compromised account: {'access is being cut' if state.first_cut_at else 'cutting access now'}",
        "",
        f"Our Mailgun account ({visible(state.name or 'name: see sender', 60)}) is compromised.",
        f"Incident opened {state.opened_at}; this message written {iso(situation.now)} (all times UTC).",
    ]
    lines += since_when(situation)
    if domains:
        shown = ", ".join(visible(name, 80) for name in sorted(domains)[:6])
        lines.append(f"Domains: {shown}{' and others' if len(domains) > 6 else ''}.")
    lines += [
        "",
        _doing(situation),
        "",
        "Please, on your side:",
        "- end all control-panel sessions of this account (we cannot see or end them by API);",
        "- send us the login history and the audit log of the last 30 days;",
        "- tell us whether a user, key or setting was changed from an address that is not ours;",
        "- keep the account from being closed while we secure it; we will report each step to you.",
        "",
        "We will write again with the evidence for every step of your compromised-account article.",
    ]
    return "\n".join(lines)


def _doing(situation: Situation) -> str:
    """Return what is being done about access, as far as it has come."""
    state = situation.state
    if not state.first_cut_at:
        return "We are replacing every API key and resetting every SMTP credential on every domain right now."
    return (
        f"We have been replacing API keys and resetting SMTP credentials since {state.first_cut_at} (last at "
        f"{state.last_cut_at}). How it stands: {containment(situation).words}."
    )
