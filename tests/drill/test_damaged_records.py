"""A damaged journal, a rolled-back one, a lost one: said first everywhere, and nothing is written on top of it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.commands import Commands, Ran, ThreadedDrill, threaded_drill
from workbench.core.clock import SystemClock
from workbench.core.state_dir import JOURNAL_NAME
from workbench.journal.journal import Journal, read_rows

SAID = "is not what was written"
# A few logins, little in the log: damage is the same in a large home.
FEW = {"domains": 2, "credentials": 4, "users": 2, "traffic": 0.02}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[ThreadedDrill]:
    """Serve a drill of a few logins: what is tested here does not depend on size."""
    with threaded_drill(tmp_path, **FEW) as drill:
        yield drill


@dataclass(frozen=True)
class Kept:
    """A drill and where the home is kept that contained it, once for all tests that only look at it."""

    drill: ThreadedDrill
    home: Path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """Serve the drill that ``contained`` shares; the first test that asks contains it."""
    folder = tmp_path_factory.mktemp("kept")
    with threaded_drill(folder, **FEW) as drill:
        yield Kept(drill, folder / "home")


@pytest.fixture
def contained(commands: Commands, kept: Kept) -> Commands:
    """Return the commands in a copy of the home after a containment whose reports were written.

    The drill is shared: whoever changes it again takes ``small``.
    """
    home = commands.home.path
    commands.use(kept.drill.document)
    if kept.home.exists():
        shutil.rmtree(home)
        shutil.copytree(kept.home, home)
    else:
        contain(commands)
        shutil.copytree(home, kept.home)
    return commands


def contain(commands: Commands) -> None:
    """Contain the drill the commands point at, and write the reports."""
    assert commands("contain", "--yes", "--json").code in (0, 1)
    assert commands("report", "--json").code == 0


def journal_of(commands: Commands) -> Path:
    incident = commands.home.latest()
    assert incident is not None
    return commands.home.folder(incident) / JOURNAL_NAME


def alter(path: Path, seq: int, body: str = '{"n":9}') -> None:
    """Change a row as somebody with an editor for SQLite would."""
    db = sqlite3.connect(path)
    db.execute("DROP TRIGGER no_update")
    db.execute("UPDATE row SET body = ? WHERE seq = ?", (body, seq))
    db.commit()
    db.close()


def test_an_altered_row_is_said_first_by_every_command_and_stops_all_writing(contained: Commands) -> None:
    path = journal_of(contained)
    rows = len(read_rows(path))
    alter(path, rows // 2)
    for words in (("status",), ("sweep",), ("assess",), ("report",)):
        ran = contained(*words, "--json")
        assert ran.code != 0, words
        assert SAID in ran.err.splitlines()[0], (words, ran.err)
        assert any(SAID in warning for warning in ran.document["warnings"]), words
    shown = contained("status")
    assert "JOURNAL" in shown.out.splitlines()[0]
    refused = contained("contain", "--yes", "--json")
    assert refused.code == 4
    assert "--new" in refused.document["error"]["todo"]
    assert refused.err.count(SAID) == 1, refused.err
    assert len(read_rows(path)) == rows
    checked = contained("report", "--verify", "--json")
    assert (checked.code, checked.document["altered_row"]) == (1, rows // 2)
    listed = contained("secrets", "list", "--json")
    assert listed.code == 1
    assert listed.document["secrets"]


def test_a_new_incident_beside_a_sound_one_finds_the_key_that_replaced_the_one_that_is_given(
    contained: Commands,
) -> None:
    old = journal_of(contained).parent.name
    ran = contained("status", "--new", "--json")
    assert ran.code == 1, ran.err
    assert ran.document["incident"] != old
    assert any(f"the admin key that {old} made" in warning for warning in ran.document["warnings"])


def test_work_goes_on_in_a_new_incident_that_names_the_old_one(
    commands: Commands, small: ThreadedDrill
) -> None:
    commands.use(small.document)
    contain(commands)
    path = journal_of(commands)
    old = path.parent.name
    alter(path, 3)
    ran = commands("status", "--new", "--json")
    assert ran.document["incident"] != old
    assert any(old in warning for warning in ran.document["warnings"])
    state = commands.state()
    assert state.after["incident"] == old
    assert state.after["hash"] == read_rows(path)[-1].hash
    # The key that was supplied died in the old incident: its replacement is found through the old one's name.
    assert commands("contain", "--yes", "--json").code in (0, 1)
    assert old in commands("report").out


def test_an_older_copy_of_the_journal_in_its_place_is_noticed_by_the_vault(
    commands: Commands, small: ThreadedDrill, tmp_path: Path
) -> None:
    commands.use(small.document)
    commands("status")
    path = journal_of(commands)
    kept = tmp_path / "kept"
    shutil.copytree(path.parent, kept)
    assert commands("contain", "--yes", "--json").code in (0, 1)
    shutil.rmtree(path.parent)
    shutil.copytree(kept, path.parent)
    ran = commands("status", "--json")
    older = "An older journal stands in this one's place"
    assert older in ran.err.splitlines()[0]
    # The key that was supplied is dead, and the row that said so is lost: the vault's names say what replaces it.
    assert ran.code == 1
    assert commands("contain", "--yes").code == 4
    assert "nobody can tell" in ran.document["vault"]["words"]
    assert ran.document["vault"]["missing"] is None
    checked = commands("report", "--verify")
    assert (checked.code, older in checked.out) == (1, True), "no report is left, and that is not all"
    for words in ("list", "recover"):
        said = commands("secrets", words, "--json")
        assert (said.code, older in said.err) == (1, True), words
    assert commands("evidence", "verify").code == 1


def shorten(path: Path, rows: int) -> None:
    """Take the newest rows off a journal: its chain is whole."""
    db = sqlite3.connect(path)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("DELETE FROM row WHERE seq > (SELECT max(seq) FROM row) - ?", (rows,))
    db.commit()
    db.close()


def test_what_needs_no_account_says_an_older_journal_too_and_adds_nothing_to_it(
    contained: Commands, tmp_path: Path
) -> None:
    held = contained("secrets", "list", "--json").document["secrets"]
    login = next(row["name"] for row in held if row["name"].startswith("SMTP "))
    value = contained("secrets", "get", login).out
    path = journal_of(contained)
    incident = path.parent.name
    # Written after it: each would be named by no row.
    evidence = {file.name for file in (path.parent / "evidence").rglob("*") if file.is_file()}
    shorten(path, 3)
    rows = len(read_rows(path))
    older = "An older journal stands in this one's place"
    name = next(iter(evidence - {"log"}))
    archive = str(tmp_path / "archive.zip")
    for words, code in (
        (("secrets", "get", login), 0),
        (("evidence", "list"), 1),
        (("evidence", "show", name), 0),
        (("evidence", "verify"), 1),
        (("evidence", "export", "--to", archive, "--why", "a test"), 0),
        (("mail", "show"), 1),
        (("report", "--verify"), 1),
        (("leaks", str(tmp_path / "endpoints.json")), 1),
        (("purge", "--incident", incident, "--yes"), 4),
    ):
        ran = contained(*words)
        assert older in ran.err + ran.out, (words, ran.err)
        assert ran.code == code, (words, ran.code, ran.err)
        assert len(read_rows(path)) == rows, words
        if words[:2] == ("secrets", "get"):
            assert ran.out == value
            assert "is not journaled" in ran.err
    assert {file.name for file in (path.parent / "evidence").rglob("*") if file.is_file()} == evidence


def test_an_empty_journal_and_that_of_another_incident_are_no_evidence_of_nothing(
    contained: Commands,
) -> None:
    path = journal_of(contained)
    for name in ("", "-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    Journal.open(path, SystemClock(), "20260101-120000-abcd").close()
    incident = ("--incident", path.parent.name)
    looks = (("evidence", "list"), ("evidence", "verify"), ("report", "--verify"))
    for words in looks:
        ran = contained(*words, *incident)
        assert (ran.code, "that of another incident" in ran.err + ran.out) == (1, True), (words, ran)
    assert contained("purge", "--yes", *incident).code == 4
    path.write_bytes(b"")
    contained.set(WORKBENCH_PASSPHRASE_FILE="")  # The vault would say that there were rows.
    for words in looks:
        ran = contained(*words, *incident)
        assert (ran.code, "it was emptied" in ran.err) == (4, True), (words, ran)
        assert "Free space" not in ran.err, "room is not what is missing"


def test_a_folder_that_others_can_write_into_is_named_by_every_look_and_refused_by_every_write(
    contained: Commands,
) -> None:
    held = contained("secrets", "list", "--json").document["secrets"]
    login = next(row["name"] for row in held if row["name"].startswith("SMTP "))
    path = journal_of(contained)
    rows = len(read_rows(path))
    contained.home.path.chmod(0o775)
    said = "Other users of this host can write into"
    looks = (("secrets", "list"), ("secrets", "recover"), ("secrets", "get", login), ("evidence", "verify"))
    for words in (*looks, ("evidence", "list"), ("report", "--verify")):
        ran = contained(*words)
        assert (ran.code, said in ran.err) == (0, True), (words, ran.err)
        assert "chmod 700" in ran.err
    for refused in (
        ("purge", "--incident", path.parent.name, "--yes"),
        ("secrets", "passphrase", "--new-file", str(contained.passphrase_file)),
        ("contain", "--yes"),
        ("status",),
    ):
        assert contained(*refused).code == 3, refused
    assert len(read_rows(path)) == rows


def test_what_stands_in_a_journals_place_is_named_and_room_is_not_what_is_missing(
    contained: Commands, tmp_path: Path
) -> None:
    path = journal_of(contained)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    for words in ("not a regular file", "symbolic link"):
        if path.is_dir():
            path.rmdir()
            path.symlink_to(elsewhere)
        else:
            path.mkdir()
        ran = contained("status", "--json")
        assert ran.code == 4
        assert words in ran.document["error"]["what"]
        assert "Free space" not in ran.document["error"]["todo"]


def test_another_homes_vault_and_one_that_cannot_be_read_are_told_name_by_name(contained: Commands) -> None:
    whole = contained("secrets", "list").out
    assert "NOT in this vault" not in whole
    file = contained.home.vault_file
    for path in file.parent.glob("vault.json*"):
        path.unlink()
    lost = contained("secrets", "list", "--json")
    assert lost.code == 1
    assert all(row["missing"] is None for row in lost.document["secrets"] if row["name"].startswith("SMTP "))
    contained.make_vault()
    listed = contained("secrets", "list")
    assert listed.code == 1
    assert listed.out.count("NOT in this vault") == len(contained.state().entries)
    assert contained("secrets", "recover").code == 1
    file.write_bytes(b"x" * 500)
    told = contained("secrets", "recover")
    assert told.code == 4
    assert f"The vault file {file} is damaged" in told.err, "the file that is to be mended is named"


def test_a_lost_or_emptied_journal_costs_no_secret(contained: Commands) -> None:
    held = contained("secrets", "list", "--json").document["secrets"]
    login = next(row["name"] for row in held if row["name"].startswith("SMTP "))
    value = contained("secrets", "get", login).out
    path = journal_of(contained)
    path.write_bytes(b"")
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    emptied = contained("secrets", "list", "--json")
    assert emptied.code == 1
    assert {row["name"] for row in held if "workbench:" not in row["name"]} <= {
        row["name"] for row in emptied.document["secrets"]
    }
    assert contained("status").code != 0
    path.unlink()
    lost = contained("secrets", "recover", "--json")
    assert login in {row["name"] for row in lost.document["secrets"]}
    assert "not in this home any more" in lost.err
    assert contained("secrets", "get", login).out == value
    told = contained("status", "--json")
    assert told.code == 4
    assert "secrets recover" in told.document["error"]["todo"]
    # The supplied key died in the lost incident; what replaced it stands in the vault under that incident's name.
    assert contained("status", "--new", "--json").code == 1
    assert contained.state().after["admin_entry"]


def test_the_journal_of_another_incident_is_not_taken_for_this_one(contained: Commands) -> None:
    path = journal_of(contained)
    for name in ("", "-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    other = "20260101-120000-abcd"
    Journal.open(path, SystemClock(), other).close()
    ran = contained("status", "--incident", path.parent.name, "--json")
    assert ran.code == 4
    assert f"that of another incident, {other}" in ran.document["error"]["what"]
    assert "that of another incident" in contained("secrets", "list", "--json").err


def test_a_row_that_cannot_be_read_costs_itself_alone(contained: Commands) -> None:
    path = journal_of(contained)
    last = read_rows(path)[-1].seq
    alter(path, last, "[" * 100_000)
    held = contained("secrets", "list", "--json").document["secrets"]
    assert any(row["name"].startswith("SMTP ") for row in held)
    ran = contained("status", "--json")
    assert "cannot be read" in ran.err
    assert ran.document["effects"]


def test_neither_a_stray_folder_nor_a_clock_years_ahead_decides_which_incident_is_the_latest(
    contained: Commands,
) -> None:
    right = journal_of(contained).parent
    for name in ("20991231-235959-ffff", "zzz", "99999999-999999-ffff"):
        (right.parent / name).mkdir()
        (right.parent / name / JOURNAL_NAME).write_bytes(b"whatever")
    assert contained("status", "--json").document["incident"] == right.name
    (contained.home.path / "latest.json").unlink()
    assert contained("status", "--json").document["incident"] == right.name


def test_evidence_is_listed_opened_checked_and_handed_to_others(contained: Commands, tmp_path: Path) -> None:
    listed = contained("evidence", "list", "--json").document
    assert {item["part"] for item in listed["items"]} >= {"0a"}
    shown = contained("evidence", "show", "0a")
    assert json.loads(shown.out)["keys"]
    assert contained("evidence", "verify").code == 0
    archive = tmp_path / "evidence.zip"
    made = contained("evidence", "export", "--to", str(archive), "--why", "police, case 7", "--json")
    assert made.code == 0, made.err
    assert archive.stat().st_mode & 0o777 == 0o600
    elsewhere = contained("evidence", "verify", str(archive), "--json")
    assert (elsewhere.code, elsewhere.document["whole"]) == (0, True)
    row = read_rows(journal_of(contained))[-1]
    assert (row.kind, row.body["sha256"]) == ("evidence.exported", made.document["sha256"])
    again = contained("evidence", "export", "--to", str(archive), "--why", "once more")
    assert again.code == 2

    sealed = (
        contained.home.folder(journal_of(contained).parent.name) / "evidence" / listed["items"][0]["name"]
    )
    data = bytearray(sealed.read_bytes())
    data[len(data) // 2] ^= 1
    sealed.write_bytes(data)
    assert contained("evidence", "verify").code == 1
    checked = contained("report", "--verify")
    assert checked.code == 1
    assert "was altered" in checked.out


@pytest.mark.parametrize("what", ["journal.jsonl", "manifest.json", "evidence"])
def test_an_archive_that_was_changed_says_so(contained: Commands, tmp_path: Path, what: str) -> None:
    archive = tmp_path / "evidence.zip"
    contained("evidence", "export", "--to", str(archive), "--why", "a test")
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(forged, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.startswith(what):
                data = data.replace(b"a", b"b", 1) if what != "manifest.json" else data.replace(b"0", b"1")
            target.writestr(name, data)
    assert contained("evidence", "verify", str(forged)).code in (1, 2)
    forged.write_bytes(archive.read_bytes()[:-40])
    assert contained("evidence", "verify", str(forged)).code == 2


def test_an_archive_whose_list_was_rewritten_is_held_against_its_journal_and_this_home(
    contained: Commands, tmp_path: Path
) -> None:
    archive = tmp_path / "evidence.zip"
    contained("evidence", "export", "--to", str(archive), "--why", "a test")
    whole = contained("evidence", "verify", str(archive))
    assert whole.code == 0 and "has the same row" in whole.out
    with zipfile.ZipFile(archive) as source:
        files = {name: source.read(name) for name in source.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    dropped = next(name for name in files if name.startswith("evidence/"))

    def rewritten(held: dict[str, bytes]) -> Ran:
        listed = [entry for entry in manifest["files"] if entry["name"] in held]
        made = tmp_path / "made.zip"
        with zipfile.ZipFile(made, "w") as target:
            target.writestr("manifest.json", json.dumps({**manifest, "files": listed}))
            for name, data in held.items():
                target.writestr(name, data)
        return contained("evidence", "verify", str(made))

    without = rewritten({name: data for name, data in files.items() if name != dropped})
    assert without.code == 1 and f"{dropped} is missing" in without.out
    # The same incident, another journal: this home never had its rows.
    db = sqlite3.connect(journal_of(contained))
    db.execute("DROP TRIGGER no_delete")
    db.execute("DELETE FROM row WHERE seq > 5")
    db.commit()
    db.close()
    assert "never had" in rewritten(files).out


def test_a_new_passphrase_opens_and_the_old_one_does_not(contained: Commands, tmp_path: Path) -> None:
    held = contained("secrets", "list", "--json").document["secrets"]
    login = next(row["name"] for row in held if row["name"].startswith("SMTP "))
    value = contained("secrets", "get", login).out
    new = tmp_path / "new"
    new.write_text("weak\n")
    new.chmod(0o600)
    assert contained("secrets", "passphrase", "--new-file", str(new)).code == 2
    new.write_text("another throwaway passphrase of four\n")
    assert contained("secrets", "passphrase", "--new-file", str(new)).code == 0
    assert contained("secrets", "get", login).code == 4
    contained.set(WORKBENCH_PASSPHRASE_FILE=str(new))
    assert contained("secrets", "get", login).out == value
    assert contained("evidence", "verify").code == 0


def test_a_weak_passphrase_in_a_file_makes_no_vault_and_a_look_makes_none_either(
    commands: Commands, small: ThreadedDrill, tmp_path: Path
) -> None:
    commands.use(small.document)
    commands.home.vault_file.unlink()
    weak = tmp_path / "weak"
    weak.write_text("a\n")
    weak.chmod(0o600)
    commands.set(WORKBENCH_PASSPHRASE_FILE=str(weak))
    refused = commands("contain", "--yes", "--json")
    assert refused.code == 2
    assert "too weak" in refused.document["error"]["what"]
    for words in (("secrets", "list"), ("secrets", "get", "x"), ("secrets", "recover"), ("evidence", "list")):
        assert commands(*words).code in (2, 4), words
    assert not commands.home.vault_file.exists()


def test_no_vault_is_made_beside_an_incident_whose_secrets_are_in_one(contained: Commands) -> None:
    for path in contained.home.path.glob("vault.json*"):
        path.unlink()
    refused = contained("status", "--json")
    assert refused.code == 4
    assert "vault of this home is missing" in refused.document["error"]["what"]
    assert not contained.home.vault_file.exists()


def test_a_status_says_whose_vault_is_open_in_its_document_too(contained: Commands) -> None:
    own = contained("status", "--json").document["vault"]
    assert own["kind"] == "file"
    assert own["missing"] == 0
    assert own["stored"] == len(contained.state().entries) > 0
    file = contained.home.vault_file
    admin = contained("secrets", "get", contained.state().admin_entry).out
    for path in file.parent.glob("vault.json*"):
        path.unlink()
    contained.make_vault()
    contained.set(MAILGUN_API_KEY=admin)  # Its owner kept it elsewhere, too: else nothing could be asked.
    ran = contained("status", "--json")
    assert ran.code == 1, ran.err
    other = ran.document["vault"]
    assert other["missing"] == other["stored"] == own["stored"]
    assert "another home's vault" in other["words"]
    assert any("another home's vault" in warning for warning in ran.document["warnings"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("status", "--json", "--incident", "x" * 300), 2),
        (("status", "--json", "--incident", "../.."), 2),
        (("status", "--json", "--endpoints", "/nowhere"), 2),
        (("contain", "--json", "--no-such-option"), 2),
        (("secrets", "list", "--json"), 2),
        (("report", "--verify", "/nowhere", "--json"), 2),
    ],
)
def test_json_is_one_document_whatever_the_exit_code(
    commands: Commands, words: tuple[str, ...], code: int
) -> None:
    ran = commands(*words)
    assert ran.code == code
    assert ran.document["schema"] == "workbench.error/1"
    assert ran.document["exit"] == code
    assert ran.document["error"]["what"]


def test_an_endpoints_file_nested_without_end_and_a_key_that_is_no_text_are_errors_with_words(
    commands: Commands, tmp_path: Path
) -> None:
    nested = tmp_path / "nested.json"
    nested.write_text("[" * 100_000)
    assert commands("status", "--json", "--endpoints", str(nested)).code == 2
    commands.set(MAILGUN_API_KEY="key\udcff\udcfe")
    ran = commands("status", "--json")
    assert ran.code == 2
    assert "admin key" in ran.document["error"]["what"]
