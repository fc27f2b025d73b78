"""Whose queue may hold the intruder's mail: by figures that stand out, and by a log that names quiet senders."""

from __future__ import annotations

from dataclasses import replace

from tests.support.situations import NOW, Story, situation, use
from workbench.domain.detection.abused_domains import abused_domains, senders_known
from workbench.domain.model.sending_volume import Volume
from workbench.domain.model.situation import Situation
from workbench.mailgun.endpoints import Region

LOGINS = ("app@mg.acme.example", "shop@news.acme.example")
QUIET = Volume((), 40.0, 60.0, None, 0.0, NOW)


def _found(story: Story, volume: Volume | None = QUIET) -> Situation:
    found = situation(logins=LOGINS, state=story.state())
    found.volume = volume
    return found


def _names(found: Situation) -> list[str]:
    return [item.name for item in abused_domains(found)]


def test_a_domain_that_the_intruder_sent_a_little_for_is_abused_whatever_the_figures_say() -> None:
    assert _names(_found(Story().assessed("mg.acme.example"))) == ["mg.acme.example"]


def test_what_a_later_assessment_does_not_see_any_more_is_not_forgotten() -> None:
    assert _names(_found(Story().assessed("mg.acme.example").assessed())) == ["mg.acme.example"]


def test_what_a_later_assessment_judges_otherwise_is_taken_out() -> None:
    story = Story().assessed("mg.acme.example").assessed("news.acme.example", cleared=["mg.acme.example"])
    assert _names(_found(story)) == ["news.acme.example"]


def test_a_quick_look_at_an_hour_names_nobody() -> None:
    assert _names(_found(Story().use(**{"key:1": use("intruder", domains=("mg.acme.example",))}))) == []


def test_a_domain_that_is_not_in_the_account_has_no_queue_here() -> None:
    assert _names(_found(Story().assessed("gone.example"))) == []


def test_figures_without_abuse_tell_nothing_of_quiet_senders_until_the_log_is_read_whole() -> None:
    assert not senders_known(_found(Story()))
    assert not senders_known(_found(Story().assessed(missing=["the log of EU could not be read"])))
    assert not senders_known(_found(Story().assessed(), volume=None))
    assert senders_known(_found(Story().assessed()))


def test_figures_that_stand_out_name_the_domains_themselves() -> None:
    loud = Volume(
        (), 40.0, 60.0, NOW, 900.0, NOW, {"mg.acme.example": 900, "news.acme.example": 30}, {"news.acme.example": 28.0}
    )  # fmt: skip
    found = _found(Story(), loud)
    assert (senders_known(found), _names(found)) == (True, ["mg.acme.example"])


def test_abnormal_hours_in_which_no_domain_stands_out_name_nobody() -> None:
    even = Volume((), 40.0, 60.0, NOW, 60.0, NOW, {"mg.acme.example": 300}, {"mg.acme.example": 120.0})
    assert not senders_known(_found(Story(), even))
    assert senders_known(_found(Story().assessed(), even))


def test_figures_that_lack_a_region_with_domains_tell_nothing_of_it_until_the_log_is_read_whole() -> None:
    loud = Volume((), 40.0, 60.0, NOW, 900.0, NOW, {"mg.acme.example": 900})
    assert senders_known(_found(Story(), loud))
    assert not senders_known(_found(Story(), replace(loud, unread=(Region.US,))))
    assert senders_known(_found(Story().assessed(), replace(loud, unread=(Region.US,))))
    assert senders_known(_found(Story(), replace(loud, unread=(Region.EU,)))), "nothing of ours is there"


def test_what_was_known_when_it_was_contained_outlives_the_figures_while_nobody_came_back() -> None:
    contained = Story().add("contained")
    assert senders_known(_found(contained))
    assert not senders_known(_found(contained, replace(QUIET, unread=(Region.US,))))
    came = Story().add("contained").use(**{"key:1": use("intruder", last_used="2026-11-21T14:30:00Z")})
    assert not senders_known(_found(came))
    assert not senders_known(_found(Story().add("contained").add("contained.no_longer", through=["a key"])))
