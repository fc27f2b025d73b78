"""What a refusal's words mean together, where no known sentence is in it. Pure.

The entries of ``bounces.toml`` are sentences; this is for the words of anybody else, in whatever order they stand.
Every word has a concept (*recipient*, *gone*), each concept, each two that stand near each other and the reply's
codes speak for or against a kind with so many points (``concept_points.toml``), and a kind wins by its lead. The
kinds *list* and *receiver* are none of them: a list has a name or a wording of its own.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from typing import Any

from workbench.blocklists.entries import DataEntry
from workbench.blocklists.refusal_rules import LISTINGS, BounceKind
from workbench.core.shipped import shipped_text

# Points are logarithms of odds: whoever leads by one is almost three times as likely as the next. Of texts left out of
# the fit that lead by 0.5 to 0.7, four in five are read rightly; below 0.5 it is every other one.
LEAD = 0.5
# What one word alone must lead by, or words without any code.
MORE_LEAD = 1.4
# So far ahead, words and codes outweigh an enhanced status, and a single known phrase among them. Of 90 texts that
# neither had seen, those that led by one were right 88 times and the phrases 79 times, never where the words were not.
AGAINST_STATUS = 1.0
AGAINST_PHRASE = 1.5
# Two concepts count together within so many words; further apart they may belong to different sentences.
NEAR = 7
# "not" and its like turn the word that follows within so many words, or stands right before ("existiert nicht").
_NEGATES_AFTER = 4
_NEGATES_BEFORE = 2
_MOST_WORDS = 120
_LONG = 45
# What is spoken of alone says nothing: some word must say what is wrong with it.
_SUBJECTS = frozenset(
    {"recipient", "address", "sender", "you", "host", "domain", "name", "message", "exist", "allow"}
)
# Without any code, some word must say that something was not done: a text may be anybody's mail.
_OUTCOMES = frozenset(
    {
        "gone",
        "full",
        "refused",
        "exceed",
        "way",
        "later",
        "grey",
        "unchecked",
        "rate",
        "malware",
        "repute",
        "listword",
    }
)
# The concepts that speak of who sends.
_SENDERS = frozenset({"sender", "host", "you", "domain", "listword", "repute"})
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# Links, hosts and files are no words, nor are ids.
_NO_WORD = re.compile(r"https?://\S*|[^\s()]*[\w-]\.[\w-]+\.?\S*|#\S*")
_STATUS = re.compile(r"(?<![\d.])[245]\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"^\W{0,3}([245]\d\d)\b")
# Letters that have no accent to take away.
_LETTERS = str.maketrans(
    {"ł": "l", "đ": "d", "ø": "o", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "Ł": "l", "Ø": "o"}
)
# "MailboxFull" and "no_such_user" are several words, "rDNS" and "eMail" are one.
_JOINED = re.compile(r"(?<=[a-z]{2})(?=[A-Z])|_")


@dataclass(frozen=True, slots=True)
class Concepts:
    """Both data files, read; ``runs`` holds (a run of words, concept) by the first word of the run."""

    exact: Mapping[str, tuple[str, ...]]
    prefixes: Mapping[str, tuple[str, ...]]
    runs: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]
    scripts: Mapping[str, str]
    negated: Mapping[str, str]
    points: Mapping[str, Mapping[BounceKind, float]]


@dataclass(frozen=True, slots=True)
class Spoken:
    """The kind that the words of a refusal speak for most, and by how many points it leads."""

    kind: BounceKind
    lead: float


def spoken(text: str) -> Spoken | None:
    """Return what the words and codes of a shaped refusal speak for; None where nothing has enough of a lead.

    A text without a reply code or status may be no refusal at all: one word is then nothing; one with a code of
    success is none.
    """
    places = concepts_in(text)
    codes = _codes(text)
    if len(places) < (1 if codes else 2) or text.startswith("2") or not (codes or _OUTCOMES & places.keys()):
        return None
    found = _leading(places, [*features(places), *codes])
    return found if found and found.lead >= (LEAD if codes and len(places) > 1 else MORE_LEAD) else None


def contradicting(text: str, kind: BounceKind) -> Spoken | None:
    """Return what a refusal clearly speaks for, if that is another kind than a known phrase in it says.

    The words must say so without the codes too, and the text must be short: a long one tells of more than one thing.
    """
    places, codes = concepts_in(text), _codes(text)
    if not codes or max((at for one in places.values() for at in one), default=0) > _LONG:
        return None
    names = features(places)
    found, words = _leading(places, [*names, *codes]), _added(names)
    if found is None or found.kind is kind or found.lead < AGAINST_PHRASE:
        return None
    return found if words[found.kind] - words.get(kind, 0.0) >= LEAD else None


def _leading(places: Mapping[str, list[int]], names: list[str]) -> Spoken | None:
    if _SUBJECTS.issuperset(places):
        return None
    (kind, most), (_, second) = sorted(_added(names).items(), key=lambda one: -one[1])[:2]
    # Nobody is blocked by words that speak of no sender.
    return None if kind in LISTINGS and _SENDERS.isdisjoint(places) else Spoken(kind, most - second)


def features(places: Mapping[str, list[int]]) -> list[str]:
    """Return what points are given for beside codes: concepts, and two that stand near each other."""
    return [
        *sorted(places),
        *(
            f"{one} {other}"
            for one, other in combinations(sorted(places), 2)
            if min(abs(a - b) for a in places[one] for b in places[other]) <= NEAR
        ),
    ]


def _codes(text: str) -> list[str]:
    found = []
    status = _STATUS.search(text)
    if status is not None:
        found += [f"status {status[1]}", f"status {status[1]}.{status[2]}"]
    reply = _REPLY.match(text)
    if reply is not None:
        found += [f"reply {reply[1][0]}", f"reply {reply[1]}"]
    return found


def every_feature(text: str) -> list[str]:
    """Return all that points are given for in a shaped refusal."""
    return [*features(concepts_in(text)), *_codes(text)]


def concepts_in(text: str) -> dict[str, list[int]]:
    """Return the concepts in a shaped refusal, each with where it stands (by words); negated ones as what they are."""
    known = load()
    words = _words(text)
    found: list[tuple[int, str]] = []
    for at, word in enumerate(words):
        found += ((at, concept) for concept in _of_word(word))
        for run, concept in known.runs.get(word, ()):
            if tuple(words[at : at + len(run)]) == run:
                found.append((at, concept))
    turning = [at for at, concept in found if concept == "not"]
    places: dict[str, list[int]] = {}
    for at, concept in found:
        turned = any(-_NEGATES_BEFORE <= at - other <= _NEGATES_AFTER and at != other for other in turning)
        if concept in known.negated:
            concept = known.negated[concept] if turned else concept
        if concept != "not":
            places.setdefault(concept, []).append(at)
    return places


def _added(names: list[str]) -> dict[BounceKind, float]:
    points = load().points
    found = dict(points["always"])
    for name in names:
        for kind, number in points.get(name, {}).items():
            found[kind] += number
    return found


def _words(text: str) -> list[str]:
    # shape() puts "(ip)" for an address.
    plain = _folded(_JOINED.sub(" ", _NO_WORD.sub(" ", text.replace("(ip)", " ip "))))
    return [part for word in _WORD.findall(plain.lower())[:_MOST_WORDS] for part in _parted(word)]


def _folded(text: str) -> str:
    """Return a text without accents, each letter that is no accented one of its own as what stands for it."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(char for char in parts if not unicodedata.combining(char))


def _parted(word: str) -> Iterator[str]:
    """Yield a word, ``isn't`` as *is* and *not*."""
    stem, quote, end = word.replace("’", "'").partition("'")
    if quote and end == "t":
        yield stem.removesuffix("n")
        yield "not"
    else:
        yield stem
        if len(end) > 2:
            yield end


@lru_cache(maxsize=8192)
def _of_word(word: str) -> tuple[str, ...]:
    known = load()
    found = dict.fromkeys(known.exact.get(word, ()))
    for length in range(2, len(word) + 1):
        found.update(dict.fromkeys(known.prefixes.get(word[:length], ())))
    if not word.isascii():
        # Chinese, Japanese and Korean put no spaces between words.
        found.update(dict.fromkeys(concept for part, concept in known.scripts.items() if part in word))
    return tuple(found)


@cache
def load() -> Concepts:
    """Return what the package knows of words; raises UsageError naming a mistake in the data."""
    document, points = _read("concepts.toml"), _read("concept_points.toml")["points"]
    exact: dict[str, tuple[str, ...]] = {}
    prefixes: dict[str, tuple[str, ...]] = {}
    runs: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {}
    scripts: dict[str, str] = {}
    for concept, words in document["words"].items():
        for word in map(_folded, DataEntry({"words": words}, f"concept {concept}").texts("words")):
            if word.startswith("*"):
                scripts[word.strip("*")] = concept
            elif " " in word:
                run = tuple(word.split())
                runs[run[0]] = (*runs.get(run[0], ()), (run, concept))
            elif word.endswith("*"):
                prefixes[word[:-1]] = (*prefixes.get(word[:-1], ()), concept)
            else:
                exact[word] = (*exact.get(word, ()), concept)
    return Concepts(
        exact=exact,
        prefixes=prefixes,
        runs=runs,
        scripts=scripts,
        negated=document["negated"],
        points={
            name: {BounceKind(kind): float(number) for kind, number in table.items()}
            for name, table in points.items()
        },
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(shipped_text("workbench.blocklists", name))
