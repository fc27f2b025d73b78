"""Bad input and faults, one by one: what the operator is told, and that nothing is half-done silently."""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.support.commands import Commands, Ran, ThreadedDrill, threaded_drill
from tests.support.effects import an_effect
from workbench.cli import tables
from workbench.domain.detection.findings import Finding
from workbench.domain.model.plan import EffectKind, Place, Plan
from workbench.domain.model.state import EffectRecord
from workbench.domain.runbook.runbook import StepView
from workbench.domain.runbook.verdict import Verdict
from workbench.drill.servers.faults import PORTAL
from workbench.mailgun.endpoints import Region

SECRET_SHAPED = "0123456789abcdef0123456789abcdef-01234567-89abcdef"


def assert_said(ran: Ran, *words: str) -> None:
    """Every one of the words is said on standard error, and no traceback."""
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err, ran.err


def assert_only_error(ran: Ran) -> None:
    """Standard output is the error's one document, with the exit code and the words, and nothing of an account."""
    document = ran.document
    assert set(document) <= {"schema", "incident", "exit", "error", "warnings"}
    assert (document["schema"], document["exit"]) == ("workbench.error/1", ran.code)
    assert document["error"]["what"] and document["error"]["todo"]


def assert_untouched(served: ThreadedDrill, commands: Commands) -> None:
    """Nothing was written to the account, and nothing was confirmed."""
    assert {key.id for key in served.drill.story.keys} <= set(served.drill.account.main.keys)
    assert not commands.state().effects


# ── the key ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_key_is_told_apart_from_silence_and_nothing_is_done(
    commands: Commands, tmp_path: Path
) -> None:
    with threaded_drill(tmp_path) as served:
        commands.use(served.document, key=SECRET_SHAPED)
        for words in (("status", "--json"), ("contain", "--yes", "--json")):
            ran = commands(*words)
            assert ran.code == 3
            assert_only_error(ran)
            # The same 401 comes from a dead key, a wrong one, and an allowlist: all of it is said.
            assert_said(ran, "401", "allowlist")
            assert SECRET_SHAPED not in ran.err + ran.out
        assert_untouched(served, commands)


def test_a_key_that_is_no_admin_is_named_with_what_it_cannot_do(commands: Commands, tmp_path: Path) -> None:
    with threaded_drill(tmp_path, scenario="non-admin") as served:
        commands.use(served.document)
        ran = commands("status", "--json")
        assert ran.code == 1
        assert_said(ran, "not admin", "API Security", "cannot")
        assert any("not admin" in note for note in ran.document["notes"])
        # What could not be read is a gap, not an empty account.
        assert ran.document["gaps"]
        verdicts = {step["id"]: step["verdict"] for step in ran.document["steps"]}
        assert {verdicts[step] for step in ("1", "1b", "4", "5")} == {"blocked"}
        # Said once, before the first write: hundreds of refusals would say no more.
        contained = commands("contain", "--yes", "--json")
        assert contained.code == 3
        assert_said(contained, "role is too low", "Nothing was changed", "Make a key with the role admin")
        assert {key.id for key in served.drill.story.keys} <= set(served.drill.account.main.keys)


def test_a_key_of_one_region_only_works_there_and_names_the_other(commands: Commands, tmp_path: Path) -> None:
    with threaded_drill(tmp_path, scenario="one-region") as served:
        commands.use(served.document)
        ran = commands("status", "--json")
        assert ran.code == 1
        assert_said(ran, "Only US accepts this key", "EU answers 401")
        assert ran.document["domains"]
        assert {row["place"][:2] for row in ran.document["domains"]} == {"US"}
        assert any("EU" in gap["reason"] or gap["place"] == "EU" for gap in ran.document["gaps"])


def test_a_disabled_account_is_said_with_the_reason_and_can_still_be_cut(
    commands: Commands, tmp_path: Path
) -> None:
    with threaded_drill(tmp_path, scenario="disabled") as served:
        commands.use(served.document)
        ran = commands("status", "--json")
        assert_said(ran, "Mailgun has disabled", "Account disabled", "Mailgun Support")
        contained = commands("contain", "--yes", "--json")
        states = {row["state"] for row in contained.document["effects"]}
        assert contained.code in (0, 1)
        # Whatever a disabled account refuses is in the document as failed or done, never missing.
        assert states <= {"verified", "done", "failed", "skipped"}
        assert len(contained.document["effects"]) == len(commands.state().effects)


def test_an_allowlist_that_locks_us_out_is_named_as_a_possible_cause(
    commands: Commands, tmp_path: Path
) -> None:
    with threaded_drill(tmp_path, scenario="lockout") as served:
        commands.use(served.document)
        ran = commands("contain", "--yes", "--json")
        assert ran.code == 3
        assert_only_error(ran)
        assert_said(ran, "allowlist", "401")
        assert_untouched(served, commands)


# ── the network ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_unreachable_host_is_said_in_words_with_exit_3(commands: Commands) -> None:
    commands.use({"api_us": "http://127.0.0.1:9", "api_key": SECRET_SHAPED})
    ran = commands("status", "--json")
    assert ran.code == 3
    assert_only_error(ran)
    assert_said(ran, "could not be reached", "network, DNS and proxy")
    assert SECRET_SHAPED not in ran.err + ran.out
    assert len(ran.err.strip().splitlines()) >= 2  # what happened, and what to do


@contextmanager
def answering(status: int, content: bytes, kind: str) -> Iterator[str]:
    """Serve the same answer to whatever is asked; yields the address."""

    class Always(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - the names http.server looks for

        def log_message(self, *_: object) -> None:
            """Keep standard error for the command."""

    server = HTTPServer(("127.0.0.1", 0), Always)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_a_captive_portal_is_not_taken_for_an_empty_account(commands: Commands) -> None:
    with answering(200, PORTAL, "text/html") as address:
        commands.use({"api_us": address, "api_key": SECRET_SHAPED})
        for words in (("status", "--json"), ("contain", "--yes")):
            ran = commands(*words)
            assert ran.code == 3
            if "--json" in words:
                assert_only_error(ran)
            else:
                assert ran.out == ""
            assert_said(ran, "web page answered", "captive portal")
    assert not commands.state().effects


def test_a_clock_that_is_an_hour_off_is_said_by_status_and_doctor(commands: Commands, tmp_path: Path) -> None:
    with threaded_drill(tmp_path) as served:
        commands.use(served.document)
        served.call(lambda: served.drill.clock.advance(3600))
        ran = commands("status", "--json")
        assert_said(ran, "This host's clock is 60 min behind")
        assert any("60 min behind" in note for note in ran.document["notes"])
        checks = {check["name"]: check for check in commands("doctor", "--json").document["checks"]}
        assert checks["clock"]["verdict"] == "warn"
        assert "60 min behind" in checks["clock"]["found"]
        assert checks["clock"]["todo"]


# ── sizes ────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_account_is_said_and_its_last_key_still_replaced(commands: Commands, tmp_path: Path) -> None:
    with threaded_drill(tmp_path, scenario="empty") as served:
        commands.use(served.document)
        ran = commands("status")
        assert_said(ran, "No region lists a domain of this account.")
        assert re.search(r"SMTP logins\s+0 on 0 domains", ran.out)
        contained = commands("contain", "--yes", "--json")
        assert contained.code == 0
        kinds = [row["kind"] for row in contained.document["effects"]]
        assert sorted(kinds) == ["key.create", "key.delete"]
        verdicts = {step["id"]: step["verdict"] for step in contained.document["steps"]}
        assert (verdicts["1"], verdicts["2"]) == ("done", "not applicable")


def test_no_domains_means_no_logins_and_says_so(commands: Commands, tmp_path: Path) -> None:
    with threaded_drill(tmp_path, scenario="no-domains") as served:
        commands.use(served.document)
        ran = commands("contain", "--dry-run")
        assert ran.code == 0
        assert {effect["kind"] for effect in ran.document["effects"]} == {"key.create", "key.delete"}
        steps = {step["id"]: step for step in commands("status", "--json").document["steps"]}
        assert steps["2"]["verdict"] == "not applicable"
        assert steps["2"]["evidence"] == ["no domain has SMTP logins"]


def test_logins_and_users_of_many_pages_are_all_there(commands: Commands, tmp_path: Path) -> None:
    """Three pages of logins of one domain and more; ten thousand are read and cut in the benchmarks."""
    with threaded_drill(tmp_path, domains=2, credentials=3_000, users=500) as served:
        commands.use(served.document)
        document = commands("status", "--json").document
        world = served.drill.account.main
        held = {
            credential.login
            for area in world.regions.values()
            for domain in area.domains.values()
            for credential in domain.credentials.values()
        }
        assert len({row["login"] for row in document["credentials"]}) == len(document["credentials"]) >= 3_000
        assert held <= {row["login"] for row in document["credentials"]}
        assert {row["id"] for row in document["users"]} == set(world.users)
        assert len(document["users"]) >= 500
        assert not document["gaps"]
        planned = commands("contain", "--dry-run").document
        resets = [effect["target"] for effect in planned["effects"] if effect["kind"] == "smtp.reset"]
        assert len(resets) == len(set(resets)) == len(document["credentials"])


# ── hostile names ────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = {
    "newline": "line one\nline two\r\nthree",
    "right to left": "safe\u202egnp.exe\u2066",
    "rich markup": "[bold red]ALERT[/bold red][link=https://x.example]y[/link]",
    "textual markup": "[@click=app.quit]press[/]",
    "escapes": "\x1b[2J\x1b]0;owned\x07\x1b[31mred\x9b5m",
    "osc 52": "\x1b]52;c;cGF5bG9hZA==\x07",
    "long": "A" * 4000,
    "wide": "漢字" * 50 + "e\u0301" * 30,
    "lone surrogate": "x\ud800y",
    "tags": "tag\U000e0041\u200b\u2028end",
}


def harmless(text: str) -> bool:
    """Return whether nothing in the text can move the cursor, colour, hide or turn around."""
    bad = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return all(char == "\n" or unicodedata.category(char) not in bad for char in text)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_every_table_shows_hostile_names_as_plain_text(name: str) -> None:
    effect = an_effect(
        EffectKind.LOGIN_RESET, name, Place(Region.US), what=f"reset {name}", breaks=name, why=name
    )
    record = EffectRecord(effect, evidence=["yes", name])
    failed = EffectRecord(effect, failure={"what": name, "means": "", "todo": ""})
    step = StepView("2", name, "A3", Verdict.OPEN, (name,), (0, 1), "", "", "", "", "", "")
    finding = Finding("login:x", name, "credential", name, (name,), "high", (name,))
    shown: dict[str, Callable[[], str]] = {
        "plan": lambda: tables.plan(Plan("title", (effect,))),
        "effects": lambda: tables.effects([record, failed]),
        "steps": lambda: tables.steps([step]),
        "findings": lambda: tables.findings([finding]),
        "secrets": lambda: tables.secrets(name, [name]),
        "checks": lambda: tables.checks([("ok", name, name, name)]),
    }
    plain = tables.steps([StepView("2", "x", "A3", Verdict.OPEN, ("x",), (0, 1), "", "", "", "", "", "")])
    for which, made in shown.items():
        text = made()
        assert harmless(text), which
        # One row stays one row: a name can not forge another.
        assert max(len(line) for line in text.splitlines()) < 700, which
    assert len(shown["steps"]().splitlines()) == len(plain.splitlines())
    assert name[:3].strip("\x1b") in shown["findings"]() or "\\" in shown["findings"]()


def test_a_hostile_account_is_shown_whole_and_harmless_and_is_cut(commands: Commands, tmp_path: Path) -> None:
    with threaded_drill(tmp_path, scenario="hostile-names") as served:
        commands.use(served.document)
        raw = commands("status", "--json")
        document = raw.document
        # JSON keeps the names verbatim (they are what the API calls things), escaped as JSON does.
        names = {row["description"] for row in document["keys"] if row["description"]}
        assert any("\n" in name or "\x1b" in name or "\u202e" in name or len(name) > 500 for name in names)
        assert not [char for char in raw.out if char != "\n" and unicodedata.category(char) == "Cc"]
        for words in (("status",), ("contain", "--yes", "--purge", "all")):
            ran = commands(*words)
            assert harmless(ran.out), words
            assert harmless(ran.err), words
        state = commands.state()
        assert state.contained_at
        assert all(record.state.value in ("verified", "skipped") for record in state.effects.values())
        planted = [key.id for key in served.drill.story.keys]
        assert not set(planted) & set(served.drill.account.main.keys)


def test_a_json_document_is_one_line_safe_document_whatever_the_names(
    commands: Commands, tmp_path: Path
) -> None:
    with threaded_drill(tmp_path, scenario="hostile-names") as served:
        commands.use(served.document)
        ran = commands("contain", "--dry-run")
        assert json.loads(ran.out)["schema"] == "workbench.plan/1"
