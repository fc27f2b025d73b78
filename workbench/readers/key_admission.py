"""Asks Mailgun about a key before an incident is opened on it: reads only, and nothing is written anywhere."""

from __future__ import annotations

from workbench.core.clock import Clock
from workbench.core.errors import ApiError
from workbench.core.network import Network
from workbench.core.redact import Secret
from workbench.domain.detection.key_kinds import Doubt, by_answers, by_form
from workbench.mailgun.client import Mailgun
from workbench.mailgun.endpoints import Endpoints
from workbench.mailgun.probe import probe


async def doubt_about(key: Secret, endpoints: Endpoints, clock: Clock, network: Network) -> Doubt | None:
    """Return why this key is not the admin key that is needed, None where it is or nobody can tell."""
    if (doubt := by_form(key)) is not None:
        return doubt
    client = Mailgun(endpoints, key, clock=clock, network=network)
    try:
        return by_answers(key, await probe(client))
    except ApiError as error:
        return Doubt(error.what, error.means, error.todo)
    finally:
        await client.aclose()
