"""Whole histories: every object, hostile repositories, damage, and the commits behind each hit."""

from __future__ import annotations

import gzip
import os
import stat
import zipfile
import zlib
from pathlib import Path

import brotli
import pytest

from tests.unit.leaks.corpus import Draw
from tests.unit.leaks.repositories import ENVIRONMENT, Repository, need_git
from workbench.core.errors import UsageError
from workbench.leaks import clone, git_objects
from workbench.leaks.command import LeakOptions, run
from workbench.leaks.gitsafe import git_folder
from workbench.leaks.history import scan_history
from workbench.leaks.model import LeakError, LeakPlace, Match, SearchCoverage
from workbench.leaks.patterns import Scanner

DRAW = Draw(41)


def line(value: str) -> str:
    return f"MAILGUN_SECRET={value}\n"


def search(path: Path) -> tuple[dict[str, list[LeakPlace]], SearchCoverage]:
    found: dict[str, list[LeakPlace]] = {}
    coverage = SearchCoverage()

    def collect(match: Match, place: LeakPlace) -> None:
        found.setdefault(match.secret.reveal(), []).append(place)

    assert scan_history(path, Scanner(), collect, coverage)
    return found, coverage


def test_a_secret_is_bound_by_first_and_last_commit(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    value = DRAW.current()
    repo.commit("start", readme="x\n")
    first = repo.commit("configure", __env="A=1\n" + line(value))
    last = repo.commit("more", __env="A=1\nB=2\n" + line(value))
    repo.commit("oops", __env="A=1\n")
    repo.commit("later", readme="y\n")
    found, coverage = search(repo.path)
    ((place,),) = [found[value]]
    assert place.path == ".env"
    assert place.first_commit is not None
    assert place.last_commit is not None
    assert (place.first_commit.oid, place.last_commit.oid) == (first, last)
    assert place.first_commit.author == "Ann <ann@example.com>"
    assert place.first_commit.date == "2026-11-18T02:00:00Z"
    assert (place.in_head, place.reachable, place.line) == (False, True, 3)
    assert coverage.complete


def test_a_secret_still_in_head_ends_with_head(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    value = DRAW.legacy()
    first = repo.commit("configure", __env=line(value))
    head = repo.commit("later", readme="y\n")
    ((place,),) = search(repo.path)[0].values()
    assert place.in_head
    assert place.first_commit is not None
    assert place.last_commit is not None
    assert (place.first_commit.oid, place.last_commit.oid) == (first, head)


def test_stash_reflog_amended_and_unreachable_objects_are_searched(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    repo.commit("start", readme="x\n")
    stashed, amended, loose, branch = (DRAW.current() for _ in range(4))
    (repo.path / "readme").write_text(line(stashed))
    repo.git("stash")
    repo.commit("to be amended", a=line(amended))
    (repo.path / "a").write_text("clean\n")
    repo.git("commit", "-q", "-a", "--amend", "-m", "amended")
    (repo.path / "b").write_text(line(loose))
    repo.git("add", "b")
    repo.git("reset", "-q", "--hard")
    repo.git("checkout", "-q", "-b", "gone")
    repo.commit("on a branch", c=line(branch))
    repo.git("checkout", "-q", "main")
    repo.git("branch", "-q", "-D", "gone")
    repo.git("reflog", "expire", "--expire=now", "--all")
    found, _ = search(repo.path)
    assert set(found) == {stashed, amended, loose, branch}
    assert found[amended][0].path == "a"
    assert found[amended][0].reachable is False
    assert found[loose][0].path == "(in no commit)"
    assert found[branch][0].first_commit is not None


def test_messages_merges_packed_references_and_tags_are_searched(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    repo.commit("start", readme="x\n", other="1\n")
    message, tag, merged = (DRAW.current() for _ in range(3))
    repo.commit(f"use {message} now", readme="y\n")
    repo.git("tag", "-a", "v1", "-m", f"key {tag}")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", other="2\n")
    repo.git("checkout", "-q", "main")
    repo.commit("main", readme="z\n")
    repo.git("merge", "-q", "--no-commit", "side")
    (repo.path / "evil").write_text(line(merged))
    repo.git("add", "evil")
    repo.git("commit", "-q", "-m", "merge")
    repo.git("pack-refs", "--all")
    repo.git("gc", "-q")
    found, _ = search(repo.path)
    assert found[message][0].path == "(commit message)"
    assert found[tag][0].path == "(tag message)"
    assert found[merged][0].path == "evil"
    assert found[merged][0].in_head


def test_a_hostile_configuration_runs_nothing(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    value = DRAW.current()
    repo.commit("start", __env=line(value), __gitattributes="* diff=evil filter=evil textconv=evil\n")
    trap, mark = tmp_path / "trap", tmp_path / "ran"
    trap.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat\n")
    trap.chmod(0o755)
    for name in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.askPass", "core.gitProxy",
        "gpg.program",
        "diff.external", "diff.evil.command", "diff.evil.textconv", "filter.evil.smudge", "filter.evil.clean",
        "credential.helper", "core.alternateRefsCommand", "pager.log", "uploadpack.packObjectsHook",
    ):  # fmt: skip
        repo.git("config", name, str(trap))
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "extensions.partialClone", "origin")
    repo.git("config", "remote.origin.promisor", "true")
    repo.git("config", "remote.origin.url", f"ext::{trap}")
    repo.git("config", "protocol.ext.allow", "always")
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        target = repo.path / ".git" / "hooks" / hook
        target.parent.mkdir(exist_ok=True)
        target.write_text(trap.read_text())
        target.chmod(0o755)
    # A missing blob would be fetched from the promisor, by the command above.
    missing = repo.git("hash-object", "-w", "--stdin-paths") or ""
    assert missing == ""
    mark.unlink(missing_ok=True)
    found, _ = search(repo.path)
    assert list(found) == [value]
    assert not mark.exists()


def test_an_unreadable_configuration_does_not_matter(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    value = DRAW.current()
    repo.commit("start", __env=line(value))
    (repo.path / ".git" / "config").write_text("[broken\n\x00 include.path = /etc/passwd")
    found, _ = search(repo.path)
    assert list(found) == [value]


def loose(repo: Repository, oid: str) -> Path:
    path = repo.path / ".git" / "objects" / oid[:2] / oid[2:]
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    return path


def test_damaged_objects_are_counted_and_the_rest_is_searched(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    keep = [DRAW.current() for _ in range(8)]
    for number, value in enumerate(keep):
        repo.commit(f"{number}", **{f"f{number}": line(value), f"g{number}": f"text {number}\n" * 50})
    garbage = loose(repo, repo.git("rev-parse", "HEAD:g1"))
    garbage.write_bytes(b"not an object at all")
    body = zlib.compress(b"blob 750\0" + b"x" * 100)
    loose(repo, repo.git("rev-parse", "HEAD:g3")).write_bytes(body)
    cut = loose(repo, repo.git("rev-parse", "HEAD:g5"))
    cut.write_bytes(cut.read_bytes()[:20])
    loose(repo, repo.git("rev-parse", "HEAD:g6")).write_bytes(b"")
    found, coverage = search(repo.path)
    assert set(found) == set(keep)
    assert coverage.skipped["git object damaged or missing"] == 4
    assert not coverage.complete


def test_a_store_of_nothing_but_damage_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repository(tmp_path / "r")
    for number in range(6):
        repo.commit(f"{number}", f=f"{number}\n" * 100)
    for path in sorted((repo.path / ".git" / "objects").glob("[0-9a-f][0-9a-f]/*")):
        path.chmod(0o600)
        path.write_bytes(b"garbage")
    monkeypatch.setattr(git_objects, "_MOST_DAMAGE", 3)
    found, coverage = search(repo.path)
    assert found == {}
    assert coverage.skipped["git object damaged or missing"] >= 3
    assert not coverage.complete


def test_borrowed_objects_outside_the_root_are_left_out(tmp_path: Path) -> None:
    lender = Repository(tmp_path / "lender")
    theirs, ours = DRAW.current(), DRAW.current()
    lender.commit("theirs", __env=line(theirs))
    repo = Repository(tmp_path / "r")
    repo.commit("ours", __env=line(ours))
    info = repo.path / ".git" / "objects" / "info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{lender.path}/.git/objects\n")
    found, coverage = search(repo.path)
    assert list(found) == [ours]
    assert coverage.skipped["objects borrowed from a store outside the root"] == 1


def test_a_git_file_that_points_outside_is_refused(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    repo.commit("start", a="x")
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"))
    with pytest.raises(LeakError, match="another folder"):
        git_folder(tmp_path / "tree")
    inside = tmp_path / "r" / "module"
    inside.mkdir()
    (inside / ".git").symlink_to(repo.path / ".git")
    with pytest.raises(LeakError, match="another folder"):
        git_folder(inside)


def test_a_submodules_history_inside_the_root_is_searched(tmp_path: Path) -> None:
    part = Repository(tmp_path / "part")
    value = DRAW.current()
    part.commit("in", __env=line(value))
    part.commit("out", __env="\n")
    repo = Repository(tmp_path / "r")
    repo.commit("start", a="x")
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(part.path), "part")
    report = run(LeakOptions((str(repo.path),)))
    assert [one.error for one in report.searched] == ["", "", ""]
    (finding,) = report.findings
    assert finding.where[0].root.endswith("r/part")
    with pytest.raises(LeakError, match="another folder"):
        git_folder(repo.path / "part")


def test_a_folder_without_a_repository_is_none(tmp_path: Path) -> None:
    assert not scan_history(tmp_path, Scanner(), lambda match, place: None, SearchCoverage())


def test_an_empty_repository_is_no_error(tmp_path: Path) -> None:
    found, coverage = search(Repository(tmp_path / "r").path)
    assert found == {}
    assert coverage.complete


def test_hostile_authors_and_paths_are_made_visible(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    repo.git("config", "user.name", "ignored")
    value = DRAW.current()
    name = "a\x1b[2Jb"
    (repo.path / name).write_text(line(value))
    repo.git("add", "-A")
    repo.git("-c", "core.quotePath=false", "commit", "-q", "-m", "m", "--author", "E\x1b[31mve <e@x.y>")
    ((place,),) = search(repo.path)[0].values()
    assert "\x1b" not in place.path
    assert place.first_commit is not None
    assert "\x1b" not in place.first_commit.author


def test_large_blobs_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_objects, "_WHOLE", 100_000)
    repo = Repository(tmp_path / "r")
    value = DRAW.current()
    repo.commit("big", dump="filler\n" * 40_000 + line(value) + "filler\n" * 40_000)
    ((place,),) = search(repo.path)[0].values()
    assert place.line == 40_001


def test_a_brotli_file_is_told_by_its_name_in_the_history_too(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    value = DRAW.current()
    packed: bytes = brotli.compress(line(value).encode() * 3 + b"// filler\n" * 90)  # type: ignore[no-untyped-call]
    (repo.path / "app.js.br").write_bytes(packed)
    (repo.path / "breton.br").write_text("demat\n")
    repo.commit("build")
    repo.git("rm", "-q", "app.js.br")
    repo.commit("oops")
    found, coverage = search(repo.path)
    assert {place.path for place in found[value]} == {"app.js.br"}
    assert coverage.complete
    assert coverage.files == len(repo.git("rev-list", "--objects", "--all", "--no-object-names").split())


def test_packed_blobs_are_opened_however_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repository(tmp_path / "r")
    value = DRAW.current()
    text = ("A=1\n" + line(value)).encode()
    (repo.path / "dump.sql.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(repo.path / "backup.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app/.env", text)
    (repo.path / "broken.gz").write_bytes(gzip.compress(bytes(range(256)))[:90])
    repo.commit("backups")
    for largest in (git_objects._WHOLE, 64):
        monkeypatch.setattr(git_objects, "_WHOLE", largest)
        found, coverage = search(repo.path)
        assert {place.path for place in found[value]} == {"dump.sql.gz", "backup.zip"}
        assert "compressed file damaged, cut short or encrypted" in coverage.gaps


def test_names_of_files_that_are_gone_are_searched(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    file, folder = DRAW.current(), DRAW.current()
    repo.commit("one", **{f"old-{file}__txt": "x"})
    (repo.path / folder).mkdir()
    repo.commit("two", **{f"{folder}/a": "y"})
    repo.commit("three", **{f"old-{file}__txt": None, f"{folder}/a": None})
    found, _ = search(repo.path)
    ((in_file,), (in_folder,)) = found[file], found[folder]
    assert in_file.path.startswith("old-")
    assert file not in in_file.path
    assert (in_file.placement, in_file.in_head) == ("name", False)
    assert in_file.first_commit is not None
    assert in_folder.path == "(name of a folder)"


def test_the_head_of_a_linked_work_tree_is_a_reference(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    repo.commit("one", a="x")
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    value = DRAW.current()
    (tmp_path / "linked" / "a").write_text(line(value))
    repo.git("-C", str(tmp_path / "linked"), "commit", "-q", "-a", "-m", "detached")
    ((place,),) = search(repo.path)[0].values()
    assert place.reachable is True


def test_a_clone_by_url_is_private_and_removed(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    value = DRAW.current()
    repo.commit("in", __env=line(value))
    repo.commit("out", __env="\n")
    with clone.cloned(clone.git_url(f"file://{repo.path}")) as folder:
        private = folder.parent
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        found, _ = search(folder)
        assert list(found) == [value]
    assert not private.exists()


def test_a_failed_clone_says_so_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_git()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with (
        pytest.raises(LeakError, match="could not be cloned"),
        clone.cloned(clone.git_url("file:///nonexistent/x")),
    ):
        pytest.fail("a clone of nothing was given out")
    assert [path.name for path in tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% /tmp/x",
        "http://example.com/r.git",
        "https://-oProxy/x",
        "git://example.com/r",
        "fd::17",
    ],
)
def test_transports_that_run_programs_or_can_be_changed_are_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        clone.git_url(address)


def test_credentials_leave_the_address(tmp_path: Path) -> None:
    token = DRAW.hex(20)
    parsed = clone.git_url(f"https://user:{token}@example.com/org/r.git")
    assert parsed.url == "https://example.com/org/r.git"
    assert parsed.login is not None
    assert parsed.login.reveal() == f"user:{token}"
    assert token not in repr(parsed)
    assert clone.is_git_url("git@example.com:org/r.git")
    assert not clone.is_git_url(str(tmp_path))
    assert not clone.is_git_url("/srv/app")


def test_the_test_environment_reads_no_configuration_of_the_user() -> None:
    assert ENVIRONMENT["GIT_CONFIG_GLOBAL"] == "/dev/null"
    assert "GIT_DIR" not in os.environ


def test_the_history_in_a_bundle_is_searched_or_named(tmp_path: Path) -> None:
    value = DRAW.current()
    source = Repository(tmp_path / "source")
    source.commit("add", __env=f"MAILGUN_SECRET={value}\n")
    source.commit("remove", __env=None, readme="x")
    place = tmp_path / "backups"
    place.mkdir()
    source.git("bundle", "create", "-q", str(place / "shop.bundle"), "--all")
    report = run(LeakOptions(targets=(str(place),)))
    (finding,) = report.findings
    assert [(one.origin, one.path) for one in finding.where] == [("history", ".env")]
    assert report.coverage.complete
    alone = run(LeakOptions(targets=(str(place),), history=False))
    assert (alone.findings, alone.exit_code) == ((), 1)
    assert "git bundle, its history not asked for" in alone.coverage.gaps


def test_a_shallow_clone_is_not_the_whole_history(tmp_path: Path) -> None:
    source = Repository(tmp_path / "source")
    source.commit("add", __env=f"MAILGUN_SECRET={DRAW.current()}\n")
    source.commit("remove", __env=None, readme="x")
    clone = tmp_path / "clone"
    source.git("clone", "-q", "--depth", "1", f"file://{source.path}", str(clone))
    report = run(LeakOptions(targets=(str(clone),)))
    assert (report.findings, report.exit_code) == ((), 1)
    assert any("shallow" in reason for reason in report.coverage.gaps)
    assert "Nothing was found in what was read" in report.verdict
