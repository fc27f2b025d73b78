"""Sending and reading single messages (dossier A5, B2)."""

from __future__ import annotations

from workbench.drill.activity import bodies
from workbench.drill.api.dates import parse
from workbench.drill.api.logs import reader
from workbench.drill.api.wire import STORAGE, EndpointArea, WireAnswer, WireCall, WireRefusal, said
from workbench.drill.world.account import SANDBOX
from workbench.drill.world.records import SimulatedDomain

AREA = EndpointArea("messages")
# How long bodies are kept on a plan that keeps any (dossier C).
BODY_DAYS = 3


@AREA.on("POST", "/v3/{domain}/messages", "/v3/{domain}/messages.mime")
def send(call: WireCall) -> WireAnswer:
    """Take a message; 400 without an addressee, 403 when account or domain may not send.

    A message in test mode is an attempt like any other, so it is refused too: the one clear sign of a disabled
    account (dossier A5).
    """
    domain = call.domain()
    mime = call.path.endswith(".mime")
    recipients = [part.strip() for value in call.args("to") for part in value.split(",") if part.strip()]
    sender = call.arg("from") or (f"postmaster@{domain.name}" if mime else "")
    if not mime and "@" not in sender:
        raise WireRefusal(400, "'from' parameter is not a valid address. please check documentation")
    if not recipients:
        raise WireRefusal(400, "'to' parameter is not a valid address. please check documentation")
    refusal = call.account.refusal(call.tenant, call.region, domain)
    if refusal:
        raise WireRefusal(403, refusal)
    _sandbox(call, domain, recipients)
    scheduled = None
    if call.arg("o:deliverytime"):
        try:
            scheduled = parse(call.arg("o:deliverytime"))
        except ValueError as error:
            raise WireRefusal(400, f"'o:deliverytime' parameter is not valid: {error}") from error
    sent = call.account.record_sent(
        call.tenant,
        call.region,
        domain,
        "http",
        call.key.id,
        call.peer,
        sender,
        recipients,
        call.arg("subject"),
        test_mode=call.flag("o:testmode"),
        scheduled_for=scheduled,
    )
    return said("Queued. Thank you.", id=f"<{sent.id}@{domain.name}>")


def _sandbox(call: WireCall, domain: SimulatedDomain, recipients: list[str]) -> None:
    if domain.type == "sandbox" and any(not call.tenant.sandbox_recipients.get(to) for to in recipients):
        raise WireRefusal(403, f"Domain {domain.name} is not allowed to send: {SANDBOX}")


@AREA.on("GET", "/v3/domains/{domain}/messages/{key}", hosts=("api", STORAGE), area="stored")
def stored(call: WireCall) -> WireAnswer:
    """A stored message: headers and bodies; gone after the plan's retention."""
    domain = call.domain()
    entry = reader(call).entries.stored(call.params["key"])
    kept = BODY_DAYS * 86400.0 if call.has("bodies") else 0.0
    kept = min(kept, float(domain.message_ttl)) if domain.message_ttl else kept
    old = entry is None or parse(entry["@timestamp"]) < call.now - kept
    if entry is None or old or entry["domain"]["name"] != domain.name:
        raise WireRefusal(404, "Message not found")
    abusive = reader(call).entries.is_abusive(call.params["key"])
    mail = bodies.written(entry, abusive)
    shown = {
        **mail.fields,
        "X-Mailgun-Tag": (entry["tags"] or [""])[0],
        "sender": entry["envelope"]["sender"],
    }
    shown["recipients"] = ", ".join(entry["message"]["recipients"])
    if "message/rfc2822" in call.headers.get("accept", ""):
        return WireAnswer({**shown, "body-mime": mail.as_sent})
    return WireAnswer(shown)
