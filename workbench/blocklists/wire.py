"""DNS messages for look-ups: a query as bytes, and an answer read without trusting it.

Nearly all answers to blocklist queries are NXDOMAIN or plain A records of the name asked for: those are read
as bytes, because whole message objects cost several times as much as everything else a look-up does. So are plain
texts, a start of authority and empty answers (``plain_records``): dnspython's message classes, 4 MB, are loaded where
another answer comes: aliases, referrals, oddities.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workbench.blocklists import plain_records

A = b"\x00\x01\x00\x01"
TXT = b"\x00\x10\x00\x01"
SOA = b"\x00\x06\x00\x01"
LONGEST_WIRE_NAME = 255
# What the reason of a failure begins with: a server that said so itself, and silence.
REFUSED, SILENT = "the server answered", "no answer within"
_RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH"}
# One RRset of this many addresses or texts is already absurd; the rest would only fill the screen.
_MOST_RECORDS = 32
# An A record whose name is a pointer to the question: pointer, type, class, TTL, length, address.
_PLAIN_RECORD = 2 + 2 + 2 + 4 + 2 + 4
_LONGEST_TTL = 2**31 - 1


class NotLoaded(Exception):
    """An answer that takes dnspython to read, which nobody needed until now."""


class _Library:
    ready = False


class AnswerState(StrEnum):
    """How an answer (or its absence) is to be taken."""

    FOUND = "found"
    ABSENT = "absent"
    TRUNCATED = "truncated"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """One answer: the addresses or texts found, the TTL in seconds, or why it is no answer."""

    state: AnswerState
    addresses: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    ttl: int | None = None
    reason: str = ""


NOTHING = DnsAnswer(AnswerState.ABSENT)
CUT_SHORT = DnsAnswer(AnswerState.TRUNCATED, reason="the answer was cut short")


def failed(reason: str) -> DnsAnswer:
    """Return an answer that says nothing, with the reason."""
    return DnsAnswer(AnswerState.FAILED, reason=reason)


def wire_labels(name: str) -> bytes:
    """Return a dotted ASCII name as DNS labels without the root; raise ValueError where it cannot be one."""
    out = bytearray()
    for label in name.encode("ascii").split(b"."):
        if not 1 <= len(label) <= 63:
            raise ValueError("a label of a name has 1 to 63 characters")
        out.append(len(label))
        out += label
    return bytes(out)


def question_bytes(labels: bytes, suffix: bytes, kind: bytes) -> bytes:
    """Return the question section for labels in front of a zone; ValueError where the name is too long."""
    if len(labels) + len(suffix) + 1 > LONGEST_WIRE_NAME:
        raise ValueError("the name is too long for this zone")
    return labels + suffix + b"\x00" + kind


def text_question(question: bytes) -> bytes:
    """Return the question for the reason (TXT) of the name that a question asks for."""
    return question[: -len(TXT)] + TXT


def query_bytes(number: int, question: bytes) -> bytes:
    """Return a query with that id: recursion desired, one question, nothing else."""
    return number.to_bytes(2) + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + question


def read_answer(data: bytes, question: bytes, *, on_loop: bool = False) -> DnsAnswer | None:
    """Return what a datagram or a TCP message answers to ``question``; None where it is no answer to it.

    The first that takes dnspython takes a tenth of a second: ``on_loop`` raises NotLoaded instead, and a thread
    reads it.

    The caller has compared the id and the source. Names compare without regard to case (lengths of
    labels are below 64 and types here below 65, so lowering the bytes changes letters only).
    """
    if len(data) < 12 + len(question) or not data[2] & 0x80 or data[2] & 0x78:
        return None
    echoed = data[12 : 12 + len(question)]
    if data[4:6] != b"\x00\x01" or (echoed != question and echoed.lower() != question.lower()):
        return None
    if data[2] & 0x02:
        return CUT_SHORT
    rcode = data[3] & 0x0F
    if rcode == 3 and data[6:8] == b"\x00\x00":
        return NOTHING
    if rcode not in {0, 3}:
        return failed(f"{REFUSED} {_RCODES.get(rcode, f'error {rcode}')}")
    at = 12 + len(question)
    plain = _read_plain_addresses(data, at) or _read_plain(data, at, question[-len(A) :])
    if plain is None and on_loop and not _Library.ready:
        raise NotLoaded
    return plain or _read_records(data)


def _read_plain_addresses(data: bytes, at: int) -> DnsAnswer | None:
    """Return the answer where it holds nothing but A records of the very name asked for, else None.

    That is every ordinary listing. Whatever else stands in an answer section is left to dnspython.
    """
    count = int.from_bytes(data[6:8])
    end = at + count * _PLAIN_RECORD
    if data[3] & 0x0F or not 1 <= count <= _MOST_RECORDS or len(data) < end:
        return None
    addresses = []
    ttl = _LONGEST_TTL
    for start in range(at, end, _PLAIN_RECORD):
        if data[start : start + 6] != b"\xc0\x0c" + A or data[start + 10 : start + 12] != b"\x00\x04":
            return None
        seconds = int.from_bytes(data[start + 6 : start + 10])
        # RFC 2181, section 8: a TTL with the top bit set is to be taken as zero.
        ttl = min(ttl, seconds if seconds <= _LONGEST_TTL else 0)
        addresses.append("{}.{}.{}.{}".format(*data[start + 12 : start + 16]))
    return DnsAnswer(AnswerState.FOUND, addresses=tuple(addresses), ttl=ttl)


def _read_plain(data: bytes, at: int, kind: bytes) -> DnsAnswer | None:
    """Return the answer where it holds plain texts, a start of authority, or nothing; else None."""
    found = plain_records.read(data, at)
    if found is None:
        return None
    answers, authority = found
    if not answers:
        # A referral, from a server that does not resolve, is nobody's word that there is nothing.
        return NOTHING if SOA in {record.kind for record in authority} or not authority else None
    if data[3] & 0x0F or len(answers) > _MOST_RECORDS or kind not in {TXT, SOA}:
        return None
    if any(not record.of_question or record.kind != kind for record in answers):
        return None
    ttl = min(record.ttl if record.ttl <= _LONGEST_TTL else 0 for record in answers)
    if kind == SOA:
        return DnsAnswer(AnswerState.FOUND, ttl=ttl)
    texts = [plain_records.text(record.data) for record in answers]
    if None in texts:
        return None
    return DnsAnswer(
        AnswerState.FOUND, texts=tuple(dict.fromkeys(t for t in texts if t is not None)), ttl=ttl
    )


def _read_records(data: bytes) -> DnsAnswer:
    # Loaded at the first odd answer: most runs meet none.
    import dns.exception
    import dns.message
    import dns.rdatatype

    _Library.ready = True
    try:
        message = dns.message.from_wire(data, one_rr_per_rrset=False)
        if not isinstance(message, dns.message.QueryMessage):
            return failed("the answer is no answer to a query")
        chain = message.resolve_chaining()
    except (dns.exception.DNSException, ValueError) as error:
        return failed(f"the answer cannot be read ({type(error).__name__})")
    if chain.answer is None:
        if message.answer:
            return failed("the answer holds other records than those asked for")
        kinds = {rrset.rdtype for rrset in message.authority}
        if dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds:
            return failed("the server only pointed to other servers: it does not resolve")
        return NOTHING
    records = list(chain.answer)[:_MOST_RECORDS]
    if chain.answer.rdtype == dns.rdatatype.A:
        return DnsAnswer(
            AnswerState.FOUND, addresses=tuple(record.address for record in records), ttl=chain.minimum_ttl
        )
    texts = tuple(b"".join(record.strings).decode("utf-8", "replace") for record in records)
    return DnsAnswer(AnswerState.FOUND, texts=texts, ttl=chain.minimum_ttl)
