"""Reports: outside text stays text in every format, and an altered report or journal is named."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.patience import HANGS
from tests.support.situations import know
from workbench.domain.model import hash_chain as chain
from workbench.domain.model.inventory import Gap, Inventory, KeyItem, UserItem
from workbench.domain.model.plan import Place
from workbench.domain.model.sending_volume import AcceptedHour, judge
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Alarm, ContainmentEvent, State
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Key, User
from workbench.reports import render
from workbench.reports.blocks import Chart, Section, Table
from workbench.reports.report import Audience, Material, Report, compose, to_json
from workbench.session import report_writer

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>|[click](x)\n\x1b[2J=HYPERLINK(1)‮"


def _material() -> Material:
    place = Place(Region.US)
    inventory = Inventory()
    inventory.keys["aaaaaaaa-bbbbbbbb"] = KeyItem(Key(id="aaaaaaaa-bbbbbbbb", description=HOSTILE), place)
    inventory.users["u1"] = UserItem(
        User(id="u1", email="=cmd|x@evil.example", name=HOSTILE, role="admin"), place
    )
    inventory.read_at = {"keys": NOW, "users": NOW, "logins": NOW, "domains": NOW}
    state = State(incident="20261121-140000-abcd", opened_at="2026-11-21T14:00:00Z", name=HOSTILE)
    hours = [AcceptedHour(NOW.replace(day=20, hour=h), 50) for h in range(24)] + [
        AcceptedHour(NOW.replace(hour=10), 5000)
    ]
    volume = judge(hours, NOW, by_domain={HOSTILE: 5000})
    return Material(Situation(inventory, state, NOW, "", volume), (), "f" * 64)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("audience", list(Audience))
def test_hostile_text_is_never_markup(audience: Audience) -> None:
    report = compose(audience, _material())
    tags = _Tags()
    tags.feed(render.page(report))
    assert "script" not in tags.tags
    assert "a" not in tags.tags
    assert not {name for name in tags.attributes if name.startswith("on") or name in ("src", "href")}
    for shown in (render.text(report), render.markdown(report)):
        assert "\x1b" not in shown
        assert "‮" not in shown
    assert "<script" not in render.markdown(report).replace("\\<", "")


@pytest.mark.parametrize("value", ["=1+1", "+1", "@x", "-cmd", "-2+3+cmd|' /C calc'!A0", "  =1", "＝1"])
def test_a_cell_is_no_formula_where_it_is_pasted(value: str) -> None:
    assert render.cell(value).startswith("'")


@pytest.mark.parametrize("value", ["", "-5", "-1,200", "- a dash", "plain", "2026-11-21"])
def test_plain_cells_stay_as_they_are(value: str) -> None:
    assert render.cell(value) == value


def test_an_address_in_outside_text_becomes_no_link_in_markdown() -> None:
    found = _material()
    found.situation.state.name = "https://evil.example/a or www.evil.example"
    shown = render.markdown(compose(Audience.RECIPIENTS, found))
    assert "evil.example" in shown and "://" not in shown and "www.evil" not in shown


SENDER = {
    "sender": "notice@mg.acme.example",
    "subjects": ["=your parcel #", "final notice #", "c", "d"],
    "accepted": 18108,
    "complained": 129,
    "looks": "intruder",
    "decision": None,
}
HARM = {"recipients": 16061, "opened": 12, "clicked": 3, "complained": 179, "by_provider": {"Gmail": 6916}}


def test_marketing_learns_what_went_out_to_whom_and_what_to_expect() -> None:
    found = _material()
    ours = {**SENDER, "sender": "shop@acme.example", "decision": "ours"}
    fact = {"senders": [SENDER, ours], "damage": {"intruder": HARM}}
    know(found.situation.state, "assessment", fact)
    shown = render.text(compose(Audience.MARKETING, found))
    assert "notice@mg.acme.example" in shown and "shop@acme.example" not in shown
    assert "“=your parcel #”, “final notice #”, “c” and 1 more" in shown
    assert "about 16,000 recipients" in shown and "Gmail 6,916" in shown and "179 complained" in shown


def test_management_reads_why_it_is_safe_and_who_is_down_as_it_is() -> None:
    found = _material()
    shown = " ".join(render.text(compose(Audience.MANAGEMENT, found)).split())
    assert "Is it over? Not contained" in shown
    assert "What was done so far" in shown and "It is NOT safe yet: not contained" in shown
    assert "Why it is safe now" not in shown
    assert "No program that sends mail is down" in shown
    assert "No alarm is open; that says nothing of what is listed above" in shown
    assert "0 API keys deleted and proven absent" in shown and "No user was read" in shown
    assert "until then it can leak again" in shown
    found.situation.over = None
    found.situation.state.first_cut_at = "2026-11-21T13:20:00Z"
    found.situation.state.containment.append(ContainmentEvent("2026-11-21T13:30:00Z", contained=True))
    found.situation.inventory.keys["k"] = KeyItem(Key(id="k", description="k"), Place(Region.US))
    found.situation.state.alarms["a"] = Alarm("a", "2026-11-21T13:40:00Z", "a key appeared", "keys", "k")
    shown = " ".join(render.text(compose(Audience.MANAGEMENT, found)).split())
    assert "Was contained until 21 Nov 14:00Z: came back through API key" in shown
    assert "1 alarm open" in shown and "Why it is safe now" not in shown


def test_a_report_written_while_locked_out_takes_silence_for_nothing() -> None:
    inventory = Inventory()
    for name in ("keys", "users", "domains"):
        inventory.gaps[name] = Gap(name, None, "The key is refused everywhere.")
    state = State(incident="20261121-140000-abcd", opened_at="2026-11-21T14:00:00Z")
    found = Material(Situation(inventory, state, NOW), (), "f" * 64)
    shown = " ".join(render.text(compose(Audience.SUPPORT, found)).split())
    assert (
        "Could not be read when this was written: keys, users, domains (The key is refused everywhere.)"
        in shown
    )
    assert "shows no users" not in shown
    assert "In what could be read nothing was found" in shown
    assert "keys: not asked" not in shown and "keys: not readable" in shown
    told = {audience: render.text(compose(audience, found)) for audience in Audience}
    assert "No user was read" in told[Audience.MANAGEMENT] and "0 of 0" not in told[Audience.MANAGEMENT]
    notice = " ".join(told[Audience.RECIPIENTS].split())
    assert "For the case that it was. Whether mail was sent in our name is not known yet" in notice
    assert "Whether mail was sent in our name is not known yet" in " ".join(told[Audience.MARKETING].split())


def test_a_chart_has_its_numbers_beside_it() -> None:
    report = Report(
        Audience.TIMELINE,
        "t",
        "i",
        "now",
        1,
        "h",
        (Section("s", (Chart("c", (("10:00", 3), ("11:00", 1200))), Table(("a",), (("b",),)))),),
    )
    assert "1,200" in render.text(report)
    assert "1,200" in render.page(report)
    assert to_json(report)["sections"][0]["blocks"][0]["points"] == [["10:00", 3], ["11:00", 1200]]


def _journal(*bodies: tuple[str, dict[str, object]]) -> list[chain.ChainRow]:
    rows: list[chain.ChainRow] = []
    prev = chain.GENESIS
    for number, (kind, body) in enumerate(bodies, 1):
        row = chain.chained(prev, number, "2026-11-21T14:00:00Z", kind, chain.canonical(body))
        rows.append(row)
        prev = row.hash
    return rows


def _written() -> tuple[list[chain.ChainRow], dict[str, str]]:
    first = _journal(("incident.opened", {"incident": "x"}))
    digest = hashlib.sha256(b"the report").hexdigest()
    body = {"files": {"r.md": digest}, "row": 1, "hash": first[0].hash}
    return _journal(("incident.opened", {"incident": "x"}), ("report.written", body), ("later", {})), {
        "r.md": digest
    }


def test_journal_and_report_that_agree_are_whole_although_the_journal_went_on() -> None:
    rows, hashes = _written()
    assert report_writer.check(rows, hashes).whole


def test_an_altered_report_is_named() -> None:
    rows, _ = _written()
    found = report_writer.check(rows, {"r.md": "0" * 64})
    assert not found.whole
    assert "r.md was altered" in found.words


def test_the_first_altered_journal_row_is_named() -> None:
    rows, hashes = _written()
    rows[1] = chain.ChainRow(
        rows[1].seq, rows[1].at, rows[1].kind, rows[1].text.replace("r.md", "q.md"), rows[1].hash
    )
    found = report_writer.check(rows, hashes)
    assert not found.whole
    assert found.altered_row == 2


async def test_reports_are_composed_once_of_one_state_and_name_its_row_whatever_is_written_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    material, composed = _material(), []
    state = material.situation.state
    state.last_seq = 7

    def compose_one(audience: Audience, of: Material) -> Report:
        composed.append((audience, threading.get_ident()))
        return compose(audience, of)

    def written(path: Path, content: bytes) -> None:
        assert threading.get_ident() != here
        files[path.name] = content
        state.last_seq = 9

    here, files = threading.get_ident(), dict[str, bytes]()
    monkeypatch.setattr(report_writer, "compose", compose_one)
    monkeypatch.setattr(report_writer, "replace_durably", written)
    done = await report_writer.write(lambda: material, tmp_path / "reports")
    # What reads the live state runs on the loop, once for each audience; what renders and writes does not.
    assert composed == [(audience, here) for audience in Audience]
    assert done.document["journal"] == {"row": 7, "hash": "f" * 64}
    assert len(done.files) == 1 + 3 * len(Audience)
    # What is shown to be copied is what stands in the file.
    assert [text for name, text in files.items() if name.endswith("-support.txt")] == [done.support.encode()]


@pytest.mark.parametrize("moves", [0, 1, 99])
async def test_reports_are_composed_in_turns_and_anew_where_something_moved_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    material, composed, turns = _material(), list[int](), 0

    def compose_one(audience: Audience, of: Material) -> Report:
        composed.append(turns)
        return compose(audience, of)

    monkeypatch.setattr(report_writer, "compose", compose_one)
    writing = asyncio.ensure_future(report_writer.write(lambda: material, tmp_path / "reports"))
    while not writing.done() and len(composed) < 99:
        turns += 1
        # Somebody records something in every turn, so many times.
        material.situation.state.last_seq += turns in range(3, 3 + moves)
        await asyncio.sleep(0)
    done = await asyncio.wait_for(writing, HANGS)
    once, told = len(Audience), {report["journal"]["row"] for report in done.document["reports"]}
    assert len(told) == 1
    assert len(composed) == {0: once, 1: 2 * once, 99: 3 * once}[moves]
    # In turns, but in one where that never ends.
    assert len(set(composed[-once:])) == (1 if moves == 99 else once)


def test_a_strange_file_is_no_report_of_this_incident() -> None:
    rows, _ = _written()
    assert not report_writer.check(rows, {"other.md": "0" * 64}).whole
