"""A 401 is told apart as far as evidence goes, and not one step further."""

from __future__ import annotations

import pytest

from tests.support.situations import Story, key, situation
from workbench.core.errors import NotAuthorised, Unreachable
from workbench.core.redact import Secret
from workbench.domain.detection.lockout import Cause, Evidence, LockoutAnswer, diagnose
from workbench.domain.model.state import State
from workbench.planning import allowlist, keys
from workbench.readers.lockout import explained, tail_of

KEY = "8b0cd00f-da623278"
NO = {"us": LockoutAnswer.REFUSED, "eu": LockoutAnswer.REFUSED}


def _baseline(**parts: object) -> State:
    return Story().add("snapshot.stored", part="0a", file="f", sha256="0", baseline=parts).state()


def test_an_accepted_key_is_not_locked_out() -> None:
    assert diagnose(Evidence({"us": LockoutAnswer.YES, "eu": LockoutAnswer.YES}), State()) is None


def test_one_region_alone_means_the_other_is_not_this_accounts() -> None:
    found = diagnose(Evidence({"us": LockoutAnswer.YES, "eu": LockoutAnswer.REFUSED}), State())
    assert found is not None
    assert (found.causes, found.sure) == ((Cause.REGION,), True)
    assert "US" in found.what


def test_a_role_that_is_too_low_is_alive() -> None:
    for evidence in (
        Evidence({"us": LockoutAnswer.YES}, admin=False),
        Evidence({"us": LockoutAnswer.FORBIDDEN}),
    ):
        found = diagnose(evidence, State())
        assert found is not None
        assert (found.causes, found.sure) == ((Cause.ROLE,), True)


def test_silence_says_nothing_about_the_key() -> None:
    found = diagnose(Evidence({"us": LockoutAnswer.NONE, "eu": LockoutAnswer.NONE}), State())
    assert found is not None
    assert found.causes == (Cause.UNREACHABLE,)


def test_the_journal_knows_what_we_deleted_ourselves() -> None:
    story = Story().verified(keys.plan_replace(situation([key("a", id=KEY)])).effects)
    found = diagnose(Evidence(NO, key_id=KEY), story.state())
    assert found is not None
    assert (found.causes, found.sure) == ((Cause.REPLACED,), True)


def test_after_our_own_change_of_the_allowlist_it_is_suspected_first() -> None:
    planned = allowlist.plan_remove(
        situation(allowlist=["192.0.2.0/24"]), ["192.0.2.0/24"], own_address="10.1.1.1"
    )
    found = diagnose(Evidence(NO, key_id=KEY), Story().verified(planned.effects).state())
    assert found is not None
    assert found.causes[0] is Cause.ALLOWLIST


def test_another_key_alive_here_clears_the_allowlist() -> None:
    found = diagnose(Evidence(NO, key_id=KEY, others={"x": LockoutAnswer.YES}), State())
    assert found is not None
    assert Cause.ALLOWLIST not in found.causes
    assert "deleted" in found.words()


def test_all_of_ours_dead_at_once_is_most_likely_the_allowlist_but_not_surely() -> None:
    found = diagnose(Evidence(NO, key_id=KEY, others={"x": LockoutAnswer.REFUSED}), State())
    assert found is not None
    assert found.causes[0] is Cause.ALLOWLIST
    assert not found.sure


def test_a_sign_in_key_that_passes_alone_proves_the_allowlist() -> None:
    found = diagnose(Evidence(NO, others={"x": LockoutAnswer.REFUSED}, web=LockoutAnswer.YES), State())
    assert found is not None
    assert (found.causes, found.sure) == ((Cause.ALLOWLIST,), True)


@pytest.mark.parametrize(("entries", "first"), [([], Cause.DELETED), (["192.0.2.0/24"], Cause.ALLOWLIST)])
def test_the_list_as_it_was_leans_one_way_and_stays_unsure(entries: list[str], first: Cause) -> None:
    found = diagnose(Evidence(NO, key_id=KEY), _baseline(allowlist=entries, keys=[KEY]))
    assert found is not None
    assert found.causes[0] is first
    assert not found.sure


def test_with_no_evidence_every_cause_is_named_with_the_way_back() -> None:
    found = diagnose(Evidence(NO), State())
    assert found is not None
    assert set(found.causes) >= {Cause.MISTYPED, Cause.DELETED, Cause.DISABLED, Cause.ALLOWLIST}
    assert "API Security" in found.words()
    assert "IP Access Management" in found.words()


def test_only_a_refusal_is_explained() -> None:
    found = diagnose(Evidence(NO), State())
    error = Unreachable("no answer")
    assert explained(error, found) is error
    refusal = explained(NotAuthorised("401", status=401), found)
    assert (refusal.status, refusal.exit_code) == (401, 3)
    assert refusal.todo


def test_the_id_of_a_current_key_is_its_tail_and_legacy_forms_have_none() -> None:
    assert tail_of(Secret("590c187832ca318ef5a7c73badcfca18-8b0cd00f-da623278")) == KEY
    assert tail_of(Secret("key-590c187832ca318ef5a7c73badcfca18")) == ""
