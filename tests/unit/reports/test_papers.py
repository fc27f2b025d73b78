"""The papers beside the reports: one page for Support, the hours and drafts for privacy, decisions, insurer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.situations import NOW, Story, key, know, situation
from tests.unit.documents.test_exports import told
from workbench.core.clock import iso
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.mail import samples
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Alarm, Attestation, Decision, State
from workbench.domain.runbook.containment_state import containment
from workbench.reports import audiences, duties, mail_texts, production, render, support_page
from workbench.reports.report import Audience, Material, compose


def _text(audience: Audience, where: Situation) -> str:
    return render.text(compose(audience, Material(where, (), "f" * 64)))


def _aware(at: str) -> Situation:
    state = State(incident="20261121-140000-abcd", opened_at=iso(NOW), name="acme")
    state.attestations.append(Attestation("aware", "Ada", iso(NOW), "aware since", at))
    return situation(state=state)


def test_the_hours_are_not_counted_before_somebody_said_since_when() -> None:
    shown = _text(Audience.PRIVACY, situation(state=State(incident="x", opened_at=iso(NOW))))
    assert audiences.BLANK in shown and "72 hours are over" not in shown
    assert "no legal advice" in shown


@pytest.mark.parametrize(("before", "said"), [(10, "in 62 h"), (80, "8 h ago")])
def test_seventy_two_hours_from_aware(before: int, said: str) -> None:
    where = _aware((NOW - timedelta(hours=before)).isoformat())
    shown = _text(Audience.PRIVACY, where)
    due = NOW + timedelta(hours=72 - before)
    assert f"72 hours are over at {due:%Y-%m-%d %H:%M}Z ({said}" in shown


def test_a_moment_that_is_none_counts_no_hours() -> None:
    assert duties.aware_since(_aware("yesterday")) is None


def test_the_page_for_support_fits_a_page_of_eighty_columns() -> None:
    shown = _text(Audience.SUPPORT_PAGE, situation(logins=["app@mg.acme.example"]))
    lines = shown.splitlines()
    assert len(lines) <= 66
    assert max(len(line) for line in lines) <= support_page.WIDTH


def test_the_page_says_done_of_no_step_that_is_open() -> None:
    shown = _text(Audience.SUPPORT_PAGE, situation(logins=["app@mg.acme.example"]))
    table = [line for line in shown.splitlines() if line.startswith(("A1", "A2", "A3", "A4", "A5", "A6"))]
    assert len(table) == 6
    assert not any(line.rstrip().endswith("done") for line in table if line.startswith(("A2", "A3")))
    assert "Not searched yet." in shown


def test_the_page_has_the_two_headings_support_asks_for() -> None:
    where = situation(logins=["app@mg.acme.example"])
    assert "Vulnerable WordPress sites: not searched yet." in _text(Audience.SUPPORT_PAGE, where)
    know(where.state, "leaks", {"exposures": []})
    assert all(
        line.endswith("none found in what was searched.") for line in support_page.interests(where.state)
    )
    site = {"origin": "wordpress", "root": "", "path": "https://shop.acme.example", "line": 0}
    found = {
        "exposures": [
            {"what": "wordpress-plugin", "shown": "mailgun 2.2.0", "where": [site]},
            *(
                {"what": "exposure", "shown": "environment file", "where": [{**site, "path": f"https://s{n}.example/.env"}]}
                for n in range(5)
            ),
        ]
    }  # fmt: skip
    know(where.state, "leaks", found)
    wordpress, environments = support_page.interests(where.state)
    assert wordpress == "Vulnerable WordPress sites: mailgun 2.2.0 at https://shop.acme.example."
    assert "environment file at https://s0.example/.env" in environments and environments.endswith(
        "and 3 more."
    )


def test_decisions_stand_in_order_with_who_and_why() -> None:
    state = Story().state()
    state.decisions["key:a"] = Decision("key:a", "intruder", "nobody knows it", "Ada", "2026-11-21T14:10:00Z")
    state.attestations.append(Attestation("4", "Bob", "2026-11-21T14:05:00Z", "told by phone", "u1"))
    shown = _text(Audience.DECISIONS, situation(state=state))
    assert shown.index("Bob") < shown.index("Ada")
    assert "nobody knows it" in shown and "step 4 attested" in shown


def test_no_letter_says_that_access_is_ended_before_it_is() -> None:
    where = situation(logins=["app@mg.acme.example"])
    for audience in (Audience.PRIVACY, Audience.RECIPIENTS, Audience.INSURER):
        shown = " ".join(_text(audience, where).split())
        assert "ended the access." not in shown and "cut the access." not in shown, audience


def test_what_was_served_with_secrets_is_an_exposed_environment() -> None:
    where = situation(logins=["app@mg.acme.example"])
    theft = {
        "sentence": "taken from /.env",
        "how_sure": "certain: the size",
        "path": "/.env",
        "address": "203.0.113.9",
    }
    know(where.state, "leaks", searched(thefts=[theft]))
    _, environments = support_page.interests(where.state)
    assert environments.endswith("/.env (served to 203.0.113.9).")
    shown = " ".join(_text(Audience.SUPPORT_PAGE, where).split())
    assert "Cause: taken from /.env (how sure: certain)" in shown


def test_places_go_by_the_folder_that_was_searched() -> None:
    where = situation(logins=["app@mg.acme.example"])
    root = "/home/margaret/sites/shop"
    plugin = exposed("wordpress-plugin", "mailgun 2.2.0", f"{root}/wp-content/x.php")
    asked = {"targets": [root], "logs": []}
    know(where.state, "leaks", searched(asked=asked, searched=[root], exposures=[plugin]))
    assert "mailgun 2.2.0 at shop/wp-content/x.php." in support_page.interests(where.state)[0]
    for audience in Audience:
        assert "margaret" not in "".join(_text(audience, where).split()), audience


@pytest.mark.parametrize(
    ("fact", "begins"),
    [
        (None, ""),
        ({"entries": 10, "senders": [], "damage": {"intruder": {"accepted": 0}}}, audiences.NOTHING_SENT),
        ({"entries": 10, "senders": [{"looks": "unclear"}], "damage": {}}, "No message is judged"),
        ({"entries": 10, "senders": [{"looks": "intruder"}], "damage": {}}, ""),
        ({"entries": 10, "senders": [], "damage": {"intruder": {"accepted": 3}}}, ""),
        ({"entries": 0, "senders": []}, ""),
        ({"entries": 10, "senders": [], "missing": ["the log of EU could not be read"]}, ""),
    ],
    ids=["not assessed", "nobody", "unclear", "intruder", "counted", "no entry", "a gap"],
)
def test_a_spy_who_sent_nothing_is_in_no_paper_about_mail(fact: dict[str, Any] | None, begins: str) -> None:
    where = situation(logins=["app@mg.acme.example"])
    if fact is not None:
        know(where.state, "assessment", fact)
    assert audiences.nothing_sent(where) is (begins == audiences.NOTHING_SENT)
    texts = (mail_texts.to_mailgun, mail_texts.to_host, mail_texts.to_registrar, production.billing)
    for text in texts:
        assert text(where).startswith((audiences.NOTHING_SENT, "No message is judged")) is bool(begins)
        assert text(where).startswith(begins)
    notice = " ".join(_text(Audience.RECIPIENTS, where).split())
    assert ("You may have received one" in notice) is not bool(begins)


def test_a_mails_draft_tells_its_reader_nothing_of_the_work() -> None:
    where = situation([key("intruder", description="of nobody")], logins=["app@mg.acme.example"])
    assert (
        audiences.ended(where)
        == f"{audiences.BLANK} [say here that the access is ended, once it is; now: not contained]."
    )


def test_who_came_back_is_named_whole_only_where_the_intruder_is_looked_for() -> None:
    stranger = "it-support@acme-mail.example"
    state = State(incident="20261121-140000-abcd", opened_at=iso(NOW), name="acme")
    state.alarms["came:key"] = Alarm(
        "came:key", iso(NOW), "a key appeared", "keys", "k", through=f"panel user {stranger}"
    )
    state.last_cut_at = state.first_cut_at = iso(NOW - timedelta(hours=1))
    where = situation([key("k")], logins=["app@mg.acme.example"], state=state)
    assert stranger in containment(where).words
    for audience in Audience:
        told = "".join(_text(audience, where).split())
        looked_for = audience in (Audience.SUPPORT, Audience.SUPPORT_PAGE, Audience.POLICE, Audience.TIMELINE)
        assert stranger not in told or looked_for, audience


def test_the_page_stays_one_page_however_much_was_found() -> None:
    where = told()
    found = searched(
        thefts=[
            {"sentence": "taken " + "far away " * 60, "how_sure": "certain " * 40, "path": f"/{'deep/' * 40}.env{n}",
             "address": "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"}
            for n in range(50)
        ],
        exposures=[
            exposed(what, "plugin " * 30, f"https://s{n}.example/{'x' * 300}")
            for n in range(50) for what in ("wordpress-plugin", "exposure")
        ],
    )  # fmt: skip
    know(where.state, "leaks", found)
    assessed = {
        **where.state.known(RecordedAssessment).body(),
        "senders": [
            {"looks": "intruder", "addresses": [f"2001:db8:ffff:ffff:ffff:ffff:ffff:{n:x}"],
             "subjects": [f"{n} {'offer ' * 40}"], "sender": "x@mg.acme.example"}
            for n in range(100)
        ],
        "links": [{"link": f"https://{n}.{'trap' * 12}.example/{'p' * 200}", "clicks": 1} for n in range(100)],
    }  # fmt: skip
    know(where.state, "assessment", assessed)
    stored = (
        replace(samples.blank(wanted(n)), fate=samples.Fate.STORED, sha256=f"{n:064x}") for n in range(50)
    )
    where.state.learn(samples.KeptMail(samples=tuple(stored)))
    for n in range(200):
        where.inventory.keys[f"k{n}"] = key(f"of nobody {'long ' * 20}{n}", id=f"k{n}")
    shown = _text(Audience.SUPPORT_PAGE, where).splitlines()
    assert len(shown) <= 66
    assert max(map(len, shown)) <= support_page.WIDTH


def searched(**found: Any) -> dict[str, Any]:
    """Return the fact of a search for leaks with what it found."""
    lists = ("thefts", "exposures", "searched", "closed", "failed", "people")
    return {**{name: [] for name in lists}, **found}


def exposed(what: str, shown: str, path: str) -> dict[str, Any]:
    """Return one place that the search found open."""
    place = {"origin": "wordpress", "root": "", "path": path, "line": 0}
    return {
        "id": path, "what": what, "shown": shown, "where": [place], "key_id": "", "logins": [], "more": 0, "reset": [],
        "seen": iso(NOW), "severity": "high", "state": "", "todo": "close it", "why": "open", "exposed": True,
        "accepted": False, "kind": what,
    }  # fmt: skip


def wanted(n: int) -> samples.Wanted:
    """Return a message to fetch whose ids are as long as Mailgun's."""
    group = f"g{n}"
    return samples.Wanted(
        group, "key:x", "n@mg.acme.example", "mg.acme.example", "", "s", 5, "", f"{n}.{'a' * 40}@mg.acme.example",
        "BAABAA" + "V" * 40, "",
    )  # fmt: skip
