"""Which domains were abused, by the account's own metrics."""

from __future__ import annotations

from workbench.domain.model.inventory import DomainItem
from workbench.domain.model.situation import Situation


def abused_domains(situation: Situation) -> list[DomainItem]:
    """Return the domains that sent more than three times their usual since the abuse began, and 20 more."""
    volume = situation.volume
    if volume is None or volume.began is None:
        return []
    return [
        item
        for item in situation.inventory.abused_domains(volume.by_domain.items())
        if volume.by_domain[item.name] > 3 * volume.usual_by_domain.get(item.name, 0.0) + 20
    ]
