"""Findings: one a secret, judged by facts; the baseline; the exit code; no secret anywhere."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.unit.leaks.corpus import Draw
from tests.unit.leaks.repositories import Repository
from workbench.core.clock import as_moment
from workbench.core.errors import UsageError
from workbench.core.redact import Secret
from workbench.leaks.baseline import read_baseline
from workbench.leaks.command import LeakOptions, run
from workbench.leaks.document import document as leaks_document
from workbench.leaks.document import rows
from workbench.leaks.findings import AccountFacts, Collector, LeakFinding, ListedKey, Liveness, exit_code
from workbench.leaks.model import KnownValue, LeakPlace, Match, SecretKind, key_id_of, masked
from workbench.leaks.report import LeakReport
from workbench.leaks.served import exposures

DRAW = Draw(51)
SALT = b"k" * 32


def place(path: str = ".env", line: int = 1, login: str = "") -> LeakPlace:
    return LeakPlace("file", "/srv", path, line, "env", "MAILGUN_SECRET", login)


def found(
    value: str, kind: SecretKind = SecretKind.API_KEY, facts: AccountFacts | None = None, login: str = ""
) -> LeakFinding:
    collector = Collector(SALT)
    collector(Match(0, 0, kind, Secret(value), "env"), place(login=login))
    (finding,) = collector.findings(facts)
    return finding


def test_one_finding_a_secret_with_all_its_places() -> None:
    collector = Collector(SALT)
    value, other = DRAW.current(), DRAW.legacy()
    for number in (1, 2, 2):
        collector(Match(0, 0, SecretKind.UNKNOWN_50, Secret(value), "bare"), place(line=number))
    collector(Match(0, 0, SecretKind.API_KEY, Secret(value), "env"), place("b.env"))
    collector(Match(0, 0, SecretKind.API_KEY, Secret(other), "env"), place("c.env"))
    findings = {finding.fingerprint: finding for finding in collector.findings()}
    assert len(findings) == 2
    finding = findings[Secret(value).fingerprint(SALT)]
    assert [(one.path, one.line) for one in finding.where] == [(".env", 1), (".env", 2), ("b.env", 1)]
    assert finding.kind is SecretKind.API_KEY


def test_places_beyond_the_bound_are_counted() -> None:
    collector = Collector(SALT)
    value = DRAW.current()
    for number in range(250):
        collector(Match(0, 0, SecretKind.API_KEY, Secret(value), "env"), place(line=number))
    (finding,) = collector.findings()
    assert (len(finding.where), finding.more_places) == (200, 50)


def test_the_key_list_decides_by_the_tail() -> None:
    value = DRAW.current()
    tail = key_id_of(value)
    assert tail == value[-17:]
    live = found(value, facts=AccountFacts(keys=(ListedKey(tail, "user", "admin", "prod"),)))
    assert (live.liveness, live.id, live.severity) == (Liveness.LIVE, tail, "critical")
    assert live.account == f"key {tail} user admin prod"
    sending = found(value, facts=AccountFacts(keys=(ListedKey(tail, "domain", "sending"),)))
    assert sending.kind is SecretKind.SENDING_KEY
    disabled = found(value, facts=AccountFacts(keys=(ListedKey(tail, disabled=True),)))
    assert disabled.liveness is Liveness.DEAD
    deleted = found(value, facts=AccountFacts(keys=(ListedKey("x"),), deleted_ids={tail: ""}))
    assert deleted.liveness is Liveness.DEAD
    unknown = found(value, facts=AccountFacts(keys=(ListedKey("x"),)))
    assert (unknown.liveness, unknown.account) == (Liveness.CANNOT_TELL, "not in this account")
    assert found(value).liveness is Liveness.CANNOT_TELL


def test_a_proof_outweighs_the_list_and_legacy_keys_have_no_tail() -> None:
    value = DRAW.legacy()
    assert key_id_of(value) == ""
    proof = {Secret(value).fingerprint(SALT): Liveness.DEAD}
    assert found(value, facts=AccountFacts(proven=proof)).liveness is Liveness.DEAD
    assert found(value, facts=AccountFacts(keys=(ListedKey("x"),))).liveness is Liveness.CANNOT_TELL


def test_a_login_of_the_account_is_named() -> None:
    facts = AccountFacts(logins=frozenset({"a@mg.example.com"}))
    assert (
        found("Secr3t-value", SecretKind.SMTP_PASSWORD, facts, "a@mg.example.com").account
        == "login a@mg.example.com"
    )


def test_what_is_shown_never_is_the_secret() -> None:
    current, legacy, password = DRAW.current(), DRAW.legacy(), DRAW.own_password()
    assert masked(SecretKind.API_KEY, Secret(current)) == f"••••-{current[-17:]}"
    assert masked(SecretKind.API_KEY, Secret(legacy)) == f"key-••••{legacy[-4:]}"
    assert masked(SecretKind.SMTP_PASSWORD, Secret(password)) == f"•••• ({len(password)} characters)"
    assert masked(SecretKind.SMTP_PASSWORD, Secret(current)) == "•••• (50 characters)"


def test_the_exit_code_is_about_open_findings() -> None:
    value = DRAW.current()
    live = found(value)
    dead = found(value, facts=AccountFacts(deleted_ids={key_id_of(value): ""}, keys=(ListedKey("x"),)))
    assert exit_code([dead]) == 0
    assert exit_code([dead, live]) == 1
    assert exit_code([]) == 0


def tree(tmp_path: Path, *values: str) -> str:
    root = tmp_path / "app"
    root.mkdir(exist_ok=True)
    for number, value in enumerate(values):
        (root / f"{number}.env").write_text(f"MAILGUN_SECRET={value}\n")
    return str(root)


def test_a_baseline_accepts_by_fingerprint_across_runs(tmp_path: Path) -> None:
    first, second = DRAW.current(), DRAW.legacy()
    target, file = tree(tmp_path, first), tmp_path / "leaks.json"
    before = run(LeakOptions((target,)))
    assert before.exit_code == 1
    accepting = run(LeakOptions((target,), baseline=file, accept=True, reason="rotated"))
    assert (accepting.accepted_now, accepting.exit_code) == (1, 0)
    assert run(LeakOptions((target,), baseline=file)).exit_code == 0
    tree(tmp_path, first, second)
    after = run(LeakOptions((target,), baseline=file))
    assert after.exit_code == 1
    assert [finding.accepted for finding in after.findings] == [False, True]
    text = file.read_text()
    assert first not in text
    assert after.findings[1].fingerprint in text
    key = file.with_name("leaks.json.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    # The same finding in two runs gives the same file.
    run(LeakOptions((target,), baseline=file, accept=True, key=None, reason="rotated"))
    assert len(json.loads(file.read_text())["accepted"]) == 2


def test_a_baseline_works_with_the_incidents_key_too(tmp_path: Path) -> None:
    target, file = tree(tmp_path, DRAW.current()), tmp_path / "leaks.json"
    run(LeakOptions((target,), baseline=file, accept=True, key=SALT))
    assert not file.with_name("leaks.json.key").exists()
    assert run(LeakOptions((target,), baseline=file, key=SALT)).exit_code == 0
    with pytest.raises(UsageError, match="key"):
        run(LeakOptions((target,), baseline=file))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "other/1"}', '{"schema": "workbench.leaks-baseline/1"}']
)
def test_an_unusable_baseline_stops_the_run(tmp_path: Path, text: str) -> None:
    file = tmp_path / "b.json"
    file.write_text(text)
    with pytest.raises(UsageError, match="cannot be used"):
        read_baseline(file, key=SALT)
    with pytest.raises(UsageError, match="cannot be used"):
        read_baseline(tmp_path / "missing.json", key=SALT)


def test_the_document_has_the_contracts_words_and_no_secret(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "app")
    gone, here = DRAW.current(), DRAW.current()
    repo.commit("in", __env=f"MAILGUN_SECRET={gone}\n")
    repo.commit("out", __env=f"MAILGUN_SECRET={here}\n")
    report = run(
        LeakOptions((str(repo.path),), known=(KnownValue("vault: old", Secret(gone), SecretKind.API_KEY),))
    )
    document = leaks_document(report)
    text = json.dumps(document)
    assert gone not in text
    assert here not in text
    assert document["schema"] == "workbench.leaks/1"
    assert document["incident"] is None
    one = next(row for row in document["findings"] if row["known"] == "vault: old")
    assert {"kind", "where", "severity", "why", "decision", "fingerprint", "state"} <= one.keys()
    assert one["in_head"] is False
    assert one["where"][0]["commit"] == repo.git("rev-parse", "HEAD~1")
    assert one["where"][0]["author"] == "Ann <ann@example.com>"
    other = next(row for row in document["findings"] if row["key_id"] == key_id_of(here))
    assert {place["origin"] for place in other["where"]} == {"file", "history"}
    assert other["in_head"] is True
    head, body = rows(report)
    assert len(body) == 2
    assert len(head) == len(body[0])


def test_no_history_scans_the_tree_alone(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "app")
    repo.commit("in", __env=f"MAILGUN_SECRET={DRAW.current()}\n")
    repo.commit("out", __env="\n")
    assert run(LeakOptions((str(repo.path),))).exit_code == 1
    alone = run(LeakOptions((str(repo.path),), history=False))
    assert alone.exit_code == 0
    assert alone.coverage.skipped["git history, not asked for"] == 1


def test_a_target_that_fails_is_listed_and_the_others_are_searched(tmp_path: Path) -> None:
    report = run(LeakOptions((str(tmp_path / "missing"), tree(tmp_path, DRAW.current()))))
    assert report.exit_code == 1
    assert len(report.findings) == 1
    assert report.searched[0].error
    assert not report.coverage.complete
    assert run(LeakOptions((str(tmp_path / "missing"),))).exit_code == 3
    with pytest.raises(UsageError, match="Nothing was named"):
        run(LeakOptions())


def test_logs_and_findings_give_the_sentence(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from workbench.leaks.correlate import ForeignUse

    value = DRAW.current()
    target = tree(tmp_path, value)
    (Path(target) / ".env").write_text(f"A=1\nMAILGUN_SECRET={value}\n")
    size = (Path(target) / ".env").stat().st_size
    log = tmp_path / "access.log"
    log.write_text(f'203.0.113.7 - - [18/Nov/2026:03:12:00 +0000] "GET /.env HTTP/1.1" 200 {size} "-" "x"\n')
    use = ForeignUse(key_id_of(value), "198.51.100.4", datetime(2026, 11, 18, 3, 41, tzinfo=UTC))
    report = run(LeakOptions((target,), logs=(str(log),), uses=(use,)))
    assert report.thefts[0].sentence.startswith("taken on 18 Nov 03:12 UTC from /.env by 203.0.113.7, key …")
    document = leaks_document(report)
    assert document["logs"]["taken"][0]["served"] == "S3"
    assert document["thefts"][0]["strength"] == 2


def test_a_place_is_worth_nothing_from_the_end_of_its_secret_on() -> None:
    value, at = DRAW.current(), "2026-11-21T14:00:00Z"
    key_id = key_id_of(value)
    ended = AccountFacts(deleted_ids={key_id: at}, keys=(ListedKey("x"),))
    (place,) = exposures([found(value, facts=ended)], ended)
    assert place.dead == as_moment(at)
    login, old = "a@mg.example.com", Secret("Secr3t-value")
    for current, dead in (
        (frozenset({"another"}), as_moment(at)),
        (frozenset({old.fingerprint(SALT)}), None),
    ):
        facts = AccountFacts(resets={login: at}, current=current)
        (place,) = exposures([found(old.reveal(), SecretKind.SMTP_PASSWORD, facts, login)], facts)
        assert place.dead == dead


def test_a_search_that_found_something_never_says_that_it_found_nothing() -> None:
    dead = found(DRAW.current(), facts=AccountFacts(keys=(ListedKey("x"),)))
    report = LeakReport(None, findings=(dead,))
    report.coverage.files = 1
    assert report.verdict == ""
    report.coverage.skip("refused by its name (403)", "http://a.example/x")
    assert report.verdict.startswith("1 thing was not read")
    report.findings = ()
    assert report.verdict.startswith("Nothing was found in what was read. 1 thing was not read")
