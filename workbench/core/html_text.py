"""HTML of a hostile message reduced to text and links. Pure.

The standard library's parser takes minutes for a quarter of a megabyte of unclosed tags (its searches begin
anew at every ``<``); this one reads every character a bounded number of times, whatever the HTML is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from workbench.core.words import plural

_MOST_TAGS = 20_000
_MOST_LINKS = 200
_MOST_TEXT = 256 * 1024
# Possessive: what was read is not read again, so a tag that never ends costs one pass. Quoted values are capped, and
# what never closes (a comment, a script) reaches to the end at once.
_INSIDE = r"((?:[^<>\"']++|\"[^\"]{0,8000}+\"|'[^']{0,8000}+')*+)"
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w:.-]{0,40})\s{0,20}=\s{0,20}(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)")
_BLOCKS = frozenset(
    (
        "p",
        "div",
        "br",
        "tr",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "ul",
        "ol",
        "blockquote",
        "hr",
    )
)
_SILENT = frozenset(("script", "style", "head", "title", "template", "noscript", "svg", "math"))
_WAYS = {
    "a": "href", "area": "href", "form": "action", "img": "src", "iframe": "src", "script": "src", "link": "href",
    "base": "href", "embed": "src", "object": "data", "source": "src", "input": "formaction", "button": "formaction",
}  # fmt: skip
# Tags that say something; all others only look.
_TOLD = _BLOCKS | _SILENT | frozenset((*_WAYS, "td", "th", "meta", "body"))
# By far the most tags of a message are bare ones (``<p>``, ``</b>``), which say at most that a line ends: they stay in
# the text between the others, which is split at all of them at once.
_NAME, _END = r"[A-Za-z][A-Za-z0-9:-]{0,40}", r"\s{0,20}/?>"
_NEVER_BARE = rf"(?:{'|'.join(sorted(_SILENT | {'body', 'form'}))})[\s/>]"
_TOKEN = re.compile(
    rf"<!--(?:.*?-->|.*)|<(script|style)\b{_INSIDE}>(?:.*?(?=</\1)|.*)"
    rf"|<(?!/?(?!{_NEVER_BARE}){_NAME}{_END})(/?)({_NAME}){_INSIDE}>|<[!?][^<>]{{0,2000}}+>",
    re.DOTALL | re.IGNORECASE,
)
_BARE_TAG = re.compile(rf"</?({_NAME}){_END}")
# What a tag puts between the words before and behind it.
_DIVIDES = {**dict.fromkeys(_BLOCKS, "\n"), "td": " ", "th": " "}
_REFRESH = re.compile(r"(?i)url\s{0,20}=\s{0,20}['\"]?([^'\"]+)")
_SPACES = re.compile(r"[ \t\r\f\v\xa0]+")
_WORDS = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Reduced:
    """What is left of HTML: its text, where it leads to, and what was cut."""

    text: str
    links: tuple[str, ...]
    notes: tuple[str, ...]


def reduce(html: str) -> Reduced:
    """Return the text a reader would see, and every address that HTML names; nothing is loaded."""
    reader = _Reader()
    # The ends of lines in the source are blanks; those of the text are what its blocks make.
    html = html[:_MOST_TEXT].replace("\n", " ")
    text, place = reader.text, 0
    for number, found in enumerate(_TOKEN.finditer(html)):
        start, end = found.span()
        if start > place and not reader.hushed:
            text.append(_plain(html[place:start]))
        place = end
        if number > _MOST_TAGS:
            reader.notes.append(f"HTML of more than {_MOST_TAGS:,} tags: read up to there")
            place = len(html)
            break
        raw, of_raw, closes, name, attributes = found.groups()
        if name:
            if (told := name.lower()) in _TOLD:
                reader.tag(told, bool(closes), attributes)
        elif raw:
            reader.way(raw.lower(), of_raw)
    if not reader.hushed:
        text.append(_plain(html[place:]))
    if reader.forms:
        reader.notes.append(
            f"it holds {plural(reader.forms, 'form that asks', 'forms that ask')} for something"
        )
    # One pass over the whole text: a line end is no space here, so lines stay apart.
    lines = [line.strip() for line in _SPACES.sub(" ", "".join(text)).split("\n")]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return Reduced(
        "\n".join(kept).strip(), tuple(dict.fromkeys(reader.links))[:_MOST_LINKS], tuple(reader.notes)
    )


def tells_the_same(plain: str, html: str) -> bool:
    """Return whether two bodies hold by far the same words: what only one of them says must not be hidden."""
    left, right = (set(_WORDS.findall(text.lower())) for text in (plain, html))
    return len(right - left) <= max(2, len(right) // 5)


@dataclass(slots=True)
class _Reader:
    text: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    forms: int = 0
    silent: dict[str, int] = field(default_factory=dict)
    # Whether anything silent is open: asked at every piece of text.
    hushed: bool = False

    def tag(self, name: str, closes: bool, attributes: str) -> None:
        """Take a tag, one of those that say something."""
        if closes:
            if self.silent.get(name):
                self.silent[name] -= 1
        else:
            if attributes or name == "form":
                self.way(name, attributes)
            if name in _SILENT and not attributes.rstrip().endswith("/"):
                self.silent[name] = self.silent.get(name, 0) + 1
            elif name == "body":
                # What was left open in the head ends with it, for every browser.
                self.silent.clear()
        if name in _SILENT or name == "body":
            self.hushed = any(self.silent.values())
        if divides := _DIVIDES.get(name):
            self.text.append(divides)

    def way(self, name: str, attributes: str) -> None:
        """Take where a tag leads to."""
        held: dict[str, str] = {}
        for found in _ATTRIBUTE.finditer(attributes[:20_000]):
            held.setdefault(found[1].lower(), _unescaped(found[2].strip("\"'")))
        if name == "form" or (name == "input" and held.get("type", "").lower() == "password"):
            self.forms += 1
        way = held.get(_WAYS.get(name, ""), "").strip()
        if name == "meta" and held.get("http-equiv", "").lower() == "refresh":
            refresh = _REFRESH.search(held.get("content", "")[:4000])
            way = refresh[1] if refresh else ""
        if way and not way.startswith("#") and len(self.links) < 4 * _MOST_LINKS:
            self.links.append(way[:4000])


def _plain(piece: str) -> str:
    """Return the text between two tags that say more; bare ones may stand in it."""
    if "<" in piece:
        first, *others = _BARE_TAG.split(piece)
        tags = [_DIVIDES.get(name.lower(), "") for name in others[::2]]
        piece = first + "".join([part for pair in zip(tags, others[1::2], strict=True) for part in pair])
    return (
        "\n".join(_unescaped(line).replace("\n", " ") for line in piece.split("\n"))
        if "&" in piece
        else piece
    )


def _unescaped(text: str) -> str:
    from html import unescape  # Two thousand names of characters: not before a mail is read.

    return unescape(text) if "&" in text else text
