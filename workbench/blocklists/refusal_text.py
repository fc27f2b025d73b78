"""One refusal's text made comparable: who says it, and what is left when addresses and ids are taken out. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A refusal is a line or two. What is longer is cut before it is searched.
LONGEST = 4_000
_MAIL_ADDRESS = re.compile(
    r"[^\s@<>\"'(),;:\[\]]{1,200}@(?!(?:abuse-att|rx\.t-online)\.)[A-Za-z0-9.-]{1,200}"
)
# Whom a refusal says to write to is who refuses: the domain of such an address stays.
_PROVIDER_ADDRESS = re.compile(
    r"(?:\b(?:abuse|postmaster|noc|(?:un)?block|delist)[\w.-]{0,30}@|[\w.-]{1,60}@(?=(?:abuse-att|rx\.t-online)\.))"
    r"([A-Za-z0-9.-]{1,200})",
    re.IGNORECASE,
)
_OTHER_IP4 = re.compile(r"\b(?!127\.)\d{1,3}(?:\.\d{1,3}){3}\b")
_MESSAGE_ID = re.compile(r"(?<![\w#-])(?=[A-Za-z-]*\d)[A-Za-z0-9-]{16,}(?![\w-])")
# A receiver's key for Spamhaus' paid zones is a secret of the receiver, and no part of the meaning.
_QUERY_KEY = re.compile(r"\b[a-z0-9]{26}\.(?=\w+\.dq\.spamhaus\.net)", re.IGNORECASE)
_REPLY = re.compile(r"^\W{0,3}([245]\d\d)[- ](?:#?([245]\.\d{1,3}\.\d{1,3})\s)?")
# "host mx.example.org[192.0.2.7] said:", "host: mx.example.org (192.0.2.7) reason:", "host mx.example.org
# [192.0.2.7]: 550" (Postfix, 1&1, Exim). In "550 host mta.example.org [192.0.2.7] is not welcome" the host is who
# sends: its name says nothing of who refuses.
_SAID = re.compile(
    r"\bhost:? {1,3}(?P<host>[\w-]+(?:\.[\w-]+){1,8}) ?[\[(][0-9a-fA-F.:]{3,45}[\])]"
    r"(?: said:?| refused to talk to me:?| reason:?|:(?= ?[245]\d\d\b|$)| (?=[245]\d\d[ -]))"
)
# A server greets with its own name: "554 mx1.example.org ESMTP …", "554-mx1.example.org 554 …",
# "554 mx1.example.org example.org 192.0.2.7 …"; what only names a host may name the sender's.
_GREETS = re.compile(
    r"^\W{0,3}[45]\d\d[- ](?:#?[45]\.\d{1,3}\.\d{1,3} )?(?P<host>[\w-]{1,63}(?:\.[\w-]{1,63}){2,8})"
    r"(?= (?:[\w.]{0,20}smtp\b|Error:|[45]\d\d[- ]|[\w-]{1,63}\.[a-z]{2,24} "
    r"|(?:[\w.-]{2,60} )?\d{1,3}(?:\.\d{1,3}){3}\b))",
    re.IGNORECASE,
)
# "host 'mx.example.org' rejected command 'DATA' with code 550 (5.7.1) 'text'" (Stalwart)
_REJECTED_COMMAND = re.compile(
    r"\bhost '([\w.-]{3,253})' rejected command '[^']{1,300}' with code (\d{3}) \((\d\.\d+\.\d+)\) '?"
)
# A server's own files ("/var/mail/spam-1.gz") and its names for a reason ("BAD_RECIPIENT") are no words.
_FILE = re.compile(r"(?<![\w:/.=])/(?:[\w.+-]+/){2,}[^\s,;)]*")
_JOINED = re.compile(r"(?<=[A-Z]{2})_(?=[A-Z]{2})")
# "Rejecting due to security policy - recipient undeliverable": that it is a policy tells nothing beside what it says.
_POLICY = re.compile(
    r"\b(?:(?:reject\w*|refus\w+|den(?:ied|ying)|block(?:ed|ing)) (?:due to|because of|by|for|per) "
    r"(?:(?:our|the|a|site|local|security|server|system|mail) ){0,3}polic(?:y|ies)(?: reasons?| violations?)?"
    r"|policy (?:rejection|violation))\s?[-:] (?=[a-z]{3,} )"
    r"(?!(?:please|see|for|visit|contact|more|refer|try|http)\b)",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"SMTP error from remote (?:mail )?server (?:after|for) [A-Za-z ]{3,40}(?::?<?@?>?)?(?: SIZE=\d+)?:?,?|"
    r"\(in reply to [^)]{3,60}\)|\bremote (?:host|server|mta) (?:said|returned):?",
    re.IGNORECASE,
)
_NOT_LISTED = re.compile(
    r"\b(?:is )?(?:not|isn't|no longer) (?:currently )?(?:black)?listed\b"
    r"(?! in (?:the )?(?:\w+ )?(?:directory|address|name|public))"
    r"|\bif (?:you|(?:your|the) [\w ]{2,24}) (?:is|are|were|was|have been|has been) (?:\w+ )?(?:black|block)?-?listed "
    r"(?:at|by|in|on|with) [^.;,]{2,60}"
    r"|\bnot (?:currently )?(?:on|in) (?:any|one of the|a|the) (?:\w+ )?(?:black|block|deny)[- ]?lists?\b",
    re.IGNORECASE,
)


# A mailbox that is full or unknown, or a line that broke, says nothing of the sender, whoever's product the server
# names beside it.
_RECIPIENT = re.compile(
    r"\b(?:user|recipient|mailbox|account|address)\b.{0,40}\b(?:unknown|not found|not exist|no longer|disabled|full)\b|"
    r"\b(?:unknown|no such) (?:user|recipient|mailbox|account)\b|\bover ?quota\b|\bquota exceeded\b|"
    r"\btimed? ?out\b|\bconnection (?:was )?(?:lost|reset|aborted)\b|\bno route to host\b|\bgr[ae]y-?list",
    re.IGNORECASE,
)
# "Please make sure that you have SPF and a reverse name": advice names many things, none of which may be the reason.
_ADVICE = re.compile(
    r"(?<=[.!?;,]) (?:please(?! (?:try|come|re-?try|wait|re-?send|contact (?:@|\(at\))))|(?:and )?make sure|ensure|"
    r"contact(?! (?:@|\(at\)))|see|visit|check|consider|learn|refer|ask|use|add|more info\w*|if you|"
    r"for (?:more|further|help|assistance|information|details|explanation)|you (?:can|may|should)|"
    r"to (?:resolve|request|get|fix|prevent)|bitte|veuillez|por favor|per favore|prosimy)\b",
    re.IGNORECASE,
)
# The name of a list beside a refusal is none of its listings where nothing says that somebody was looked up.
_LOOKED_UP = re.compile(
    r"(?:black|block)(?!list\.)|list(?!\.)|reject|refus|den(?:y|ied)|bann|reput|\brbl|\bpoor\b|https?:|www\.|\b[sxpdz]bl\b|found|score|"
    r"spam (?:source|host|ip)|\bcss\b|\w\.\w+\.(?:org|net|com|de)\b",
    re.IGNORECASE,
)
_CODED = re.compile(r"\W{0,3}(?:[245]\d\d\b|[245]\.\d{1,3}\.\d{1,3}\b)")
_LIST_PAGE = re.compile(r"https?://[^\s]{0,80}?(?:\b\w{0,8}bl\b|black|block)", re.IGNORECASE)
# A code and two words.
_FEWEST_WORDS = 3
_SENDER = re.compile(
    r"black|block|\blist(?:ed|ing)|reputation|\bpoor\b|bann|refus|den(?:y|ied)|spam (?:source|host|ip)|"
    r"(?<!address )(?<!recipient )reject",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Shaped:
    """A refusal without what differs from message to message; ``host`` is the one that is quoted, if any."""

    text: str
    host: str


def shape(text: str, code: int | None = None) -> Shaped:
    """Return a refusal in the one shape that is looked at; equal refusals of a wave become one text.

    Line breaks of the reply (``550-5.7.1 … 550 5.7.1 …``) are undone, mail addresses become ``@``, other
    addresses ``(ip)``, ids ``#``. ``code`` is put in front where the text has none.
    """
    line = " ".join(text[:LONGEST].replace("...", "... ").split())
    # A log holds tens of thousands: an expression runs only where its plainest part is in the text.
    line = masked(line)
    if "@" in line:
        line = _MAIL_ADDRESS.sub("@", _PROVIDER_ADDRESS.sub(r"(at) \1", line))
    if "rejected command" in line:
        line = _REJECTED_COMMAND.sub(r"host \1[0.0.0.0] said: \2 \3 ", line)
    said = _SAID.search(line)
    if said is not None:
        line = _SAID.sub(" ", line)
    else:
        said = _GREETS.search(line)
    if "rror from" in line or "in reply to" in line or "emote " in line:
        line = _AFTER.sub(" ", line)
    line = _unwrapped(line.strip(" :,;"))
    line = _JOINED.sub(" ", _FILE.sub("(file)", line))
    if "polic" in line.lower():
        line = _POLICY.sub("rejected: ", line)
    line = _MESSAGE_ID.sub("#", _OTHER_IP4.sub("(ip)", line))
    if "list" in line.lower():
        line = _NOT_LISTED.sub("(absent)", line)
    if code is not None and 400 <= code <= 599 and _REPLY.match(line) is None:
        line = f"{code} {line}"
    return Shaped(" ".join(line.split()), said["host"].lower() if said is not None else "")


def of_recipient(text: str) -> bool:
    """Return whether a refusal is about its recipient or the way alone: no word in it turns against the sender."""
    if _RECIPIENT.search(text) is None:
        return False
    # Hosts and zones hold such words in their names.
    return _SENDER.search(" ".join(word for word in text.split() if "." not in word[:-1])) is None


def looks_up(text: str) -> bool:
    """Return whether a refusal says at all that a list was asked, and not only names who runs one."""
    return _LOOKED_UP.search(text) is not None


def without_advice(text: str) -> str:
    """Return a server's reply up to the sentence that tells what to do about it; all of it where it begins with that.

    What is no reply (a notice for people) has no such order; a page that is a list's is part of the reason.
    """
    found = _ADVICE.search(text) if _CODED.match(text) else None
    if found is None or len(text[: found.start()].split()) < _FEWEST_WORDS:
        return text
    return text if _LIST_PAGE.search(text, found.start()) else text[: found.start()]


def masked(text: str) -> str:
    """Return a refusal as it may be kept and shown: without a receiver's query key."""
    return _QUERY_KEY.sub("(key).", text) if ".dq." in text.lower() else text


def _unwrapped(line: str) -> str:
    """Return a reply of several lines as one: its code is said once, at the beginning."""
    first = _REPLY.match(line)
    if first is None:
        return line
    code, status = first[1], first[2]
    again = rf"(?<=\s){code}[- ](?:#?{re.escape(status)}\s+)?" if status else rf"(?<=\s){code}[- ]"
    head, rest = line[: first.end()], line[first.end() :]
    return head.replace(f"{code}-", f"{code} ", 1) + re.sub(again, "", " " + rest)[1:]
