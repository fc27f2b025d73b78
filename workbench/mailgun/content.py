"""What mail is made of and who gets it: templates, mailing lists, suppressions (dossier B4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Unpack

from workbench.mailgun.client import Mailgun
from workbench.mailgun.models import ListMember, MailingList, Suppression, Template, WhitelistEntry
from workbench.mailgun.pagination import ListScope, records, url_pages
from workbench.mailgun.records import read_record
from workbench.mailgun.requests import at
from workbench.mailgun.where import Where, as_write, below

SUPPRESSIONS = ("bounces", "complaints", "unsubscribes")


async def iter_templates(
    client: Mailgun,
    domain: str | None,
    **where: Unpack[Where],
) -> AsyncIterator[list[Template]]:
    """Yield a domain's templates page by page, without content; domain None lists the account's own."""
    path = at("/v3/{}/templates", domain) if domain else "/v4/templates"
    scope = ListScope(**where)
    pages = url_pages(client, path, scope, query={"limit": 100}, null_is_none=True)
    async for page in records(Template, pages, f"GET {path}"):
        yield page


async def get_template(
    client: Mailgun,
    domain: str | None,
    name: str,
    *,
    version: str | None = None,
    **where: Unpack[Where],
) -> Template:
    """Return a template with the content of its active version, or of the version named."""
    path = at("/v3/{}/templates/{}", domain, name) if domain else at("/v4/templates/{}", name)
    if version is not None:
        path += at("/versions/{}", version)
    answer = await client.call("GET", path, **where, query=None if version is not None else {"active": "yes"})
    document = answer.object()
    return read_record(Template, document.get("template") or document, answer.where)


async def template_versions(
    client: Mailgun,
    domain: str | None,
    name: str,
    **where: Unpack[Where],
) -> Template:
    """Return a template with its versions (the first hundred), without their content."""
    path = (
        at("/v3/{}/templates/{}/versions", domain, name) if domain else at("/v4/templates/{}/versions", name)
    )
    answer = await client.call("GET", path, **where, query={"limit": 100})
    document = answer.object()
    return read_record(Template, document.get("template") or document, answer.where)


async def iter_lists(
    client: Mailgun,
    **where: Unpack[Where],
) -> AsyncIterator[list[MailingList]]:
    """Yield the mailing lists of a region page by page."""
    scope = ListScope(**where)
    pages = url_pages(client, "/v3/lists/pages", scope, query={"limit": 100})
    async for page in records(MailingList, pages, "GET /v3/lists/pages"):
        yield page


async def get_list(
    client: Mailgun,
    address: str,
    **where: Unpack[Where],
) -> MailingList:
    """Return one mailing list. Raises NotFound where there is none."""
    answer = await client.call("GET", at("/v3/lists/{}", address), **where)
    document = answer.object()
    return read_record(MailingList, document.get("list") or document, answer.where)


async def set_list_access(
    client: Mailgun,
    address: str,
    access_level: str,
    **where: Unpack[Where],
) -> None:
    """Set who may write to a mailing list: ``readonly``, ``members`` or ``everyone``."""
    await client.call(
        "PUT",
        at("/v3/lists/{}", address),
        **as_write(where),
        form={"access_level": access_level},
        multipart=True,
        repeat_safe=True,
    )


async def iter_members(
    client: Mailgun,
    address: str,
    **where: Unpack[Where],
) -> AsyncIterator[list[ListMember]]:
    """Yield the members of a mailing list page by page."""
    path = at("/v3/lists/{}/members/pages", address)
    scope = ListScope(**below(where))
    pages = url_pages(client, path, scope, query={"limit": 100})
    async for page in records(ListMember, pages, f"GET {path}"):
        yield page


async def iter_suppressions(
    client: Mailgun,
    domain: str,
    kind: str,
    **where: Unpack[Where],
) -> AsyncIterator[list[Suppression]]:
    """Yield a domain's ``bounces``, ``complaints`` or ``unsubscribes`` page by page."""
    path = at("/v3/{}/{}", domain, kind)
    scope = ListScope(**below(where))
    pages = url_pages(client, path, scope, query={"limit": 1000})
    async for page in records(Suppression, pages, f"GET {path}"):
        yield page


async def iter_whitelist(
    client: Mailgun,
    domain: str,
    **where: Unpack[Where],
) -> AsyncIterator[list[WhitelistEntry]]:
    """Yield the addresses and domains that are never suppressed, page by page."""
    path = at("/v3/{}/whitelists", domain)
    scope = ListScope(**below(where))
    pages = url_pages(client, path, scope, query={"limit": 1000})
    async for page in records(WhitelistEntry, pages, f"GET {path}"):
        yield page


async def delete_whitelist_entry(
    client: Mailgun,
    domain: str,
    value: str,
    **where: Unpack[Where],
) -> None:
    """Remove one entry of a domain's never-suppress list."""
    await client.call(
        "DELETE",
        at("/v3/{}/whitelists/{}", domain, value),
        **as_write(where),
        repeat_safe=True,
    )


async def get_suppression(
    client: Mailgun,
    domain: str,
    kind: str,
    address: str,
    **where: Unpack[Where],
) -> Suppression:
    """Return one entry of ``bounces``, ``complaints`` or ``unsubscribes``. Raises NotFound where there is none."""
    answer = await client.call(
        "GET",
        at("/v3/{}/{}/{}", domain, kind, address),
        **where,
    )
    return read_record(Suppression, answer.object(), answer.where)


async def delete_suppression(
    client: Mailgun,
    domain: str,
    kind: str,
    address: str,
    **where: Unpack[Where],
) -> None:
    """Remove one entry of ``bounces``, ``complaints`` or ``unsubscribes``: mail to it is tried again."""
    await client.call(
        "DELETE",
        at("/v3/{}/{}/{}", domain, kind, address),
        **as_write(where),
        repeat_safe=True,
    )
