"""WordPress on disk, versions compared with the shipped list."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.leaks.command import LeakOptions, run
from workbench.leaks.document import document as leaks_document
from workbench.leaks.wordpress import Installed, catalogue, installed_in, version_key, vulnerable


def plugin(root: Path, slug: str, version: str, *, header: bool = True) -> None:
    folder = root / "wp-content" / "plugins" / slug
    folder.mkdir(parents=True)
    if header:
        (folder / f"{slug}.php").write_text(f"<?php\n/**\n * Plugin Name: X\n * Version: {version}\n */\n")
    (folder / "readme.txt").write_text(f"=== X ===\nStable tag: {'trunk' if header else version}\n")


@pytest.mark.parametrize(
    ("slug", "version", "cves"),
    [
        ("mailgun", "2.2.0", {"CVE-2026-78003", "CVE-2026-14834"}),
        ("mailgun", "2.2", {"CVE-2026-78003", "CVE-2026-14834"}),
        ("mailgun", "2.2.1", set()),
        ("gravitysmtp", "2.1.4", {"CVE-2026-4020", "CVE-2026-4162"}),
        ("gravitysmtp", "2.1.5", set()),
        ("post-smtp", "3.6.1", {"CVE-2025-12887", "CVE-2026-48838", "CVE-2026-3090", "CVE-2026-2559"}),
        ("easy-wp-smtp", "1.3.9.1", {"CVE-2020-35234", "CVE-2024-3073"}),
        ("easy-wp-smtp", "1.3.9", {"CVE-2020-35234", "CVE-2019-25141", "CVE-2024-3073"}),
        ("wp-smtp", "1.1.9", set()),
        ("wp-smtp", "1.2.3", {"CVE-2024-1789"}),
        ("mailgun", "trunk", set()),
        ("unknown", "1.0", set()),
    ],
)
def test_versions_are_compared_with_the_list(slug: str, version: str, cves: set[str]) -> None:
    assert {one.flaw.cve for one in vulnerable(Installed(slug, version, ""))} == cves


def test_the_list_is_dated_and_complete() -> None:
    date, flaws = catalogue()
    assert date == "2026-08-22"
    assert len(flaws) == 27
    assert {flaw.how for flaw in flaws} == {"leak", "takeover", "itself", "minor"}
    assert all(version_key(flaw.affected) for flaw in flaws)


def test_versions_are_read_from_the_plugins_own_files(tmp_path: Path) -> None:
    (tmp_path / "wp-includes").mkdir()
    (tmp_path / "wp-includes" / "version.php").write_text("<?php\n$wp_version = '6.7.1';\n")
    plugin(tmp_path, "mailgun", "2.1.9")
    plugin(tmp_path, "post-smtp", "3.5.0", header=False)
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "wp-content" / "plugins" / "linked").symlink_to(outside)
    found = {one.slug: one.version for one in installed_in(tmp_path)}
    assert found == {"core": "6.7.1", "mailgun": "2.1.9", "post-smtp": "3.5.0"}


def test_a_tree_with_a_vulnerable_plugin_is_a_finding(tmp_path: Path) -> None:
    plugin(tmp_path / "sites" / "shop", "mailgun", "2.2.0")
    report = run(LeakOptions((str(tmp_path),)))
    assert report.exit_code == 1
    (first, second) = leaks_document(report)["findings"]
    assert (first["id"], first["kind"], first["site_itself"], first["fixed_in"]) == (
        "CVE-2026-78003",
        "wordpress-plugin",
        True,
        "2.2.1",
    )
    assert "Rotation alone does not stop this" in first["todo"]
    assert second["severity"] == "high"
