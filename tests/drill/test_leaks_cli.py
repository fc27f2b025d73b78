"""The search for leaks as a command, against the drill's repository, web root, site and logs and its truth."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Command
from tests.support.drills import SMALL, opened, running_drill
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.leaks import leaks
from workbench.domain.leaks.recorded import LeaksFound
from workbench.domain.model.plan import EffectKind
from workbench.drill.servers.serve import RunningDrill
from workbench.planning.contain import Scope, plan
from workbench.reports.report import Audience, compose, to_json
from workbench.session.session import Session

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


async def _ready(session: Session) -> None:
    await session.account.connect()
    await session.account.read_inventory()
    await session.account.preserve()


async def _assessed(session: Session, drill: RunningDrill) -> None:
    """Journal who sent what as the assessment does (its own tests hold it against the same truth)."""
    groups = _truth(drill)["groups"]
    senders = [
        {
            "credential": f"{'key' if one['credential_kind'] == 'key' else 'smtp'}:{one['credential']}",
            "sender": one["sender"],
            "looks": "intruder" if one["actor"] == "intruder" else "production",
            "first": one["spans"][0][0],
            "addresses": one["ips"],
        }
        for one in groups
        if one["spans"]
    ]
    await session.recorder.learn(RecordedAssessment.from_body({"name": "assessment", "senders": senders}, ""))


def _truth(drill: RunningDrill) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(Path(drill.document()["truth"]).read_text(encoding="utf-8"))
    return truth


def _everything(drill: RunningDrill) -> list[str]:
    told = drill.document()
    logs = str(Path(told["access_log"]).parent)
    return ["leaks", told["web_root"], told["repository"], "--log", logs, "--site", told["web_url"], "--mine"]


def _places(found: dict[str, Any], key_id: str, login: str) -> set[tuple[str, str]]:
    """Return (origin, path) of every place of the secrets of a key or a login."""
    return {
        (place["origin"], place["path"])
        for one in found["findings"]
        for place in one["where"]
        if (key_id and one.get("key_id") == key_id) or (login and place.get("login") == login)
    }


async def test_every_planted_exposure_is_found_and_the_theft_is_told(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        command = Command(drill, tmp_path)
        await command.prepare()
        async with opened(drill, tmp_path) as session:
            await _ready(session)
            await _assessed(session, drill)
            incident = session.recorder.incident
        code, out, err = await command.run(*_everything(drill), "--json")
        assert code == 1, err
        found = json.loads(out)
        assert (found["schema"], found["incident"]) == ("workbench.leaks/1", incident)
        truth = _truth(drill)
        for one in truth["exposures"]:
            _is_found(found, one)
        leak = truth["leak"]
        [theft] = [one for one in found["thefts"] if one["key_id"] == leak["ref"]]
        assert theft["sentence"].startswith("taken on ")
        assert (
            f"from {leak['path']} by {leak['taken_from']}, key …{leak['ref'][-4:]} first used by a stranger"
            in (theft["sentence"])
        )
        assert theft["not_before"] == leak["taken_at"]
        assert theft["how_sure"].startswith(("certain", "strong"))
        secret = next(key.secret for key in drill.story.keys if key.id == leak["ref"])
        assert secret not in out + err
        await _what_the_incident_keeps(drill, tmp_path, theft["sentence"])


def _is_found(found: dict[str, Any], planted: dict[str, Any]) -> None:
    key_id = "" if "@" in planted["ref"] else planted["ref"]
    places = _places(found, key_id, "" if key_id else planted["ref"])
    if planted["kind"] == "url":
        assert ("web", planted["where"]) in places or not key_id, planted
        exposed = {one["where"][0]["path"] for one in found["findings"] if one["kind"] == "exposure"}
        assert planted["where"] in exposed
        return
    commit, _, path = planted["where"].partition(":")
    assert ("history", path) in places, planted
    commits = {
        place["commit"]
        for one in found["findings"]
        for place in one["where"]
        if place["origin"] == "history" and place["path"] == path
    }
    assert commit in commits or planted["kind"] == "unreachable"


async def _what_the_incident_keeps(drill: RunningDrill, folder: Path, sentence: str) -> None:
    async with opened(drill, folder) as session:
        await session.account.connect()
        await session.account.read_inventory()
        report = to_json(compose(Audience.SUPPORT, session.report_material()))
        [section] = [one for one in report["sections"] if one["title"] == "How it leaked"]
        assert any(sentence in line for line in section["blocks"][0]["bullets"])
        # The intruder made keys under a name of the team: that person is asked, their device checked first.
        named = session.state.known(LeaksFound).people
        team = {user.name for user in drill.story.users if not user.planted}
        assert {one.name for one in named} <= team
        assert len(leaks.devices(session.state)) == len(named) > 0
        found = leaks.leaks(session.state)
        secrets = [one for one in found if one.what == "secret"]
        stolen = next(one for one in secrets if one.id == drill.story.leak.ref)
        assert (stolen.live, stolen.exposed, stolen.open) == ("live", True, True)
        # Production's own log says where to put the new value: the files, not the history.
        assert any(".env" in place for place in leaks.places_of(session.state, key_id=stolen.id))
        login = next(one for one in secrets if "smtp-password" in one.title)
        assert login.live == "cannot tell"
        await session.run(plan(session.situation(), Scope(keys=(stolen.id,), logins=())))
        gone = next(one for one in leaks.leaks(session.state) if one.id == stolen.id)
        # Rotated, and still on a public page: dead and exposed are two things.
        assert (gone.live, gone.exposed, gone.open) == ("dead", True, True)
        assert "Replace this secret first" not in gone.todo


async def test_what_was_closed_is_closed_by_a_recheck_and_dead_passwords_are_told(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        command = Command(drill, tmp_path)
        await command.prepare()
        async with opened(drill, tmp_path) as session:
            await _ready(session)
        told = drill.document()
        code, _, err = await command.run("leaks", told["web_root"], "--site", told["web_url"], "--mine")
        assert code == 1, err
        async with opened(drill, tmp_path) as session:
            await session.account.connect()
            await session.account.read_inventory()
            await session.run(plan(session.situation()))
            resets = session.state.of_kind(EffectKind.LOGIN_RESET)
            assert resets
        state = command.state()
        assert {one.live for one in leaks.leaks(state) if one.what == "secret"} == {"dead"}
        root = Path(told["web_root"])
        for name in (".env", "phpinfo.php", "wp-config.php.bak", "wp-content/debug.log"):
            (root / name).unlink()
        shutil.rmtree(root / "wp-content" / "uploads")
        plugin = root / "wp-content" / "plugins" / "mailgun"
        for path in plugin.iterdir():
            path.write_text(path.read_text().replace("2.2.0", "9.9.9"))
        code, out, err = await command.run("leaks", "--recheck", "--json")
        assert (code, json.loads(out)["findings"]) == (0, []), err
        state = command.state()
        fact = state.known(LeaksFound)
        assert any("/.env" in one.title for one in fact.closed)
        # A re-check asks a site for what was exposed, not for its plugins: the files said those are fixed.
        assert [one.title for one in leaks.leaks(state) if one.open and one.what != "wordpress-plugin"] == []


async def test_a_probe_tells_live_from_dead_with_the_positive_control(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        command = Command(drill, tmp_path)
        await command.prepare()
        async with opened(drill, tmp_path) as session:
            await _ready(session)
        folder = tmp_path / "found"
        folder.mkdir()
        login = drill.story.stolen_login
        assert login is not None
        (folder / ".env").write_text(
            "MAILGUN_SECRET=key-5d1f0c3be27a94486fd0b1c97ae3528f\n"
            f"MAIL_HOST=smtp.mailgun.org\nMAIL_USERNAME={login.login}\nMAIL_PASSWORD={login.password}\n"
        )
        code, out, err = await command.run("leaks", str(folder), "--probe", "--json")
        assert code == 1, err
        states = {one["kind"]: (one["state"], one["why"]) for one in json.loads(out)["findings"]}
        assert states["api-key"] == (
            "dead",
            "It answers 401 while our own key is accepted, same host, same minute.",
        )
        assert states["smtp-password"] == ("live", f"The server accepted it for {login.login} (235).")
        assert login.password not in out + err


async def test_without_an_incident_nothing_is_opened_and_a_held_one_is_left_alone(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        command = Command(drill, tmp_path)
        await command.prepare()
        root = drill.document()["web_root"]
        code, out, _ = await command.run("leaks", root, "--json")
        assert (code, json.loads(out)["incident"]) == (1, None)
        assert command.home.latest() is None
        code, _, err = await command.run("leaks", "--recheck")
        assert code == 2
        assert "there is no incident" in err
        async with opened(drill, tmp_path) as session:
            await _ready(session)
            rows = command.rows()
            code, out, err = await command.run("leaks", root, "--json")
            assert (code, json.loads(out)["incident"]) == (1, session.recorder.incident)
            assert "Not recorded" in err
            assert command.rows() == rows


async def test_the_vaults_own_secrets_are_found_by_value_and_named_by_label_only(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        command = Command(drill, tmp_path)
        await command.prepare()
        async with opened(drill, tmp_path) as session:
            await _ready(session)
            name = drill.story.stolen_login
            assert name is not None
            await session.run(plan(session.situation(), Scope(keys=(), logins=(name.login,))))
            [record] = session.state.of_kind(EffectKind.LOGIN_RESET)
            new = await session.recorder.secret(record.entry)
        place = tmp_path / "notes.txt"
        place.write_text(f"the new one: {new.reveal()}\n")
        place.chmod(stat.S_IRUSR | stat.S_IWUSR)
        code, out, err = await command.run("leaks", str(place), "--from-vault", "--json")
        assert code == 1, err
        [finding] = json.loads(out)["findings"]
        assert finding["known"] == record.entry
        assert new.reveal() not in out + err
