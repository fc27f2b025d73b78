"""What could not be read: a row an area, nothing lost of an earlier sweep, nothing unseen called new."""

from __future__ import annotations

from workbench.domain.model.inventory import Gap
from workbench.domain.model.plan import Place
from workbench.domain.settings_audit.audit import JudgedAge, Swept
from workbench.domain.settings_audit.unread import AREAS, areas, blind, carried, questions, unread, unseen
from workbench.mailgun.endpoints import Region

US, EU = Place(Region.US), Place(Region.EU)
REFUSED = "GET /v3/routes was refused: not allowed (403)."


def item(kind: str, *where: str, name: str = "x") -> Swept:
    """Return something an earlier sweep asked about."""
    return Swept(kind, name, f"{kind} {name}", where, JudgedAge.INSIDE, 2, ("made inside",))


def test_a_gap_becomes_a_row_with_its_reason_and_question() -> None:
    rows = unread([Gap("routes", EU, REFUSED), Gap("templates of mg.acme.example", US, "timeout"),
                   Gap("address pools", US, "not in the plan")])  # fmt: skip
    assert rows[0].words == f"routes (EU): could not be read (refused: {REFUSED})"
    assert rows[0].question == AREAS["route"].question
    assert rows[1].question == AREAS["template"].question
    # Only where something can hide somebody must ask.
    assert [row.area for row in areas(rows)] == ["routes", "templates of mg.acme.example"]


def test_a_region_that_is_closed_to_the_key_is_one_row_and_no_finding() -> None:
    names = ("routes", "account webhooks", "mailing lists", "alert rules", "limit rules")
    rows = unread([*(Gap(name, EU, "401") for name in names), Gap("allowlist", US, "403")])
    assert [(row.area, row.where) for row in rows] == [("everything", "EU"), ("allowlist", "US")]
    assert [row.area for row in areas(rows)] == ["allowlist"]
    # One area less, and it is no closed region: each is a row of its own.
    assert len(unread([Gap(name, EU, "401") for name in names[1:]])) == 4


def test_shut_out_every_area_is_a_row() -> None:
    rows = blind("refused: the IP allowlist")
    names = {row.area for row in rows}
    assert {"API keys", "users", "the log", "allowlist", "routes", "sending limit"} <= names
    assert all(row.question.endswith(("?", ".")) and "refused: the IP allowlist" in row.words for row in rows)


def test_what_an_earlier_sweep_found_is_kept_where_nothing_was_seen() -> None:
    before = [
        item("route", "EU"),
        item("route", "US"),
        item("webhook", "US", "mg.acme.example", "clicked"),
        item("webhook", "US", name="w1"),
        item("archive-to", "US", "mg.acme.example"),
        item("allowlist", "account"),
        item("template", "US", name="t1"),
    ]
    gaps = [
        Gap("routes", EU, REFUSED),
        Gap("webhooks of mg.acme.example", US, REFUSED),
        Gap("settings of mg.acme.example", US, REFUSED),
        Gap("allowlist", US, REFUSED),
        Gap("account templates", US, REFUSED),
    ]
    kept = list(carried(before, [], gaps))
    assert [k.key for k in kept] == [before[n].key for n in (0, 2, 4, 5, 6)]
    assert all("could not be read again" in k.why[0] for k in kept)
    # A second blind sweep adds no second sentence, and what was seen again counts as seen.
    assert list(carried(kept, [], gaps)) == kept
    assert list(carried(kept[:1], [before[0]], gaps)) == []


def test_what_the_snapshot_could_not_see_is_not_new() -> None:
    readings = ["routes", "templates of mg.acme.example", "webhooks of mg.acme.example", "account webhooks"]
    assert unseen("route", "US", readings)
    assert unseen("template", "mg.acme.example", readings)
    assert unseen("webhook", "mg.acme.example/clicked", readings)
    assert unseen("webhook", "US", readings)
    assert not unseen("template", "news.acme.example", readings)
    assert not unseen("mailing-list", "US", readings)


def test_the_questions_hold_what_was_not_read_and_what_nobody_can_read() -> None:
    text = questions(unread([Gap("routes", EU, "\x1b[2Jrefused")]))
    assert "routes (EU): could not be read" in text and AREAS["route"].question in text
    assert "sign-in sessions: Please end all control-panel sessions" in text
    assert all(line.isprintable() and line.startswith("- ") for line in text.splitlines())
