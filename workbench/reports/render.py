"""Reports as files: plain text for a ticket box, Markdown, and one HTML page that opens without a network.

Whatever came from outside is text and stays text: escaped for the format it stands in, and a cell that a
spreadsheet would take for a formula is defused when somebody pastes the table there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from textwrap import wrap

from tabulate import tabulate

from workbench.core.redact import visible
from workbench.reports.blocks import Block, Bullets, Chart, Table, Text
from workbench.reports.report import Report

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#|~!])")
# What renderers make a link of although it is no Markdown: addresses of the web, and schemes that run something.
_SCHEMES = "|".join(
    rf"(?<=\b{scheme})(?=:)" for scheme in ("javascript", "vbscript", "data", "file", "mailto")
)
_AUTOLINK = re.compile(rf"(?i)(?<=:)(?=//)|(?<=\bwww)(?=\\?\.)|{_SCHEMES}")
# How a cell must not begin, also after spaces and in full-width letters; a minus only before a number or a space.
_FORMULA = re.compile(r"\s*(?:[=+@＝＋＠]|－|-(?![\d.,:%\s]*$|\s))")
_BAR = 40
_BESIDE_A_HEAD = 2  # columns that tabulate keeps free beside the head of a plain table
_LONG_WORD = 28  # a longer one may be broken
_NARROW = 8


def cell(value: str) -> str:
    """Return a table cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    plain = visible(value, 400)
    return f"'{plain}" if _FORMULA.match(plain) else plain


def text(report: Report) -> str:
    """Return a report as plain text, for a ticket box."""
    out = [
        report.title,
        "=" * len(report.title),
        f"Incident {report.incident}, written {report.written_at}",
        "",
    ]
    for section in report.sections:
        out += [section.title, "-" * len(section.title)]
        for block in section.blocks:
            out += [_text_block(block, report.width), ""]
    return "\n".join([*out, *wrapped(report.seal, report.width), ""])


def wrapped(paragraph: str, width: int, mark: str = "") -> list[str]:
    """Return a paragraph as lines of at most ``width`` columns, after a mark such as ``- ``."""
    return wrap(
        paragraph, width, initial_indent=mark, subsequent_indent=" " * len(mark), break_on_hyphens=False
    ) or [mark]


def markdown(report: Report) -> str:
    """Return a report as Markdown in which no outside text is markup."""
    out = [f"# {_md(report.title)}", "", f"Incident {_md(report.incident)}, written {report.written_at}", ""]
    for section in report.sections:
        out += [f"## {_md(section.title)}", ""]
        for block in section.blocks:
            out += [_md_block(block), ""]
    return "\n".join([*out, "---", "", _md(report.seal), ""])


def page(report: Report) -> str:
    """Return a report as one self-contained HTML page: no script, no outside address, charts drawn inline."""
    body = []
    for section in report.sections:
        body.append(f"<h2>{html.escape(section.title)}</h2>")
        body += [_html_block(block) for block in section.blocks]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{html.escape(report.title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{html.escape(report.title)}</h1>"
        f"<p>Incident {html.escape(report.incident)}, written {html.escape(report.written_at)}</p>"
        + "\n".join(body)
        + f"<footer>{html.escape(report.seal)}</footer></body></html>\n"
    )


def _text_block(block: Block, width: int) -> str:
    match block:
        case Text(text=paragraph):
            return "\n".join(wrapped(visible(paragraph, 4000), width))
        case Bullets(items=items):
            return "\n".join(line for item in items for line in wrapped(visible(item, 2000), width, "- "))
        case Table(headers=headers, rows=rows):
            cells = _cells(rows)
            widths = _widths(headers, cells, width)
            folded = [["\n".join(wrapped(v, w)) for v, w in zip(row, widths, strict=True)] for row in cells]
            heads = [
                "\n".join(wrapped(h, max(w - _BESIDE_A_HEAD, 1)))
                for h, w in zip(headers, widths, strict=True)
            ]
            return tabulate(folded, headers=heads, tablefmt="simple", disable_numparse=True)
        case Chart(title=title, points=points):
            return "\n".join([title, *_bars(points)])


def _widths(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return how wide each column may be so that a table fits: no name or moment is broken while there is room.

    Beyond its longest word a column gets room by how many lines it would take, so that a column of figures does not
    stand wide beside one of sentences.
    """
    longest = [max((len(row[i]) for row in rows), default=0) for i in range(len(headers))]
    words = [max((_longest_word(row[i]) for row in rows), default=0) for i in range(len(headers))]
    widths = [
        max(_longest_word(head) + _BESIDE_A_HEAD, min(_LONG_WORD, word), 1)
        for head, word in zip(headers, words, strict=True)
    ]
    room = width - 2 * (len(headers) - 1)
    while sum(widths) > room and max(widths) > _NARROW:
        widths[widths.index(max(widths))] -= 1

    def lines(i: int) -> tuple[int, int]:
        head = -(-len(headers[i]) // max(1, widths[i] - _BESIDE_A_HEAD))
        return -(-longest[i] // widths[i]), head  # A head of several lines stands there once.

    while sum(widths) < room and max(lines(tallest := max(range(len(widths)), key=lines))) > 1:
        widths[tallest] += 1
    return widths


def _longest_word(words: str) -> int:
    return max(map(len, words.split()), default=0)


def _md_block(block: Block) -> str:
    match block:
        case Text(text=paragraph):
            return _md(paragraph)
        case Bullets(items=items):
            return "\n".join(f"- {_md(item)}" for item in items)
        case Table(headers=headers, rows=rows):
            escaped = [[_md(value) for value in row] for row in _cells(rows)]
            return tabulate(escaped, headers=list(headers), tablefmt="pipe", disable_numparse=True)
        case Chart(title=title, points=points):
            return "\n".join([f"**{_md(title)}**", "", "```", *_bars(points), "```"])


def _html_block(block: Block) -> str:
    match block:
        case Text(text=paragraph):
            return f"<p>{html.escape(visible(paragraph, 4000))}</p>"
        case Bullets(items=items):
            rows = "".join(f"<li>{html.escape(visible(item, 2000))}</li>" for item in items)
            return f"<ul>{rows}</ul>"
        case Table(headers=headers, rows=rows):
            head = "".join(f"<th>{html.escape(name)}</th>" for name in headers)
            lines = "".join(
                "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in row) + "</tr>"
                for row in _cells(rows)
            )
            return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
        case Chart(title=title, points=points):
            return _svg(title, points)


def _cells(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[cell(value) for value in row] for row in rows]


def _bars(points: Sequence[tuple[str, int]]) -> list[str]:
    top = max((value for _, value in points), default=0) or 1
    return [
        f"{visible(label, 20):>12} {'#' * round(value * _BAR / top):{_BAR}} {value:,}"
        for label, value in points
    ]


def _svg(title: str, points: Sequence[tuple[str, int]]) -> str:
    """Return the chart as inline SVG, with the numbers in each bar's own title and in a table below."""
    top = max((value for _, value in points), default=0) or 1
    width, height, each = 960, 200, 960 / max(1, len(points))
    bars = "".join(
        f'<rect x="{index * each:.1f}" y="{height - value * height / top:.1f}" width="{max(1.0, each - 2):.1f}" '
        f'height="{value * height / top:.1f}"><title>{html.escape(visible(label, 40))}: {value:,}</title></rect>'
        for index, (label, value) in enumerate(points)
    )
    first, last = (points[0][0], points[-1][0]) if points else ("", "")
    return (
        f'<figure><figcaption>{html.escape(title)} (highest {top:,})</figcaption><svg viewBox="0 0 {width} {height}" '
        f'role="img">{bars}</svg><p>{html.escape(visible(first, 40))} to {html.escape(visible(last, 40))}</p></figure>'
    )


def _md(value: str) -> str:
    return _AUTOLINK.sub(r"\\", _MARKDOWN.sub(r"\\\1", visible(value, 4000)))


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse;width:100%;font-size:13px}th,td{border:1px solid #c8ccd1;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#eef1f4}h2{margin-top:2rem}"
    "svg{width:100%;height:auto;background:#f6f8fa}rect{fill:#b3261e}footer{margin-top:2rem;color:#57606a;"
    "font-size:13px}"
)
