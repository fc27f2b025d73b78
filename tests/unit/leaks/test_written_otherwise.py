"""Passwords that a format writes otherwise than they read: escaped, as bytes, in two halves, apart from their names."""

from __future__ import annotations

import base64
import plistlib
import struct
import zlib
from pathlib import Path

import pytest

from tests.unit.leaks.corpus import Draw
from workbench.core.redact import Secret
from workbench.leaks.files import scan_tree
from workbench.leaks.model import KnownValue, Match, SearchCoverage, SecretKind
from workbench.leaks.patterns import Scanner

DRAW = Draw(431)
PASSWORD = "Tq7!mW=2:kZr9#Lx"
PLAIN = "Tq7mW2kZr9LxPv4s"
HOST, LOGIN = "smtp.mailgun.org", "shop@mg.acme.example"


def registry_bytes(text: str) -> str:
    return ",".join(f"{byte:02x}" for byte in text.encode("utf-16-le") + b"\0\0")


def properties(text: str) -> str:
    return "".join("\\" + sign if sign in "!=:#" else sign for sign in text)


CASES = {
    "properties": (f"mail.host={HOST}\nmail.user={LOGIN}\nmail.password={properties(PASSWORD)}\n", PASSWORD),
    "registry": (f'"Host"="{HOST}"\r\n"User"="{LOGIN}"\r\n"Password"=hex(2):{registry_bytes(PLAIN)}\r\n', PLAIN),
    "two halves": (
        f"pw = '{PLAIN[:8]}' + '{PLAIN[8:]}'\nserver = '{HOST}'\nuser = '{LOGIN}'\n",
        PLAIN,
    ),
    "string in a string": (f'field("SMTP_HOST", "\\"{HOST}\\"")\nfield("SMTP_PASSWORD", "\\"{PLAIN}\\"")\n', PLAIN),
    "default of a variable": (f"host: '{HOST}',\npass: process.env.SMTP_PASS || '{PLAIN}',\n", PLAIN),
    "two at once": (f"HOST = '{HOST}'\nMAIL_USER, MAIL_PASSWORD = '{LOGIN}', '{PLAIN}'\n", PLAIN),
    "block of a text": (f"smtp_host: {HOST}\nsmtp_password: >-\n  {PLAIN}\n", PLAIN),
    "printed structure": (f"cfg: {{host:{HOST} port:587 username:{LOGIN} password:{PLAIN} from:a@b.example}}\n", PLAIN),
    "dialogue typed by hand": (
        f"openssl s_client -connect {HOST}:465 <<EOT\nAUTH LOGIN\n{base64.b64encode(LOGIN.encode()).decode()}\n"
        f"{base64.b64encode(PLAIN.encode()).decode()}\nEOT\n",
        PLAIN,
    ),
}  # fmt: skip


def found_in(data: bytes, name: str, folder: Path, scanner: Scanner) -> list[Match]:
    path = folder / name
    path.write_bytes(data)
    found: list[Match] = []
    coverage = SearchCoverage()
    scan_tree(path, scanner, lambda match, place: found.append(match), coverage)
    assert coverage.complete
    return found


@pytest.mark.parametrize("case", CASES)
def test_what_is_meant_is_found_by_shape_and_by_value(case: str, tmp_path: Path) -> None:
    text, password = CASES[case]
    by_shape = found_in(text.encode(), "file.txt", tmp_path, Scanner())
    assert {match.secret.reveal() for match in by_shape} == {password}
    known = KnownValue("vault: x", Secret(password), SecretKind.SMTP_PASSWORD)
    by_value = found_in(text.encode(), "file.txt", tmp_path, Scanner([known], shapes=False))
    assert password in {match.secret.reveal() for match in by_value}


def test_a_binary_property_list_is_read_name_by_value(tmp_path: Path) -> None:
    values = {"Hostname": HOST, "Username": LOGIN, "Password": PLAIN, "Other": "x"}
    data = plistlib.dumps(values, fmt=plistlib.FMT_BINARY)
    found = found_in(data, "Mail.plist", tmp_path, Scanner())
    assert {(match.secret.reveal(), match.login) for match in found} == {(PLAIN, LOGIN)}


def test_what_only_begins_like_a_property_list_is_searched_as_it_is(tmp_path: Path) -> None:
    data = b"bplist00" + b"\xff" * 40 + f"\nSMTP_HOST={HOST}\nSMTP_PASSWORD={PLAIN}\n".encode()
    found = found_in(data, "broken.plist", tmp_path, Scanner())
    assert {match.secret.reveal() for match in found} == {PLAIN}


def test_two_strings_in_a_row_are_two_strings(tmp_path: Path) -> None:
    text = f"args = ['{HOST}', '{LOGIN}', '{PLAIN}' 'not-of-it']\n"
    found = found_in(text.encode(), "a.py", tmp_path, Scanner())
    assert {match.secret.reveal() for match in found} == {PLAIN}


def test_blanks_between_many_strings_are_not_shared_out_in_every_way() -> None:
    # A page of documentation strings took most of a minute: this would take years.
    text = b"mailgun join( (" + b"'a'" + (b" " * 18 + b"'a'") * 40
    assert Scanner().scan(text) == []


CURRENT, LEGACY = Draw(77).current(), Draw(78).legacy()
NEXT_LINE = {
    "terminal": "\n",
    "continued": "\\\n    ",
    "reply": "\r\n> ",
    "compose": "\nweb_1  | ",
    "syslog": "\nNov 29 10:00:00 mx app[812]: ",
    "journal": "\n2026-11-29T10:00:00.123456+00:00 mx app[812]: ",
    "container": "\n2026-11-29T10:00:00.123456789Z stdout F ",
    "docker": '","stream":"stdout","time":"2026-11-29T10:00:00.1Z"}\n{"log":"',
}


@pytest.mark.parametrize("cut", [6, 20, 33, 34, 41, 47])
@pytest.mark.parametrize("between", NEXT_LINE.values(), ids=NEXT_LINE)
def test_a_key_that_a_line_end_cuts_in_two_is_whole(between: str, cut: int) -> None:
    for key in (CURRENT, LEGACY):
        at = min(cut, 34) if key is LEGACY else cut
        text = f"mailgun: sent with {key[:at]}{between}{key[at:]} ok\nnext entry\n"
        assert {match.secret.reveal() for match in Scanner().scan(text.encode())} == {key}, (
            at,
            key is LEGACY,
        )


def test_lines_that_only_follow_each_other_are_not_joined() -> None:
    text = f"mailgun sums\n{'ab12' * 8}\n{'cd34' * 8}\nkey-{'a1' * 8}\nkey-{'b2' * 8}\n"
    assert Scanner().scan(text.encode()) == []


def _postgres_dump(rows: bytes, *, algorithm: int = 1) -> bytes:
    packed = zlib.compress(rows)
    pieces = [packed[at : at + 64] for at in range(0, len(packed), 64)]
    data = b"".join(b"\0" + struct.pack("<I", len(piece)) + piece for piece in pieces)
    head = b"PGDMP\x01\x0f\x00\x04\x08\x01" + bytes((algorithm,)) + b"\0" * 40
    return head + b"settings\0\x01\0\x05\0\0\0" + data + b"\0" * 5


def test_the_tables_of_a_postgres_dump_are_read_and_what_is_not_is_named(tmp_path: Path) -> None:
    key = DRAW.current()
    rows = b"".join(b"%d\tfiller\t%s\n" % (n, DRAW.hex(20).encode()) for n in range(40))
    rows += f"mailgun_api_key\t{key}\n".encode() + rows
    (tmp_path / "shop.dump").write_bytes(_postgres_dump(rows))
    found: list[str] = []
    coverage = SearchCoverage()
    scan_tree(tmp_path, Scanner(), lambda match, place: found.append(match.secret.reveal()), coverage)
    assert (found, coverage.complete) == ([key], True)
    (tmp_path / "shop.dump").write_bytes(_postgres_dump(rows, algorithm=3))
    scan_tree(tmp_path, Scanner(), lambda match, place: None, coverage := SearchCoverage())
    assert not coverage.complete and "PostgreSQL dump" in next(iter(coverage.skipped))


@pytest.mark.parametrize("spare", [b"", b"x", b"xx"])
def test_the_short_last_line_of_wrapped_base64_belongs_to_it(spare: bytes) -> None:
    key = DRAW.current()
    wrapped = base64.encodebytes(f"MAILGUN_API_KEY={key}\n".encode() + spare)
    assert len(wrapped.split(b"\n")[-2]) < 24
    data = b"Content-Transfer-Encoding: base64\n\n" + wrapped + b"\n--boundary--\n"
    assert {match.secret.reveal() for match in Scanner().scan(data)} == {key}
