"""Access logs: who was served what, in every format, with hostile lines, and the sentence in the end."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workbench.leaks.accesslog import LogReader
from workbench.leaks.correlate import ForeignUse, ReadablePlace, Strength, correlate
from workbench.leaks.logfiles import log_paths, read_log
from workbench.leaks.logline import parse
from workbench.leaks.logreport import LogReport, Served
from workbench.leaks.model import LeakError, SearchCoverage
from workbench.leaks.served import served_sizes
from workbench.leaks.signatures import OWN_AGENT

AGENT = "python-requests/2.28.1"


def entry(
    path: str,
    *,
    address: str = "203.0.113.7",
    at: str = "18/Nov/2026:03:12:44 +0000",
    status: int = 200,
    size: int | str = 612,
    agent: str = AGENT,
    method: str = "GET",
) -> str:
    return f'{address} - - [{at}] "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}"\n'


def read(text: str | bytes, **options: object) -> LogReport:
    reader = LogReader(**options)  # type: ignore[arg-type]
    reader.read([text.encode() if isinstance(text, str) else text], "access.log")
    return reader.report()


def size_of(known: dict[str, int]) -> object:
    return lambda path: frozenset({known[path]} if path in known else ())


def test_a_fetch_of_the_whole_file_is_the_strongest_proof() -> None:
    report = read(entry("/") + entry("/.env"), sizes=size_of({"/.env": 612}))
    (fetch,) = report.taken
    assert fetch.served is Served.S3
    assert (fetch.address, fetch.path, fetch.kind) == ("203.0.113.7", "/.env", "environment file")
    assert fetch.time == datetime(2026, 11, 18, 3, 12, 44, tzinfo=UTC)
    assert len(fetch.line_hash) == 16


@pytest.mark.parametrize(
    ("line", "served"),
    [
        (entry("/.env"), Served.S2),
        (entry("/.env", size=900), Served.S2),
        (entry("/.env", status=404), Served.S0),
        (entry("/.env", status=403), Served.S0),
        (entry("/.env", status=301), Served.S0),
        (entry("/.env", status=304), Served.S0),
        (entry("/.env", size="-"), Served.S0),
        (entry("/.env", size=0), Served.S0),
        (entry("/.env", method="HEAD"), Served.S0),
        (entry("/.env", size=5123), Served.S1),
    ],
)
def test_status_method_and_size_decide(line: str, served: Served) -> None:
    (fetch,) = read(line, usual=[5123]).fetches
    assert fetch.served is served


def test_headers_counted_with_the_size_are_tolerated_and_other_sizes_are_not() -> None:
    sizes = size_of({"/.env": 612})
    assert read(entry("/.env", size=612 + 300), sizes=sizes).fetches[0].served is Served.S3
    assert read(entry("/.env", size=611), sizes=sizes).fetches[0].served is Served.S2


def test_parts_of_a_file_are_added_up() -> None:
    text = entry("/.env", status=206, size=400) + entry("/.env", status=206, size=212)
    assert [fetch.served for fetch in read(text, sizes=size_of({"/.env": 612})).fetches] == [
        Served.S3,
        Served.S3,
    ]
    assert [fetch.served for fetch in read(text, sizes=size_of({"/.env": 9000})).fetches] == [
        Served.S2,
        Served.S2,
    ]


def test_one_size_for_many_paths_is_the_catch_all_page() -> None:
    text = "".join(entry(path, size=5000) for path in ("/.env", "/.git/config", "/phpinfo.php"))
    assert read(text).taken == ()
    assert read(text + entry("/.env.bak", size=77)).taken[0].path == "/.env.bak"


def test_own_probes_are_left_out_and_counted() -> None:
    report = read(
        entry("/.env", agent=f"{OWN_AGENT}/0.1 (leak check)") + entry("/.env", address="198.51.100.9")
    )
    assert report.own == 1
    assert [fetch.address for fetch in report.fetches] == ["198.51.100.9"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/.env.production", "environment file"),
        ("/api/.env", "environment file"),
        ("/%2eenv", "environment file"),
        ("//.env", "environment file"),
        ("/./.env", "environment file"),
        ("/.env?x=1", "environment file"),
        ("/.git/config", "git repository"),
        ("/.git-credentials", "git repository"),
        ("/wp-config.php.bak", "configuration backup"),
        ("/wp-config.php~", "configuration backup"),
        ("/.wp-config.php.swp", "configuration backup"),
        ("/backup.sql.gz", "database dump"),
        ("/example.com.zip", "archive of the site"),
        ("/2026.tar.gz", "archive of the site"),
        ("/phpinfo.php", "phpinfo page"),
        ("/?phpinfo=1", "phpinfo page"),
        ("/_profiler/phpinfo", "phpinfo page"),
        ("/actuator/env", "debug page"),
        ("/storage/logs/laravel.log", "log file"),
        ("/.bash_history", "shell history"),
        ("/docker-compose.yml", "configuration"),
        ("/.aws/credentials", "configuration"),
        ("/config/default.json", "configuration"),
        ("/wp-json/gravitysmtp/v1/tests/mock-data?page=gravitysmtp-settings", "plugin endpoint"),
        ("/?rest_route=/gravitysmtp/v1/tests/mock-data", "plugin endpoint"),
        ("/?rest_route=%2Fgravitysmtp%2Fv1%2Ftests%2Fmock-data", "plugin endpoint"),
    ],
)
def test_credential_paths_are_recognised(path: str, kind: str) -> None:
    (fetch,) = read(entry("/a") + entry(path) + entry("/b")).taken
    assert fetch.kind == kind


@pytest.mark.parametrize(
    "path",
    ["/", "/blog/environment", "/login", "/config", "/app.js", "/main.css", "/info", "/about/php", "/a.zip.html",
     "/v1.2/x", "/.well-known/acme-challenge/x", "/_next/static/chunk.js", "/product.json",
     "/catalog/index.php", "/images/backup.png"],
)  # fmt: skip
def test_ordinary_paths_mean_nothing(path: str) -> None:
    assert read(entry(path)).fetches == ()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (entry("/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", method="POST"), "PHPUnit eval-stdin"),
        (entry("/cgi-bin/.%2e/.%2e/bin/sh", method="POST"), "Apache traversal"),
        (entry("/_ignition/execute-solution", method="POST", status=500), "Ignition"),
        (entry("/", agent="libredtail-http"), "libredtail"),
        (entry("/?0x%5B%5D=androxgh0st", method="POST"), "AndroxGh0st"),
        (entry("/wp-login.php?page=postman_email_log&view=log&log_id=1"), "Post SMTP mail log"),
    ],
)
def test_harvesters_are_named_and_grouped_by_address(line: str, name: str) -> None:
    (visitor,) = read(line * 3).visitors
    assert visitor.requests == 3
    assert any(mark.startswith(name) for mark in visitor.harvesters)


def test_many_targets_in_one_block_are_found_like_few() -> None:
    paths = [f"/dir{number}/.env" for number in range(60)]
    text = "".join(entry("/page") * 5 + entry(path, size=100 + number) for number, path in enumerate(paths))
    assert sorted(fetch.path for fetch in read(text).taken) == sorted(paths)


JSON_LINES = [
    {"@timestamp": "2026-11-18T03:12:44+00:00", "remote_addr": "203.0.113.7", "request_method": "GET",
     "request_uri": "/.env?x=1", "status": 200, "body_bytes_sent": 612, "http_user_agent": AGENT},
    {"ts": 1794971564.25, "request": {"remote_ip": "203.0.113.7", "method": "GET", "uri": "/.env",
     "headers": {"User-Agent": [AGENT]}}, "status": 200, "size": 612},
    {"ClientHost": "203.0.113.7", "RequestPath": "/.env", "RequestMethod": "GET", "DownstreamStatus": 200,
     "DownstreamContentSize": 612, "StartUTC": "2026-11-18T03:12:44Z", "request_User-Agent": AGENT},
    {"time_local": "18/Nov/2026:03:12:44 +0000", "remote_addr": "10.0.0.1",
     "http_x_forwarded_for": "203.0.113.7, 10.0.0.2",
     "request": "GET /.env HTTP/1.1", "status": "200", "body_bytes_sent": "612", "http_user_agent": AGENT},
]  # fmt: skip


@pytest.mark.parametrize("record", JSON_LINES, ids=["nginx", "caddy", "traefik", "nginx request"])
@pytest.mark.parametrize("escape", [False, True], ids=["plain", "escaped slashes"])
def test_json_dialects_are_read(record: dict[str, object], escape: bool) -> None:
    text = json.dumps(record)
    text = text.replace("/", "\\/") if escape else text
    (fetch,) = read(text + "\n").taken
    assert (fetch.address, fetch.path, fetch.size, fetch.agent) == ("203.0.113.7", "/.env", 612, AGENT)
    assert fetch.time is not None
    assert fetch.time.replace(microsecond=0) == datetime(2026, 11, 18, 3, 12, 44, tzinfo=UTC)


def test_offsets_virtual_hosts_and_ipv6_are_read() -> None:
    line = entry("/.env", at="18/Nov/2026:04:12:44 +0100", address="2001:db8::7")
    request = parse(("www.example.com:443 " + line.strip()).encode())
    assert request is not None
    assert request.address == "2001:db8::7"
    assert request.time == datetime(2026, 11, 18, 3, 12, 44, tzinfo=UTC)


def test_hostile_lines_are_skipped_with_a_count() -> None:
    huge = (
        b'1.2.3.4 - - [18/Nov/2026:03:12:44 +0000] "GET /.env?'
        + b"A" * 3_000_000
        + b' HTTP/1.1" 200 5 "-" "x"\n'
    )
    text = (
        huge
        + b"\xff\xfe garbage \x00 /.env line\n"
        + b'{"request_uri": "/.env", "status": [[[[\n'
        + b'1.2.3.4 - - [99/Foo/2026:99:99:99 +0000] "GET /.env HTTP/1.1" 200 5 "-" "x"\n'
        + entry("/.env", agent="\x1b[31mevil\u202e").encode()
    )
    coverage = SearchCoverage()
    reader = LogReader(coverage=coverage)
    reader.read([text[at : at + 65536] for at in range(0, len(text), 65536)], "x")
    report = reader.report()
    assert coverage.skipped["log line longer than 64 kB"] == 1
    assert coverage.skipped["log line that asks for something sensitive, not understood"] == 3
    assert not coverage.complete
    (fetch,) = report.taken
    assert "\x1b" not in fetch.agent
    assert "\u202e" not in fetch.agent


def test_a_log_of_another_format_is_a_gap() -> None:
    coverage = SearchCoverage()
    LogReader(coverage=coverage).read([b"nothing like a log\n" * 30], "x")
    assert not coverage.complete


def test_rotated_and_compressed_logs_are_read_together_and_gaps_shown(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(entry("/", at="18/Nov/2026:10:00:00 +0000"))
    (tmp_path / "access.log.1").write_text(entry("/.env", at="17/Nov/2026:10:00:00 +0000"))
    (tmp_path / "access.log.2.gz").write_bytes(
        gzip.compress(entry("/.env", at="16/Nov/2026:23:59:59 +0000").encode())
    )
    (tmp_path / "error.log").write_text("not an access log\n")
    paths = log_paths(tmp_path / "access.log")
    assert [path.name for path in paths] == ["access.log", "access.log.1", "access.log.2.gz"]
    assert [path.name for path in log_paths(tmp_path)] == [path.name for path in paths]
    reader = LogReader()
    for path in paths:
        read_log(path, reader)
    report = reader.report()
    assert [fetch.time.day for fetch in report.taken if fetch.time] == [16, 17]
    assert report.first == datetime(2026, 11, 16, 23, 59, 59, tzinfo=UTC)
    assert len(report.gaps) == 2
    with pytest.raises(LeakError, match="no access log"):
        log_paths(tmp_path / "nowhere")


def test_a_damaged_rotated_log_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "access.log.2.gz"
    path.write_bytes(gzip.compress(entry("/.env").encode() * 9000)[:-20])
    reader = LogReader()
    read_log(path, reader)
    assert reader.coverage.skipped["log damaged or cut short"] == 1


def test_sizes_of_served_files_never_leave_the_root(tmp_path: Path) -> None:
    root = tmp_path / "site"
    (root / "public").mkdir(parents=True)
    (root / ".env").write_text("x" * 10)
    (root / "public" / "dump.sql").write_text("y" * 20)
    (tmp_path / "outside").write_text("z" * 30)
    (root / "link").symlink_to(tmp_path / "outside")
    sizes = served_sizes([root])
    assert sizes("/.env") == {10}
    assert sizes("/dump.sql") == {20}
    for hostile in (
        "/../outside",
        "/link",
        "/a/../../outside",
        "/",
        "",
        "/\0",
        "/" + "a" * 5000,
        "//etc/passwd",
    ):
        assert sizes(hostile) == frozenset()


def test_plain_text_is_read_fast_enough() -> None:
    lines = [
        entry(f"/shop/{number % 997}/item{number}.html?q={number}", size=number) for number in range(60_000)
    ]
    data = "".join(lines).encode()
    reader = LogReader()
    start = time.process_time()
    reader.read([data], "x")
    seconds = time.process_time() - start
    # The promise is 60 MB/s a core; half of it here, because a loaded test machine is no place to measure.
    assert len(data) / 1e6 / seconds > 30


FIRST = datetime(2026, 11, 18, 3, 41, tzinfo=UTC)
KEY = "0a1b2c3d-00004f2a"


def taken(address: str = "203.0.113.7") -> LogReport:
    return read(
        entry("/.env", at="18/Nov/2026:03:12:09 +0000", address=address), sizes=size_of({"/.env": 612})
    )


def test_the_sentence_names_when_where_who_and_which_key() -> None:
    use = ForeignUse(KEY, "198.51.100.99", FIRST)
    (theft,) = correlate([use], taken().fetches, [ReadablePlace("/.env", frozenset({KEY}))])
    assert theft.sentence == (
        "taken on 18 Nov 03:12 UTC from /.env by 203.0.113.7, key …4f2a first used by a stranger at 03:41"
    )
    assert theft.strength is Strength.SAME_KEY
    assert theft.how_sure.startswith("strong")


def test_the_same_network_makes_it_certain() -> None:
    use = ForeignUse(KEY, "203.0.113.200", FIRST)
    (theft,) = correlate([use], taken().fetches, [ReadablePlace("/.env", frozenset({KEY}))])
    assert theft.strength is Strength.SAME_ADDRESS


def test_a_file_that_never_held_the_key_is_not_the_cause() -> None:
    use = ForeignUse(KEY, "203.0.113.7", FIRST)
    found = correlate([use], taken().fetches, [ReadablePlace("/.env", frozenset({"other-id"}))])
    (theft,) = (one for one in found if one.name == (KEY, ""))
    assert theft.strength is Strength.NOTHING
    assert "not known" in theft.sentence


@pytest.mark.parametrize("name", [("some-other-id", ""), ("", "news@mg.example.com")])
def test_what_stood_in_a_fetched_file_was_taken_though_nobody_saw_it_used(name: tuple[str, str]) -> None:
    key_id, login = name
    place = ReadablePlace("/.env", frozenset({key_id} - {""}), frozenset({login} - {""}))
    (theft,) = correlate([], taken().fetches, [place])
    assert (theft.name, theft.strength, theft.not_after) == (name, Strength.SAME_KEY, None)
    assert theft.sentence.startswith("taken on 18 Nov 03:12 UTC from /.env by 203.0.113.7; no use of ")
    assert theft.how_sure.startswith("strong")
    # A file that was not fetched, one whose key is another account's, and one served before the key was made: nothing.
    assert correlate([], taken().fetches, [ReadablePlace("/old.env", frozenset({KEY}))]) == ()
    late = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
    if key_id:
        assert correlate([], taken().fetches, [place], created={"mine": FIRST}) == ()
        assert correlate([], taken().fetches, [place], created={key_id: late}) == ()


@pytest.mark.parametrize(("minutes", "told"), [(-5, 0), (5, 1)])
def test_who_fetched_what_was_dead_by_then_took_nothing(minutes: int, told: int) -> None:
    fetched = datetime(2026, 11, 18, 3, 12, 9, tzinfo=UTC)
    dead = ReadablePlace("/.env", frozenset({KEY}), dead=fetched + timedelta(minutes=minutes))
    assert len(correlate([], taken().fetches, [dead])) == told
    # The next password of a login that lies in the same file is as good as ever.
    live = ReadablePlace("/.env", frozenset({KEY}))
    assert len(correlate([], taken().fetches, [dead, live])) == 1


def test_clocks_that_disagree_bound_no_theft() -> None:
    made = {KEY: FIRST + timedelta(minutes=10)}
    (theft,) = correlate([ForeignUse(KEY, "203.0.113.7", FIRST)], (), created=made)
    assert theft.strength is Strength.NOTHING and "on 18 Nov 03:41 UTC" in theft.sentence


def test_a_use_that_is_known_is_told_once() -> None:
    use = ForeignUse(KEY, "203.0.113.200", FIRST)
    assert len(correlate([use], taken().fetches, [ReadablePlace("/.env", frozenset({KEY}))])) == 1


def test_a_fetch_after_the_use_or_before_the_key_existed_is_not_the_cause() -> None:
    exposure = ReadablePlace("/.env", frozenset({KEY}))
    early = ForeignUse(KEY, "203.0.113.7", datetime(2026, 11, 18, 3, 0, tzinfo=UTC))
    (theft,) = correlate([early], taken().fetches, [exposure])
    assert theft.fetch is None
    use = ForeignUse(KEY, "203.0.113.7", FIRST)
    (late,) = correlate(
        [use], taken().fetches, [exposure], created={KEY: datetime(2026, 11, 18, 3, 30, tzinfo=UTC)}
    )
    assert late.fetch is None
    assert late.strength is Strength.INTERVAL
    assert "between 18 Nov 03:30 UTC and 18 Nov 03:41 UTC" in late.sentence


def test_an_smtp_login_without_a_key_id_is_joined_by_login() -> None:
    use = ForeignUse("", "198.51.100.1", FIRST, login="news@mg.example.com")
    (theft,) = correlate(
        [use], taken().fetches, [ReadablePlace("/.env", logins=frozenset({"news@mg.example.com"}))]
    )
    assert "login news@mg.example.com first used" in theft.sentence


def test_without_a_search_of_the_file_a_fetch_is_only_possible() -> None:
    (theft,) = correlate([ForeignUse(KEY, "198.51.100.1", FIRST)], taken().fetches)
    assert theft.sentence.startswith("possibly taken")
    assert theft.how_sure.startswith("weak")
