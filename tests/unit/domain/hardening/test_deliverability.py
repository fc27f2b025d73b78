"""DMARC as a measure: good only where DNS said so of every domain."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workbench.blocklists.dmarc import Dmarc, read, unknown
from workbench.documents.listings import dmarc_changes
from workbench.domain.hardening import measures
from workbench.domain.hardening.deliverability import dmarc, dmarc_lines, policies
from workbench.domain.hardening.item import Standing
from workbench.domain.hardening.recorded import DmarcRead
from workbench.domain.model.inventory import DomainItem, Inventory
from workbench.domain.model.plan import Place
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision, State
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain

RUA = "rua=mailto:d@acme.example"
GOOD = read("a.example", "a.example", [f"v=DMARC1; p=reject; {RUA}"])
WEAK = read("b.example", "b.example", [f"v=DMARC1; p=none; {RUA}"])
ABSENT = read("c.example", "c.example", [])
DARK = unknown("d.example", "timed out")


def _situation(*policies: Dmarc) -> Situation:
    state, inventory = State(), Inventory()
    state.learn(DmarcRead(domains=policies))
    for one in policies:
        inventory.domains[one.domain] = DomainItem(Domain(name=one.domain), Place(Region.US))
    return Situation(inventory, state, datetime(2026, 11, 28, tzinfo=UTC))


@pytest.mark.parametrize(
    ("policies", "standing"),
    [
        ((), Standing.UNKNOWN),
        ((GOOD,), Standing.GOOD),
        ((GOOD, WEAK), Standing.OPEN),
        ((ABSENT,), Standing.OPEN),
        ((GOOD, DARK), Standing.UNKNOWN),
        ((DARK,), Standing.UNKNOWN),
        ((WEAK, DARK), Standing.OPEN),
    ],
)
def test_no_answer_is_never_good(policies: tuple[Dmarc, ...], standing: Standing) -> None:
    assert dmarc(_situation(*policies)).standing is standing


def test_every_domain_is_said_with_what_to_change() -> None:
    lines = dmarc_lines(_situation(GOOD, WEAK, DARK))
    assert lines[0] == "a.example: reject"
    assert "p=quarantine" in lines[1]
    assert "cannot tell" in lines[2] and "timed out" in lines[2]


def test_what_is_the_same_for_many_domains_is_said_once_and_names_the_record_whole() -> None:
    names = [f"{name}.acme.example" for name in ("mg", "news", "shop", "eu", "forms", "pay", "app", "api")]
    situation = _situation(*(read(name, name, []) for name in names), GOOD)
    (absent, reject) = dmarc_lines(situation)
    assert (
        absent.startswith("8 domains, mg.acme.example, news.acme.example, ")
        and " and 2 more: no record" in absent
    )
    assert absent.count("v=DMARC1") == 1
    assert '_dmarc.acme.example: "v=DMARC1; p=none; rua=mailto:[an address of yours]"' in absent
    assert reject == "a.example: reject"
    assert dmarc(situation).how == absent


def test_one_advice_is_said_once_whoever_the_domains_belong_to() -> None:
    names = [f"{word}.example" for word in ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k")]
    (absent,) = dmarc_lines(_situation(*(read(name, name, []) for name in names)))
    assert absent.startswith("11 domains, a.example, b.example, ") and absent.count("p=quarantine (") == 1
    assert "at each of _dmarc.a.example, _dmarc.b.example, " in absent and ' and 5 more: "v=DMARC1' in absent
    watched = [f"v=DMARC1; p=none; rua=mailto:d@{name}" for name in names]
    (watching,) = dmarc_lines(
        _situation(*(read(f"mg.{name}", name, [text]) for name, text in zip(names, watched, strict=True)))
    )
    assert watching.startswith("11 domains, mg.a.example (by a.example), mg.b.example (by b.example), ")
    (dark,) = dmarc_lines(_situation(*(unknown(name, f"no answer for _dmarc.{name}") for name in names)))
    assert "no answer for _dmarc.[the domain]; look again" in dark
    (alone,) = dmarc_lines(_situation(unknown("a.example", "no answer for _dmarc.a.example")))
    assert alone.startswith("a.example: cannot tell, no answer for _dmarc.a.example; look again")


def test_a_domain_that_is_gone_since_or_a_strangers_is_none_to_protect() -> None:
    situation = _situation(GOOD, ABSENT)
    (change,) = dmarc_changes(policies(situation))
    assert (change["state"], change["domains"]) == ("no record", ["c.example"])
    assert "_dmarc.c.example" in change["change"]
    del situation.inventory.domains[ABSENT.domain]
    assert dmarc_lines(situation) == ("a.example: reject",)
    assert dmarc_changes(policies(situation)) == []
    assert dmarc(situation).standing is Standing.GOOD
    situation = _situation(GOOD, ABSENT)
    situation.state.decisions[f"domain:{ABSENT.domain}"] = Decision(
        f"domain:{ABSENT.domain}", "intruder", "nobody made it", "ada", "2026-11-28T10:00:00Z"
    )
    assert dmarc_lines(situation) == ("a.example: reject",)


def test_the_receivers_own_figures_are_measures_with_their_steps() -> None:
    found = {item.id: item for item in measures.items(_situation())}
    for name in ("gmail-postmaster", "microsoft-snds", "yahoo-loop"):
        assert found[name].standing is Standing.UNKNOWN
        assert "attest it here" in found[name].how
