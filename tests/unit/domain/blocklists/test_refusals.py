"""What is kept of refused mail: everything by kind, the remainder with samples, and a text for each listing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.blocklists.bounces import classify
from workbench.blocklists.refusal_counts import Refusal
from workbench.domain.blocklists.recorded import RefusalsRead
from workbench.domain.blocklists.refusals import (
    kind_lines,
    partial_line,
    quote,
    reasons,
    refusal_fact,
    remainder_lines,
)

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
SPAMCOP = "554 5.7.1 Client host [192.0.2.4] blocked using bl.spamcop.net"
DBL = "554 5.7.1 Sender address [jo@acme.example] domain acme.example blocked using dbl.spamhaus.org"
TEXTS = [
    SPAMCOP,
    DBL,
    "550 5.1.1 no such user",
    "552 5.2.2 mailbox full",
    "550 5.7.1 zonk",
    "550 5.7.1 wibble wobble",
    "421 4.7.0 too many connections",
]


def _refusal(text: str, n: int = 0, host: str = "mx.t-online.de", address: str = "192.0.2.4") -> Refusal:
    return Refusal(NOW - timedelta(minutes=n), None, text, host, address)


@settings(deadline=None)
@given(st.lists(st.sampled_from(TEXTS), max_size=40))
def test_every_refusal_is_in_the_kinds_and_the_remainder_is_whole(texts: list[str]) -> None:
    fact = refusal_fact([_refusal(text, n) for n, text in enumerate(texts)])
    assert fact.kinds == dict(Counter(classify(None, t, "mx.t-online.de").kind.value for t in texts))
    silent = sum(not classify(None, text, "mx.t-online.de").understood for text in texts)
    assert sum(one.count for one in fact.not_understood) == silent
    assert sum(int(line.split(" ")[0]) for line in remainder_lines(fact)) == silent


def test_the_remainder_is_said_with_its_provider_and_its_words() -> None:
    fact = refusal_fact([_refusal("550 5.7.1 zonk", n) for n in range(41)])
    assert remainder_lines(fact) == ("41 refusals by t-online.de (Telekom) not understood: “550 5.7.1 zonk”",)
    assert kind_lines(fact) == ("refusals read by kind: not understood 41",)
    assert remainder_lines(None) == () == kind_lines(None)


def test_a_reason_is_told_once_however_many_hours_it_went_on() -> None:
    fact = refusal_fact([_refusal(SPAMCOP, n * 60) for n in range(100)] + [_refusal(DBL)] * 2)
    assert [(one.provider, one.count) for one in reasons(fact)] == [("SpamCop (Cisco)", 100), ("Spamhaus", 2)]
    longest = reasons(fact)[0]
    assert (longest.first, longest.last) == ("2026-11-24T06:00:00Z", "2026-11-28T09:00:00Z")
    assert len(fact.counts) < 100 + 1, "hours are kept for a while only, what they add up to is whole"
    # A journal of before kept hours alone: they are added up.
    old = RefusalsRead(counts=fact.counts)
    assert reasons(old)[0].provider == "SpamCop (Cisco)" and reasons(None) == ()


def test_a_part_of_the_log_is_called_a_part() -> None:
    assert "newest 3,000 refusals" in partial_line(RefusalsRead(read=3000, whole=False))
    assert partial_line(RefusalsRead(read=3000, whole=True)) == ""
    assert partial_line(RefusalsRead(read=3000, whole=False, gaps=("the log answers 500",))) == ""
    assert partial_line(None) == ""


def test_unknown_users_do_not_push_out_what_is_about_us() -> None:
    many = [_refusal("550 5.1.1 no such user", n * 60) for n in range(500)]
    fact = refusal_fact([*many, _refusal(SPAMCOP, 40_000)])
    assert [count.zone for count in fact.counts] == ["bl.spamcop.net"]
    assert fact.by_zone == {"bl.spamcop.net": 1}


def test_a_quote_names_this_zone_and_this_subject_or_there_is_none() -> None:
    fact = refusal_fact([_refusal(SPAMCOP), _refusal(DBL)])
    assert quote(fact, "bl.spamcop.net", "192.0.2.4") == SPAMCOP
    assert quote(fact, "bl.spamcop.net", "192.0.2.40") == ""
    assert quote(fact, "dbl.dq.spamhaus.net", "acme.example") == DBL
    assert quote(fact, "bl.spamcop.net", "198.51.100.4") == ""
    assert quote(fact, "zen.spamhaus.org", "192.0.2.4") == ""
    assert quote(fact, "dbl.spamhaus.org", "acme.example") == DBL
    assert quote(fact, "dbl.spamhaus.org", "other.example") == ""
    assert quote(None, "dbl.spamhaus.org", "acme.example") == ""
