"""The contracts of the design, line by line, through the real commands against a drill."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import Commands, ThreadedDrill, threaded_drill
from tests.support.drills import PASSPHRASE, SMALL
from workbench.drill.servers.faults import Fault, FaultMatch, FaultRule

WORKBENCH = (sys.executable, "-m", "workbench")
STATES = {"planned", "done", "verified", "failed", "skipped"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ThreadedDrill]:
    """Serve a small account that has everything a large one has."""
    with threaded_drill(tmp_path, **SMALL) as drill:
        yield drill


@pytest.fixture
def small(tmp_path: Path) -> Iterator[ThreadedDrill]:
    """Serve a drill of a few logins, for what does not depend on size."""
    with threaded_drill(tmp_path, domains=2, credentials=4, users=2) as drill:
        yield drill


# ── workbench drill --serve ──────────────────────────────────────────────────────────────────────────────


def test_serve_says_where_everything_is_in_one_line_and_stays(tmp_path: Path) -> None:
    env = {**os.environ, "WORKBENCH_HOME": str(tmp_path)}
    sizes = [
        "--domains",
        "3",
        "--credentials",
        "6",
        "--users",
        "3",
        "--seed",
        "7",
        "--scenario",
        "stolen-key",
    ]
    more = ["--latency-ms", "1", "--rate", "100000", "--speed", "1", "--faults", "slow-0:0.01"]
    with subprocess.Popen(
        [*WORKBENCH, "drill", "--serve", *sizes, *more], stdout=subprocess.PIPE, env=env, text=True
    ) as process:
        try:
            assert process.stdout is not None
            document = json.loads(process.stdout.readline())
            assert set(document) >= {
                "endpoints",
                "api_key",
                "web_root",
                "web_url",
                "repository",
                "access_log",
                "truth",
            }
            ends = document["endpoints"]
            assert set(ends) == {"api_us", "api_eu", "storage", "smtp_us", "smtp_eu", "dns"}
            assert all(ends[name].startswith("http://127.0.0.1:") for name in ("api_us", "api_eu"))
            assert isinstance(ends["storage"], list)
            for name in ("smtp_us", "smtp_eu", "dns"):
                host, _, port = ends[name].rpartition(":")
                assert host and port.isdigit()
            truth = json.loads(Path(document["truth"]).read_text())
            assert truth["planted"]
            assert all({"id", "kind", "where", "name"} <= set(item) for item in truth["planted"])
            for name in ("web_root", "repository", "access_log"):
                assert Path(document[name]).exists(), name
            assert process.poll() is None
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stdout.read() == ""


def test_serve_takes_the_port_asked_for_and_lists_its_scenarios(commands: Commands) -> None:
    listed = commands("drill", "--list")
    assert listed.code == 0
    assert {line.split()[0] for line in listed.out.splitlines()} >= {
        "stolen-env",
        "lockout",
        "agency",
        "empty",
    }


# ── which servers ────────────────────────────────────────────────────────────────────────────────────────


def test_endpoints_may_be_the_whole_document_or_its_inner_part_by_option_or_environment(
    commands: Commands, small: ThreadedDrill, tmp_path: Path
) -> None:
    commands.use(small.document["endpoints"], key=small.document["api_key"])
    assert commands("status", "--json").document["keys"]
    whole = tmp_path / "whole.json"
    whole.write_text(json.dumps(small.document))
    commands.set(WORKBENCH_ENDPOINTS="")
    assert commands("status", "--json", "--endpoints", str(whole)).document["keys"]


def test_a_base_url_alone_is_one_server_for_one_region(commands: Commands, small: ThreadedDrill) -> None:
    commands.use(small.document)
    commands.set(WORKBENCH_ENDPOINTS="", MAILGUN_BASE_URL=small.document["endpoints"]["api_us"] + "/v3")
    document = commands("status", "--json").document
    assert {row["place"][:2] for row in document["domains"]} == {"US"}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"api_us": "http://198.51.100.7:80"}, "not encrypted"),
        ({"api_us": "ftp://127.0.0.1"}, "not a server address"),
        ({"api_us": "http://user:pass@127.0.0.1:1"}, "would end up in logs"),
        ([1, 2], "not a JSON object"),
    ],
)
def test_servers_that_may_not_be_used_are_refused_before_a_key_is_sent(
    commands: Commands, document: Any, words: str, tmp_path: Path
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(document))
    commands.set(MAILGUN_API_KEY="0123456789abcdef0123456789abcdef-01234567-89abcdef")
    ran = commands("status", "--endpoints", str(file))
    assert ran.code == 2
    assert words in ran.err


def test_an_endpoints_file_that_cannot_be_read_is_a_usage_error(commands: Commands, tmp_path: Path) -> None:
    for content in (None, "{", "\xff"):
        file = tmp_path / "broken.json"
        if content is not None:
            file.write_bytes(content.encode("latin-1"))
        ran = commands("status", "--endpoints", str(file))
        assert ran.code == 2
        assert "cannot be used" in ran.err


# ── documents ────────────────────────────────────────────────────────────────────────────────────────────


def test_documents_start_with_schema_and_incident_and_stand_alone_on_standard_output(
    commands: Commands, small: ThreadedDrill
) -> None:
    commands.use(small.document)
    runs = {
        "plan": commands("contain", "--dry-run"),
        "status": commands("status", "--json"),
        "contain": commands("contain", "--yes", "--json"),
        "secrets": commands("secrets", "list", "--json"),
        "doctor": commands("doctor", "--json"),
    }
    incident = commands.home.latest()
    for name, ran in runs.items():
        # The one document is all there is on standard output.
        assert list(ran.document)[:2] == ["schema", "incident"], name
        assert ran.document["schema"] == f"workbench.{name}/1"
        assert ran.document["incident"] == (None if name == "doctor" else incident)
    status, contained = runs["status"].document, runs["contain"].document
    assert {"keys", "credentials", "users", "domains", "effects", "steps", "findings"} <= set(status)
    for effect in contained["effects"]:
        assert {"id", "kind", "target", "state", "evidence"} <= set(effect)
        assert effect["state"] in STATES
        assert effect["evidence"]
    for step in status["steps"]:
        assert {"id", "title", "verdict", "evidence"} <= set(step)
    assert [step["id"] for step in status["steps"]][:5] == ["0", "1", "1b", "2", "3"]


def test_findings_carry_the_planted_ids_verbatim_with_a_list_of_places(
    commands: Commands, served: ThreadedDrill
) -> None:
    commands.use(served.document)
    found = commands("status", "--json").document["findings"]
    for finding in found:
        assert {"kind", "where", "severity", "why", "decision"} <= set(finding)
        assert isinstance(finding["where"], list)
        assert finding["severity"] in ("high", "medium", "low")
    planted = json.loads(Path(served.document["truth"]).read_text())["planted"]
    wanted = {p["id"] for p in planted if p["kind"] in ("key", "credential", "user", "subaccount", "domain")}
    assert wanted
    assert wanted <= {finding["id"] for finding in found}


def test_people_are_whole_in_json(commands: Commands, small: ThreadedDrill) -> None:
    commands.use(small.document)
    emails = {row["email"] for row in commands("status", "--json").document["users"]}
    assert emails == {user.email for user in small.drill.account.main.users.values()}


# ── contain ──────────────────────────────────────────────────────────────────────────────────────────────


def snapshot_of(served: ThreadedDrill) -> Any:
    """Return what a write would change in the simulated account."""

    def look() -> Any:
        main = served.drill.account.main
        passwords = {
            (region, domain.name, name): credential.password
            for region, area in main.regions.items()
            for domain in area.domains.values()
            for name, credential in domain.credentials.items()
        }
        return sorted(main.keys), passwords, sorted(main.users), [a.address for a in main.allowlist]

    return served.call(look)


def test_a_dry_run_prints_the_plan_and_writes_nothing(commands: Commands, served: ThreadedDrill) -> None:
    commands.use(served.document)
    before = snapshot_of(served)
    ran = commands("contain", "--dry-run", "--purge", "all", "--limit", "5000", "--remove-strangers")
    assert ran.code == 0
    planned = ran.document
    kinds = {effect["kind"] for effect in planned["effects"]}
    assert {"key.create", "key.delete", "smtp.reset", "smtp.delete", "queue.purge", "limit.set"} <= kinds
    assert {effect["state"] for effect in planned["effects"]} == {"planned"}
    assert snapshot_of(served) == before
    state = commands.state()
    assert not state.effects
    assert not state.entries


def test_without_yes_and_without_a_terminal_nothing_is_done(commands: Commands, small: ThreadedDrill) -> None:
    commands.use(small.document)
    before = snapshot_of(small)
    commands.stdin("")
    ran = commands("contain")
    assert ran.code == 2
    assert "no terminal to confirm on" in ran.err
    assert "--yes" in ran.err
    assert snapshot_of(small) == before


def test_everything_is_cut_a_second_run_plans_nothing_and_the_old_key_still_opens_the_incident(
    commands: Commands, served: ThreadedDrill
) -> None:
    commands.use(served.document)
    before = set(served.drill.account.main.keys)
    web = {key.id for key in served.drill.account.main.keys.values() if key.kind == "web"}
    first = commands("contain", "--yes", "--json")
    # Its own plan is verified, and it is not over: a stranger is in the panel, spam lies in the queue.
    assert first.code == 1
    assert first.document["containment"]["answer"] == "cut, but open"
    assert {"user", "queue"} <= {way["kind"] for way in first.document["containment"]["open_through"]}
    assert first.document["complete"] is True
    effects = first.document["effects"]
    assert {effect["state"] for effect in effects} <= {"verified", "skipped"}
    assert not before & set(served.drill.account.main.keys)
    assert not web & {effect["target"] for effect in effects if effect["kind"] == "key.create"}
    # The very same environment: the replaced key is recognised and its replacement taken from the vault.
    again = commands("contain", "--yes", "--json")
    assert again.code == 1
    assert "cut, but open through" in again.err
    assert [e["id"] for e in again.document["effects"]] == [e["id"] for e in effects]
    assert "Nothing is left to do" in again.err
    assert commands("status", "--json").code == 1


def test_a_narrow_scope_says_what_it_left_out(commands: Commands, served: ThreadedDrill) -> None:
    commands.use(served.document)
    domain = next(iter(served.drill.account.main.regions["us"].domains))
    ran = commands("contain", "--yes", "--json", "--domains", domain)
    # What was asked for is done; that everything else is open is said, and no 0.
    assert ran.code == 1
    assert "API keys from before" in ran.document["containment"]["words"]
    assert {e["kind"] for e in ran.document["effects"]} == {"smtp.reset"}
    assert all(e["target"].endswith("@" + domain) for e in ran.document["effects"])
    assert ran.document["left_out"]


def test_a_suspected_stranger_is_reset_and_left_as_a_finding(
    commands: Commands, served: ThreadedDrill
) -> None:
    commands.use(served.document)
    planted = json.loads(Path(served.document["truth"]).read_text())["planted"]
    stranger = next(item["id"] for item in planted if item["kind"] == "credential")
    document = commands("contain", "--dry-run").document
    kinds = {e["kind"] for e in document["effects"] if e["target"] == stranger}
    assert kinds == {"smtp.reset"}
    removed = commands("contain", "--dry-run", "--remove-strangers").document
    assert {e["kind"] for e in removed["effects"] if e["target"] == stranger} == {"smtp.delete"}


def test_replace_first_stays_in_progress_with_exit_1(commands: Commands, small: ThreadedDrill) -> None:
    commands.use(small.document)
    key = next(
        k for k in small.drill.story.keys if k.id != small.drill.story.operator_key.id and not k.planted
    )
    kept = commands("contain", "--yes", "--json", "--replace-first", key.id)
    assert kept.code == 1
    assert key.id in small.drill.account.main.keys
    assert any(e["kind"] == "key.create" and e["target"] == key.id for e in kept.document["effects"])


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────────────


def test_secrets_are_listed_by_name_and_handed_to_a_pipe_only(
    commands: Commands, small: ThreadedDrill, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.use(small.document)
    commands("contain", "--yes", "--json")
    listed = commands("secrets", "list", "--json").document["secrets"]
    names = [row["name"] for row in listed]
    login = next(name for name in names if name.startswith("SMTP app@") or "SMTP postmaster@" in name)
    got = commands("secrets", "get", login)
    assert got.code == 0
    assert got.err == ""
    full = login.removeprefix("SMTP ")
    region = next(
        r for r, a in small.drill.account.main.regions.items() if full.partition("@")[2] in a.domains
    )
    # The value and nothing else, not even a line end.
    assert small.call(lambda: small.drill.account.authenticate_smtp(region, full, got.out, "127.0.0.1"))
    table = commands("secrets", "list").out
    assert login in table
    assert got.out not in table
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    refused = commands("secrets", "get", login)
    assert refused.code == 2
    assert got.out not in refused.out + refused.err
    assert got.out in commands("secrets", "get", login, "--reveal").out


def test_a_secret_that_is_not_there_or_not_one_is_a_usage_error(
    commands: Commands, small: ThreadedDrill
) -> None:
    assert commands("secrets", "list").code == 2  # no incident yet
    commands.use(small.document)
    commands("contain", "--yes", "--json")
    assert "0 stored secrets match" in commands("secrets", "get", "nobody").err
    assert commands("secrets", "get", "SMTP").code == 2


# ── exit codes ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words", [("nonsense",), ("contain", "--limit", "many"), ("status", "--incident", "none")]
)
def test_usage_errors_end_with_2(commands: Commands, words: tuple[str, ...]) -> None:
    commands.set(MAILGUN_API_KEY="0123456789abcdef0123456789abcdef-01234567-89abcdef")
    ran = commands(*words)
    assert ran.code == 2
    assert ran.err


class LockedOutAfter(FaultRule):
    """Refuses every call with 401 once so many SMTP passwords were reset."""

    def __init__(self, resets: int) -> None:
        super().__init__(FaultMatch(), Fault("status", status=401), times=None)
        self.left = resets

    def strikes(self, method: str, target: str, rng: random.Random) -> bool:
        """Return whether the lock has fallen."""
        if method == "PUT" and "/credentials/" in target:
            self.left -= 1
        return self.left < 0


def test_a_fault_half_way_ends_with_4_and_the_same_command_resumes(
    commands: Commands, tmp_path: Path
) -> None:
    with threaded_drill(tmp_path, domains=2, credentials=12, users=2, faults="slow-0:0") as served:
        commands.use(served.document)
        lock = LockedOutAfter(3)
        proxies = list(served.drill.proxies.values())
        for proxy in proxies:
            proxy.rules.append(lock)
        halted = commands("contain", "--yes", "--json")
        assert halted.code == 4, halted.err
        assert halted.document["halted"]
        assert "stopped half-way" in halted.err
        states = {effect["state"] for effect in halted.document["effects"]}
        assert "planned" in states or "failed" in states
        for proxy in proxies:
            proxy.rules.remove(lock)
        resumed = commands("contain", "--yes", "--json")
        assert resumed.code == 1, resumed.err
        assert resumed.document["containment"]["answer"] == "cut, but open"
        assert {effect["state"] for effect in resumed.document["effects"]} <= {"verified", "skipped"}
        assert {e["id"] for e in halted.document["effects"]} <= {e["id"] for e in resumed.document["effects"]}


# ── incidents, homes, vaults ─────────────────────────────────────────────────────────────────────────────


def test_commands_work_on_the_latest_incident_unless_told(commands: Commands, small: ThreadedDrill) -> None:
    commands.use(small.document)
    first = commands("status", "--json").document["incident"]
    assert commands("status", "--json").document["incident"] == first
    second = commands("status", "--json", "--new").document["incident"]
    assert second != first
    assert commands("status", "--json").document["incident"] == second
    assert commands("status", "--json", "--incident", first).document["incident"] == first
    unknown = commands("status", "--incident", "20200101-000000-dead")
    assert unknown.code == 2
    assert "There is no incident" in unknown.err


def test_the_home_holds_all_state_and_only_for_its_owner(
    commands: Commands, small: ThreadedDrill, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "user"
    elsewhere.mkdir()
    commands.use(small.document)
    commands.set(HOME=str(elsewhere), XDG_DATA_HOME=str(elsewhere / "data"))
    assert commands("contain", "--yes", "--json").code in (0, 1)
    assert not list(elsewhere.rglob("*"))
    for path in commands.home.path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_passphrase_file_others_can_read_is_refused(commands: Commands, small: ThreadedDrill) -> None:
    commands.use(small.document)
    for mode in (0o640, 0o604, 0o660):
        commands.passphrase_file.chmod(mode)
        ran = commands("status", "--json")
        assert ran.code in (2, 3, 4)
        assert ran.document["schema"] == "workbench.error/1"
        assert str(commands.passphrase_file) in ran.document["error"]["what"]
        assert str(commands.passphrase_file) in ran.err
        assert PASSPHRASE.reveal() not in ran.err


def test_the_key_may_come_from_standard_input_and_is_never_asked_from_a_pipe_twice(
    commands: Commands, small: ThreadedDrill
) -> None:
    commands.use(small.document)
    commands.set(MAILGUN_API_KEY="")
    missing = commands("status")
    assert missing.code == 2
    assert "MAILGUN_API_KEY" in missing.err
    commands.stdin(small.drill.api_key + "\n")
    assert commands("status", "--json", "--key-stdin").document["keys"]
