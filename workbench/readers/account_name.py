"""What a person calls the account, read off its domains."""

from __future__ import annotations

from workbench.core.redact import visible
from workbench.core.registered_names import registrable
from workbench.mailgun.probe import Capabilities


def account_name(found: Capabilities) -> str:
    """Return a name a person knows the account by: the registered name most of its domains share."""
    names = [
        domain.name
        for region in found.regions.values()
        for domain in region.domains
        if not domain.name.startswith("sandbox")
    ]
    if not names:
        return "account"
    shared = [registrable(name) for name in names]
    common = max(sorted(set(shared)), key=shared.count)
    return visible(common.split(".")[0], 40)
