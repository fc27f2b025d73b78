"""The other secrets of a leaked file, by name and vendor; what to look for elsewhere."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.unit.leaks.corpus import Draw
from tests.unit.leaks.repositories import Repository
from workbench.leaks.command import LeakOptions, run
from workbench.leaks.document import document as leaks_document
from workbench.leaks.neighbours import neighbours, search_strings

DRAW = Draw(88)


def test_other_secrets_are_named_with_their_vendor_and_never_shown(tmp_path: Path) -> None:
    key, database, stripe, redis = (
        DRAW.current(),
        DRAW.own_password(),
        "sk_live_" + DRAW.hex(24),
        DRAW.hex(20),
    )
    (tmp_path / ".env").write_text(
        f"MAILGUN_SECRET={key}\nDB_PASSWORD={database}\nSTRIPE_SECRET={stripe}\nAPP_NAME=shop\n"
        f"REDIS_URL=redis://:{redis}@cache.example:6379\nAWS_SECRET_ACCESS_KEY=${{AWS}}\n"
    )
    document = leaks_document(run(LeakOptions(targets=(str(tmp_path),))))
    named = {(one["name"], one["vendor"]) for one in document["neighbours"]}
    assert named == {("DB_PASSWORD", "database"), ("STRIPE_SECRET", "Stripe"), ("REDIS_URL", "Redis")}
    text = json.dumps(document)
    assert not [value for value in (key, database, stripe, redis) if value in text]
    assert f'"{key[33:]}"' in document["search_elsewhere"]


def test_a_file_that_only_the_history_holds_gave_away_its_other_secrets_too(tmp_path: Path) -> None:
    shop = Repository(tmp_path / "shop")
    shop.commit("add", __env=f"MAILGUN_SECRET={DRAW.current()}\nDB_PASSWORD={DRAW.own_password()}\n")
    shop.commit("remove", __env=None, readme="x")
    document = leaks_document(run(LeakOptions(targets=(str(shop.path),))))
    assert [(one["path"], one["name"]) for one in document["neighbours"]] == [(".env", "DB_PASSWORD")]


def test_one_secret_in_two_files_is_named_once_and_two_of_one_name_are_two(tmp_path: Path) -> None:
    key, database, other = DRAW.current(), DRAW.own_password(), DRAW.own_password()
    for folder, password in (("a", database), ("b", database), ("c", other)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / ".env").write_text(f"MAILGUN_SECRET={key}\nDB_PASSWORD={password}\n")
    document = leaks_document(run(LeakOptions(targets=(str(tmp_path),))))
    rows = [(one["path"], [at["path"] for at in one["also"]]) for one in document["neighbours"]]
    assert sorted(rows) == [("a/.env", ["b/.env"]), ("c/.env", [])]
    text = json.dumps(document)
    assert database not in text and other not in text and '"same"' not in text


def _packed() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "app/.env", f"MAILGUN_SECRET={DRAW.current()}\nSTRIPE_SECRET=sk_live_{DRAW.hex(24)}\n"
        )
        archive.writestr("other/.env", f"SLACK_TOKEN=xoxb-{DRAW.hex(24)}\n")
    return packed.getvalue()


def test_what_stands_beside_it_in_an_archive_is_named_and_nothing_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "backup.zip").write_bytes(_packed())
    document = leaks_document(run(LeakOptions(targets=(str(tmp_path),))))
    assert [one["name"] for one in document["neighbours"]] == ["STRIPE_SECRET"]


def test_what_stands_beside_it_in_an_archive_of_the_history_is_named(tmp_path: Path) -> None:
    shop = Repository(tmp_path / "shop")
    (shop.path / "backup.zip").write_bytes(_packed())
    shop.commit("add", readme="x")
    (shop.path / "backup.zip").unlink()
    shop.commit("remove", readme="y")
    document = leaks_document(run(LeakOptions(targets=(str(shop.path),))))
    assert [(one["path"], one["name"]) for one in document["neighbours"]] == [("backup.zip", "STRIPE_SECRET")]


def test_search_strings_hold_ids_logins_and_hosts_only() -> None:
    assert search_strings(["0c1d2e3f-5a6b7c8d", ""], ["news@mg.example.com"]) == (
        '"0c1d2e3f-5a6b7c8d"',
        '"news@mg.example.com"',
        '"smtp.mailgun.org" "mg.example.com"',
        '"api.mailgun.net" "mg.example.com"',
    )


@pytest.mark.parametrize(
    ("name", "vendor"),
    [
        ("SESSION_SALT", "application"), ("LOGGED_IN_KEY", "application"), ("SECRET_KEY", "application"),
        ("SES_SECRET", "AWS"), ("S3_SECRET", "AWS"), ("mail.ses.password", "AWS"), ("CFG_PASSWORD", ""),
        ("dbPassword", "database"), ("APPLE_TOKEN", ""), ("APP_KEY", "application"),
    ],
)  # fmt: skip
def test_a_vendor_is_told_by_whole_words_of_the_name(name: str, vendor: str) -> None:
    text = f"{name}={DRAW.own_password()}\n".encode()
    assert [one.vendor for one in neighbours(text, [])] == [vendor]
