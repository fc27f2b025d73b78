"""Bounces that reach the reader in other clothes: as HTML alone, in other languages, passed on by a person."""

from __future__ import annotations

import base64
import quopri

import pytest

from tests.unit.blocklists.test_bounce_mail import BLOCKED, HOST, RETURNED, SHAPES, UNKNOWN
from workbench.blocklists.bounces import BounceKind
from workbench.blocklists.notices import ReadNotice, read_notice

K = BounceKind
# What the person writes above it: a guess, and no refusal.
GUESS = "Are we blacklisted? 554 5.7.1 blocked using zen.spamhaus.org, I think."
PERSON = "From: bo@acme.example\nTo: al@acme.example\nSubject: Fwd: failure notice\n"


def _html(reply: str) -> str:
    returned = RETURNED.replace("\n", "\n    ")
    return (
        "<html><head><style>.spam { color: red }</style></head><body><p><b>Delivery has failed to:</b></p>"
        '<p><a href="mailto:jo@receiver.example">jo@receiver.example</a><br>Your message could not be delivered.</p>'
        f"<p>Diagnostic information for administrators:</p><p>Generating server: {HOST}</p>"
        f"<p>jo@receiver.example<br>Remote Server returned '{reply.replace('<', '&lt;').replace('>', '&gt;')}'</p>"
        f"<p>Original message headers:</p><pre>{returned}</pre></body></html>"
    )


def _alone(reply: str) -> str:
    body = base64.encodebytes(_html(reply).encode()).decode()
    return (
        "From: postmaster@receiver.example\nTo: news@acme.example\nSubject: Undeliverable\nMIME-Version: 1.0\n"
        f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{body}"
    )


def _beside(reply: str) -> str:
    body = quopri.encodestring(_html(reply).encode()).decode()
    return (
        "From: postmaster@receiver.example\nTo: news@acme.example\nSubject: Undeliverable\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="h"\n\n--h\nContent-Type: text/html; charset=us-ascii\n'
        f"Content-Transfer-Encoding: quoted-printable\n\n{body}\n"
        f"--h\nContent-Type: message/rfc822\n\n{RETURNED}\n--h--\n"
    )


def _attached(bounce: str) -> str:
    return (
        f'{PERSON}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="o"\n\n--o\nContent-Type: text/plain\n\n'
        f"{GUESS}\n\n--o\nContent-Type: message/rfc822\n\n{bounce}\n--o--\n"
    )


def _quoted(bounce: str) -> str:
    return f"{PERSON}\nhi\n\n" + "".join(f"> {line}\n" for line in bounce.splitlines())


MARKS = {
    "Gmail": "---------- Forwarded message ---------\nFrom: Mail Delivery Subsystem <mailer-daemon@{host}>\n",
    "Outlook": "-----Original Message-----\nFrom: Microsoft Outlook <exchange@{host}>\n",
    "Outlook's line": "________________________________\nFrom: postmaster@{host}\n",
    "Apple": "Begin forwarded message:\n\nFrom: Mail Delivery System <MAILER-DAEMON@{host}>\n",
    "German": "-------- Weitergeleitete Nachricht --------\nBetreff: x\nVon: MAILER-DAEMON@{host}\n",
    "French": "-------- Message transféré --------\nSujet : x\nDe : Mail Delivery System <MAILER-DAEMON@{host}>\n",
    "with its path": "Begin forwarded message:\n\nFrom: MAILER-DAEMON@{host}\nReturn-Path: <MAILER-DAEMON>\n",
}


def _inline(mark: str, reply: str) -> str:
    said = f"<jo@receiver.example>: host {HOST}[198.51.100.7] said: {reply} (in reply to RCPT TO command)"
    head = MARKS[mark].format(host=HOST)
    return f"Are we blacklisted at Spamhaus?\n\n{head}Subject: x\n\nThis is the mail system.\n\n{said}\n\n{RETURNED}"


def _is_of_the_recipient(notice: ReadNotice) -> None:
    assert notice.meaning is not None
    assert (notice.meaning.kind, notice.looks_like_a_listing) == (K.UNKNOWN_USER, False)
    assert (notice.others, notice.addresses) == ((), ())
    assert "Spamhaus" not in notice.reason


@pytest.mark.parametrize("shape", [_alone, _beside])
def test_a_report_in_html_is_read_as_it_is_shown_without_the_returned_headers(shape: object) -> None:
    assert callable(shape)
    _is_of_the_recipient(read_notice(shape(UNKNOWN)))
    listing = read_notice(shape(BLOCKED))
    assert listing.meaning is not None
    assert (listing.meaning.zone, listing.addresses) == ("bl.spamcop.net", ("192.0.2.4",))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bounce_that_somebody_attaches_is_read_in_place_of_their_guess(shape: str) -> None:
    _is_of_the_recipient(read_notice(_attached(SHAPES[shape](UNKNOWN))))
    listing = read_notice(_attached(_attached(SHAPES[shape](BLOCKED))))
    assert listing.meaning is not None
    assert listing.meaning.zone == "bl.spamcop.net"


def test_a_bounce_that_a_server_returns_is_the_returned_message() -> None:
    """A forwarder's own report tells of its own delivery; the bounce it could not hand on is what came back."""
    report = SHAPES["RFC 3464"]("552 5.2.2 mailbox over quota")
    returned = SHAPES["RFC 3464"](BLOCKED).replace('"b"', '"c"').replace("--b", "--c")
    notice = read_notice(report.replace(RETURNED, returned).replace("text/rfc822-headers", "message/rfc822"))
    assert notice.meaning is not None
    assert notice.meaning.kind is K.MAILBOX_FULL


@pytest.mark.parametrize("shape", ["qmail", "Exim", "Exchange", "Notes"])
def test_a_bounce_that_is_quoted_line_by_line_is_read(shape: str) -> None:
    _is_of_the_recipient(read_notice(_quoted(SHAPES[shape](UNKNOWN).partition("\n\n")[2])))


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("head", ["", PERSON + "\n"])
def test_a_bounce_that_is_passed_on_in_the_text_is_read_below_its_head(mark: str, head: str) -> None:
    _is_of_the_recipient(read_notice(head + _inline(mark, UNKNOWN)))


def test_a_returned_message_of_a_postmaster_is_not_read_as_passed_on() -> None:
    said = f"<jo@receiver.example>: host {HOST}[198.51.100.7] said: {UNKNOWN}"
    returned = "----- Original message -----\n\nFrom: postmaster@acme.example\n\n554 blocked using zen.spamhaus.org\n"
    _is_of_the_recipient(read_notice(f"{said}\n\n{returned}"))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (
            "Hallo. Hier ist das qmail-send Programm.\n\n<jo@receiver.example>:\nDas Postfach ist voll.\n",
            K.MAILBOX_FULL,
        ),
        (
            "Su mensaje no pudo ser entregado.\n\n<jo@receiver.example>:\nEsta casilla ha expirado.\n",
            K.UNKNOWN_USER,
        ),
        ("Bardzo nam przykro.\n\n<jo@receiver.example>:\nmaildrop: maildir over quota.\n", K.MAILBOX_FULL),
        ("Désolé.\n\n<jo@receiver.example>:\nIl n'y a pas de boîte à ce nom.\n", K.UNKNOWN_USER),
        ("<jo@receiver.example>:\nこのユーザーは存在しません。\n", K.UNKNOWN_USER),
    ],
    ids=["German", "Spanish", "Polish", "French", "Japanese"],
)
def test_the_reason_stands_below_the_address_in_any_language(body: str, kind: BounceKind) -> None:
    head = "From: MAILER-DAEMON@out.acme.example\nTo: news@acme.example\nSubject: failure notice\n\n"
    notice = read_notice(f"{head}{body}\n--- kopia\n\n{RETURNED}")
    assert notice.meaning is not None
    assert (notice.meaning.kind, notice.others) == (kind, ())


def test_a_mail_that_is_no_bounce_is_none() -> None:
    notice = read_notice(f"{PERSON}\nThis text has a very long line, and a picture in it.\n")
    assert notice.meaning is None
