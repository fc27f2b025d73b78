"""Log entries in the vendor's shapes, made from events (dossier B5)."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from workbench.drill.activity.history import SENT
from workbench.drill.activity.senders import LANDING_HOST
from workbench.drill.activity.traffic import HOUR, Event, further, mix
from workbench.drill.api.dates import rfc3339_ms
from workbench.drill.world.account import Account
from workbench.drill.world.records import Stream, SubmittedMessage
from workbench.drill.world.story import digest


class Provider(NamedTuple):
    """A mailbox provider: its domains, its share of recipients, and how it refuses bulk nobody asked for."""

    name: str
    domains: tuple[str, ...]
    share: float
    mx: str
    refusal: str


PROVIDERS = (
    Provider("Gmail", ("gmail.com",), 0.42, "gmail-smtp-in.l.google.com",
             "550 5.7.1 [{ip}] Our system has detected that this message is likely unsolicited mail."),
    Provider("Outlook US", ("outlook.com", "hotmail.com"), 0.24, "outlook-com.olc.protection.outlook.com",
             "550 5.7.1 Unfortunately, messages from [{ip}] weren't sent. Part of their network is on our block "
             "list (S3140)."),
    Provider("Yahoo", ("yahoo.com",), 0.14, "mta5.am0.yahoodns.net",
             "553 5.7.1 [BL21] Connections will not be accepted from {ip}, because the ip is in Spamhaus's list"),
    Provider("Apple", ("icloud.com",), 0.08, "mx01.mail.icloud.com",
             "550 5.7.1 [CS01] Message rejected due to local policy."),
    Provider("Other", ("inbox.example", "post.example"), 0.12, "mx.inbox.example", "554 5.7.1 Blocked by reputation"),
)  # fmt: skip
_SUPPRESSED = "Not delivering to previously bounced address"
_HARD = "550 5.1.1 The email account that you tried to reach does not exist."
_LATER = "451 4.7.1 Greylisted, please try again later"
_COUNTRIES = ("US", "GB", "DE", "FR", "NL", "IN")


@lru_cache(maxsize=10_000)
def provider_of(seed: int, number: int) -> Provider:
    """Return the provider of a message's recipient."""
    return _provider(mix(seed, number))


def _provider(message: int) -> Provider:
    at = further(message, 5) / 2.0**64
    for provider in PROVIDERS:
        at -= provider.share
        if at < 0:
            return provider
    return PROVIDERS[-1]


# One message in so many of the intruder's goes to a member of the list that is spammed.
TO_LIST = 6


class Entries:
    """Renders the events of one drill."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._storage = {"us": "us-east4", "eu": "europe-west1"}

    def entry(self, event: Event) -> dict[str, Any]:
        """Return the log entry of an event, as ``POST /v1/analytics/logs`` shows it."""
        if event.stream.startswith(SENT):
            return self._of_sent(event)
        return self._of_stream(event, self._account.world.streams[event.stream])

    def _of_stream(self, event: Event, stream: Stream) -> dict[str, Any]:
        plan = self._account.traffic.plan(stream, event.hour)
        number, seed = event.number, plan.seed
        draw = mix(seed, number)
        who = further(draw, 6)
        if stream.audience == "customers":
            local = f"customer{who % 4000:04d}"
            # A person's mailbox stays with one provider.
            provider = provider_of(7, who % 4000)
        else:
            local = f"r{who % 0xFFFFFFFF:08x}"
            provider = _provider(draw)
        recipient = f"{local}@{provider.domains[who % len(provider.domains)]}"
        subject = stream.subjects[further(draw, 7) % len(stream.subjects)].replace(
            "{n}", str(who % 90000 + 10000)
        )
        message = f"{event.hour:x}.{seed & 0xFFFFFF:x}.{number}@{stream.domain}"
        ip = stream.ips[further(draw, 8) % len(stream.ips)]
        sending = self._account.story.sending_ips[stream.region]
        # Abuse leaves by the region's first address; customers' mail by all of them.
        sending_ip = sending[0] if stream.actor == "intruder" else sending[further(draw, 4) % len(sending)]
        entry = self._base(event, stream.tenant, stream.domain, recipient, provider)
        entry["message"] = {
            "headers": {"to": recipient, "message-id": message, "from": stream.sender, "subject": subject},
            "attachments": [],
            "recipients": [recipient],
            "size": 2000 + who % 40000,
        }
        if stream.stage == "accepted":
            entry["message"]["scheduled-for"] = int(event.at) + 12 * HOUR
        listed = self._account.world.spammed_list
        if listed and stream.actor == "intruder" and who % TO_LIST == 0:
            entry["mailing-list"] = {"address": listed, "list-id": f"<{listed.replace('@', '.')}>", "sid": ""}
        entry["tags"] = [stream.tag] if stream.tag else []
        entry["envelope"] = {
            "sender": stream.sender,
            "transport": "smtp",
            "targets": recipient,
            "sending-ip": sending_ip,
        }
        entry["storage"] = self.storage(stream.region, stream.domain, f"{stream.id}|{event.hour}|{number}")
        if event.kind == "accepted":
            entry["method"] = stream.method
            entry["originating-ip"] = ip
            # Whether the vendor names a key for SMTP submissions is not known: the drill does not.
            if stream.kind == "key":
                entry["api-key-id"] = stream.ref
        self._detail(entry, event, provider, sending_ip, stream.actor == "intruder", who)
        return entry

    def _base(
        self, event: Event, tenant: str, domain: str, recipient: str, provider: Provider
    ) -> dict[str, Any]:
        parent = self._account.world.tenants[tenant].parent
        owner = {"id": tenant, "parent-id": parent} if parent else {"id": tenant}
        text = digest(event.stream, event.hour, event.number, event.kind, event.at).to_bytes(8, "big")
        return {
            "id": base64.urlsafe_b64encode(text * 2)[:22].decode(),
            "event": "failed" if event.kind == "temporary" else event.kind,
            "@timestamp": rfc3339_ms(event.at),
            "account": owner,
            "domain": {"name": domain},
            "recipient": recipient,
            "recipient-domain": recipient.partition("@")[2],
            "recipient-provider": provider.name,
            "log-level": {"failed": "error", "temporary": "warn"}.get(event.kind, "info"),
            "user-variables": "{}",
            "campaigns": [],
            "flags": {
                "is-authenticated": True,
                "is-system-test": False,
                "is-routed": False,
                "is-test-mode": False,
                "is-delayed-bounce": False,
                "is-callback": False,
                "is-webhook": False,
            },
        }

    def _detail(
        self, entry: dict[str, Any], event: Event, provider: Provider, ip: str, abusive: bool, who: int
    ) -> None:
        """Add what only this kind of event tells."""
        kind = event.kind
        if kind == "delivered":
            entry["delivery-status"] = _status(250, "OK", provider, who)
        elif kind == "failed":
            # Since the abuse, receivers refuse the customer's own mail from the same address too.
            tainted = (
                not abusive and event.at >= self._account.story.leak.first_use.timestamp() and who % 2 == 0
            )
            refused = (abusive and who % 3 != 0) or tainted
            text = provider.refusal.format(ip=ip) if refused else _HARD
            entry["severity"] = "permanent"
            entry["reason"] = "generic" if refused else "bounce"
            if tainted and who % 4 == 0:
                entry["reason"] = "suppress-bounce"
                entry["delivery-status"] = {**_status(605, "", provider, who), "description": _SUPPRESSED}
                return
            entry["delivery-status"] = {
                **_status(int(text[:3]), text[4:], provider, who),
                "enhanced-code": text[4:9],
                "bounce-type": "soft" if refused else "hard",
            }
        elif kind == "temporary":
            entry["severity"] = "temporary"
            entry["reason"] = "generic"
            entry["delivery-status"] = {**_status(451, _LATER[4:], provider, who), "retry-seconds": 600}
        elif kind in ("opened", "clicked"):
            entry["ip"] = f"198.18.{who % 250}.{who // 250 % 250}"
            country = _COUNTRIES[who % len(_COUNTRIES)]
            entry["geolocation"] = {"country": country, "region": "Unknown", "city": "Unknown"}
            entry["client-info"] = {
                "client-type": "browser",
                "device-type": "mobile" if who % 2 else "desktop",
                "client-name": "Chrome",
                "client-os": "Android",
                "user-agent": "Mozilla/5.0",
            }
            if kind == "clicked":
                entry["url"] = landing_of(entry, abusive)

    def _of_sent(self, event: Event) -> dict[str, Any]:
        wanted = event.stream.removeprefix(SENT)
        sent = next(item for item in self._account.world.sent if item.id == wanted)
        recipient = sent.recipients[0] if sent.recipients else ""
        entry = self._base(event, sent.tenant, sent.domain, recipient, PROVIDERS[-1])
        entry["flags"]["is-test-mode"] = sent.test_mode
        entry["message"] = {
            "headers": {
                "to": ", ".join(sent.recipients),
                "message-id": f"{sent.id}@{sent.domain}",
                "from": sent.sender,
                "subject": sent.subject,
            },
            "attachments": [],
            "recipients": list(sent.recipients),
            "size": 1000,
        }
        if sent.scheduled_for is not None:
            entry["message"]["scheduled-for"] = int(sent.scheduled_for)
        entry["tags"] = []
        entry["envelope"] = {"sender": sent.sender, "transport": "smtp", "targets": recipient}
        entry["storage"] = self.storage(sent.region, sent.domain, f"{SENT}{sent.id}")
        if event.kind == "accepted":
            entry["method"] = sent.method
            entry["originating-ip"] = sent.ip
            if sent.method == "http":
                entry["api-key-id"] = sent.ref
        else:
            entry["delivery-status"] = _status(250, "OK", PROVIDERS[-1], 1)
        return entry

    def storage(self, region: str, domain: str, place: str) -> dict[str, Any]:
        """Return where a message is stored: the key names the message itself, see :meth:`stored`."""
        key = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
        base = self._account.storage.get(region, "")
        name = self._storage[region]
        url = f"{base}/v3/domains/{domain}/messages/{key}"
        return {"region": name, "env": "production", "key": key, "url": [url]}

    def is_abusive(self, key: str) -> bool:
        """Return whether the message with this storage key is the intruder's."""
        try:
            place = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode()
        except ValueError:
            return False
        stream = self._account.world.streams.get(place.partition("|")[0])
        return stream is not None and stream.actor == "intruder"

    def stored(self, key: str) -> dict[str, Any] | None:
        """Return the accepted entry of the message with this storage key, None when there is no such message."""
        try:
            place = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode()
        except ValueError:
            return None
        if place.startswith(SENT):
            wanted = place.removeprefix(SENT)
            sent: SubmittedMessage | None = next(
                (s for s in self._account.world.sent if s.id == wanted), None
            )
            return (
                None
                if sent is None
                else self.entry(Event(sent.at, place, int(sent.at // HOUR), 0, "accepted"))
            )
        stream, _, rest = place.rpartition("|")[0].rpartition("|")[0], "", place.split("|")
        if stream not in self._account.world.streams or len(rest) < 3 or not (rest[-1] + rest[-2]).isdigit():
            return None
        hour, number = int(rest[-2]), int(rest[-1])
        sender = self._account.world.streams[stream]
        for event in self._account.traffic.events(sender, hour, self._account.now()):
            if event.number == number and event.kind == "accepted":
                return self.entry(event)
        return None


def landing_of(entry: dict[str, Any], abusive: bool) -> str:
    """Return where a message's link leads to; the intruder's names the reader, as such links do."""
    if not abusive:
        return f"https://www.{entry['domain']['name']}/offer"
    token = f"{digest('landing', entry['recipient']) % 16**10:010x}"
    return f"https://{LANDING_HOST}/track/{token}ab?to={quote(entry['recipient'])}"


def _status(code: int, text: str, provider: Provider, who: int) -> dict[str, Any]:
    return {
        "code": code,
        "message": text,
        "description": "",
        "attempt-no": 1,
        "session-seconds": (who % 900) / 1000.0 + 0.1,
        "mx-host": provider.mx,
        "certificate-verified": True,
        "tls": True,
        "utf8": True,
    }


def disturbed(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a page as a bad day delivers it: fields missing, entries repeated, neighbours swapped.

    What happens to an entry follows from its id, so that every reading of the page is the same.
    """
    page: list[dict[str, Any]] = []
    for item in items:
        fate = digest("messy", item["id"]) % 40
        if fate == 0:
            item = {
                key: value for key, value in item.items() if key not in ("message", "envelope", "recipient")
            }
        elif fate == 1:
            item = {**item, "@timestamp": "not a date"}
        elif fate == 2:
            item = {
                key: value
                for key, value in item.items()
                if key not in ("domain", "originating-ip", "api-key-id")
            }
        elif fate == 3:
            page.append(item)
        elif fate == 4 and page:
            page.insert(-1, item)
            continue
        page.append(item)
    return page


def event_of(entry: dict[str, Any], at: float) -> dict[str, Any]:
    """Return an entry in the older shape of ``GET /v3/{domain}/events``: epoch seconds as a float."""
    item = {key: value for key, value in entry.items() if key not in ("@timestamp", "domain", "account")}
    item["timestamp"] = at
    item["user-variables"] = {}
    item["storage"] = {**entry["storage"], "url": entry["storage"]["url"][0]}
    item["message"] = {key: value for key, value in entry["message"].items() if key != "recipients"}
    if "delivery-status" in item:
        status = dict(item["delivery-status"])
        status["mxhost"] = status.pop("mx-host")
        item["delivery-status"] = status
    return item
