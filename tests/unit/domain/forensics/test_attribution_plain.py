"""The fast way of counting a log comes to what the plain one comes to, whatever the log holds and in whatever order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.bench_assess import pages
from tests.support.amount import amount
from tests.unit.domain.forensics.plain_attribution import PlainAttribution
from tests.unit.domain.logs import START, text
from workbench.domain.forensics import attribution
from workbench.domain.forensics.attribution import Attribution
from workbench.mailgun.log_entries import read_page

_MOMENTS = [
    *(text(START + timedelta(hours=hours)) for hours in (-9, -1, 0, 1, 2, 5, 30)),
    "2026-11-16T01:02:03Z", "2026-11-16T03:02:03.5+02:00", "Mon, 16 Nov 2026 01:02:03 GMT", "2026-99-99T99:99:99.000Z",
    "xxxxxxxxxxTxxxxxxxxxxxxZ", "", "0001-01-01T00:00:00Z", None, 7,
]  # fmt: skip
_NAMES = st.sampled_from(
    ["", "a", "b@acme.example", "B@acme.example", "(other)", "ä\u202e", "x" * 300, None, 5]
)
_SUBJECTS: st.SearchStrategy[Any] = st.sampled_from(
    [
        "Order 1",
        "Order 22",
        "order #",
        "",
        "news",
        "\x00\n",
        "key-" + "1" * 32,
        "Ünï 3",
        "\U0001f600",
        None,
        [],
    ]
)
_EVENTS = st.sampled_from(
    ["accepted", "accepted", "accepted", "delivered", "failed", "temporary", "opened", "clicked", "complained",
     "unsubscribed", "rejected", "", None, "(none)", 3]
)  # fmt: skip
_URLS = st.sampled_from(["https://a.example/x/12345?u=1", "javascript:alert(1)", "", "http://[", None])


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object's value, or what may stand in its place."""
    return st.one_of(strategy, strategy, strategy, st.sampled_from([None, "odd", [], {}]))


_MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "headers": _maybe(
            st.fixed_dictionaries(
                {},
                optional={
                    "message-id": st.sampled_from(["", "m1", "m2", "m3", "m4", None]),
                    "subject": _SUBJECTS,
                },
            )
        ),
        "scheduled-for": st.sampled_from([0, 1.5, "soon", None, []]),
    },
)
_ENTRIES = st.fixed_dictionaries(
    {"event": _EVENTS, "message": _maybe(_MESSAGES)},
    optional={
        "id": st.one_of(st.none(), st.sampled_from(["e1", "e2", ""]), st.integers(10, 99).map(str)),
        "@timestamp": st.sampled_from(_MOMENTS),
        "method": st.sampled_from(["http", "smtp", "", None]),
        "originating-ip": _NAMES,
        "api-key-id": _NAMES,
        "account": _maybe(st.fixed_dictionaries({}, optional={"id": _NAMES})),
        "domain": _maybe(st.fixed_dictionaries({}, optional={"name": _NAMES})),
        "envelope": _maybe(st.fixed_dictionaries({}, optional={"sender": _NAMES, "sending-ip": _NAMES})),
        "recipient": _NAMES,
        "recipient-provider": _NAMES,
        "severity": st.sampled_from(["temporary", "permanent", "", None]),
        "tags": st.one_of(st.none(), st.lists(_NAMES, max_size=3), st.just("odd")),
        "url": _URLS,
        "storage": _maybe(
            st.fixed_dictionaries({}, optional={"key": _NAMES, "url": st.lists(_URLS, max_size=2)})
        ),
        "mailing-list": _maybe(st.fixed_dictionaries({}, optional={"address": _NAMES})),
    },
)


def _told(table: Attribution) -> dict[str, Any]:
    """Everything a reading tells, its groups in the order in which they were made."""
    groups = [*table.groups.values(), *table.shared.values()]
    return {
        "counts": (table.entries, table.repeated, table.unreadable, table.odd, table.undated, table.outside),
        "events": dict(table.events),
        "unjoined": dict(table.unjoined),
        "moments": (table.oldest, table.newest),
        "groups": [
            (
                g.key,
                g.hours.tolist(),
                g.counts,
                g.first,
                g.last,
                g.example,
                g.scheduled,
                g.kept,
                g.reached.count,
            )
            for g in groups
        ],
        # In their order: whoever comes first keeps a name of its own.
        "names": [
            [list(c.items()) for c in (g.providers, g.tags, g.sending, g.links, g.lists)] for g in groups
        ],
        "alike": {content: [g.key for g in found] for content, found in table._by_content.items()},
        "words": table.words(),
    }


def _same(bodies: list[bytes]) -> None:
    fast = Attribution(START, START + timedelta(hours=6))
    plain = PlainAttribution(START, START + timedelta(hours=6))
    for body in bodies:
        for table in (fast, plain):
            page = read_page(body)
            assert page is not None
            table.take(page)
    assert _told(fast) == _told(plain)


@settings(max_examples=amount(80, whole=1_000))
@given(st.lists(st.lists(_ENTRIES, max_size=9), max_size=5))
def test_whatever_a_log_holds_it_counts_as_in_the_plain_way(log: list[list[dict[str, Any]]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # Small, so that pages of a test reach every bound.
        for name, bound in (("MOST_GROUPS", 4), ("MOST_SHAPES", 2), ("MOST_ADDRESSES", 3), ("MOST_NAMES", 2)):
            patch.setattr(attribution, name, bound)
        patch.setattr(attribution, "_HELD", 6)
        _same([msgspec.json.encode({"items": items, "pagination": {}}) for items in log])


def test_a_busy_log_counts_as_in_the_plain_way_whether_its_pages_come_in_order_or_not() -> None:
    bodies = list(pages(4000))
    _same(bodies)
    _same(bodies[::-1])
    _same([body for pair in zip(bodies[::2], bodies[1::2], strict=True) for body in (*pair, pair[0])])
