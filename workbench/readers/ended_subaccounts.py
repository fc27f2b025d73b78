"""Subaccounts that ended while the incident is open: what was read of them is no part of the account any more."""

from __future__ import annotations

from collections.abc import Callable

from workbench.core.errors import ApiError, Reason
from workbench.domain.model.inventory import Inventory
from workbench.mailgun import account
from workbench.mailgun.client import Mailgun, Priority

# A subaccount that is closed is deleted for good; its inside cannot be read any more (dossier A4).
CLOSED = "closed"


async def forget_ended(
    api: Mailgun, inventory: Inventory, priority: Priority, changed: Callable[[str], None]
) -> None:
    """Forget what was in subaccounts that are closed, or that the account itself says it has not.

    That a list lacks one is not enough: lists were seen to be short. ``changed`` is told which slices lost something.
    """
    for sub in sorted(inventory.below):
        listed = inventory.subaccounts.get(sub)
        if listed.status == CLOSED if listed is not None else await _is_gone(api, sub, priority):
            inventory.forget_subaccount(sub)
            for name in ("keys", "users", "domains", "logins"):
                changed(name)


async def _is_gone(api: Mailgun, subaccount: str, priority: Priority) -> bool:
    try:
        await account.get_subaccount(api, subaccount, priority=priority)
    except ApiError as error:
        return error.own and error.reason is Reason.MISSING
    return False
