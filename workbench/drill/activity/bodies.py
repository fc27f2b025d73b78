"""What the mail of a drill says: the customer's plain words, and the intruder's bait with its form and attachment."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any, NamedTuple

from workbench.drill.activity.entries import landing_of


class Mail(NamedTuple):
    """A message in the API's fields, and as it was sent."""

    fields: dict[str, Any]
    as_sent: str


def written(entry: dict[str, Any], abusive: bool) -> Mail:
    """Return the message of an accepted entry, as a storage host shows it."""
    headers: dict[str, Any] = entry["message"]["headers"]
    link = landing_of(entry, abusive)
    text, page = _bait(entry, link) if abusive else _own(headers, link)
    mail = EmailMessage()
    received = f"from client ([{entry.get('originating-ip', '')}]) by api with {entry.get('method', 'http')}"
    mail["Received"] = received
    for name, value in (("From", headers["from"]), ("To", headers["to"]), ("Subject", headers["subject"])):
        mail[name] = " ".join(str(value).split())
    mail["Message-Id"] = f"<{headers['message-id']}>"
    mail.set_content(text)
    mail.add_alternative(page, subtype="html")
    if abusive:
        name = "label.html" if len(headers["subject"]) % 2 else "invoice.pdf.js"
        mail.add_attachment(b"<script>location='about:blank'</script>", "text", "html", filename=name)
    files = [
        {
            "name": part.get_filename(),
            "content-type": part.get_content_type(),
            "size": len(part.get_content()),
        }
        for part in mail.iter_attachments()
    ]
    fields: dict[str, Any] = {
        "Content-Transfer-Encoding": "7bit",
        "Content-Type": str(mail["Content-Type"]),
        "From": headers["from"],
        "Message-Id": f"<{headers['message-id']}>",
        "Mime-Version": "1.0",
        "Subject": headers["subject"],
        "To": headers["to"],
        "body-html": page,
        "body-plain": text,
        "stripped-html": page,
        "stripped-text": text,
        "stripped-signature": "",
        "X-Mailgun-Template-Name": "",
        "X-Mailgun-Template-Variables": "",
        "message-headers": [[name, str(value)] for name, value in mail.items()],
    }
    if files:
        fields["attachments"] = files
    return Mail(fields, mail.as_string())


def _own(headers: dict[str, Any], link: str) -> tuple[str, str]:
    text = f"Hello,\n\n{headers['subject']}\n\n{link}\n"
    return (
        text,
        f"<html><body><p>Hello,</p><p>{headers['subject']}</p><p><a href='{link}'>More</a></p></body></html>",
    )


def _bait(entry: dict[str, Any], link: str) -> tuple[str, str]:
    """Return the intruder's bait: plain words in one body, a form that asks for a password in the other."""
    name = entry["recipient"].partition("@")[0]
    text = (
        f"Dear {name},\n\nyour parcel is waiting. A fee of 1.99 is due today.\n\nPay here: {link}\n\n"
        f"This message was sent to {entry['recipient']}.\n"
    )
    page = (
        f"<html><head><title>x</title><style>p{{color:red}}</style></head><body><p>Dear {name},</p>"
        f"<p>your parcel is waiting. A fee of 1.99 is due today.</p><p><a href='{link}'>Pay here</a></p>"
        f"<form action='{link}'><input type='password' name='p'></form><a href='javascript:pay()'>help</a>"
        f"<img src='https://parcel-check.example/o.gif'><p>This message was sent to {entry['recipient']}.</p>"
        "</body></html>"
    )
    return text, page
