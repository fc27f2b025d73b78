"""How it leaked, folded from the journal: live and exposed kept apart, closed, found again, rotated, a person."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.effects import an_effect
from tests.support.situations import know
from workbench.core.redact import Secret
from workbench.domain.leaks import account_facts, leaks
from workbench.domain.leaks import record as leak_record
from workbench.domain.leaks.leaks import leak_findings
from workbench.domain.leaks.recorded import FoundLeak, FoundPlace, LeaksFound
from workbench.domain.leaks.suspects import suspected
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.inventory import Inventory, UserItem
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.plan import Place as AccountPlace
from workbench.domain.model.replay import apply, fold
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision, EffectRecord, State
from workbench.domain.runbook import recovery
from workbench.domain.runbook.verdict import Verdict
from workbench.leaks.command import LeakOptions, run
from workbench.leaks.document import document as leaks_document
from workbench.leaks.findings import AccountFacts, Collector, Liveness
from workbench.leaks.model import LeakPlace, Match, SecretKind
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import User

KEY = "9f86d081884c7d659a2feaa0c55ad015-2bd7f572-391786b8"
KEY_ID = "2bd7f572-391786b8"
LOGIN = "app@mg.acme.example"
PASSWORD = "1b4f0e9851971998e732078544c96b36-c3d01cf7-aa352caa"
HOME = AccountPlace(Region.US)
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def _searched(folder: Path, before: LeaksFound | None = None, at: str = "2026-11-21T14:00:00Z") -> LeaksFound:
    report = run(LeakOptions(targets=(str(folder),), facts=AccountFacts(), key=b"k" * 32))
    return leak_record.fact(leaks_document(report), {"targets": [str(folder)]}, before, at=at)


def _shop(folder: Path) -> Path:
    (folder / ".env").write_text(
        f"MAILGUN_SECRET={KEY}\nMAIL_HOST=smtp.mailgun.org\nMAIL_USERNAME={LOGIN}\nMAIL_PASSWORD={PASSWORD}\n"
    )
    return folder


def test_what_one_search_could_not_read_stays_unread_whatever_another_reads(tmp_path: Path) -> None:
    shop, tools = tmp_path / "shop", tmp_path / "tools"
    for folder in (shop, tools):
        folder.mkdir()
        (folder / "readme.txt").write_text("Nothing of interest.\n")
    broken = shop / "backup.zip"
    broken.write_bytes(b"PK\x03\x04" + bytes(range(200)))
    body = _searched(tools, _searched(tmp_path / "absent", _searched(shop)))
    assert [(one.target, bool(one.error)) for one in body.unread] == [
        (str(shop), False),
        (str(tmp_path / "absent"), True),
    ]
    assert len(body.failed) == 1 and body.skipped
    assert recovery.leak(Situation(Inventory(), _state(body), NOW)).verdict is Verdict.IN_PROGRESS
    # The same place, read whole, is read; so is a place that is there now.
    broken.unlink()
    (tmp_path / "absent").mkdir()
    (tmp_path / "absent" / "readme.txt").write_text("Nothing of interest.\n")
    body = _searched(tmp_path / "absent", _searched(shop, body))
    assert (body.unread, body.failed, body.skipped) == ((), (), ())


def _state(found: LeaksFound, *effects: EffectRecord) -> State:
    row = SimpleNamespace(seq=1, at="2026-11-21T14:00:00Z", kind="fact", body=found.body())
    state = fold([row])
    for record in effects:
        state.effects[record.effect.id] = record
    return state


def _done(kind: EffectKind, target: str, **params: Any) -> EffectRecord:
    record = EffectRecord(an_effect(kind, target, HOME, **params), EffectState.VERIFIED)
    record.intent_at, record.done_at = "2026-11-21T14:05:00Z", "2026-11-21T14:05:01Z"
    return record


def test_what_was_found_is_judged_again_by_what_happened_since(tmp_path: Path) -> None:
    body = _searched(_shop(tmp_path))
    found = {one.id: one for one in leaks.leaks(_state(body))}
    assert (found[KEY_ID].live, found[KEY_ID].exposed, found[KEY_ID].open) == ("cannot tell", False, True)
    assert "Replace this secret first" in found[KEY_ID].todo
    rotated = _state(
        body,
        _done(EffectKind.KEY_DELETE, KEY_ID),
        _done(EffectKind.LOGIN_RESET, LOGIN, domain="mg.acme.example"),
    )
    assert [(one.live, one.open) for one in leaks.leaks(rotated)] == [("dead", False), ("dead", False)]
    assert all("Replace" not in one.todo for one in leaks.leaks(rotated))
    assert {f.decision for f in leak_findings(rotated)} == {"closed"}


def test_a_reset_that_is_not_proven_or_came_before_kills_nothing(tmp_path: Path) -> None:
    body = _searched(_shop(tmp_path))
    reset = _done(EffectKind.LOGIN_RESET, LOGIN, domain="mg.acme.example")
    reset.state = EffectState.DONE
    [password] = [one for one in leaks.leaks(_state(body, reset)) if one.id != KEY_ID]
    assert password.live == "cannot tell"
    reset.state = EffectState.VERIFIED
    report = run(LeakOptions(targets=(str(tmp_path),), key=b"k" * 32))
    later = leak_record.fact(leaks_document(report), {}, None, at="2026-11-21T15:00:00Z", reset={LOGIN})
    [password] = [one for one in leaks.leaks(_state(later, reset)) if one.id != KEY_ID]
    # What lies there after the reset may be the new password: only the vault can tell.
    assert password.live == "cannot tell"


def test_a_password_other_than_the_one_set_is_dead_and_the_one_set_is_live() -> None:
    collector = Collector(b"k" * 32)
    place = LeakPlace("file", "/srv", ".env", 1, "env", login=LOGIN)
    collector(Match(0, 0, SecretKind.SMTP_PASSWORD, Secret(PASSWORD), "env", login=LOGIN), place)
    resets = {LOGIN: "2026-11-21T14:05:01Z"}
    own = Secret(PASSWORD).fingerprint(b"k" * 32)
    for current, expected in (
        (None, Liveness.CANNOT_TELL),
        (frozenset(), Liveness.DEAD),
        (frozenset({own}), Liveness.LIVE),
    ):
        [finding] = collector.findings(AccountFacts(resets=resets, current=current))
        assert finding.liveness is expected
    [finding] = collector.findings(AccountFacts(gone={LOGIN: ""}))
    assert finding.liveness is Liveness.DEAD


def test_a_place_not_searched_again_stays_and_what_is_gone_is_closed(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (_shop(folder) / "readme.txt").write_text("Nothing of interest.\n")
    first = _searched(one)
    both = _searched(other, first)
    assert both.places == 2
    assert {place.root for row in both.exposures for place in row.where} == {str(one), str(other)}
    (one / ".env").unlink()
    after = _searched(one, both)
    assert {place.root for row in after.exposures for place in row.where} == {str(other)}
    assert after.closed == ()
    (other / ".env").unlink()
    last = _searched(other, after)
    assert (last.exposures, last.open, last.update_places) == ((), 0, ())
    assert len(last.closed) == 2
    assert any(line.startswith("closed ") for line in leaks.lines(_state(last)))


SITE = "https://shop.example"
README = f"{SITE}/wp-content/plugins/mailgun/readme.txt"


@pytest.mark.parametrize(
    ("site", "closed"),
    [
        ({"installed": [{"plugin": "mailgun", "version": "2.2.1", "where": README}]}, True),
        ({"not_installed": [{"plugin": "mailgun", "where": README}]}, True),
        # Asked to the end, and not a word of the plugin: a refusal, a page of its own, a fault.
        ({}, False),
        ({"installed": [{"plugin": "core", "version": "6.7", "where": SITE}]}, False),
        (
            {"not_installed": [{"plugin": "mailgun", "where": README}], "stopped": "it asked for a pause"},
            False,
        ),
    ],
)
def test_a_plugin_seen_on_a_site_is_closed_by_what_the_site_says_of_it(
    tmp_path: Path, site: dict[str, Any], closed: bool
) -> None:
    place = FoundPlace(origin="wordpress", path=README)
    seen = FoundLeak(id="CVE-1", what="wordpress-plugin", exposed=True, where=(place,))
    document = leaks_document(run(LeakOptions(targets=(str(tmp_path),), facts=AccountFacts(), key=b"k" * 32)))
    document["sites"] = [{"site": SITE, "stopped": None, "installed": [], "not_installed": [], **site}]
    after = leak_record.fact(
        document, {"sites": [SITE]}, LeaksFound(exposures=(seen,)), at="2026-11-21T16:00:00Z"
    )
    assert (after.exposures == (), len(after.closed)) == (closed, int(closed))


def test_what_lay_in_files_that_cannot_be_read_any_more_is_not_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    body = _searched(_shop(shop))
    (shop / "readme.txt").write_text("Nothing of interest.\n")
    opened = os.open

    def refused(path: Any, *more: Any, **named: Any) -> int:
        if str(path).endswith(".env"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refused)
        after = _searched(shop, body)
    assert {one.id for one in after.exposures} == {one.id for one in body.exposures} and not after.closed
    # A volume that is not mounted leaves an empty folder behind.
    (shop / ".env").rename(tmp_path / "away")
    (shop / "readme.txt").unlink()
    after = _searched(shop, body)
    assert {one.id for one in after.exposures} == {one.id for one in body.exposures} and not after.closed
    (shop / "readme.txt").write_text("Nothing of interest.\n")
    assert _searched(shop, after).closed


def test_more_finds_than_are_kept_leave_the_step_open_and_close_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = _searched(_shop(tmp_path))
    assert (len(body.exposures), body.skipped) == (2, ())
    monkeypatch.setattr(leak_record, "_MOST", 1)
    after = _searched(tmp_path, body)
    assert (len(after.exposures), after.closed) == (1, ()) and after.skipped == (
        "1 more find than an incident keeps",
    )
    accepted = replace(after, exposures=tuple(replace(one, accepted=True) for one in after.exposures))
    assert recovery.leak(Situation(Inventory(), _state(accepted), NOW)).verdict is Verdict.IN_PROGRESS


def _commit(folder: Path, words: str) -> None:
    env = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": os.environ["PATH"]}
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example")
    for arguments in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", words)):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=env)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_lies_in_a_history_is_closed_by_a_search_of_that_history_alone(tmp_path: Path) -> None:
    shop = _shop(tmp_path)
    _commit(shop, "settings")
    (shop / ".env").write_text("MAILGUN_SECRET=\n")
    _commit(shop, "no settings")
    body = _searched(shop)
    assert KEY_ID in {one.id for one in body.exposures}
    tree = run(LeakOptions(targets=(str(shop),), history=False, facts=AccountFacts(), key=b"k" * 32))
    asked = {"targets": [str(shop)]}
    after = leak_record.fact(leaks_document(tree), asked, body, at="2026-11-21T15:00:00Z")
    assert KEY_ID in {one.id for one in after.exposures} and not after.closed, (
        "the files were read, not the history"
    )
    # A history that could not be read says as little, whatever its files show.
    told = leaks_document(run(LeakOptions(targets=(str(shop),), facts=AccountFacts(), key=b"k" * 32)))
    broken = {**told, "findings": [], "searched": [dict(one) for one in told["searched"]]}
    for one in broken["searched"]:
        one["error"] = "git failed" if one["what"] == "history" else one["error"]
    after = leak_record.fact(broken, asked, body, at="2026-11-21T15:00:00Z")
    assert KEY_ID in {one.id for one in after.exposures} and not after.closed
    shutil.rmtree(shop / ".git")
    after = _searched(shop, body, at="2026-11-21T16:00:00Z")
    assert KEY_ID not in {one.id for one in after.exposures} and after.closed, "the repository was taken away"


def test_said_to_be_closed_holds_until_a_search_finds_it_again(tmp_path: Path) -> None:
    body = _searched(_shop(tmp_path))
    state = _state(body)
    key = f"leak:{KEY_ID}"
    state.decisions[key] = Decision(key, leaks.CLOSED, "", "ann", "2026-11-21T14:10:00Z")
    assert next(one for one in leaks.leaks(state) if one.id == KEY_ID).open is False
    state.learn(_searched(tmp_path, body, at="2026-11-21T16:00:00Z"))
    again = next(one for one in leaks.leaks(state) if one.id == KEY_ID)
    assert again.open
    assert any("found it again" in why for why in again.why)
    state.decisions[key] = Decision(key, leaks.ACCEPTED, "a honey token", "ann", "2026-11-21T14:10:00Z")
    assert next(one for one in leaks.leaks(state) if one.id == KEY_ID).open is False


def test_the_old_values_places_are_where_the_new_ones_go(tmp_path: Path) -> None:
    state = _state(_searched(_shop(tmp_path)))
    assert leaks.places_of(state, key_id=KEY_ID) == (f"{tmp_path}/.env:1",)
    assert leaks.places_of(state, login=LOGIN) == (f"{tmp_path}/.env:4",)
    assert leaks.places_of(state, key_id="another") == ()


def test_no_secret_stands_in_what_is_journaled(tmp_path: Path) -> None:
    text = repr(_searched(_shop(tmp_path)))
    assert KEY not in text
    assert PASSWORD not in text


def test_foreign_uses_are_the_first_of_what_was_judged_the_intruders() -> None:
    senders = [
        {
            "credential": f"key:{KEY_ID}",
            "looks": "intruder",
            "first": "2026-11-18T03:41:00Z",
            "addresses": ["203.0.113.7"],
        },
        {
            "credential": f"key:{KEY_ID}",
            "looks": "intruder",
            "first": "2026-11-18T04:00:00Z",
            "addresses": ["203.0.113.8"],
        },
        {
            "credential": f"key:{KEY_ID}",
            "looks": "production",
            "first": "2026-11-01T00:00:00Z",
            "addresses": ["192.0.2.1"],
        },
        {
            "credential": f"smtp:{LOGIN}",
            "looks": "unclear",
            "first": "2026-11-18T05:00:00Z",
            "addresses": [],
            "decision": "intruder",
        },
        {
            "credential": "smtp:x@mg.example",
            "looks": "intruder",
            "first": "2026-11-18T05:00:00Z",
            "addresses": [],
            "decision": "ours",
        },
        {"credential": "?", "looks": "intruder", "first": "2026-11-18T05:00:00Z", "addresses": []},
        {"credential": "key:undated", "looks": "intruder", "first": "", "addresses": []},
    ]
    state = know(State(), "assessment", {"senders": senders})
    first, second = account_facts.foreign_uses(state)
    assert (first.key_id, first.address, first.first_use.hour, first.first_use.minute) == (
        KEY_ID,
        "203.0.113.7",
        3,
        41,
    )
    assert second.login == LOGIN
    assert account_facts.foreign_uses(State()) == ()


def test_what_the_server_said_is_deleted_but_nobody_saw_absent_is_neither_live_nor_dead() -> None:
    deleted = _done(EffectKind.KEY_DELETE, KEY_ID)
    deleted.state = EffectState.DONE
    state = State(baseline=AccountBaseline(keys=(KEY_ID, "other")), effects={deleted.effect.id: deleted})
    facts = account_facts.account_facts(state)
    assert [key.id for key in facts.keys] == ["other"]
    assert not facts.deleted_ids
    deleted.state = EffectState.VERIFIED
    assert set(account_facts.account_facts(state).deleted_ids) == {KEY_ID}


def test_a_planted_keys_owner_is_asked_also_after_the_key_is_gone() -> None:
    inventory = Inventory()
    user = User(id="u1", email="ann@acme.example", name="Ann", role="admin", tfa_active=False)
    inventory.users["u1"] = UserItem(user, HOME)
    inventory.read_at = {"keys": NOW, "users": NOW}
    state = State(incident="20261121-140000-abcd")
    state.decisions["key:planted-1"] = Decision(
        "key:planted-1", "intruder", "", "ann", "2026-11-21T14:00:00Z"
    )
    state.decisions["user:u1"] = Decision("user:u1", "ours", "", "ben", "2026-11-21T14:00:00Z")
    snapshot = {
        "keys": [
            {
                "id": "planted-1",
                "kind": "web",
                "created_at": "2026-11-20T03:00:00Z",
                "requestor": "ann@acme.example",
            },
            {
                "id": "old",
                "kind": "user",
                "created_at": "2020-01-01T00:00:00Z",
                "requestor": "ann@acme.example",
            },
        ]
    }
    [one] = suspected(Situation(inventory, state, NOW), snapshot)
    assert (one.person.id, one.keys) == ("u1", ("planted-1",))
    body = leak_record.fact(
        leaks_document(run(LeakOptions(targets=("styles",)))), {}, None, [one], at="2026-11-21T14:00:00Z"
    )
    held = _state(body)
    assert leaks.devices(held) == [one.check]
    attested = SimpleNamespace(
        seq=2,
        at="2026-11-21T15:00:00Z",
        kind="attested",
        body={
            "step": leaks.PERSON,
            "text": "Ann: followed a link",
            "who": "ben",
            "subject": "u1",
        },
    )
    apply(held, attested)
    assert leaks.devices(held) == []
    assert any("Ann: followed a link" in line for line in leaks.lines(held))


def test_what_is_known_of_every_credential_is_read_once_for_all_leaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [{"what": "secret", "id": f"x{n}", "state": "live", "logins": [LOGIN]} for n in range(20)]
    state = know(State(), "leaks", {"exposures": rows})
    asked, real = [], account_facts.account_facts

    def counted(seen: State) -> AccountFacts:
        asked.append(seen)
        return real(seen)

    monkeypatch.setattr(account_facts, "account_facts", counted)
    assert len(leaks.leaks(state)) == 20 and len(asked) == 1
    # Without a found secret nothing of it is read.
    assert leaks.leaks(State()) == [] and len(asked) == 1
