"""Steps 6 to 12 in their half-way states, whole: the verdict, each sentence, what is next and what is waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, Story, situation, use
from tests.unit.domain.runbook.test_recovery import (
    PROD,
    US,
    assessed,
    replaced,
    searched,
    sending,
    swept,
    told,
    with_loot,
)
from workbench.domain.detection.findings import Finding
from workbench.domain.model.inventory import DomainItem
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import INTRUDER, Situation
from workbench.domain.model.state import EffectRecord
from workbench.domain.runbook import recovery
from workbench.domain.runbook.verdict import Found, Verdict
from workbench.mailgun.models import Domain

SWEPT = "swept 2026-11-21T14:00:00Z: 41 settings looked at"
AGAIN = (
    "Search again, with what this search could not read: other places, an unpacked archive, a log's format."
)
SEARCH = "a search that reads what this one could not; where that stays so, attest what is known (t)"
USUAL = "usual at this hour is 50 (what the same hour brought on other days); more than 75 counts as abuse"
LEAKED = (
    "Where the old credentials leaked is not searched yet (step 7): could the new ones be read there, too?"
)


def after(story: Story) -> Situation:
    """Return the situation that a journal tells of."""
    return situation(state=story.state())


def planted() -> Situation:
    """Return an account with a domain that was judged the intruder's."""
    where = after(
        swept().add(
            "finding.decided", finding="domain:evil.example", decision="intruder", reason="x", who="A"
        )
    )
    where.inventory.domains["evil.example"] = DomainItem(Domain(name="evil.example", created_at=NOW), US)
    return where


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (
            situation(),
            Found(
                Verdict.OPEN,
                ("keys, logins, users and domains show nothing unexplained; settings are not swept yet",),
                action="leftovers.sweep",
            ),
        ),
        (
            after(with_loot(Story())),
            Found(
                Verdict.OPEN,
                (
                    "mail of a stranger carried a secret in its subject: “hello”: the intruder tested the loot, or "
                    "mailed it to a drop: that secret is known to them",
                ),
                (0, 1),
                "leftovers.sweep",
            ),
        ),
        (
            planted(),
            Found(
                Verdict.OPEN,
                ("domain evil.example: judged the intruder's, still there", SWEPT),
                (0, 1),
                "domains.delete",
                "evil.example is deleted for good, in a plan of its own: Mailgun cannot switch a domain off.",
            ),
        ),
    ],
)
def test_what_the_intruder_left_says_what_is_not_looked_at_judged_or_gone(
    where: Situation, found: Found
) -> None:
    assert recovery.leftovers(where) == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (
            situation(),
            Found(Verdict.OPEN, ("nothing searched yet: workbench leaks PATH…",), action="leaks.search"),
        ),
        (
            after(searched("/srv/shop", failed=("a", "b", "c"), skipped=("d", "e", "a"))),
            Found(
                Verdict.IN_PROGRESS,
                (
                    *(f"not read: {name}" for name in "abcd"),
                    "searched 2026-11-21T14:00:00Z: /srv/shop",
                    *(f"not searched: {name}" for name in "abc"),
                ),
                None,
                "leaks.search",
                AGAIN,
                idle=True,
                waits=SEARCH,
            ),
        ),
        (
            after(searched()),
            Found(
                Verdict.IN_PROGRESS,
                ("no place was searched to its end", "searched 2026-11-21T14:00:00Z: no place"),
                None,
                "leaks.search",
                AGAIN,
                idle=True,
                waits=SEARCH,
            ),
        ),
    ],
)
def test_the_leak_says_what_was_not_read(where: Situation, found: Found) -> None:
    assert recovery.leak(where) == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (
            situation(),
            Found(Verdict.OPEN, ("the sending figures are not read yet",), action="damage.assess"),
        ),
        (
            sending(0),
            Found(Verdict.OPEN, ("no abnormal hour in the metrics", USUAL), action="damage.assess"),
        ),
        (
            sending(5000),
            Found(
                Verdict.IN_PROGRESS,
                ("abnormal since 21 Nov 12:00Z, 10,100 messages accepted", USUAL),
                action="damage.assess",
            ),
        ),
        (
            after(assessed(Story(), missing=["a", "b", "c", "d", "e"])),
            Found(
                Verdict.IN_PROGRESS,
                (*(f"not read: {name}" for name in "abcd"), "abuse from 12:00 to 13:00"),
                None,
                "damage.assess",
                idle=True,
                waits="a log that can be read: Enter reads it again; where it stays unreadable, attest it (t)",
            ),
        ),
    ],
)
def test_the_damage_says_on_what_it_rests(where: Situation, found: Found) -> None:
    assert recovery.damage(where) == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (
            situation(),
            Found(
                Verdict.OPEN,
                ("opens when the first replacement is proven",),
                None,
                "adoption.show",
                idle=True,
                waits="steps 1 and 2: no replacement is proven yet",
            ),
        ),
        (
            after(replaced(**{f"key:{PROD.id}": use("production")})),
            Found(
                Verdict.OPEN,
                (
                    "1 sender still down",
                    LEAKED,
                    "key prod-web …ec1b: not handed over yet, not seen in use",
                ),
                (0, 1),
                "adoption.show",
            ),
        ),
        (
            after(replaced(**{"key:another": use("production")})),
            Found(
                Verdict.IN_PROGRESS,
                (
                    "no sender is down, as far as the last hour shows",
                    LEAKED,
                    "1 more were not in use before: nobody is waiting for them",
                ),
                (1, 1),
                "adoption.show",
                idle=True,
                waits="step 8: who sends once a day, or could not send, shows once the log is assessed",
            ),
        ),
    ],
)
def test_adoption_says_who_is_down_and_what_is_not_known_of_the_others(
    where: Situation, found: Found
) -> None:
    assert recovery.adoption(where) == found


def test_hardening_and_the_report_say_what_they_wait_for() -> None:
    assert recovery.harden(situation()) == Found(
        Verdict.OPEN,
        ("after access is cut and production runs again",),
        None,
        "harden.show",
        idle=True,
        waits="steps 1 and 2, and with them step 10: access is not proven cut yet",
    )
    assert recovery.report(situation()) == Found(
        Verdict.OPEN, ("write it when the steps above stand",), action="report.write"
    )
    written = ("written 2026-11-21T14:00:00Z, sha256 abababababababab…, not sent yet",)
    assert recovery.report(after(Story().add("fact", name="report", sha256="ab" * 32))) == Found(
        Verdict.IN_PROGRESS, written, action="report.write"
    )
    sent = after(told("12", "ticket"))
    assert recovery.report(sent) == Found(
        Verdict.ATTESTED,
        ("attested by Ada, 2026-11-21T14:00:00Z: ticket", "no domain of the account is disabled"),
    )
    for name in ("b.example", "a.example"):
        sent.inventory.domains[name] = DomainItem(Domain(name=name, is_disabled=True), US)
    assert recovery.report(sent) == Found(
        Verdict.IN_PROGRESS,
        ("attested by Ada, 2026-11-21T14:00:00Z: ticket", "still disabled: a.example, b.example"),
        None,
        "report.write",
        "The report is sent; Support re-enables the account. The domains are read again every minute.",
        idle=True,
        waits="Mailgun Support, until they enable the account; the domains are read again every minute",
    )


# ── who takes what away ──────────────────────────────────────────────────────────────────────────────────


def bad(kind: str, name: str, remedy: str = "") -> Finding:
    """Return a finding that was judged the intruder's."""
    return Finding(f"{kind}:{name}", name, kind, f"{kind} {name}", (), "high", ("why",), INTRUDER, remedy)


ROUTE = bad("route", "r1", "leftovers.remove")
DOMAIN = bad("domain", "evil.example", "domains.delete")
ENTRY = bad("allowlist", "203.0.113.9", "allowlist.remove")
USER, RULE = bad("user", "u9"), bad("rule", "x")
CHANGED = replace(ROUTE, key="alarm:edited:routes:r2:0", id="r2")
AGAIN = "What changed came after the settings were looked at: they are read again, and show what can go."
ONE_PLAN = "What was judged the intruder's is removed, in one plan."
OWN_PLAN = "evil.example is deleted for good, in a plan of its own: Mailgun cannot switch a domain off."
ADDRESS = (
    "203.0.113.9 off the IP allowlist, in a plan of its own: this host's own address is asked for first, or the "
    "workbench might lock itself out."
)
BY_ITSELF = "The rest goes by itself or in step 1b; the account is read again every minute."
IN_PANEL = (
    "No call removes these: repair them in the control panel, then say so in the list. The evidence below names "
    "them."
)


@pytest.mark.parametrize(
    ("found", "action", "happens", "idle"),
    [
        ([ROUTE, DOMAIN, ENTRY, USER, RULE], "leftovers.remove", ONE_PLAN, False),
        ([ENTRY, DOMAIN, USER, RULE], "domains.delete", OWN_PLAN, False),
        ([USER, RULE, ENTRY], "allowlist.remove", ADDRESS, False),
        ([USER, RULE], "findings.judge", IN_PANEL, False),
        ([CHANGED, DOMAIN], "leftovers.sweep", AGAIN, False),
        ([CHANGED, ROUTE], "leftovers.remove", ONE_PLAN, False),
        ([USER], "pane.domains", BY_ITSELF, True),
    ],
)
def test_what_is_the_intruders_goes_by_one_plan_by_its_own_or_by_hand(
    monkeypatch: pytest.MonkeyPatch, found: list[Finding], action: str, happens: str, idle: bool
) -> None:
    monkeypatch.setattr(recovery, "findings", lambda situation: found)
    step = recovery.leftovers(after(swept()))
    waits = "Mailgun, which deletes a domain in the background, and the control panel (step 1b); read every minute"
    lines = tuple(f"{one.title}: judged the intruder's, still there" for one in found)
    assert step == Found(
        Verdict.OPEN,
        (*lines, SWEPT),
        (0, len(found)),
        action,
        happens,
        idle=idle,
        waits=waits if idle else "",
    )


def test_a_domain_whose_deletion_runs_is_waited_for_and_what_failed_twice_is_a_persons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recovery, "findings", lambda situation: [DOMAIN])
    where = after(swept())
    effect = an_effect(EffectKind.DOMAIN_DELETE, "evil.example", US)
    where.state.effects[effect.id] = EffectRecord(effect, EffectState.DONE, tried_at="2026-11-21T14:00:00Z")
    assert recovery.leftovers(where).happens == BY_ITSELF
    assert recovery.by_hand(where) == []
    where.state.effects[effect.id].state = EffectState.PLANNED
    assert recovery.leftovers(where).happens == OWN_PLAN
    where.state.effects[effect.id] = EffectRecord(effect, EffectState.FAILED, failures=2, attempts=2)
    assert (recovery.leftovers(where).happens, recovery.by_hand(where)) == (IN_PANEL, [DOMAIN])
    route = an_effect(EffectKind.ROUTE_DELETE, "r1", US)
    monkeypatch.setattr(recovery, "findings", lambda situation: [ROUTE])
    where = after(swept())
    where.state.effects[route.id] = EffectRecord(route, EffectState.DONE)
    assert recovery.leftovers(where).happens == ONE_PLAN, "nobody looked yet"
    where.state.effects[route.id].tried_at = "2026-11-21T14:00:00Z"
    assert recovery.leftovers(where).happens == IN_PANEL, "it was looked at and not seen to be gone"


def test_six_findings_are_named_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    open_ = [replace(bad("route", str(n)), decision="", why=("first", "second")) for n in range(8)]
    leak = replace(open_[0], key="leak:x")
    monkeypatch.setattr(recovery, "findings", lambda situation: [*open_, leak])
    step = recovery.leftovers(after(swept()))
    lines = [f"route {n}: first" for n in range(6)]
    assert step == Found(
        Verdict.OPEN,
        (*lines, "and 2 more", SWEPT),
        (0, 8),
        "findings.judge",
        "A list of the 8 findings to judge: yours or the intruder's. Nothing changes.",
    )
    monkeypatch.setattr(recovery, "findings", lambda situation: open_[:6])
    assert "and 0 more" not in recovery.leftovers(after(swept())).evidence
