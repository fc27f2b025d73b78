"""Read access logs for one question: who was really served a file that holds credentials, and when?

Logs are streamed in blocks; one pass of a cheap pattern picks the lines worth parsing, so that ordinary
traffic costs almost nothing. The classes S0 to S3 are the dossier's (5.2): S3 size equals the real file's,
S2 a body of its own, S1 the site's catch-all, S0 nothing served.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from workbench.core.redact import visible
from workbench.leaks.logclient import Network
from workbench.leaks.logline import LoggedRequest, parse, split_target
from workbench.leaks.logloose import headed
from workbench.leaks.logreport import (
    Fetch,
    LogReport,
    Served,
    Visitor,
    gaps,
    parts_joined,
    without_catch_all,
)
from workbench.leaks.model import SearchCoverage
from workbench.leaks.signatures import OWN_AGENT, Meaning, campaign, meaning

_LONGEST_LINE = 65_536
_MOST_FETCHES = 20_000
_MOST_ADDRESSES = 50_000
# The requested targets of a block, without parsing its lines; JSON dialects name them differently.
_TARGETS = re.compile(rb'"[A-Z]{3,8} ([^ "\\]+)')
_JSON_TARGETS = re.compile(
    rb'"(?:[A-Za-z_]{0,20}[._]?(?:ur[il]|[Pp]ath|request|original|URI|Ur[il]|target|full|resource)(?:WithArgs)?|cs-uri-stem)"\s*:\s*'
    rb'"(?:[A-Z]{3,8} )?([^ "]+)|\\"[A-Za-z]{0,20}(?:Uri|Url|UriStem|Path)\\"\s?:\s?\\"(/[^ "\\]+)'
    rb'|\\"[A-Z]{3,8} ([^ "\\]+)'
)
# Columns (IIS, CloudFront), name=value (Heroku), labels (LTSV), PHP's own server: a path as a field of its own.
_OTHER_TARGETS = re.compile(
    rb"(?:[ \t|,;^]|[a-z]=(?:[\w-]+\.[\w.-]{2,80}(?=/))?|\t[a-z_]{2,20}:)\"?(?:https?://[^/ \t\"|,;]{1,200})?"
    rb"(/[^ \t\"|,;^]*)"
)
# Anything the signatures could mean contains one of these, once the targets are in lower case.
# Every alternative begins with a mark, not a letter, which keeps the search from trying at each character.
_CANDIDATE = re.compile(
    rb"/(?:[._~]|\.\.|php|infos?\.php|i\.php|pinfo\.php|old_php|env|live_env|error_log|actuator|telescope"
    rb"|horizon|debug/|jenkins"
    rb"|post-smtp|gravitysmtp|cgi-bin|icons/|config\.js|eval-stdin|ecosystem|androx|heapdump|master"
    rb"|terraform|_ignition)"
    rb"|\.(?:env|sql|log|zip|tar|tgz|rar|7z|gz|bz2|ba?k|old|ori|save|sw[pon]|tmp|txt|inc|dist|cop|yml"
    rb"|yaml|json|map|con|axd|hprof|tfstate|properties|key|pem|p12|pfx"
    rb"|set|php[._~-]|\d)"
    rb"|[?&=](?:phpinfo|postman_|0x\[|androx)|%|~(?:$|\?)",
    re.MULTILINE,
)
NO_LINE = "log without a line"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_TOOLS = (b"libredtail", b"ndroxgh0st")
# More meaningful targets than this in a block are looked up in one pass over it instead of one pass each.
_FEW = 12


class LogReader:
    """Reads log streams one after the other. ``sizes`` returns for a served path the sizes, in bytes, of the
    file now or in backups; ``usual`` are body sizes of the site's home page and soft 404; ``own`` is a mark of
    further user agents or addresses to leave out (the workbench's own probes always are).
    """

    def __init__(
        self,
        *,
        sizes: Callable[[str], frozenset[int]] | None = None,
        usual: Iterable[int] = (),
        own: Iterable[str] = (),
        coverage: SearchCoverage | None = None,
        proxies: Sequence[Network] = (),
        declared: re.Pattern[bytes] | None = None,
    ) -> None:
        self._sizes = sizes or (lambda path: frozenset())
        self._usual = frozenset(usual)
        self._own = (OWN_AGENT, *own)
        self._proxies, self._declared = tuple(proxies), declared
        self._columns: tuple[str, ...] = ()
        self._recognised, self._first = False, True
        self.untold = 0
        self.coverage = coverage if coverage is not None else SearchCoverage()
        self._fetches: list[Fetch] = []
        self._visitors: dict[str, Visitor] = {}
        self._spans: list[tuple[datetime, datetime]] = []
        self._own_seen = 0
        self._lines = 0

    def read(self, blocks: Iterable[bytes], name: str) -> None:
        """Read one log; ``blocks`` are its bytes in order, ``name`` is shown for it."""
        shown = visible(name)
        first = last = None
        self._columns, self._recognised, self._first, size = (), False, True, 0
        before = self._lines
        for block in _whole_lines(blocks, self.coverage, shown):
            size += len(block)
            self._lines += block.count(b"\n")
            self._block(block, shown)
            first = first or self._edge(block, forward=True)
            last = self._edge(block, forward=False) or last
        if self._recognised:
            self.coverage.files += 1
            self.coverage.bytes += size
        if first and last:
            self._spans.append((min(first, last), max(first, last)))
        elif self._lines == before and not size:
            self.coverage.skip(NO_LINE, shown, gap=False)
        elif not self._recognised:
            self.coverage.skip("log format not recognised", shown)

    def _block(self, block: bytes, name: str) -> None:
        """Parse the lines of a block whose targets mean something, and those of known tools."""
        if block[:400].find(b"#Fields:") >= 0 or b"\n#Fields:" in block or b"#fields\t" in block[:800]:
            self._columns = _columns(block)
        elif not self._columns and self._first:
            self._columns = headed(block[: block.find(b"\n") if b"\n" in block else len(block)])
        self._first = False
        rule = self._rule(block)
        targets = self._meaningful(_found(rule.findall(block)))
        lines = {at for tool in _TOOLS for at in _lines_with(block, tool)}
        if len(targets) <= _FEW:
            lines.update(at for target in targets for at in _lines_with(block, target))
        else:
            spots = (
                found.start()
                for found in rule.finditer(block)
                if next(filter(None, found.groups()), b"") in targets
            )
            lines.update(block.rfind(b"\n", 0, spot) + 1 for spot in spots)
        for start in sorted(lines):
            end = block.find(b"\n", start)
            end = len(block) if end < 0 else end
            if end - start > _LONGEST_LINE:
                self.coverage.skip("log line longer than 64 kB", name)
            else:
                self._line(block[start:end], name)

    def _rule(self, block: bytes) -> re.Pattern[bytes]:
        """Return the pattern that finds the targets of a block: quoted requests, JSON, or paths as columns."""
        if self._columns or self._declared is not None:
            return _OTHER_TARGETS
        head = block[:20_000]
        lines = head.count(b"\n") + 1
        if head.count(b'{"') + head.count(b'{ "') >= max(1, lines // 2) and _JSON_TARGETS.search(head):
            return _JSON_TARGETS
        return _TARGETS if len(_TARGETS.findall(head)) >= max(1, lines // 4) else _OTHER_TARGETS

    def _parse(self, line: bytes) -> LoggedRequest | None:
        request = parse(line, self._proxies, self._columns, self._declared)
        self._recognised = self._recognised or request is not None
        return request

    def _edge(self, block: bytes, *, forward: bool) -> datetime | None:
        """Return the time of the first or last line of a block that parses, looking at no more than 20."""
        lines = block[:_LONGEST_LINE].split(b"\n") if forward else block[-_LONGEST_LINE:].split(b"\n")[::-1]
        for line in [line for line in lines if line][:20]:
            request = self._parse(line)
            if request is not None and request.time is not None:
                return request.time
        return None

    def _meaningful(self, targets: list[bytes]) -> set[bytes]:
        """Return the targets that mean something; the cheap pattern first, the rules only for what it leaves."""
        distinct = set(targets)
        # One search over all targets together: a call a target would cost more than the search.
        together = b"\n".join(distinct)
        lowered = together.lower()
        found: set[bytes] = set()
        at = 0
        while hit := _CANDIDATE.search(lowered, at):
            start = together.rfind(b"\n", 0, hit.start()) + 1
            end = together.find(b"\n", hit.start())
            end = len(together) if end < 0 else end
            target = together[start:end]
            path, query = split_target(target.replace(b"\\/", b"/"))
            if meaning(path, query, target.decode("utf-8", "replace")) is not None:
                found.add(target)
            at = end + 1
        return found

    def _line(self, line: bytes, name: str) -> None:
        request = self._parse(line)
        if request is None:
            # Its path means something, and whether it was served cannot be told.
            self.coverage.skip("log line that asks for something sensitive, not understood", name)
            return
        if any(mark in request.agent or mark == request.address for mark in self._own):
            self._own_seen += 1
            return
        what = meaning(request.path, request.query, f"{request.target}?{request.query}")
        tool = campaign(request.agent)
        if what is None and not tool:
            return
        served = self._served(request, what)
        self._note(request, what, tool, served)
        if what is not None and what.credential:
            self._keep(request, what, served, name, line)

    def _served(self, request: LoggedRequest, what: Meaning | None) -> Served:
        """Classify by method, status and size (dossier 5.2); S1 by repeated sizes is decided in the report."""
        if what is None or request.method not in {"GET", "POST", "PUT"}:
            return Served.S0
        if what.kind == "code execution":
            # The exploit answers 200, or 500 once its gadget has run: either way the code was reached.
            return Served.S2 if request.status in {200, 500} else Served.S0
        if request.status not in {200, 206}:
            return Served.S0
        if request.size == 0:
            return Served.S0
        # "size" may count the answer's headers (Apache %O), so up to a kilobyte more is the same file.
        known = self._sizes(request.path)
        if any(size <= request.size <= size + 1024 for size in known):
            return Served.S3
        return Served.S1 if request.size in self._usual else Served.S2

    def _note(self, request: LoggedRequest, what: Meaning | None, tool: str, served: Served) -> None:
        if not request.address:
            self.untold += 1
        visitor = self._visitors.get(request.address)
        if visitor is None:
            if len(self._visitors) >= _MOST_ADDRESSES:
                self.coverage.skip("more addresses than are kept", visible(request.address, 60))
                return
            visitor = self._visitors[request.address] = Visitor(
                visible(request.address, 60), request.time, request.time
            )
        if request.time is not None:
            visitor.first = min(visitor.first or request.time, request.time)
            visitor.last = max(visitor.last or request.time, request.time)
        visitor.requests += 1
        visitor.served += served >= Served.S2
        if what is not None:
            visitor.kinds[what.kind] += 1
        for mark in {tool, what.harvester if what else ""} - {""}:
            visitor.harvesters[mark] += 1
        if len(visitor.agents) < 8:
            visitor.agents[visible(request.agent, 120)] += 1

    def _keep(self, request: LoggedRequest, what: Meaning, served: Served, name: str, line: bytes) -> None:
        if len(self._fetches) >= _MOST_FETCHES and served < Served.S2:
            self.coverage.skip("more refused requests than are kept", name, gap=False)
            return
        self._fetches.append(
            Fetch(
                request.time,
                visible(request.address, 60),
                visible(request.agent, 200),
                visible(request.method, 16),
                visible(request.path, 300),
                what.kind,
                request.status,
                request.size,
                served,
                what.harvester,
                name,
                hashlib.sha256(line).hexdigest()[:16],
            )
        )

    def report(self) -> LogReport:
        """Return what all logs read so far show together."""
        fetches = sorted(parts_joined(self._fetches, self._sizes), key=lambda one: one.time or _LONG_AGO)
        fetches = without_catch_all(fetches)
        spans = sorted(self._spans)
        visitors = sorted(self._visitors.values(), key=lambda one: (-one.served, -one.requests, one.address))
        if self.untold:
            self.coverage.skip(
                "requests whose client cannot be told (behind a proxy that names none)", "", gap=False
            )
        return LogReport(
            tuple(fetches),
            tuple(visitors),
            spans[0][0] if spans else None,
            max(end for _, end in spans) if spans else None,
            tuple(gaps(spans)),
            self._own_seen,
            self._lines,
        )


def _lines_with(block: bytes, text: bytes) -> Iterator[int]:
    """Yield where each line begins that contains ``text``."""
    at = block.find(text)
    while at >= 0:
        yield block.rfind(b"\n", 0, at) + 1
        end = block.find(b"\n", at)
        at = block.find(text, end) if end >= 0 else -1


def _columns(block: bytes) -> tuple[str, ...]:
    at = max(block.rfind(b"#Fields:"), block.find(b"#fields\t", 0, 800))
    line = block[at + 8 : block.find(b"\n", at)]
    return tuple(line.decode("utf-8", "replace").split())


def _found(found: list[Any]) -> list[bytes]:
    """Return what a rule found: its one group, or whichever of its groups matched."""
    return [next(filter(None, one), b"") if isinstance(one, tuple) else one for one in found]


def _whole_lines(blocks: Iterable[bytes], coverage: SearchCoverage, name: str) -> Iterator[bytes]:
    """Yield blocks that end at a line's end; a line too long to hold is dropped and counted."""
    rest = b""
    dropping = False
    for block in blocks:
        if dropping:
            cut = block.find(b"\n")
            if cut < 0:
                continue
            block, dropping = block[cut + 1 :], False
        cut = block.rfind(b"\n") + 1
        if cut:
            yield rest + block[:cut]
            rest = block[cut:]
        else:
            rest += block
        if len(rest) > 16 * _LONGEST_LINE:
            coverage.skip("log line longer than 64 kB", name)
            rest, dropping = b"", True
    if rest:
        yield rest
