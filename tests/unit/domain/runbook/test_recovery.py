"""Steps 6 to 12: each verdict rests on a fact that was journaled, on the account, or on somebody's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, Story, key, situation, use
from workbench.domain.model.inventory import DomainItem, Gap
from workbench.domain.model.plan import Effect, EffectKind, Place
from workbench.domain.model.sending_volume import AcceptedHour, judge
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import TRIES
from workbench.domain.runbook import recovery
from workbench.domain.runbook.verdict import Verdict
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain
from workbench.planning import keys

US = Place(Region.US)
PROD = key("prod-web")
LOOT = {"key": "abc", "sender": "a stranger", "subjects": ["hello"], "addresses": ["203.0.113.9"]}


def told(step: str, text: str = "looked by hand", story: Story | None = None) -> Story:
    """Return a journal in which somebody vouched for a step."""
    return (story or Story()).add("attested", step=step, text=text, who="Ada")


def swept(story: Story | None = None) -> Story:
    """Return a journal with a sweep that asks about nothing."""
    return (story or Story()).add("fact", name="sweep", looked_at=41)


def with_loot(story: Story) -> Story:
    """Append an assessment that found one thing to judge."""
    return story.add("fact", name="assessment", lines=[], loot=[LOOT])


# ── 6: what the intruder left ────────────────────────────────────────────────────────────────────────────


def test_an_account_that_was_not_swept_is_open_however_clean_it_looks() -> None:
    found = recovery.leftovers(situation())
    assert (found.verdict, found.action) == (Verdict.OPEN, "leftovers.sweep")
    assert "not swept yet" in found.evidence[0]


def test_a_word_stands_for_a_sweep_only_while_nothing_is_left_to_judge() -> None:
    assert recovery.leftovers(situation(state=told("6").state())).verdict is Verdict.ATTESTED
    asked = recovery.leftovers(situation(state=with_loot(told("6")).state()))
    assert asked.verdict is Verdict.OPEN and asked.progress == (0, 1)


def test_a_sweep_that_asks_nothing_is_done_and_says_how_much_it_looked_at() -> None:
    found = recovery.leftovers(situation(state=swept().state()))
    assert found.verdict is Verdict.DONE
    assert found.evidence == ("swept 2026-11-21T14:00:00Z: 41 settings looked at",)


def test_what_nobody_judged_holds_the_step_and_what_was_judged_ours_frees_it() -> None:
    story = with_loot(swept())
    asked = recovery.leftovers(situation(state=story.state()))
    assert (asked.verdict, asked.action, asked.progress) == (Verdict.OPEN, "findings.judge", (0, 1))
    story.add("finding.decided", finding="loot:abc", decision="ours", reason="a test of ours", who="Ada")
    assert recovery.leftovers(situation(state=story.state())).verdict is Verdict.DONE


def test_a_sweep_from_before_the_cut_does_not_know_what_was_changed_until_then() -> None:
    story = swept()
    story.at = NOW + timedelta(minutes=5)
    story.verified([an_effect(EffectKind.KEY_DELETE, "old-id", US)])
    found = recovery.leftovers(situation(state=story.state()))
    assert (found.verdict, found.action) == (Verdict.IN_PROGRESS, "leftovers.sweep")
    assert found.evidence == (
        "swept 2026-11-21T14:00Z, before access was cut last: what was changed in between is not in it",
    )
    # A person who looked since then may say so; what was said before the cut is as old as the sweep.
    early = told("6", story=swept())
    early.at = NOW + timedelta(minutes=5)
    early.verified([an_effect(EffectKind.KEY_DELETE, "old-id", US)])
    assert recovery.leftovers(situation(state=early.state())).verdict is Verdict.IN_PROGRESS
    early.at = NOW + timedelta(minutes=6)
    assert recovery.leftovers(situation(state=told("6", story=early).state())).verdict is Verdict.ATTESTED
    # By rows where the journal tells them: one that began before the cut and landed after it is no newer.
    for row, verdict in ((1, Verdict.IN_PROGRESS), (story.state().cut_row, Verdict.DONE)):
        late = (
            Story()
            .add("fact", name="sweep", looked_at=41)
            .verified([an_effect(EffectKind.KEY_DELETE, "old-id", US)])
        )
        late.add("fact", name="sweep", looked_at=41, row=row)
        assert recovery.leftovers(situation(state=late.state())).verdict is verdict, row


# ── 7: the leak ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_leak_is_open_until_it_was_searched_for_or_somebody_says_where_it_was() -> None:
    assert recovery.leak(situation()).action == "leaks.search"
    assert recovery.leak(situation(state=told("7").state())).verdict is Verdict.ATTESTED


def searched(*places: str, failed: tuple[str, ...] = (), skipped: tuple[str, ...] = ()) -> Story:
    """Return a journal with a search that found nothing in these places."""
    body: dict[str, Any] = {name: [] for name in ("exposures", "thefts", "closed", "people")}
    body |= {"searched": list(places), "failed": list(failed), "skipped": list(skipped)}
    return Story().add("fact", name="leaks", **body)


def test_a_search_that_read_everything_and_found_nothing_closes_the_leak() -> None:
    assert recovery.leak(situation(state=searched("/srv/shop").state())).verdict is Verdict.DONE


@pytest.mark.parametrize(
    "story",
    [
        searched(),
        searched("/srv/shop", failed=("/srv/mail: no such folder",)),
        searched("/srv/shop", skipped=("an archive in an archive",)),
    ],
)
def test_a_search_that_did_not_read_everything_is_no_clean_bill(story: Story) -> None:
    found = recovery.leak(situation(state=story.state()))
    assert found.verdict is Verdict.IN_PROGRESS and found.idle
    assert found.evidence[0].startswith(("not read: ", "no place was searched"))
    assert recovery.leak(situation(state=told("7", story=story).state())).verdict is Verdict.ATTESTED


# ── 8: the damage ────────────────────────────────────────────────────────────────────────────────────────


def sending(abuse: int) -> Situation:
    """Return an account with two days of fifty messages an hour, the last two of them with so many more."""
    hours = [AcceptedHour(NOW - timedelta(hours=h), 50) for h in range(48, 2, -1)]
    hours += [AcceptedHour(NOW - timedelta(hours=h), 50 + abuse) for h in (2, 1)]
    return replace(situation(), volume=judge(hours, NOW))


def test_the_damage_is_open_while_the_figures_are_unread() -> None:
    found = recovery.damage(situation())
    assert (found.verdict, found.evidence) == (Verdict.OPEN, ("the sending figures are not read yet",))
    assert recovery.damage(situation(state=told("8").state())).verdict is Verdict.ATTESTED


@pytest.mark.parametrize(
    ("abuse", "verdict", "word"),
    [(0, Verdict.OPEN, "no abnormal hour"), (5000, Verdict.IN_PROGRESS, "10,100 messages accepted")],
)
def test_figures_alone_never_close_the_damage(abuse: int, verdict: Verdict, word: str) -> None:
    found = recovery.damage(sending(abuse))
    assert found.verdict is verdict and word in found.evidence[0]
    assert found.action == "damage.assess"


def assessed(story: Story, **more: Any) -> Story:
    """Append an assessment."""
    return story.add("fact", name="assessment", lines=["abuse from 12:00 to 13:00"], **more)


def test_an_assessment_closes_the_damage_unless_part_of_it_was_unread() -> None:
    whole = recovery.damage(situation(state=assessed(Story()).state()))
    assert (whole.verdict, whole.evidence) == (Verdict.DONE, ("abuse from 12:00 to 13:00",))
    story = assessed(Story(), missing=["the log of EU"])
    part = recovery.damage(situation(state=story.state()))
    assert part.verdict is Verdict.IN_PROGRESS and part.idle
    assert part.evidence[0] == "not read: the log of EU"
    assert recovery.damage(situation(state=told("8", story=story).state())).verdict is Verdict.ATTESTED


def test_an_assessment_from_before_the_cut_does_not_know_how_it_ended() -> None:
    story = assessed(Story())
    story.at = NOW + timedelta(minutes=5)
    story.verified([an_effect(EffectKind.KEY_DELETE, "old-id", US)])
    found = recovery.damage(situation(state=story.state()))
    assert found.verdict is Verdict.IN_PROGRESS
    assert "before access was cut" in found.evidence[0]
    story.at = NOW + timedelta(minutes=10)
    assert recovery.damage(situation(state=assessed(story).state())).verdict is Verdict.DONE


def test_somebody_who_began_to_send_since_is_not_in_an_assessment() -> None:
    story = assessed(Story())
    story.at = NOW + timedelta(minutes=5)
    words = "…1d09 has begun to send"
    story.add("alarm.raised", id="sends:key:k:", text=words, kind="keys", target="k")
    found = recovery.damage(situation(state=story.state()))
    assert found.verdict is Verdict.IN_PROGRESS and found.evidence[0].startswith(
        f"{words}: not in the assessment"
    )
    ours = Story([*story.rows], story.at).add(
        "finding.decided", finding="key:k", decision="ours", who="A", reason=""
    )
    assert recovery.damage(situation(state=ours.state())).verdict is Verdict.DONE
    story.at = NOW + timedelta(minutes=10)
    assert recovery.damage(situation(state=assessed(story).state())).verdict is Verdict.DONE


# ── 10: new credentials into the programs ────────────────────────────────────────────────────────────────


def replaced(**uses: Any) -> Story:
    """Return a journal in which the production key was replaced, after these uses were seen."""
    story = Story().use(**uses) if uses else Story()
    return story.verified(keys.plan_replace(situation([PROD], state=story.state()), [PROD.id]))


def test_adoption_opens_with_the_first_replacement() -> None:
    found = recovery.adoption(situation())
    assert (found.verdict, found.idle) == (Verdict.OPEN, True)
    assert "no replacement is proven yet" in found.waits


def test_adoption_is_no_step_where_access_is_cut_and_nothing_needed_replacing() -> None:
    state = Story().add("contained", words="contained").state()
    assert recovery.adoption(situation(state=state)).verdict is Verdict.NOT_APPLICABLE


def test_a_sender_that_stands_still_holds_the_step() -> None:
    story = replaced(**{f"key:{PROD.id}": use("production")})
    found = recovery.adoption(situation(state=story.state()))
    assert found.evidence[0] == "1 sender still down"
    assert found.verdict not in (Verdict.DONE, Verdict.ATTESTED)


def test_one_hour_of_the_log_does_not_show_who_sends_once_a_day() -> None:
    story = replaced(**{"key:another": use("production")})
    found = recovery.adoption(situation(state=story.state()))
    assert (found.verdict, found.idle) == (Verdict.IN_PROGRESS, True) and "step 8" in found.waits
    assert found.evidence[0] == "no sender is down, as far as the last hour shows"
    for known in (assessed(Story([*story.rows])), told("8", story=Story([*story.rows]))):
        found = recovery.adoption(situation(state=known.state()))
        assert (found.verdict, found.evidence[0]) == (Verdict.DONE, "no sender is down")


def test_a_log_that_could_not_be_read_never_says_that_nobody_is_down() -> None:
    there = situation(state=replaced().state())
    there.inventory.gaps["who sends"] = Gap("who sends", None, "the log answered 500")
    found = recovery.adoption(there)
    assert found.verdict not in (Verdict.DONE, Verdict.ATTESTED)
    assert found.evidence[0].endswith("cannot be told: the log answered 500")
    assert not any("no sender is down" in line for line in found.evidence)


def test_a_reading_of_who_sends_that_is_one_gap_is_no_reading() -> None:
    story = Story().add("fact", name="credential_use", by_credential={}, entries=0, gaps=["refused (403)"])
    story.verified(keys.plan_replace(situation([PROD]), [PROD.id]))
    found = recovery.adoption(situation(state=story.state()))
    assert found.evidence[0].endswith("cannot be told: refused (403)")


def test_somebodys_word_ends_the_waiting_for_adoption() -> None:
    story = told("10", story=replaced(**{f"key:{PROD.id}": use("production")}))
    assert recovery.adoption(situation(state=story.state())).verdict is Verdict.ATTESTED


# ── 11, 12: hardening and the report ─────────────────────────────────────────────────────────────────────


def test_hardening_waits_for_the_cut_and_says_so() -> None:
    found = recovery.harden(situation())
    assert (found.verdict, found.idle) == (Verdict.OPEN, True)
    assert "after access is cut" in found.evidence[0]
    assert recovery.harden(situation(state=told("11").state())).verdict is Verdict.ATTESTED


def test_after_the_cut_hardening_says_its_score_and_names_what_is_open() -> None:
    story = Story().add("contained", words="contained").add("fact", name="hardening_before", percent=12)
    found = recovery.harden(situation(state=story.state()))
    assert found.action == "harden.show" and found.verdict not in (Verdict.DONE, Verdict.ATTESTED)
    assert found.evidence[0].startswith("score ") and found.evidence[0].endswith("(was 12 %)")
    assert len(found.evidence) > 3


def test_a_report_is_written_then_sent_by_a_person() -> None:
    assert recovery.report(situation()).verdict is Verdict.OPEN
    written = recovery.report(situation(state=Story().add("fact", name="report", sha256="ab" * 32).state()))
    assert written.verdict is Verdict.IN_PROGRESS and "not sent yet" in written.evidence[0]
    assert recovery.report(situation(state=told("12", "ticket 4711").state())).verdict is Verdict.ATTESTED


def test_a_report_that_was_sent_is_not_the_end_while_a_domain_may_not_send() -> None:
    there = situation(state=told("12", "ticket 4711").state())
    there.inventory.domains["mg.acme.example"] = DomainItem(
        Domain(name="mg.acme.example", is_disabled=True), US
    )
    found = recovery.report(there)
    assert found.verdict is Verdict.IN_PROGRESS and found.idle
    assert found.evidence[-1] == "still disabled: mg.acme.example"
    assert "Support" in found.waits


# ── what a person must take away ─────────────────────────────────────────────────────────────────────────


def failed(effect: Effect, times: int) -> Story:
    """Return a journal in which an effect failed so often, for good."""
    story = Story().add("plan.confirmed", title="t", effects=[effect.to_json()])
    for _ in range(times):
        story.add("effect.intent", id=effect.id, entry="")
        story.add("effect.failed", id=effect.id, what="refused", means="", todo="", unknown=False)
    return story


@pytest.mark.parametrize(("times", "by_hand"), [(1, False), (TRIES, True)])
def test_what_failed_often_enough_is_handed_to_a_person(times: int, by_hand: bool) -> None:
    effect = an_effect(EffectKind.ROUTE_DELETE, "r1", US)
    assert ("r1" in recovery._in_vain(situation(state=failed(effect, times).state()))) is by_hand
