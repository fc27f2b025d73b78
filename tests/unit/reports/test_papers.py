"""The papers beside the reports: one page for Support, the hours and drafts for privacy, decisions, insurer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.situations import NOW, Story, situation
from workbench.core.clock import iso
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation, Decision, State
from workbench.reports import audiences, duties, render, support_page
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
    where.state.facts["leaks"] = {"exposures": []}
    assert all(
        line.endswith("none found in what was searched.") for line in support_page.interests(where.state)
    )
    site = {"origin": "wordpress", "root": "", "path": "https://shop.acme.example", "line": 0}
    where.state.facts["leaks"] = {
        "exposures": [
            {"what": "wordpress-plugin", "shown": "mailgun 2.2.0", "where": [site]},
            *(
                {"what": "exposure", "shown": "environment file", "where": [{**site, "path": f"https://s{n}.example/.env"}]}
                for n in range(5)
            ),
        ]
    }  # fmt: skip
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
