"""``workbench blocklists --notice``: a pasted bounce or notice read; needs neither account nor network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workbench.blocklists.bounces import BounceMeaning
from workbench.blocklists.notices import ReadNotice, is_silent, read_notice
from workbench.cli.output import document, say, text
from workbench.cli.streams import read_whatever
from workbench.core.atomic_files import read_plain
from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.documents import documents

_LARGEST = 1_000_000


def run(options: argparse.Namespace) -> int:
    """Run the command: 0 for what is understood and no listing, 1 for a listing or block, 3 for what is not."""
    found = read_notice(_read(options.notice))
    if options.json:
        document({**documents.head("blocklists", None), "listings": [], "notice": notice_json(found)})
    else:
        text(notice_text(found))
    if found.looks_like_a_listing:
        return 1
    if is_silent(found.meaning) and found.shape != "complaint":
        say("Nothing in this text says who refused what, or why: it is no answer either way.")
        return 3
    return 0


def _read(name: str) -> str:
    if name == "-":
        return read_whatever(_LARGEST)
    try:
        return read_plain(Path(name)).decode("utf-8", "replace")[:_LARGEST]
    except OSError as error:
        raise UsageError(
            f"The notice {visible(name, 200)} cannot be read ({error.strerror}).",
            "",
            "Give a file that holds the bounce or notice, or - to paste it.",
        ) from error


def notice_text(found: ReadNotice) -> str:
    """Return what a pasted bounce or notice says, for people."""
    meaning = found.meaning
    if found.shape == "complaint":
        rows = [("kind", "a complaint of a reader, no refusal and no listing")]
    elif meaning is None:
        rows = [("", "Nothing known is in this text; read it for a link or an address to ask.")]
    else:
        rows = [
            ("who", meaning.provider),
            ("kind", f"{meaning.kind.value}: {_verdict(meaning)}"),
            ("means", meaning.means),
            ("do", meaning.todo),
            ("NEVER PAY", meaning.do_not_pay),
            ("page", meaning.page),
            ("list", f"{meaning.zone} (tier {meaning.tier})" if meaning.zone else ""),
            ("they ask", "; ".join(meaning.asks)),
            ("also", ", ".join(f"{other.provider} ({other.kind.value})" for other in found.others)),
        ]
    rows += [
        ("about", ", ".join(found.addresses)),
        ("said by", found.host),
        ("text", found.reason),
        ("links", " ".join(found.links)),
    ]
    return "\n".join(f"{name:<9} {visible(words, 500)}" for name, words in rows if words)


def _verdict(meaning: BounceMeaning) -> str:
    if not meaning.understood:
        return "cannot tell whether it is a listing"
    if not meaning.is_listing:
        return "NOT a listing of yours"
    return f"a listing or block of the sender{f' ({meaning.about})' if meaning.about else ''}"


def notice_json(found: ReadNotice) -> dict[str, Any]:
    """Return what a pasted bounce or notice says, as the document shows it."""
    meaning = found.meaning
    return {
        "shape": found.shape,
        "host": found.host or None,
        "recipients": found.recipients,
        "list": meaning.provider if meaning is not None else None,
        "kind": meaning.kind.value if meaning is not None else None,
        "is_listing": meaning is not None and meaning.is_listing,
        "understood": meaning is not None and meaning.understood,
        "about": meaning.about or None if meaning is not None else None,
        "means": meaning.means if meaning is not None else None,
        "todo": meaning.todo if meaning is not None else None,
        "page": meaning.page if meaning is not None else None,
        "zone": meaning.zone if meaning is not None else None,
        "tier": meaning.tier if meaning is not None else None,
        "do_not_pay": meaning.do_not_pay if meaning is not None else None,
        "asks": list(meaning.asks) if meaning is not None else [],
        "others": [other.provider for other in found.others],
        "addresses": list(found.addresses),
        "codes": list(found.codes),
        "links": list(found.links),
        "reason": found.reason,
    }
