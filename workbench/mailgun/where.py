"""Where a call goes and how urgently: the keyword arguments that nearly every call of the API takes."""

from __future__ import annotations

from typing import Required, TypedDict

from workbench.mailgun.client import Priority
from workbench.mailgun.endpoints import Region


class Anywhere(TypedDict, total=False):
    """For what is global: ``region`` None or left out means the home region.

    ``subaccount`` acts for that subaccount. ``priority`` left out is READ for readings, BACKGROUND for long ones,
    and WRITE for writes.
    """

    region: Region | None
    subaccount: str | None
    priority: Priority


class Where(TypedDict, total=False):
    """The same for what lives in one region, which must be named."""

    region: Required[Region]
    subaccount: str | None
    priority: Priority


def as_write(where: Where | Anywhere) -> Anywhere:
    """Return it with the priority of a write, unless another was named."""
    return {"priority": Priority.WRITE, **where}


def below(where: Where | Anywhere) -> Anywhere:
    """Return it with the priority of a long reading that gives way, unless another was named."""
    return {"priority": Priority.BACKGROUND, **where}
