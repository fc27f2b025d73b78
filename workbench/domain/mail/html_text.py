"""HTML of a hostile message reduced to text and links. Pure.

The standard library's parser takes minutes for a quarter of a megabyte of unclosed tags (its searches begin
anew at every ``<``); this one reads every character a bounded number of times, whatever the HTML is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

_MOST_TAGS = 20_000
_MOST_LINKS = 200
_MOST_TEXT = 256 * 1024
# Possessive: what was read is not read again, so a tag that never ends costs one pass. Quoted values are capped.
_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,40})((?:[^<>\"']++|\"[^\"]{0,8000}+\"|'[^']{0,8000}+')*+)>|<[!?][^<>]{0,2000}+>"
)
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
_RAW = ("script", "style")
_WAYS = {
    "a": "href", "area": "href", "form": "action", "img": "src", "iframe": "src", "script": "src", "link": "href",
    "base": "href", "embed": "src", "object": "data", "source": "src", "input": "formaction", "button": "formaction",
}  # fmt: skip
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
    for number, (tag, closes, attributes, text) in enumerate(_pieces(html[:_MOST_TEXT])):
        if number > _MOST_TAGS:
            reader.notes.append(f"HTML of more than {_MOST_TAGS:,} tags: read up to there")
            break
        if tag:
            reader.tag(tag, closes, attributes)
        else:
            reader.data(text)
    if reader.forms:
        reader.notes.append(f"it holds {reader.forms} form(s) that ask for something")
    lines = [_SPACES.sub(" ", line).strip() for line in "".join(reader.text).split("\n")]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return Reduced(
        "\n".join(kept).strip(), tuple(dict.fromkeys(reader.links))[:_MOST_LINKS], tuple(reader.notes)
    )


def tells_the_same(plain: str, html: str) -> bool:
    """Return whether two bodies hold by far the same words: what only one of them says must not be hidden."""
    left, right = (set(_WORDS.findall(text.lower())) for text in (plain, html))
    return len(right - left) <= max(2, len(right) // 5)


def _pieces(html: str) -> Iterator[tuple[str, bool, str, str]]:
    """Yield tags as (name, closes, attributes, "") and text as ("", False, "", text), in their order."""
    lower = html.lower()
    place = 0
    while place < len(html):
        start = html.find("<", place)
        if start < 0:
            yield "", False, "", html[place:]
            return
        if start > place:
            yield "", False, "", html[place:start]
        if html.startswith("<!--", start):
            end = html.find("-->", start + 4)
            place = end + 3 if end >= 0 else len(html)
            continue
        found = _TAG.match(html, start)
        if found is None:
            yield "", False, "", "<"
            place = start + 1
            continue
        place = found.end()
        name = (found[2] or "").lower()
        if name:
            yield name, bool(found[1]), found[3] or "", ""
        if name in _RAW and not found[1]:
            end = lower.find(f"</{name}", place)
            place = end if end >= 0 else len(html)


@dataclass(slots=True)
class _Reader:
    text: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    forms: int = 0
    silent: dict[str, int] = field(default_factory=dict)

    def tag(self, name: str, closes: bool, attributes: str) -> None:
        """Take a tag."""
        if closes:
            if self.silent.get(name):
                self.silent[name] -= 1
            self._divide(name)
            return
        self._way(name, attributes)
        if name in _SILENT and not attributes.rstrip().endswith("/"):
            self.silent[name] = self.silent.get(name, 0) + 1
        if name == "body":
            # What was left open in the head ends with it, for every browser.
            self.silent.clear()
        self._divide(name)

    def _way(self, name: str, attributes: str) -> None:
        held: dict[str, str] = {}
        for found in _ATTRIBUTE.finditer(attributes[:20_000]):
            held.setdefault(found[1].lower(), unescape(found[2].strip("\"'")))
        if name == "form" or (name == "input" and held.get("type", "").lower() == "password"):
            self.forms += 1
        way = held.get(_WAYS.get(name, ""), "").strip()
        if name == "meta" and held.get("http-equiv", "").lower() == "refresh":
            refresh = _REFRESH.search(held.get("content", "")[:4000])
            way = refresh[1] if refresh else ""
        if way and not way.startswith("#") and len(self.links) < 4 * _MOST_LINKS:
            self.links.append(way[:4000])

    def _divide(self, name: str) -> None:
        if name in _BLOCKS:
            self.text.append("\n")
        elif name in ("td", "th"):
            self.text.append(" ")

    def data(self, text: str) -> None:
        """Take text between tags."""
        if not any(self.silent.values()):
            self.text.append(unescape(text).replace("\n", " "))
