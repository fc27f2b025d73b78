"""Messages: the short way of reading answers must agree with dnspython, and noise must not get through."""

from __future__ import annotations

import subprocess
import sys

import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.blocklists.wire import (
    SOA,
    TXT,
    A,
    AnswerState,
    _read_plain,
    _read_plain_addresses,
    _read_records,
    query_bytes,
    question_bytes,
    read_answer,
    wire_labels,
)

QUESTION = question_bytes(wire_labels("2.0.0.127"), wire_labels("bl.example.com"), A)


def response(*addresses: str, ttl: int = 60, rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> bytes:
    """Return an answer to QUESTION as a server would send it."""
    query = dns.message.from_wire(query_bytes(7, QUESTION))
    message = dns.message.make_response(query)
    message.set_rcode(rcode)
    if addresses:
        message.answer.append(dns.rrset.from_text(query.question[0].name, ttl, "IN", "A", *addresses))
    return message.to_wire()


def test_a_query_is_what_dnspython_makes() -> None:
    ours = dns.message.from_wire(query_bytes(4711, QUESTION))
    theirs = dns.message.make_query("2.0.0.127.bl.example.com.", "A", id=4711)
    assert ours.to_wire() == theirs.to_wire()
    text = question_bytes(wire_labels("x"), wire_labels("bl.example.com"), TXT)
    assert dns.message.from_wire(query_bytes(1, text)).question[0].rdtype == dns.rdatatype.TXT


@given(
    st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=12, unique=True),
    st.integers(min_value=0, max_value=2**31 - 1),
)
def test_the_short_way_agrees_with_dnspython(addresses: list[str], ttl: int) -> None:
    data = response(*addresses, ttl=ttl)
    short = _read_plain_addresses(data, 12 + len(QUESTION))
    whole = _read_records(data)
    assert short is not None
    assert (set(short.addresses), short.ttl, short.state) == (set(whole.addresses), whole.ttl, whole.state)


@given(st.binary(max_size=200))
def test_noise_is_never_found_nor_absent(noise: bytes) -> None:
    assert read_answer(noise, QUESTION) is None
    answer = read_answer(response()[: 12 + len(QUESTION)] + noise, QUESTION)
    assert answer is not None


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_flipped_byte_never_makes_a_listing_clean(where: int, value: int) -> None:
    data = bytearray(response("127.0.0.2", "127.0.0.4"))
    data[where % len(data)] = value
    answer = read_answer(bytes(data), QUESTION)
    # Only a flip of the very bits that say so may: the rcode becoming NXDOMAIN without any record, or
    # the count of answers becoming zero.
    if answer is not None and answer.state is AnswerState.ABSENT:
        assert where % len(data) in {3, 6, 7}


def test_case_of_the_echoed_name_does_not_matter_but_the_name_does() -> None:
    data = response("127.0.0.2")
    shouted = data[:12] + data[12 : 12 + len(QUESTION)].upper() + data[12 + len(QUESTION) :]
    answer = read_answer(shouted, QUESTION)
    assert answer is not None
    assert answer.state is AnswerState.FOUND
    other = question_bytes(wire_labels("3.0.0.127"), wire_labels("bl.example.com"), A)
    assert read_answer(data, other) is None
    assert read_answer(data, QUESTION[:-4] + TXT) is None


def test_nxdomain_and_empty_answers_are_absent_and_truncated_ones_are_not() -> None:
    for data in (response(rcode=dns.rcode.NXDOMAIN), response()):
        answer = read_answer(data, QUESTION)
        assert answer is not None
        assert answer.state is AnswerState.ABSENT
        cut = read_answer(data[:2] + bytes([data[2] | 0x02]) + data[3:], QUESTION)
        assert cut is not None
        assert cut.state is AnswerState.TRUNCATED


def test_an_alias_to_an_address_is_followed() -> None:
    query = dns.message.from_wire(query_bytes(7, QUESTION))
    message = dns.message.make_response(query)
    message.answer.append(dns.rrset.from_text(query.question[0].name, 30, "IN", "CNAME", "x.example.com."))
    message.answer.append(dns.rrset.from_text("x.example.com.", 10, "IN", "A", "127.0.0.3"))
    answer = read_answer(message.to_wire(), QUESTION)
    assert answer is not None
    assert (answer.addresses, answer.ttl) == (("127.0.0.3",), 10)


def test_a_ttl_with_its_top_bit_set_counts_as_zero() -> None:
    data = response("127.0.0.2")
    at = 12 + len(QUESTION) + 6
    answer = read_answer(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :], QUESTION)
    assert answer is not None
    assert answer.ttl == 0


def test_names_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 63"):
        wire_labels("a..b")
    with pytest.raises(ValueError, match="too long"):
        question_bytes(wire_labels(".".join(["a" * 60] * 4)), wire_labels("bl.example.com"), A)


def told(
    kind: bytes, *answers: str, authority: str = "", rcode: dns.rcode.Rcode = dns.rcode.NOERROR
) -> bytes:
    """Return an answer to the question for ``kind`` at QUESTION's name; records as zone files write them."""
    query = dns.message.from_wire(query_bytes(7, QUESTION[: -len(A)] + kind))
    message = dns.message.make_response(query)
    message.set_rcode(rcode)
    name = query.question[0].name
    for text in answers:
        form, _, rest = text.partition(" ")
        message.find_rrset(
            message.answer, name, dns.rdataclass.IN, dns.rdatatype.from_text(form), create=True
        ).add(dns.rdata.from_text("IN", form, rest), 300)
    if authority:
        form, _, rest = authority.partition(" ")
        message.authority.append(dns.rrset.from_text("bl.example.com.", 60, "IN", form, rest))
    return message.to_wire()


START = "SOA ns.example.com. host.example.com. 1 2 3 4 5"
PLAIN = {
    "a text": told(TXT, 'TXT "v=DMARC1; p=none"'),
    "one of several strings": told(TXT, 'TXT "v=DMARC1;" " p=none" ""'),
    "several texts": told(TXT, 'TXT "one"', 'TXT "two"', 'TXT "one"'),
    "not UTF-8": told(TXT, 'TXT "\\255\\254"'),
    "an empty text": told(TXT, 'TXT ""'),
    "no text here, and who says so": told(TXT, authority=START),
    "no such name": told(TXT, authority=START, rcode=dns.rcode.NXDOMAIN),
    "nothing at all": told(TXT),
    "no address here": told(A, authority=START),
}
ODD = {
    "an alias": told(TXT, "CNAME elsewhere.example.com."),
    "a referral": told(TXT, authority="NS ns.example.com."),
    "a text where an address was asked": told(A, 'TXT "one"'),
}


@pytest.mark.parametrize("name", [*PLAIN, *ODD])
def test_texts_and_empty_answers_are_read_as_dnspython_reads_them(name: str) -> None:
    data = (PLAIN | ODD)[name]
    kind = data[12 + len(QUESTION) - len(A) : 12 + len(QUESTION)]
    short = _read_plain(data, 12 + len(QUESTION), kind)
    assert (short is None) == (name in ODD)
    whole = _read_records(data)
    assert short in (None, whole) and read_answer(data, QUESTION[: -len(A)] + kind) == whole


def test_a_start_of_authority_is_found() -> None:
    data = told(SOA, START)
    answer = read_answer(data, QUESTION[: -len(A)] + SOA)
    assert answer is not None and answer.state is AnswerState.FOUND and answer.ttl == 300


@pytest.mark.parametrize("name", PLAIN)
def test_what_was_cut_or_lengthened_is_never_read_by_the_short_way(name: str) -> None:
    data, at = PLAIN[name], 12 + len(QUESTION)
    kind = data[at - len(A) : at]
    for size in range(at, len(data)):
        assert _read_plain(data[:size], at, kind) is None, size
    assert _read_plain(data + b"\x00", at, kind) is None


@given(st.sampled_from([*PLAIN]), st.integers(2, 200), st.integers(0, 255))
def test_a_flipped_byte_is_read_as_dnspython_reads_it_or_not_at_all(
    name: str, where: int, value: int
) -> None:
    data = bytearray(PLAIN[name])
    data[where % len(data)] = value
    at = 12 + len(QUESTION)
    short = _read_plain(bytes(data), at, TXT)
    if short is not None and short.state is AnswerState.FOUND:
        whole = _read_records(bytes(data))
        assert whole.state is not AnswerState.FOUND or whole.texts == short.texts


def test_dnspython_is_not_loaded_for_ordinary_answers() -> None:
    texts = {name: (data.hex(), (12 + len(QUESTION))) for name, data in PLAIN.items()}
    program = (
        "import sys; from workbench.blocklists.wire import read_answer\n"
        f"for data, at in {list(texts.values())!r}:\n"
        "    data = bytes.fromhex(data); assert read_answer(data, data[12:at]) is not None\n"
        "print('dns' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
