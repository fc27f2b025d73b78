"""Whole bounces: each shape taken apart, and nothing of the returned message ever judged."""

from __future__ import annotations

from collections.abc import Callable
from email.mime.text import MIMEText
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.blocklists.bounce_mail import read_bounce
from workbench.blocklists.bounces import BounceKind
from workbench.blocklists.notices import ReadNotice, read_notice

K = BounceKind
# What a returned message may hold: the sender's own words and other people's headers.
RETURNED = dedent(
    """\
    Received: from app.acme.example (app.acme.example [203.0.113.9]) by out.acme.example; 28 Nov 2026 09:00 +0000
    X-Proofpoint-Virus-Version: vendor=baseguard engine=ICAP:2.0.293
    X-SpamCop-Note: listed at bl.spamcop.net
    X-Spam-Status: No, RCVD_IN_DNSWL_MED=-2.3, listed at list.dnswl.org
    Authentication-Results: mx.other.example; dkim=fail; failed DKIM; 5.7.26
    Subject: Are you on a blacklist? Spamhaus and the 550 5.7.1 blocked using zen.spamhaus.org explained
    From: news@acme.example
    To: jo@receiver.example
    """
)
UNKNOWN = "550 5.1.1 <jo@receiver.example>: Recipient address rejected: User unknown in virtual mailbox table"
BLOCKED = "554 5.7.1 Service unavailable; Client host [192.0.2.4] blocked using bl.spamcop.net"
HOST = "mx.receiver.example"


def _head(subject: str, report: str) -> str:
    return (
        f"From: MAILER-DAEMON@out.acme.example\nTo: news@acme.example\nSubject: {subject}\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={report}; boundary="b"\n\n'
    )


def _dsn(
    diagnostic: str, *, words: str = "", remote: str = HOST, status: str = "5.0.0", returned: str = RETURNED
) -> str:
    head = _head("Undelivered Mail", "delivery-status")
    remote_line = f"Remote-MTA: dns; {remote}\n" if remote else ""
    folded = diagnostic.replace("; ", ";\n    ")
    return (
        f"{head}--b\nContent-Type: text/plain\n\n{words or 'Your mail could not be delivered.'}\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; out.acme.example\n\n"
        f"Final-Recipient: rfc822; jo@receiver.example\nAction: failed\nStatus: {status}\n{remote_line}"
        f"Diagnostic-Code: smtp; {folded}\n\n--b\nContent-Type: text/rfc822-headers\n\n{returned}\n--b--\n"
    )


def _plain(body: str) -> str:
    return f"From: MAILER-DAEMON@out.acme.example\nTo: news@acme.example\nSubject: failure notice\n\n{dedent(body)}"


def _postfix(reply: str) -> str:
    said = f"<jo@receiver.example>: host {HOST}[198.51.100.7] said: {reply} (in reply to RCPT TO command)"
    return _dsn(reply, words=said, remote="")


def _qmail(reply: str) -> str:
    return _plain(
        f"""\
Hi. This is the qmail-send program at out.acme.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<jo@receiver.example>:
198.51.100.7 does not like recipient.
Remote host said: {reply}
Giving up on 198.51.100.7.

--- Below this line is a copy of the message.

Return-Path: <news@acme.example>
{RETURNED}"""
    )


def _exim(reply: str) -> str:
    return _plain(
        f"""\
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. The following address(es) failed:

  jo@receiver.example
    host {HOST} [198.51.100.7]
    SMTP error from remote mail server after RCPT TO:<jo@receiver.example>:
    {reply}

------ This is a copy of the message, including all the headers. ------

Return-path: <news@acme.example>
{RETURNED}"""
    )


def _sendmail(reply: str) -> str:
    return _plain(
        f"""\
The original message was received at Sat, 28 Nov 2026 09:00:00 GMT

   ----- The following addresses had permanent fatal errors -----
<jo@receiver.example>

   ----- Transcript of session follows -----
... while talking to {HOST}.:
>>> RCPT To:<jo@receiver.example>
<<< {reply}

   ----- Original message follows -----

Return-Path: <news@acme.example>
{RETURNED}"""
    )


def _exchange(reply: str) -> str:
    return _plain(
        f"""\
Delivery has failed to these recipients or groups:

jo@receiver.example

Diagnostic information for administrators:

Generating server: out.acme.example

jo@receiver.example
Remote Server returned '{reply}'

Original message headers:

{RETURNED}"""
    )


def _notes(reply: str) -> str:
    return _plain(
        f"""\
Your message could not be delivered.

------- Failure Reasons  --------

jo@receiver.example: {reply}

------- Returned Message --------

{RETURNED}"""
    )


SHAPES: dict[str, Callable[[str], str]] = {
    "RFC 3464": _dsn,
    "Postfix": _postfix,
    "qmail": _qmail,
    "Exim": _exim,
    "Sendmail": _sendmail,
    "Exchange": _exchange,
    "Notes": _notes,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_returned_message_is_never_judged(shape: str) -> None:
    notice = read_notice(SHAPES[shape](UNKNOWN))
    assert notice.meaning is not None
    assert (notice.meaning.kind, notice.looks_like_a_listing) == (K.UNKNOWN_USER, False)
    assert not notice.others
    assert notice.addresses == ()
    assert "Spamhaus" not in notice.reason


@pytest.mark.parametrize("shape", SHAPES)
def test_a_listing_is_found_in_every_shape_and_is_about_us_not_about_the_receiver(shape: str) -> None:
    notice = read_notice(SHAPES[shape](BLOCKED))
    assert notice.meaning is not None
    assert (notice.meaning.kind, notice.meaning.zone) == (K.LIST, "bl.spamcop.net")
    assert notice.addresses == ("192.0.2.4",)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_reputation_block_stays_one_whatever_the_returned_headers_failed(shape: str) -> None:
    notice = read_notice(SHAPES[shape]("550 5.7.1 our filter sees a very poor reputation of 192.0.2.4"))
    assert notice.meaning is not None
    assert notice.meaning.kind is K.REPUTATION


def test_one_list_is_named_once() -> None:
    for zone in ("dnsbl-1.uceprotect.net", "zen.spamhaus.org", "sbl.spamhaus.org"):
        notice = read_notice(f"554 5.7.1 Client host [192.0.2.4] blocked using {zone}")
        assert notice.looks_like_a_listing
        assert not notice.others


def test_blank_lines_before_a_pasted_mail_change_nothing() -> None:
    assert read_notice(f"\n   \n\n{_dsn(BLOCKED)}") == read_notice(_dsn(BLOCKED))
    assert read_notice(_dsn(BLOCKED).replace("\n", "\r\n")).meaning == read_notice(_dsn(BLOCKED)).meaning


def test_who_answered_is_the_remote_server_of_the_report() -> None:
    report = read_bounce(_dsn("550 5.7.1 zonk", remote="mx01.emig.gmx.net")).reports[0]
    assert (report.host, report.code, report.status) == ("mx01.emig.gmx.net", 550, "5.7.1")
    notice = read_notice(_dsn("550 5.7.1 zonk", remote="mx01.emig.gmx.net"))
    assert notice.meaning is not None
    assert (notice.meaning.kind, notice.meaning.provider) == (
        K.NOT_UNDERSTOOD,
        "GMX, web.de and 1&1 (United Internet)",
    )


def test_a_recipient_that_was_delivered_is_no_refusal_and_a_listing_outweighs_an_unknown_user() -> None:
    text = _dsn(UNKNOWN).replace(
        "\n--b\nContent-Type: text/rfc822-headers",
        "\nFinal-Recipient: rfc822; al@receiver.example\nAction: delivered\nStatus: 2.0.0\n\n"
        f"Final-Recipient: rfc822; bo@receiver.example\nAction: failed\nDiagnostic-Code: smtp; {BLOCKED}\n\n"
        "--b\nContent-Type: text/rfc822-headers",
    )
    notice = read_notice(text)
    assert notice.recipients == 2
    assert notice.meaning is not None
    assert notice.meaning.zone == "bl.spamcop.net"


def test_a_complaint_is_told_apart() -> None:
    text = (
        f"{_head('complaint', 'feedback-report')}"
        "--b\nContent-Type: text/plain\n\nThis is an abuse report, listed at zen.spamhaus.org\n\n"
        "--b\nContent-Type: message/feedback-report\n\n"
        "Feedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1\nSource-IP: 192.0.2.4\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{RETURNED}\n--b--\n"
    )
    notice = read_notice(text)
    assert (notice.shape, notice.meaning, notice.looks_like_a_listing) == ("complaint", None, False)
    assert notice.addresses == ("192.0.2.4",)


def test_a_text_part_in_another_charset_is_read() -> None:
    part = MIMEText(
        "Die Nachricht wurde abgelehnt für:\n\n550 5.2.2 Postfach: mailbox full", "plain", "iso-8859-1"
    )
    part["From"], part["To"], part["Subject"] = "a@acme.example", "b@acme.example", "x"
    notice = read_notice(part.as_string())
    assert notice.meaning is not None
    assert notice.meaning.kind is K.MAILBOX_FULL
    broken = part.as_string().replace("iso-8859-1", "x-unheard-of")
    assert read_notice(broken).shape == "mail"


def test_reason_codes_of_four_numbers_are_no_addresses() -> None:
    text = "421 4.7.0 [TSS04] Messages from 192.0.2.4 temporarily deferred due to user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes"
    notice = read_notice(text)
    assert notice.addresses == ("192.0.2.4",)


def test_a_pasted_notice_is_read() -> None:
    notice = read_notice(
        "From: Mail Delivery Subsystem\n\nDelivery to bob@example.org failed:\n"
        "554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org;\n"
        "answered 127.0.0.3, see https://www.spamhaus.org/query/ip/198.51.100.7.\n"
        "Also the domain bad.acme.example and IP 2001:db8::25\x1b[2J\n"
    )
    assert notice.looks_like_a_listing
    assert notice.meaning is not None
    assert notice.meaning.zone == "zen.spamhaus.org"
    assert notice.addresses == ("198.51.100.7", "2001:db8::25", "bad.acme.example")
    assert notice.codes == ("127.0.0.3",)
    assert notice.links == ("https://www.spamhaus.org/query/ip/198.51.100.7",)
    assert "zen.spamhaus.org" in notice.reason
    assert "\x1b" not in repr(notice.reason)


def test_a_notice_that_only_looks_like_a_listing_says_so() -> None:
    notice = read_notice("550 5.7.1 blocked using zen.spamhaus.org; Error: open resolver; 127.255.255.254")
    assert not notice.looks_like_a_listing
    assert notice.meaning is not None
    assert "Not your listing" in notice.meaning.means
    nothing = read_notice("Hello, I am on holiday until Monday.")
    assert nothing.meaning is None
    assert not nothing.looks_like_a_listing
    assert read_notice("").reason == ""


@pytest.mark.parametrize(
    ("bounce", "kind"),
    [
        # Google Groups writes in the reader's language; its address is the same in all of them.
        (
            _plain(
                "Die Gruppe, die Sie kontaktieren möchten, ist nicht vorhanden.\n\n"
                "Hilfe: https://groups.google.com/support/.\n"
            ),
            K.RECIPIENT,
        ),
        (
            _plain('Failure Reasons\n\n\x1b$B%G%#%l%/%H%j$N%j%9%H$K$"$j$^$;$s\x1b(B\njo@receiver.example\n'),
            K.UNKNOWN_USER,
        ),
        (
            _plain(
                "This message was created automatically by mail delivery software.\n\n"
                "This report relates to a message you sent with the following header fields:\n"
                "Subject: spam, spam and a virus\nFrom: news@acme.example\n\n"
                "Reason: Illegal host/domain name found, host unknown\n"
            ),
            K.CONNECTION,
        ),
        (
            _dsn("", status="5.4.4 (no such host)", words="This message was created automatically."),
            K.CONNECTION,
        ),
    ],
    ids=["group", "seven-bit-japanese", "preamble", "remark"],
)
def test_what_a_mail_system_says_before_the_point_is_not_judged(bounce: str, kind: BounceKind) -> None:
    found = read_notice(bounce)
    assert found.meaning is not None
    assert found.meaning.kind is kind


def _nested(depth: int) -> str:
    head = "From: a@acme.example\nTo: b@acme.example\nSubject: x\n"
    boundaries = [f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)]
    return head + "".join(boundaries) + f"Content-Type: text/plain\n\n{UNKNOWN}\n"


@pytest.mark.parametrize("depth", [3, 59, 61, 5_000])
def test_a_bomb_of_parts_is_read_as_text_and_costs_nothing(depth: int) -> None:
    assert not read_notice(_nested(depth)).looks_like_a_listing


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                RETURNED,
                UNKNOWN,
                BLOCKED,
                "\n\n",
                "--b\n",
                "Content-Type: message/delivery-status\n\n",
                "\x00",
                "Action: failed\n",
                "Diagnostic-Code: ;;;\n",
                "boundary=b\n",
                "é\ud800",
            ]
        ),
        max_size=14,
    )
)
def test_any_pile_of_pieces_is_read_without_an_error(pieces: list[str]) -> None:
    notice = read_notice("".join(pieces))
    assert isinstance(notice, ReadNotice)
    assert all(ord(char) >= 32 for char in notice.reason)
