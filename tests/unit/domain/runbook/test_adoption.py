"""Hand-over: who is down, what is known of each, what is copied, and what is asked first."""

from __future__ import annotations

import shlex
import subprocess
from datetime import UTC, datetime
from typing import Any

from tests.support.effects import an_effect
from tests.support.situations import know
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.plan import EffectKind, EffectState, Place
from workbench.domain.model.replay import apply, fold
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation, EffectRecord, State
from workbench.domain.runbook import adoption, recovery
from workbench.domain.runbook.recorded import HandOverListed
from workbench.domain.runbook.verdict import Verdict
from workbench.mailgun.endpoints import Region

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
MADE = "2026-11-21T14:10:00Z"
PLACE = Place(Region.US)
OLD, NEW = "aaaaaaaa-11111111", "bbbbbbbb-22222222"


class Row:
    """A journal row."""

    def __init__(self, seq: int, at: str, kind: str, body: dict[str, Any]) -> None:
        self.seq, self.at, self.kind, self.body = seq, at, kind, body


def key_made(state: State, entry: str = "API key prod-web", **params: Any) -> EffectRecord:
    effect = an_effect(EffectKind.KEY_CREATE, OLD, PLACE, name="prod-web", replaces=OLD, **params)
    record = EffectRecord(
        effect, EffectState.VERIFIED, entry=entry, result=EffectResult(key_id=NEW), done_at=MADE
    )
    state.effects[effect.id] = record
    return record


def login_reset(state: State, login: str = "app@mg.acme.example", **params: Any) -> EffectRecord:
    effect = an_effect(EffectKind.LOGIN_RESET, login, PLACE, **params)
    record = EffectRecord(effect, EffectState.VERIFIED, entry=f"SMTP {login}", done_at=MADE)
    state.effects[effect.id] = record
    return record


def use(at: str, *names: str, last: str = "", addresses: tuple[str, ...] = ()) -> Row:
    entry = {"last_used": last or at, "addresses": list(addresses), "strange": []}
    body = {"name": "credential_use", "sampled": True, "by_credential": dict.fromkeys(names, entry)}
    return Row(1, at, "fact", body)


def situation(*rows: Row) -> Situation:
    return Situation(Inventory(), fold(rows), NOW)


def only(found: Situation) -> adoption.Replacement:
    made = adoption.replacements(found)
    assert len(made) == 1
    return made[0]


def test_a_sender_is_down_until_the_new_key_is_seen() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state)
    assert only(found).down
    assert adoption.senders_down(found) == 1
    apply(found.state, use("2026-11-21T15:00:00Z", f"key:{NEW}", addresses=("192.0.2.7",)))
    assert (only(found).in_use, only(found).down, only(found).seen_from) == (True, False, ("192.0.2.7",))
    # The next reading tells of its own hour only: what was seen stays seen.
    apply(found.state, use("2026-11-21T15:50:00Z"))
    assert only(found).in_use


def test_what_nobody_used_before_keeps_nobody_waiting() -> None:
    found = situation(use("2026-11-21T14:00:00Z", "key:another"))
    key_made(found.state)
    assert only(found).used_before is False
    assert not only(found).down
    know(found.state, "assessment", {})
    step = recovery.adoption(found)
    assert step.verdict is Verdict.DONE
    assert "nobody is waiting" in step.evidence[-1]


def test_without_any_reading_nothing_is_said_to_be_unused() -> None:
    found = situation()
    key_made(found.state)
    assert only(found).used_before is None
    assert only(found).down


def test_a_login_is_in_use_only_after_its_reset() -> None:
    found = situation(use("2026-11-21T14:00:00Z", "smtp:app@mg.acme.example"))
    login_reset(found.state)
    assert only(found).down
    apply(found.state, use("2026-11-21T15:00:00Z", "smtp:app@mg.acme.example"))
    assert only(found).in_use


def test_our_own_key_and_strangers_are_nobodys_to_hand_over() -> None:
    found = situation()
    key_made(found.state, own=True)
    login_reset(found.state, stranger=True)
    assert adoption.replacements(found) == []
    assert recovery.adoption(found).idle


def test_owner_and_places_come_from_the_operator_and_from_the_search() -> None:
    found = situation()
    record = key_made(found.state)
    note = {"effect": record.effect.id, "owner": "Team Web", "places": ["/etc/shop.env"]}
    apply(found.state, Row(2, MADE, "adoption.noted", note))
    update = [{"key_id": OLD, "logins": [], "place": "/srv/www/.env:3"}]
    leaks = {"name": "leaks", "update_places": update, "exposures": [], "open": 0}
    apply(found.state, Row(3, MADE, "fact", leaks))
    assert only(found).owner == "Team Web"
    assert only(found).places == ("/etc/shop.env", "/srv/www/.env:3")


def test_the_place_of_the_leak_is_asked_about_first_and_once() -> None:
    found = situation()
    assert "not searched yet" in adoption.source_question(found)
    word = Attestation("10", "ann", MADE, "the form is fixed", adoption.SOURCE)
    found.state.attestations.append(word)
    assert adoption.source_question(found) == ""
    key_made(found.state)
    assert recovery.adoption(found).verdict is not Verdict.ATTESTED, "a word on the leak closes no step"


def test_the_step_is_done_only_when_the_old_places_are_clean_too() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state)
    apply(found.state, use("2026-11-21T15:00:00Z", f"key:{NEW}"))
    step = recovery.adoption(found)
    assert step.verdict is Verdict.IN_PROGRESS and step.idle, "nobody has searched where the old one lay"
    found.state.attestations.append(Attestation("10", "ann", MADE, "searched by hand", adoption.SOURCE))
    assert recovery.adoption(found).verdict is Verdict.DONE


def test_what_is_kept_until_its_hand_over_keeps_nobody_down() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state, cut="first")
    one = only(found)
    assert one.waits and one.old_works and not one.down
    assert "the old one still works" in one.line()
    step = recovery.adoption(found)
    assert step.verdict is Verdict.IN_PROGRESS and step.progress == (1, 1)


def test_a_replacement_that_was_replaced_again_is_nobodys_any_more() -> None:
    found = situation()
    key_made(found.state)
    gone = an_effect(EffectKind.KEY_DELETE, NEW, PLACE)
    found.state.effects[gone.id] = EffectRecord(gone, EffectState.VERIFIED, done_at=MADE)
    assert adoption.replacements(found) == []


def test_a_list_that_was_taken_waits_for_the_developers() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state)
    assert not recovery.adoption(found).idle
    found.state.attestations.append(Attestation("10", "ann", MADE, "copied", adoption.TOLD))
    step = recovery.adoption(found)
    assert (step.idle, step.verdict) == (True, Verdict.OPEN)


def test_what_stood_on_a_list_is_not_handed_over_anew_after_the_next_cut() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state)
    found.state.attestations.append(Attestation("10", "ann", MADE, "copied", adoption.TOLD))
    listed = adoption.with_listed(found.state, adoption.replacements(found))
    apply(found.state, Row(2, MADE, "fact", listed.body()))
    found.state.last_cut_at = "2026-11-21T16:00:00Z"
    assert recovery.adoption(found).idle, "ending the old ones makes nothing new to hand over"
    # Another one that waits stood on no list.
    apply(found.state, use("2026-11-21T14:05:00Z", "smtp:app@mg.acme.example"))
    login_reset(found.state)
    assert not recovery.adoption(found).idle


def test_a_list_whose_sending_was_taken_back_counts_for_nobody() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state)
    waiting = adoption.replacements(found)
    assert adoption.with_listed(found.state, waiting).effects == (waiting[0].id,)
    listed = HandOverListed(effects=("key.create-of-before",))
    apply(found.state, Row(2, MADE, "fact", listed.body()))
    assert not adoption.told(found, waiting), "nobody says that it was sent"
    assert adoption.with_listed(found.state, waiting).effects == (waiting[0].id,)
    found.state.attestations.append(Attestation("10", "ann", MADE, "copied", adoption.TOLD))
    assert adoption.with_listed(found.state, waiting).effects == ("key.create-of-before", waiting[0].id)


def test_what_is_copied_fetches_the_secret_and_is_safe_in_a_shell() -> None:
    found = situation()
    hostile = "API key x'; touch /tmp/pwned; '\n$(id)`id`"
    key_made(found.state, entry=hostile)
    one = only(found)
    words = shlex.split(adoption.get_command(one))
    assert words[:3] == ["workbench", "secrets", "get"]
    assert len(words) == 4
    assert "\n" not in adoption.env_snippet(one)
    shown = subprocess.run(
        [
            "/bin/sh",
            "-c",
            f'workbench() {{ printf \'%s|\' "$@"; }}; {adoption.env_snippet(one)}; echo "$MAILGUN_API_KEY"',
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.startswith("secrets|get|API key x'; touch /tmp/pwned;")
    text = adoption.hand_over_text(one) + adoption.hand_over_list([one])
    assert "not noted yet" in text
    assert NEW not in text
