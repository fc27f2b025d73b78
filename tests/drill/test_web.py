"""The leaky site, repository and access logs: they fit the story, agree with each other, and are the same each time."""

from __future__ import annotations

import base64
import gzip
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from workbench.core.errors import HostError
from workbench.drill.servers.accesslog import combined
from workbench.drill.servers.repository import build_repository
from workbench.drill.servers.side import SideOptions, SideServers, build_files, start_side_servers
from workbench.drill.servers.site import leaked_secrets, site_files
from workbench.drill.servers.web import DrillSite
from workbench.drill.world.options import DrillOptions
from workbench.drill.world.story import Story, tell

START = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
LINE = re.compile(r'(\S+) - - \[([^]]+)\] "(\S+) (\S+) HTTP/1\.1" (\d{3}) (\d+|-) "[^"]*" "[^"]*"\n')


class NoListings:
    def lookup(self, zone: str, subject: str) -> None:
        return None


class Account:
    """Stands in for the simulated account: nobody logs in here, and time stands still."""

    listings = NoListings()

    def now(self) -> float:
        return START.timestamp()

    def authenticate_smtp(self, *_: object) -> bool:
        return False

    def accept_smtp(self, *_: object) -> tuple[int, str]:
        return 250, "OK"


def story(scenario: str = "stolen-env", seed: int = 1) -> Story:
    return tell(DrillOptions(scenario=scenario, seed=seed), START)


def need_git() -> None:
    if shutil.which("git") is None:
        if os.environ.get("WORKBENCH_TEST_ALL") == "1":
            pytest.fail("git is missing")
        pytest.skip("git is not installed")


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[SideServers]:
    need_git()
    made = await start_side_servers(Account(), story(), tmp_path)
    yield made
    await made.close()


@pytest.fixture
async def client(servers: SideServers) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=servers.web_url) as made:
        yield made


async def test_every_exposure_of_the_site_is_served(servers: SideServers, client: httpx.AsyncClient) -> None:
    told = story()
    secrets = leaked_secrets(told)
    values = {
        secrets.key_id: secrets.key,
        secrets.login: secrets.password,
        secrets.spare_id: secrets.spare,
    }
    urls = [exposure for exposure in servers.exposures if exposure.kind == "url"]
    assert len(urls) == 7 and {e.where for e in urls if e.taken} == {"/.env"}
    for exposure in urls:
        answer = await client.get(exposure.where)
        value = values[exposure.ref]
        basic = base64.b64encode(f"api:{value}".encode()).decode()
        assert answer.status_code == 200 and (value in answer.text or basic in answer.text), exposure.where


async def test_the_intruders_links_lead_to_a_page_on_loopback_that_keeps_nothing(
    servers: SideServers,
) -> None:
    before = servers.access_log.read_bytes()
    async with httpx.AsyncClient(base_url=servers.landing_url) as client:
        page = await client.get("/track/abc?to=jo%40mailbox.example")
        assert page.status_code == 200 and 'type="password"' in page.text
        assert "action=" not in page.text and "http" not in page.text and "jo@" not in page.text
        assert (await client.get("/o.gif")).headers["content-type"] == "image/gif"
        assert (await client.get("/")).status_code == 404
    assert servers.access_log.read_bytes() == before


async def test_pages_of_the_site(servers: SideServers, client: httpx.AsyncClient) -> None:
    home = await client.get("/")
    assert home.status_code == 200 and "WordPress" in home.text
    info = (await client.get("/phpinfo.php")).text
    assert "PHP Version" in info and "PHP Extension" in info
    # Tens of kilobytes, the environment behind the first four.
    assert len(info) > 20_000 and info.index("MAILGUN_SECRET") > 4096
    assert "mailgun" in (await client.get("/wp-content/plugins/mailgun/readme.txt")).text.lower()
    assert (await client.get("/wp-config.php")).text == ""
    assert "Index of" in (await client.get("/wp-content/uploads/")).text
    assert (await client.get("/wp-content/plugins/")).status_code == 403
    assert (await client.get("/.git/config")).status_code == 404
    assert (await client.get("/%2e%2e/%2e%2e/etc/passwd")).status_code == 403
    assert (await client.request("DELETE", "/")).status_code == 405
    head = await client.head("/.env")
    assert head.content == b"" and int(head.headers["content-length"]) > 100


async def test_ranges(client: httpx.AsyncClient) -> None:
    whole = (await client.get("/.env")).content
    part = await client.get("/.env", headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.content) == (206, whole[:100])
    assert part.headers["content-range"] == f"bytes 0-99/{len(whole)}"
    rest = await client.get("/.env", headers={"Range": "bytes=10-"})
    assert (rest.status_code, rest.content) == (206, whole[10:])
    for header in ("bytes=9-3", "bytes=999999-", "bytes=-5", "lines=0-1", "bytes=0-1,3-4"):
        assert (await client.get("/.env", headers={"Range": header})).status_code == 200, header
    assert (await client.get("/phpinfo.php", headers={"Range": "bytes=0-9"})).status_code == 200


async def test_what_the_operator_removes_is_gone(servers: SideServers, client: httpx.AsyncClient) -> None:
    (servers.web_root / ".env").unlink()
    assert (await client.get("/.env")).status_code == 404
    assert "MAILGUN_SECRET" not in (await client.get("/phpinfo.php")).text


async def test_links_do_not_lead_out_of_the_root(servers: SideServers, client: httpx.AsyncClient) -> None:
    (servers.web_root / "out").symlink_to("/etc")
    (servers.web_root / "passwd").symlink_to("/etc/passwd")
    assert (await client.get("/passwd")).status_code == 404
    assert (await client.get("/out/passwd")).status_code == 404
    assert (await client.get("/out")).status_code == 404


async def test_requests_are_logged_like_any_other(servers: SideServers, client: httpx.AsyncClient) -> None:
    before = servers.access_log.read_text()
    await client.get("/.env", headers={"User-Agent": 'x" \\ \x07', "Referer": "https://r.example/"})
    await client.head("/")
    added = servers.access_log.read_text()[len(before) :].splitlines()
    size = (servers.web_root / ".env").stat().st_size
    assert added == [
        f'127.0.0.1 - - [21/Nov/2026:14:02:00 +0000] "GET /.env HTTP/1.1" 200 {size} '
        '"https://r.example/" "x\\" \\\\ \\x07"',
        '127.0.0.1 - - [21/Nov/2026:14:02:00 +0000] "HEAD / HTTP/1.1" 200 - '
        f'"-" "python-httpx/{httpx.__version__}"',
    ]


async def test_soft_404(tmp_path: Path) -> None:
    build_files(story(), tmp_path)
    site = DrillSite(tmp_path / "web", "Acme Tools", "www.acme.example", soft_404=True)
    page = site.get("/no/such/<b>page")
    assert page.status == 200 and b"&lt;b&gt;" in page.body and b"<b>" not in page.body
    assert DrillSite(tmp_path / "web", "Acme Tools", "www.acme.example").get("/no/such").status == 404


def _age(path: Path) -> int:
    return int("".join(char for char in path.name if char.isdigit()) or 0)


def lines(log: Path) -> list[tuple[str, ...]]:
    """Return all log lines of all rotations, oldest first, each matched against the combined format."""
    found: list[tuple[str, ...]] = []
    for path in sorted(log.parent.iterdir(), key=_age, reverse=True):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in text.decode("ascii").splitlines(keepends=True):
            match = LINE.fullmatch(line)
            assert match is not None, line
            found.append(match.groups())
    return found


@pytest.mark.parametrize("scenario", ["stolen-env", "stolen-login", "slow-abuse", "agency", "legacy-keys"])
def test_the_theft_stands_in_the_logs(tmp_path: Path, scenario: str) -> None:
    told = story(scenario)
    files = build_files(told, tmp_path)
    all_lines = lines(files.access_log)
    moments = [datetime.strptime(line[1], "%d/%b/%Y:%H:%M:%S %z") for line in all_lines]
    assert moments == sorted(moments) and moments[-1] < START
    served = [
        (line, at)
        for line, at in zip(all_lines, moments, strict=True)
        if line[3] == "/.env" and line[2] == "GET" and line[4] == "200"
    ]
    assert len(served) == 1
    line, at = served[0]
    assert line[0] == told.leak.taken_from and at == told.leak.taken_at
    assert line[5] == str((files.web_root / ".env").stat().st_size)
    heads = [line for line in all_lines if line[2] == "HEAD" and line[3] == "/.env"]
    assert heads and all(line[5] == "-" for line in heads)
    # Nothing else that holds a secret was asked for by anybody.
    others = {e.where for e in files.exposures if e.kind == "url"} - {"/.env"}
    assert not others & {line[3] for line in all_lines}


@pytest.mark.parametrize("scenario", ["panel-session", "site-abuse", "empty", "subaccount", "lockout"])
def test_other_scenarios_hold_together(tmp_path: Path, scenario: str) -> None:
    told = story(scenario)
    files = build_files(told, tmp_path)
    secrets = leaked_secrets(told)
    assert bool(files.exposures) == secrets.any
    assert ".env" in site_files(told) or not secrets.any
    posts = [line for line in lines(files.access_log) if line[3] == "/wp-admin/admin-ajax.php"]
    assert bool(posts) == (told.leak.kind == "site")
    values = [key.secret for key in told.keys] + [login.password for login in told.logins]
    held = [value for value in values if any(value.encode() in body for body in site_files(told).values())]
    assert bool(held) == secrets.any


def git(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True, env=environment
    ).stdout


def test_the_repository_hides_the_secret_in_its_history(tmp_path: Path) -> None:
    need_git()
    told = story()
    secrets = leaked_secrets(told)
    places = build_repository(told, tmp_path / "one")
    assert {place.kind for place in places} == {"history", "unreachable"} and len(places) == 3
    for place in places:
        text = git(tmp_path / "one", "show", place.where)
        assert (secrets.key in text) or (secrets.password in text)
    head = git(tmp_path / "one", "grep", "-l", "MAILGUN_SECRET", "HEAD")
    assert "config/mail.php" in head
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            assert secrets.key not in path.read_text() and secrets.password not in path.read_text()
    assert git(tmp_path / "one", "status", "--porcelain") == ""
    lost = next(place.where.split(":")[0] for place in places if place.kind == "unreachable")
    assert lost not in git(tmp_path / "one", "rev-list", "--all")
    assert lost in git(tmp_path / "one", "fsck", "--unreachable", "--no-reflogs")
    assert build_repository(told, tmp_path / "two") == places
    assert git(tmp_path / "two", "rev-parse", "HEAD") == git(tmp_path / "one", "rev-parse", "HEAD")


def test_without_git_the_drill_goes_on_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HostError, match="git is not installed"):
        build_repository(story(), tmp_path / "r", git="no-such-program")
    monkeypatch.setenv("PATH", str(tmp_path))
    files = build_files(story(), tmp_path / "drill")
    assert "git is not installed" in files.notes[0]
    assert {exposure.kind for exposure in files.exposures} == {"url"}
    assert build_files(story(), tmp_path / "drill") == files


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def test_the_same_story_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build_files(story(), tmp_path / name)
    build_files(story(seed=2), tmp_path / "other")
    assert everything(tmp_path / "one") == everything(tmp_path / "two")
    assert everything(tmp_path / "one") != everything(tmp_path / "other")


def test_a_resumed_drill_keeps_what_was_cleaned_up(tmp_path: Path) -> None:
    files = build_files(story(), tmp_path)
    (files.web_root / ".env").unlink()
    assert build_files(story(), tmp_path) == files
    assert not (files.web_root / ".env").exists()
    build_files(story(seed=2), tmp_path)
    assert (files.web_root / ".env").exists()


async def test_all_side_servers_start_and_stop(tmp_path: Path) -> None:
    need_git()
    options = SideOptions(faults="smtp-454:0.5", soft_404=True)
    servers = await start_side_servers(Account(), story(), tmp_path, options)
    assert len({servers.smtp_us, servers.smtp_eu, servers.dns, servers.web_url}) == 4
    assert servers.smtp["us"].faults.auth_temporary == 0.5 and servers.notes == ()
    assert servers.repository.is_dir() and servers.access_log.is_file()
    port = int(servers.web_url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="in use"):
        await start_side_servers(Account(), story(), tmp_path, SideOptions(web_port=port))
    await servers.close()
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as client:
            await client.get(servers.web_url)


def test_hostile_requests_stay_on_one_line() -> None:
    line = combined(START, "192.0.2.1", 'GET /\n" \x1b[31m é\udcff HTTP/1.1', 400, 0, "-", "a\tb")
    assert line.count("\n") == 1 and line.isascii() and "\x1b" not in line
    assert line.endswith('400 - "-" "a\\x09b"\n') and '\\"' in line and "\\xc3\\xa9" in line
