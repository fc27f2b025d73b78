"""Nothing foreign leaves the search in clear, whatever stands beside a secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.leaks.corpus import BASE36, Draw
from workbench.leaks.command import LeakOptions, run
from workbench.leaks.document import document as leaks_document
from workbench.leaks.gate import masked_login, masked_name, masked_text
from workbench.leaks.model import Match
from workbench.leaks.patterns import Scanner


class Neighbourhood(Draw):
    """Draws values and what holds them together."""

    def domain(self) -> str:
        return f"{self.text('bcdfghkm', 7)}.example"

    def glue(self) -> str:
        return self.random.choice(["\n", "\n", "\r\n", "\n\n", " ", "; ", "\\n", "\n# note\n", ","])

    def foreign(self) -> str:
        kinds = (
            lambda: self.text(BASE36 + BASE36.upper(), 12) + "9x",
            lambda: "Hunter" + self.text("0123456789", 3) + "Winter" + self.text("0123456789", 2),
            lambda: self.text(BASE36, 10) + "@" + self.text(BASE36, 6),
            lambda: self.text("0123456789abcdef", 32),
            lambda: "sk_live_" + self.text(BASE36, 24),
        )
        return self.random.choice(kinds)()


# What else stands in such files: somebody else's secrets, each where a name or a login might be read from.
FOREIGN: tuple[Callable[[str, Neighbourhood], str], ...] = (
    lambda pw, d: f"DATABASE_URL=postgres://shop:{pw}@db.{d.domain()}:5432/shop",
    lambda pw, d: f"DATABASE_URL=mysql://shop:{pw}@{d.domain()}/shop?ssl=1",
    lambda pw, d: f'"mongo": "mongodb+srv://app:{pw}@cluster0.{d.domain()}/app",',
    lambda pw, d: f"  url: redis://:{pw}@cache.{d.domain()}:6379/0",
    lambda pw, d: f"mail.url=smtp://relay:{pw}@mail.{d.domain()}",
    lambda pw, d: f"git remote add o https://deploy:{pw}@git.{d.domain()}/x.git",
    lambda pw, d: f"DB_PASSWORD={pw}",
    lambda pw, d: f"db_password: '{pw}@{d.domain()}'",
    lambda pw, d: f"'password' => '{pw}',",
    lambda pw, d: f"root:{pw}@db.{d.domain()}",
    lambda pw, d: f"sftp backup:{pw}@files.{d.domain()}:/srv",
    lambda pw, d: f"old,{pw}@{d.domain()},x",
    lambda pw, d: f"{pw}, ",
    lambda pw, d: f"token {pw} ",
    lambda pw, d: f"api_token={pw}@{d.domain()};",
    lambda pw, d: f"Server=db.{d.domain()};Uid=sa;Pwd={pw};",
    lambda pw, d: f"admin / {pw}",
    lambda pw, d: f'login("shop", "{pw}", ',
    lambda pw, d: f"{pw}:",
    lambda pw, d: f's:8:"password";s:{len(pw)}:"{pw}";',
)
OURS: tuple[Callable[[Neighbourhood], str], ...] = (
    lambda d: f"MAIL_HOST=smtp.mailgun.org{d.glue()}MAIL_PASSWORD={d.old_password()}",
    lambda d: f"MAILGUN_SMTP_PASSWORD={d.own_password()}{d.glue()}MAILGUN_SMTP_SERVER=smtp.mailgun.org",
    lambda d: f"mail.password={d.old_password()}{d.glue()}mail.host=smtp.mailgun.org",
    lambda d: d.current(),
    lambda d: f"{d.current()},{d.current()},{d.current()}",
    lambda d: f"mailgun keys: {d.current()} {d.legacy()} {d.current()}",
    lambda d: f"mailgun,{d.legacy()},{d.legacy()}",
    lambda d: f'{{"old_keys":["{d.current()}","{d.current()}","{d.legacy()}"]}} mailgun',
    lambda d: f"MAILGUN_SECRET={d.current()}",
    lambda d: f"mailgun+smtp://postmaster%40mg.{d.domain()}:{d.old_password()}@default",
    lambda d: (
        "blob: "
        + base64.b64encode(f"MAILGUN_SECRET={d.current()}\nDB={d.text(BASE36, 30)}".encode()).decode()
    ),
)


def shown_beside(matches: list[Match]) -> str:
    return "\n".join(f"{match.name}\t{match.login}\t{match.placement}" for match in matches)


def pieces(value: str) -> set[str]:
    """The value and each part of it long enough to help a stranger."""
    return {value, *(part for part in value.replace("@", " ").split() if len(part) >= 5)}


def test_no_field_of_a_match_shows_anything_of_its_neighbours() -> None:
    draw = Neighbourhood(13)
    found = 0
    for _ in range(2500):
        secrets = [draw.foreign() for _ in range(draw.random.randrange(1, 4))]
        lines = [draw.random.choice(FOREIGN)(secret, draw) for secret in secrets]
        lines.insert(draw.random.randrange(len(lines) + 1), draw.random.choice(OURS)(draw))
        data = draw.glue().join(lines).encode()
        matches = Scanner().scan(data)
        found += bool(matches)
        shown = shown_beside(matches)
        own = {match.secret.reveal() for match in matches}
        for value in own.union(*(pieces(secret) for secret in secrets)):
            assert value not in shown, (data, shown)
    assert found > 1500


def test_a_whole_search_shows_no_secret_in_any_field_of_its_document(tmp_path: Path) -> None:
    draw = Neighbourhood(29)
    hidden: set[str] = set()
    for number in range(40):
        secret, key, own = draw.foreign(), draw.current(), draw.own_password()
        hidden |= pieces(secret) | {key, own}
        text = (
            f"{draw.random.choice(FOREIGN)(secret, draw)}\nMAIL_HOST=smtp.mailgun.org\nMAIL_PASSWORD={own}\n"
        )
        name = f"{number}-{key}.txt" if number % 2 else f"{number}-{own.replace('/', '')}"
        (tmp_path / name).write_text(f"{text}\n\n\nMAILGUN_SECRET={key}\n")
    (tmp_path / f"broken-{draw.current()}.gz").write_bytes(b"\x1f\x8b\x08nothing")
    log = tmp_path.parent / "access.log"
    log.write_text(
        f'203.0.113.9 - - [18/Nov/2026:03:12:44 +0000] "GET /x/{own}/{draw.current()}/.env HTTP/1.1" 200 9 '
        f'"-" "curl {draw.legacy()}"\n'
    )
    report = run(LeakOptions(targets=(str(tmp_path),), logs=(str(log),)))
    text = json.dumps(leaks_document(report), ensure_ascii=False)
    assert len(report.findings) >= 60
    assert [value for value in hidden if value in text] == []
    assert "key-" not in text.replace("api-key", "").replace("sending-key", "")


def test_a_login_beside_a_password_is_still_read() -> None:
    draw = Neighbourhood(3)
    for line in (
        "MAIL_USERNAME={login}",
        "  user: {login}",
        "'username' => '{login}',",
        '"user":"{login}",',
        "user={login}",
        's:4:"user";s:20:"{login}";',
        "auth_user: {login}",
        "-u {login}",
    ):
        login = f"news@mg.{draw.domain()}"
        text = (
            f"MAIL_HOST=smtp.mailgun.org\n{line.format(login=login)}\nMAIL_PASSWORD={draw.old_password()}\n"
        )
        (match,) = Scanner().scan(text.encode())
        assert match.login == login, line


@pytest.mark.parametrize(
    "name", ["MAILGUN_API_KEY", "mail.password", "Smtp2GoPassword", "services.mailgun.secret"]
)
def test_an_ordinary_name_passes_the_gate(name: str) -> None:
    assert masked_name(name) == name


def test_the_gate_masks_shapes_urls_and_what_it_is_told() -> None:
    draw = Draw(5)
    key, legacy = draw.current(), draw.legacy()
    assert masked_text(f"backup/{key}.txt") == "backup/••••.txt"
    assert masked_text(f"x-{legacy}") == "x-••••"
    assert masked_text("https://me:hunter22@git.example/x") == "https://me:••••@git.example/x"
    assert masked_text("logs/hunter22/x", ["hunter22"]) == "logs/••••/x"
    assert masked_login("hunter22@db.example", ["hunter22"]) == ""
    assert masked_login("postmaster@mg.example.com", ["hunter22"]) == "postmaster@mg.example.com"
    assert masked_name(key) == ""
    assert masked_name("abc123def456gh") == ""


def test_a_mail_servers_name_before_a_login_makes_no_secret_of_it() -> None:
    (match,) = Scanner().scan(b"*.mailgun.org:no-reply@mg.acme.example:" + b"0123456789abcde" * 2 + b"9f\n")
    assert match.login == "no-reply@mg.acme.example"
