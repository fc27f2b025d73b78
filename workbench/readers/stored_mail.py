"""The intruder's mail itself: one stored message of each group, fetched and sealed while it is kept (step 0b)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from workbench.core.clock import iso
from workbench.core.errors import ApiError, Forbidden, NotAuthorised, NotFound, Reason
from workbench.core.redact import visible
from workbench.domain.mail import samples
from workbench.domain.mail.samples import Fate, Sample, Wanted
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.plan import Place
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.log_entries import moment_of
from workbench.mailgun.stored_messages import stored_message
from workbench.readers import snapshots
from workbench.readers.ports import Desk, account_now

AT_ONCE = 6
# Messages that a storage host may fail to give before the rest of them is left for later.
PATIENCE = 6
# Bytes of messages sealed at once; what is beyond is hashed and named, not kept.
MOST_BYTES = 64 * 1024 * 1024


async def preserve(
    desk: Desk, wanted: Sequence[Wanted], held: Sequence[Sample], more: int = 0
) -> list[Sample]:
    """Fetch and seal the wanted messages, journal what came of it, and return every sample, the earlier ones too.

    Nothing of the ApiError family is raised: what cannot be fetched says why in its sample. Raises VaultError, and
    JournalError on a full disk.
    """
    gate = asyncio.Semaphore(AT_ONCE)
    failed: Counter[str] = Counter()
    now = account_now(desk)

    async def one(asked: Wanted) -> tuple[Sample, dict[str, Any] | None]:
        host = urlsplit(asked.url).netloc if "//" in asked.url else ""
        async with gate:
            if failed[host] >= PATIENCE:
                sample = samples.blank(asked)
                sample.words = (
                    f"its storage host {visible(host, 80)} failed for {PATIENCE} others; try again soon"
                )
                return sample, None
            sample, answer = await _fetched(desk.api, desk.inventory, asked, now)
            failed[host] += sample.fate == Fate.FAILED
            return sample, answer

    found = list(await asyncio.gather(*(one(asked) for asked in wanted)))
    made = [sample for sample, _ in found]
    if not desk.recorder.read_only:
        await _seal(desk, found, now)
    fresh = {sample.group for sample in made}
    every = [*(sample for sample in held if sample.group not in fresh), *made]
    if made:
        await desk.recorder.learn(samples.KeptMail(samples=tuple(every), left_out=more, as_of=iso(now)))
    return every


async def _fetched(
    api: Mailgun, inventory: Inventory, asked: Wanted, now: datetime
) -> tuple[Sample, dict[str, Any] | None]:
    """Return what became of asking for one message, and the API's answer where it came."""
    sample = samples.blank(asked)
    sample.host = visible(urlsplit(asked.url).hostname or "", 80) if "//" in asked.url else ""
    domain = inventory.domains.get(asked.domain)
    at = moment_of(asked.at)
    until = samples.ended(at, domain.domain.message_ttl if domain is not None else None)
    sample.until = iso(until) if until is not None else ""
    if not asked.key:
        sample.fate, sample.words = (
            Fate.OFF,
            "the log names no stored copy of it: storage was off, or the plan has none",
        )
        return sample, None
    place = domain.place if domain is not None else _place(api, inventory, asked)
    try:
        answer = await stored_message(
            api,
            asked.domain,
            asked.key,
            asked.url,
            region=place.region,
            subaccount=place.subaccount,
            priority=Priority.BACKGROUND,
        )
    except NotFound:
        sample.fate, sample.words = Fate.GONE, samples.gone_words(at, until, now)
        sample.until = sample.until if until is not None and until <= now else ""
    except (NotAuthorised, Forbidden) as refusal:
        sample.fate, sample.words = Fate.DENIED, _denied(refusal)
    except ApiError as error:
        sample.fate, sample.words = Fate.FAILED, _failed(error, until)
    else:
        sample.fetched_at = iso(now)
        samples.fill(sample, answer)
        return sample, answer
    return sample, None


def _place(api: Mailgun, inventory: Inventory, asked: Wanted) -> Place:
    """Return where a domain was that is not listed any more, by the host that keeps its mail."""
    region = api.endpoints.storage_region(asked.url.partition("/v3/")[0]) or api.endpoints.home
    return Place(region, asked.account if asked.account in inventory.subaccounts else None)


def _denied(refusal: ApiError) -> str:
    why = "the plan keeps no bodies" if refusal.reason is Reason.PLAN else "this key may not read stored mail"
    return f"{why}: {visible(refusal.what, 160)}"


def _failed(error: ApiError, until: datetime | None) -> str:
    before = (
        f"; try again before {until:%Y-%m-%d %H:%M}Z, when its retention ends" if until is not None else ""
    )
    return f"{visible(error.what, 200)}{before or '; try again soon: it is kept for days only'}"


async def _seal(desk: Desk, found: Sequence[tuple[Sample, dict[str, Any] | None]], now: datetime) -> None:
    """Seal the fetched messages into one file of the evidence and journal it; each sample then names the file."""
    kept: list[dict[str, Any]] = []
    holders: list[Sample] = []
    size = 0
    for sample, answer in found:
        if answer is None:
            continue
        size += sample.size
        if size > MOST_BYTES:
            sample.notes.append("only its hash is kept: the messages together are larger than 64 MB")
            continue
        holders.append(sample)
        kept.append(
            {
                "group": sample.group,
                "message_id": sample.message_id,
                "storage_key": sample.storage_key,
                "host": sample.host,
                "sent_at": sample.at,
                "fetched_at": sample.fetched_at,
                "sha256": sample.sha256,
                "answer": answer,
            }
        )
    if not kept:
        return
    _, sealer = await desk.recorder.sealing()
    content = {
        "schema": "workbench.stored-mail/1",
        "incident": desk.recorder.incident,
        "part": samples.PART,
        "taken_at": iso(now),
        "messages": kept,
    }
    body = await snapshots.preserve(content, samples.PART, desk.recorder.folder / "evidence", sealer)
    await desk.recorder.record("snapshot.stored", body)
    for sample in holders:
        sample.file = str(body["file"])
