"""The serving process, the state on disk, resuming, faults in front of the API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.support.patience import HANGS
from workbench.core.errors import HostError, UsageError
from workbench.drill.servers.serve import start
from workbench.drill.world.options import DrillOptions, add_arguments, from_arguments
from workbench.drill.world.records import World
from workbench.drill.world.scenarios import SCENARIOS, listing
from workbench.drill.world.simclock import SimClock
from workbench.drill.world.store import load
from workbench.drill.world.story import tell

START = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def _serve(folder: Path, *more: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    command = [sys.executable, "-m", "workbench.drill", "--folder", str(folder), *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr else ""
    return process, json.loads(line)


def _stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=HANGS)
    return process.returncode, out, err


def test_the_process_says_one_line_and_resumes_where_it_stood(tmp_path: Path) -> None:
    process, document = _serve(tmp_path / "drill", "--start", "2026-11-21T14:00:00+00:00")
    try:
        assert set(document) == {
            "endpoints", "api_key", "web_root", "web_url", "landing_url", "repository", "access_log", "truth", "now"
        }  # fmt: skip
        assert document["now"].startswith("2026-11-21T14:0")
        endpoints = document["endpoints"]
        assert len(endpoints["storage"]) == 3
        assert set(endpoints) == {"api_us", "api_eu", "storage", "smtp_us", "smtp_eu", "dns"}
        truth = json.loads(Path(document["truth"]).read_text())
        assert {"id", "kind", "where", "name"} <= set(truth["planted"][0])
        for name in ("web_root", "repository", "access_log"):
            assert Path(document[name]).exists()
        auth = ("api", document["api_key"])
        with httpx.Client(auth=auth) as http:
            made = http.post(endpoints["api_us"] + "/v1/keys", data={"role": "admin"}).json()["key"]
            before = http.get(endpoints["api_us"] + "/v1/keys").json()["items"]
    finally:
        outcome = _stop(process)
    assert outcome == (0, "", "")
    process, document = _serve(tmp_path / "drill")
    try:
        answer = httpx.get(document["endpoints"]["api_us"] + "/v1/keys", auth=("api", made["secret"]))
        assert answer.json()["items"] == before
        # The clock stood still while the drill was closed.
        assert answer.headers["date"].startswith("Sat, 21 Nov 2026 14:00:")
    finally:
        assert _stop(process, signal.SIGINT)[0] == 0
    process, document = _serve(tmp_path / "drill", "--fresh", "--start", "2026-11-21T14:00:00+00:00")
    try:
        answer = httpx.get(document["endpoints"]["api_us"] + "/v1/keys", auth=("api", made["secret"]))
        assert answer.status_code == 401
    finally:
        assert _stop(process)[0] == 0


def test_a_key_made_just_before_a_kill_is_not_lost(tmp_path: Path) -> None:
    process, document = _serve(tmp_path / "drill")
    url = document["endpoints"]["api_us"] + "/v1/keys"
    secret = httpx.post(url, data={"role": "admin"}, auth=("api", document["api_key"])).json()["key"][
        "secret"
    ]
    process.kill()
    process.communicate(timeout=HANGS)
    world = load(tmp_path / "drill")
    assert world is not None
    assert secret in {key.secret for key in world.tenants[world.main].keys.values()}


def test_an_unknown_scenario_is_a_usage_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench.drill", "--folder", str(tmp_path), "--scenario", "nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no drill scenario named nonsense" in done.stderr


def test_a_mistyped_scenario_is_told_before_any_screen(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench", "drill", "--scenario", "stolen-kee"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "WORKBENCH_HOME": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "no drill scenario named stolen-kee" in done.stderr and "drill --list" in done.stderr


def test_the_list_names_every_scenario() -> None:
    lines = listing().splitlines()
    assert [line.split()[0] for line in lines] == list(SCENARIOS)


def test_options_are_read_without_loading_a_server() -> None:
    code = (
        "import sys, argparse; from workbench.drill.world.options import add_arguments, from_arguments;"
        "p = argparse.ArgumentParser(); add_arguments(p); from_arguments(p.parse_args(['--seed', '7']));"
        "print([m for m in ('starlette', 'uvicorn', 'aiosmtpd', 'textual') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--domains", "-1"], ["--start", "yesterday"], ["--rate", "x"]])
def test_nonsense_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(arguments)
    assert arguments[0] in capsys.readouterr().err
    assert from_arguments(parser.parse_args([])) == DrillOptions()


async def test_the_state_is_private_and_damage_is_named(tmp_path: Path, bench: Any) -> None:
    b = await bench()
    for name in ("state.json", "truth.json"):
        assert (b.drill.folder / name).stat().st_mode & 0o777 == 0o600
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "state.json").write_text('{"scenario": 1')
    with pytest.raises(HostError, match="cannot be read"):
        await start(DrillOptions(), broken)


async def test_another_scenario_in_the_same_folder_starts_anew(tmp_path: Path) -> None:
    first = await start(DrillOptions(start=START), tmp_path)
    await first.close()
    second = await start(DrillOptions(scenario="stolen-login", start=START), tmp_path)
    await second.close()
    assert second.world.scenario == "stolen-login"
    assert first.api_key != second.api_key


async def test_the_same_seed_makes_the_same_account(tmp_path: Path) -> None:
    worlds: list[bytes] = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        drill = await start(DrillOptions(seed=seed, start=START), tmp_path / name)
        world: World = drill.world
        await drill.close()
        world.elapsed = 0.0
        worlds.append(msgspec.json.encode(world))
    assert worlds[0] == worlds[1]
    assert worlds[0] != worlds[2]


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        ({"domains": 0}, (0, 0, 5)),
        ({"domains": 3, "credentials": 3}, (3, 3, 5)),
        ({"domains": 5, "credentials": 10000}, (5, 10000, 5)),
        ({"users": 500}, (12, 36, 500)),
        ({"scenario": "empty"}, (0, 0, 1)),
    ],
)
def test_sizes(options: dict[str, Any], sizes: tuple[int, int, int]) -> None:
    story = tell(DrillOptions(**options), START)
    assert (len(story.domains), len(story.logins), len(story.users)) == sizes
    assert len({login.login for login in story.logins}) == sizes[1]


def test_an_unknown_scenario_raises() -> None:
    with pytest.raises(UsageError):
        tell(DrillOptions(scenario="x"), START)


def test_the_simulated_clock() -> None:
    real = [100.0]
    clock = SimClock(START, speed=1.0, elapsed=30.0, monotonic=lambda: real[0])
    assert clock.elapsed() == 30.0
    real[0] += 60.0
    # One simulated hour a minute.
    assert clock.elapsed() == 3630.0
    clock.advance(10)
    assert clock.now().isoformat() == "2026-11-21T15:00:40+00:00"
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


async def test_faults_stand_in_front_of_the_api(bench: Any) -> None:
    b = await bench(faults="status-503")
    answer = await b.call("GET", "/v1/keys")
    assert answer.status_code == 503
    b.drill.proxies["api_us"].rules.clear()
    page = await b.get("/v3/lists/pages")
    # Paging links lead through the proxy, not past it.
    assert page["paging"]["next"].startswith(b.document["endpoints"]["api_us"])


async def test_the_queue_is_purged_on_storage_hosts_only(bench: Any) -> None:
    b = await bench()
    name = b.drill.story.domains[0].name
    for base in b.document["endpoints"]["storage"][:2]:
        answer = await b.http.delete(f"{base}/v3/{name}/envelopes", auth=("api", b.drill.api_key))
        assert answer.json() == {"message": "done"}
    wrong = await b.call("DELETE", f"/v3/{name}/envelopes")
    assert wrong.status_code == 404
    assert wrong.headers["content-type"].startswith("text/html")


async def test_hostile_names_arrive_unharmed(bench: Any) -> None:
    b = await bench(scenario="hostile-names")
    texts = [key["description"] for key in (await b.get("/v1/keys"))["items"]]
    assert any(len(text) == 4000 for text in texts)
    assert any("\x1b" in text for text in texts)
    assert any("\u202e" in text for text in texts)
    assert any("\n" in user["name"] for user in (await b.get("/v5/users"))["users"])
