"""Sending domains with their DNS, tracking, DKIM keys and queue states (dossier B2); each in one region."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Unpack

from workbench.core.errors import UnreadableAnswer
from workbench.mailgun.client import Answer, Form, Mailgun
from workbench.mailgun.models import DkimKey, Domain, SendingQueues, Tracking
from workbench.mailgun.pagination import ListScope, listed, records, skip_pages, url_pages, whole
from workbench.mailgun.records import read_object, read_record
from workbench.mailgun.requests import Scalar, at
from workbench.mailgun.where import Where, as_write


async def iter_domains(
    client: Mailgun,
    *,
    include_subaccounts: bool = False,
    state: str | None = None,
    search: str | None = None,
    page_size: int = 1000,
    **where: Unpack[Where],
) -> AsyncIterator[list[Domain]]:
    """Yield the domains of one region page by page, newest first; with subaccounts' domains if asked."""
    query: Form = {"include_subaccounts": include_subaccounts or None, "state": state, "search": search}
    scope = ListScope(**where)
    pages = skip_pages(client, "/v4/domains", scope, query=query, size=page_size)
    async for page in records(Domain, pages, "GET /v4/domains"):
        yield page


async def list_domains(
    client: Mailgun,
    *,
    include_subaccounts: bool = False,
    **where: Unpack[Where],
) -> list[Domain]:
    """Return all domains of one region."""
    return await whole(iter_domains(client, include_subaccounts=include_subaccounts, **where))


async def get_domain(
    client: Mailgun,
    domain: str,
    **where: Unpack[Where],
) -> Domain:
    """Return one domain with its DNS records. Raises NotFound also where it lives in the other region."""
    answer = await client.call("GET", at("/v4/domains/{}", domain), **where)
    return _domain(answer)


async def update_domain(
    client: Mailgun,
    domain: str,
    changes: Mapping[str, Scalar],
    **where: Unpack[Where],
) -> Domain:
    """Change settings by their API names (``archive_to``, ``wildcard``) and return the domain.

    Sent as a multipart form, the safest for domains (dossier B). Whether ``archive_to`` can be cleared with
    an empty text is unconfirmed: read the domain again afterwards.
    """
    answer = await client.call(
        "PUT",
        at("/v4/domains/{}", domain),
        **as_write(where),
        form=changes,
        multipart=True,
        repeat_safe=True,
    )
    return _domain(answer)


async def delete_domain(
    client: Mailgun,
    domain: str,
    **where: Unpack[Where],
) -> str:
    """Delete a domain for good and return the API's message; it is carried out minutes later.

    Raises Refused for disabled domains, DKIM authorities of others, and the sandbox (dossier A5).
    """
    answer = await client.call(
        "DELETE",
        at("/v3/domains/{}", domain),
        **as_write(where),
        repeat_safe=True,
    )
    return str(answer.object().get("message", ""))


async def sending_queues(
    client: Mailgun,
    domain: str,
    **where: Unpack[Where],
) -> SendingQueues:
    """Return whether the domain's queues are stopped; the API tells no length."""
    answer = await client.call(
        "GET",
        at("/v3/domains/{}/sending_queues", domain),
        **where,
    )
    return read_object(SendingQueues, answer.object(), answer.where)


async def get_tracking(
    client: Mailgun,
    domain: str,
    **where: Unpack[Where],
) -> Tracking:
    """Return a domain's tracking settings with its footers."""
    answer = await client.call("GET", at("/v3/domains/{}/tracking", domain), **where)
    return read_object(Tracking, answer.object().get("tracking"), answer.where)


async def set_tracking(
    client: Mailgun,
    domain: str,
    which: str,
    *,
    active: bool | str | None = None,
    html_footer: str | None = None,
    text_footer: str | None = None,
    **where: Unpack[Where],
) -> None:
    """Change one kind of tracking (``click``, ``open``, ``unsubscribe``); None leaves a setting alone."""
    await client.call(
        "PUT",
        at("/v3/domains/{}/tracking/{}", domain, which),
        **as_write(where),
        form={"active": active, "html_footer": html_footer, "text_footer": text_footer},
        multipart=True,
        repeat_safe=True,
    )


async def iter_dkim_keys(
    client: Mailgun,
    *,
    domain: str | None = None,
    **where: Unpack[Where],
) -> AsyncIterator[list[DkimKey]]:
    """Yield the DKIM keys of a region (or of one signing domain) page by page, 100 at most at a time.

    Parameters go into the query: the recorded form, though the description has a body (dossier B2).
    """
    scope = ListScope(**where)
    query: Form = {"signing_domain": domain, "limit": 100}
    pages = url_pages(client, "/v1/dkim/keys", scope, query=query)
    async for page in records(DkimKey, pages, "GET /v1/dkim/keys"):
        yield page


async def domain_dkim_keys(
    client: Mailgun,
    domain: str,
    **where: Unpack[Where],
) -> list[DkimKey]:
    """Return the DKIM keys of one authority domain, active or not."""
    answer = await client.call("GET", at("/v4/domains/{}/keys", domain), **where)
    return listed(DkimKey, answer, "items")


async def set_dkim_active(
    client: Mailgun,
    domain: str,
    selector: str,
    *,
    active: bool,
    **where: Unpack[Where],
) -> None:
    """Switch a DKIM key on or off. Raises Refused where no active key would remain."""
    await client.call(
        "PUT",
        at("/v4/domains/{}/keys/{}/{}", domain, selector, "activate" if active else "deactivate"),
        **as_write(where),
        repeat_safe=True,
    )


async def create_dkim_key(
    client: Mailgun,
    domain: str,
    selector: str,
    *,
    bits: int = 2048,
    **where: Unpack[Where],
) -> DkimKey:
    """Make a DKIM key at the vendor and return it with the DNS record to publish."""
    answer = await client.call(
        "POST",
        "/v1/dkim/keys",
        **as_write(where),
        form={"signing_domain": domain, "selector": selector, "bits": bits},
        multipart=True,
    )
    return read_record(DkimKey, answer.object(), answer.where)


async def rotate_dkim(
    client: Mailgun,
    domain: str,
    **where: Unpack[Where],
) -> None:
    """Roll the keys of a domain with automatic sender security; raise Refused within five days of the last roll."""
    await client.call(
        "POST",
        at("/v1/dkim_management/domains/{}/rotate", domain),
        **as_write(where),
    )


def _domain(answer: Answer) -> Domain:
    """Return the domain of an answer; DNS records stand beside it in the document, not inside."""
    document = answer.object()
    item = document.get("domain")
    if not isinstance(item, dict):
        if "name" not in document:
            raise UnreadableAnswer(
                f"The answer to {answer.where} holds no domain.",
                "Either something changes the answers on the way, or the API has changed.",
                "Check the address and any proxy.",
                status=answer.status,
                where=answer.where,
            )
        item = document
    for name in ("sending_dns_records", "receiving_dns_records"):
        if name in document:
            item.setdefault(name, document[name])
    return read_record(Domain, item, answer.where)
