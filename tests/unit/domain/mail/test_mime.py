"""A stored message read within bounds: hostile from the first byte, plain text at the end."""

from __future__ import annotations

import hashlib

import pytest

from workbench.core import html_text
from workbench.domain.mail import mime

_HEAD = b"From: Shop <notice@mg.acme.example>\r\nSubject: Parcel\r\n"


def _message(body: bytes, kind: bytes = b"text/plain; charset=utf-8") -> mime.ShownMail:
    return mime.read(_HEAD + b"Content-Type: " + kind + b"\r\n\r\n" + body)


def test_html_is_reduced_to_what_a_reader_would_see() -> None:
    page = (
        b"<head><title>no</title><style>p{}</style></head><body><p>Pay <b>now</b></p><script>steal('<p>')</script>"
        b"<a href='https://evil.example/a?x=1'>here</a><form action=/x><input type=password></form></body>"
    )
    shown = _message(page, b"text/html")
    assert "Pay now" in shown.text and "here" in shown.text
    assert "steal" not in shown.text and "no" not in shown.text.split()
    assert shown.links[:2] == ("https://evil.example/a?x=1", "/x")
    assert any("form" in note for note in shown.notes)


def test_a_plain_body_that_hides_the_html_one_hides_nothing() -> None:
    parts = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nHarmless words.\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>Enter your password and card number here</p>\r\n--b--\r\n"
    )
    shown = _message(parts, b"multipart/alternative; boundary=b")
    assert "Harmless" in shown.text and "card number" in shown.text


def test_attachments_are_named_and_hashed_and_never_shown() -> None:
    parts = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nsee attached\r\n--b\r\nContent-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''in%E2%80%AEfdp.js\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nZXZpbA==\r\n--b--\r\n"
    )
    (one,) = _message(parts, b"multipart/mixed; boundary=b").attachments
    assert one.name == "in\\u202efdp.js" and one.type == "application/pdf"
    assert (one.size, one.sha256) == (4, hashlib.sha256(b"evil").hexdigest())
    assert "evil" not in _message(parts, b"multipart/mixed; boundary=b").text


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        (b"nonsense-9", "grüße".encode()),
        (b"utf-8", b"gr\xfc\xdfe"),
        (b"idna", b"\xff\xfe"),
        (b"utf-16", b"a"),
    ],
)
def test_a_wrong_charset_costs_characters_not_the_message(charset: bytes, body: bytes) -> None:
    shown = _message(body, b"text/plain; charset=" + charset)
    assert shown.text and any("says it is" in note for note in shown.notes)


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)
        ),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50_000,
        b"Content-Type: multipart/digest; boundary=b\r\n\r\n"
        + b"--b\r\n\r\nContent-Type: multipart/digest; boundary=b\r\n\r\n" * 3000,
        b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain" + b';a="' * 200_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain\r\n" + b" ;x=y\r\n" * 100_000 + b"\r\nx",
        b"",
        b"\x00" * 100,
        b"\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 \xff\n",
        b"Content-Type: message/rfc822\r\n\r\n" * 400,
        b'Content-Type: multipart/mixed; boundary=""\r\n\r\nx',
    ],
    ids=range(13),
)
def test_bombs_of_parts_nesting_and_headers_are_read_up_to_a_bound(raw: bytes) -> None:
    shown = mime.read(raw)
    assert len(shown.attachments) <= mime.MOST_ATTACHMENTS
    assert all(len(value) < 400 for _, value in shown.headers)
    assert len(shown.text) <= 2 * mime.MOST_TEXT + 200


@pytest.mark.parametrize(
    "piece",
    ["<a", "<!--", "<![CDATA[", "</", "<a '", "<a b='", "<?", "<a href=", "<!", "&#", "<p>", "</b   ", "<p/"],
)
def test_html_that_never_ends_is_read_in_one_pass(piece: str) -> None:
    # The standard library's parser takes minutes for each of these.
    reduced = html_text.reduce(piece * 20_000)
    assert len(reduced.text) <= 21_000 * len(piece)


def test_bare_tags_divide_words_and_hide_nothing() -> None:
    html = (
        "<P>one<br/>two</p ><td>three</TD>fo<b>u</b>r<span title='<p>'>five</span><head><p>unseen</head>"
        "<a href='https://a.example/?q=<b>x'><i>six</i></a>&lt;p&gt;<form>"
    )
    reduced = html_text.reduce(html)
    assert reduced.text.split() == ["one", "two", "three", "fourfivesix<p>"]
    assert reduced.links == ("https://a.example/?q=<b>x",)
    assert reduced.notes == ("it holds 1 form that asks for something",)


def test_text_cannot_move_the_cursor() -> None:
    shown = mime.read(b"Subject: a\x1b[2Jb =?utf-8?q?=E2=80=AEc?=\r\nTo: x\r\n\r\nbody")
    assert "\x1b" not in shown.header("subject") and "\u202e" not in shown.header("subject")


def test_fields_of_the_api_are_shown_as_a_message_is() -> None:
    answer = {
        "From": "a@b.example",
        "Subject": "s",
        "body-plain": "",
        "body-html": "<p>Hi <a href=javascript:x()>y</a></p>",
        "attachments": [
            {"name": "a.exe", "content-type": "application/x", "size": 3, "url": "https://x"},
            "odd",
        ],
    }
    shown = mime.of_fields(answer)
    assert shown.text == "Hi y" and shown.links == ("javascript:x()",)
    assert [(one.name, one.sha256) for one in shown.attachments] == [("a.exe", "")]
    assert mime.of_fields({"body-html": 5, "attachments": 7}).text == ""
