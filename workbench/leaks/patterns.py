"""The scanner: which bytes of a buffer are a Mailgun secret, by shape and placement, or by exact value.

Speed comes from one idea: a buffer is folded once (hex digits to ``0``, letters to lower case) so that every
shape becomes a fixed string, which ``bytes.find`` looks for at more than a gigabyte a second. Only where such
an anchor hits do the regular expressions run, and they are compiled only then. All patterns are bytes and
ASCII: Unicode classes cost 40 times as much (performance baselines 5).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence

from workbench.core.redact import Secret
from workbench.leaks import context
from workbench.leaks.exact import RUN, SHORT_RUN, Needle, needles
from workbench.leaks.gate import cleared
from workbench.leaks.hits import merged, numbered, replaced
from workbench.leaks.kinds import kind_of, placement_of
from workbench.leaks.model import KnownValue, Match, SecretKind
from workbench.leaks.names import Names
from workbench.leaks.packed import GZIP, ZIP, opened
from workbench.leaks.services import names_mailgun
from workbench.leaks.shapes import dashed_key, legacy_in_context, packed_in, stands_free
from workbench.leaks.views import in_registry_bytes, secrets_of_kubernetes, views, wide_text


def _folded(code: int) -> int:
    char = chr(code)
    if char in "0123456789abcdefABCDEF":
        return ord("0")
    # What begins an escape, in any language, may be an escaped dash.
    return ord("-") if char in "\\&%\x1b" else ord(char.lower()) if code < 128 else code


_FOLD = bytes(map(_folded, range(256)))
_BASE64 = bytes(
    ord("b") if code < 128 and (chr(code).isalnum() or code in b"+/") else 32 for code in range(256)
)
_ANCHOR_50 = b"0" * 32 + b"-" + b"0" * 8 + b"-" + b"0" * 8
_ANCHOR_HEX32 = b"0" * 32
# "key-", also where its dash is escaped.
_ANCHOR_KEY = b"key-".translate(_FOLD)
_ANCHOR_RUN = b"b" * RUN
_ANCHOR_SHORT_RUN = b"b" * SHORT_RUN
# "mailgun", "mail_password", "postmaster@" and "@mg." as they look once folded.
_ANCHORS_WORD = tuple(
    word.translate(_FOLD) for word in (b"mailgun", b"mail_password", b"postmaster@", b"@mg.")
)
_LEGACY = re.compile(rb"key-([0-9a-z][0-9a-z-]{30}[0-9a-z])(?![0-9A-Za-z])")
# In binary data the next value may follow without a mark between.
_LEGACY_PACKED = re.compile(rb"key-([0-9a-f]{32}|[0-9a-z]{32})")
# A key cut in two behind its dash, by a quote, a colour or a line's end; or with its dash escaped.
_BROKEN_KEY = re.compile(rb"key(?:-[\"'`]|-\x1b|-=\r?\n|[\\%&\x1b])")
# Hex digits of a key's length with an escaped dash, a tag, or a quote and another string behind.
_BROKEN_HEX = re.compile(
    rb"[0-9a-f]{32}(?:[\\%&\x1b=<]|[\"'`][ \t]{0,20}(?:[+.&|~<>\\_]|(?:\r?\n)?[ \t]{0,40}[\"'`]))"
)
_BODY = re.compile(r"(?:pub)?key-[0-9a-z-]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}")
# Text of two bytes a character: enough of it in a row to be no accident.
_WIDE = re.compile(rb"(?:[\t\n\r -~]\0){6}")
_ANCHORS_PLAIN = tuple(word for word in _ANCHORS_WORD if b"@" not in word)
# Windows around an anchor word: wide enough for a whole configuration block.
_REACH = 1200
# Which views are taken of a view: all of what base64 holds, strings side by side in a text that was escaped.
_AGAIN = {"base64": "", "escaped": "split"}
# Base64 inside base64 (a Kubernetes Secret of an .env file with a Basic header), and no deeper.
_DEEPEST = 2


class Scanner:
    """Finds secrets in buffers. ``known`` are exact values to look for besides the shapes.

    Raises UsageError for an exact value too short to be searched for.
    """

    def __init__(self, known: Sequence[KnownValue] = (), *, shapes: bool = True) -> None:
        self.known = tuple(known)
        self.names = Names(self.known, shapes=shapes)
        self.shapes = shapes
        every = [needle for one in self.known for needle in needles(one)]
        self._always = [needle for needle in every if not needle.gate]
        self._hex32 = [needle for needle in every if needle.gate == "hex32"]
        self._run = [needle for needle in every if needle.gate == "run"]
        self._short_run = [needle for needle in every if needle.gate == "short run"]
        # The ends of each value: what is left of it whole where the rest is escaped or cut up.
        self._pieces = [piece.encode() for one in self.known for piece in _ends(one.secret.reveal())]
        self._by_value = {one.secret.reveal(): one for one in self.known}

    def scan(self, data: bytes) -> list[Match]:
        """Return every secret in ``data``, each value once a line, in the order of position.

        Text in UTF-16 is searched by dropping its NUL bytes, a list that NUL bytes part by taking them for line
        ends; base64 runs are decoded and searched too, and so is what escapes, joints and tags stand for.
        """
        if b"\0" not in data:
            return self._scan(data, 0)
        if not data.strip(b"\0"):
            return []
        matches = numbered(data, self._scan(data.replace(b"\0", b"\n"), 0, binary=True))
        if _WIDE.search(data) is None:
            return matches
        seen = {(match.line, match.secret.reveal()) for match in matches}
        text, origin = wide_text(data)
        wide = [
            replaced(
                match,
                start=origin(match.start),
                placement=match.placement if match.placement != "bare" else "utf-16",
            )
            for match in self._scan(text, 0)
        ]
        return matches + [
            match for match in numbered(data, wide) if (match.line, match.secret.reveal()) not in seen
        ]

    def _scan(self, data: bytes, depth: int, *, binary: bool = False, seen: str | None = "") -> list[Match]:
        folded = data.translate(_FOLD)
        hits: list[Match] = []
        windows: list[tuple[int, int]] = []
        if self.shapes:
            if _ANCHOR_50 in folded:
                hits += self._shape_50(data, folded, binary=binary)
            if _ANCHOR_KEY in folded:
                hits += self._legacy(data, binary=binary)
            windows = _windows(folded)
            for start, end in windows:
                hits += self._placements(data, start, end)
        if _ANCHOR_RUN in (classes := data.translate(_BASE64)):
            hits += self._exact(data, self._run)
            if depth < _DEEPEST:
                hits += self._runs(data, classes, depth)
        if self._short_run and _ANCHOR_SHORT_RUN in classes:
            hits += self._exact(data, self._short_run)
        if self._hex32 and _ANCHOR_HEX32 in folded:
            hits += self._exact(data, self._hex32)
        if self._always:
            hits += self._exact(data, self._always)
        if seen is not None and depth < _DEEPEST and (windows or self._speaks(data, folded)):
            hits = self._seen_otherwise(data, hits, depth, seen, binary=binary)
        return cleared(data, merged(numbered(data, hits))) if hits else hits

    def _speaks(self, data: bytes, folded: bytes) -> bool:
        """Whether a buffer without a word of Mailgun may still hold a secret that is escaped or cut up."""
        if (_ANCHOR_HEX32 in folded and _BROKEN_HEX.search(data)) or (
            _ANCHOR_KEY in folded and _BROKEN_KEY.search(data)
        ):
            return True
        return (
            secrets_of_kubernetes(data)
            or in_registry_bytes(data)
            or any(piece in data for piece in self._pieces)
        )

    def _seen_otherwise(
        self, data: bytes, hits: list[Match], depth: int, only: str, *, binary: bool
    ) -> list[Match]:
        """Add what the views of ``data`` show; where one decodes what the raw text showed, it replaces it."""
        for view in views(data, only):
            raw = {hit.start: hit for hit in hits}
            for match in self._scan(view.data, depth + 1, binary=binary, seen=_AGAIN.get(view.label)):
                at = min(view.origin(match.start), len(data) - 1)
                other = next((raw[near] for near in range(at - 2, at + 3) if near in raw), None)
                value = match.secret.reveal()
                if other is not None and other.secret.reveal() == value:
                    continue
                if (
                    view.label == "split"
                    and not match.known
                    and _BODY.fullmatch(value) is None
                    and not _goes_on(data, other, value)
                ):
                    # Two strings side by side are mostly two strings: a whole key proves the joint, or a sign.
                    continue
                if other is not None:
                    whole = _BODY.fullmatch(value) is not None or _cut_by_runs(data, other, value)
                    if not view.wins and not whole:
                        continue
                    hits = [hit for hit in hits if hit is not other]
                placement = match.placement if match.placement != "bare" else view.label
                hits.append(replaced(match, start=at, placement=placement))
        return hits

    def _match(
        self,
        data: bytes,
        start: int,
        value: str,
        kind: SecretKind,
        placement: str,
        name: str = "",
        login: str = "",
    ) -> Match:
        known = self._by_value.get(value)
        return Match(
            start,
            0,
            known.kind if known else kind,
            Secret(value),
            placement,
            name,
            login,
            known.label if known else "",
        )

    def _shape_50(self, data: bytes, folded: bytes, *, binary: bool) -> Iterator[Match]:
        start = folded.find(_ANCHOR_50)
        while start >= 0:
            end = start + 50
            raw = data[start:end]
            if (
                raw == raw.lower()
                and raw[32] == raw[41] == 0x2D
                and (stands_free(data, start, end) or packed_in(data, start, end, binary=binary))
            ):
                value = raw.decode("ascii")
                name = context.name_before(data, start)
                near = context.mailgun_on_line(data, start, end)
                named_so = _KEY_NAME.search(name) is not None and not context.is_identifier(name)
                if not context.is_sample(value) and (
                    named_so
                    or (near and not context.is_identifier(name))
                    or not context.speaks_against(data, start, end)
                ):
                    yield self._match(
                        data, start, value, kind_of(data, start, name), placement_of(data, start, end), name
                    )
            start = folded.find(_ANCHOR_50, end)

    def _legacy(self, data: bytes, *, binary: bool) -> Iterator[Match]:
        for found in (_LEGACY_PACKED if binary else _LEGACY).finditer(data):
            public = data[max(0, found.start() - 3) : found.start()] == b"pub"
            start, end = (found.start() - 3 if public else found.start()), found.end()
            value = data[start:end].decode("ascii")
            body = found.group(1)
            digits = sum(48 <= char <= 57 for char in body)
            if context.is_sample(value) or not digits:
                continue
            if not stands_free(data, start, end) and not packed_in(data, start, end, binary=binary):
                continue
            name = context.name_before(data, start)
            if digits < 3 and not names_mailgun(name):
                continue
            if not legacy_in_context(data, start, end, name, public=public):
                continue
            if not public and b"-" in body and not dashed_key(data, start, end, body, name):
                continue
            kind = SecretKind.PUBLIC_KEY if public else kind_of(data, start, name, legacy=True)
            yield self._match(data, start, value, kind, placement_of(data, start, end), name)

    def _placements(self, data: bytes, start: int, end: int) -> Iterator[Match]:
        # Imported on the first hit: most trees never need these patterns, and compiling them takes time.
        from workbench.leaks.placements import in_window

        for one in in_window(data, start, end):
            yield self._match(data, one.start, one.value, one.kind, one.placement, one.name, one.login)

    def _exact(self, data: bytes, wanted: Sequence[Needle]) -> Iterator[Match]:
        for needle in wanted:
            start = data.find(needle.data)
            while start >= 0:
                value, end = needle.known.secret.reveal(), start + len(needle.data)
                placement = placement_of(data, start, end) if needle.form == "bare" else needle.form
                yield self._match(
                    data, start, value, needle.known.kind, placement, context.name_before(data, start)
                )
                start = data.find(needle.data, end)

    def _runs(self, data: bytes, classes: bytes, depth: int) -> Iterator[Match]:
        """Decode every long base64 run, joining wrapped lines, and search what comes out."""
        start = classes.find(_ANCHOR_RUN)
        while start >= 0:
            found = _WRAPPED.match(data, start)
            if found is None:
                return
            text = found.group().translate(None, b"\r\n \t\\")
            # A run cut off by the beginning of the buffer may begin at any of its four characters.
            for offset in _offsets(text) | ({1, 2, 3} if start == 0 else set()):
                decoded = _decoded(text[offset:])
                if decoded and self._worth(decoded):
                    yield from self._inside(data, start, found.end(), decoded, depth)
            start = classes.find(_ANCHOR_RUN, found.end())

    def _worth(self, decoded: bytes) -> bool:
        folded = decoded.translate(_FOLD)
        return (
            _ANCHOR_50 in folded
            or b"key-" in decoded
            or any(word in folded for word in _ANCHORS_WORD)
            or any(needle.data in decoded for needle in (*self._always, *self._short_run))
        )

    def _inside(self, data: bytes, start: int, end: int, decoded: bytes, depth: int) -> Iterator[Match]:
        alone = _ALONE.fullmatch(decoded)
        if alone and self.shapes:
            value = alone.group(2).decode("ascii")
            trusted = len(value) == 50 or _near_or_named(data, start, end)
            trusted = trusted or (bool(alone.group(1)) and not context.another_service(data, start, end))
            if trusted and not context.is_sample(value):
                name = context.name_before(data, start)
                kind = (
                    SecretKind.API_KEY
                    if alone.group(1)
                    else kind_of(data, start, name, legacy=len(value) != 50)
                )
                kind = SecretKind.PUBLIC_KEY if value.startswith("pub") else kind
                yield self._match(data, start, value, kind, _encoded_as(data, start, alone.group(1)), name)
            return
        for match in self._scan(decoded, depth + 1):
            # Near its true place, so that two buffers that share a long run report it once.
            yield replaced(match, start=min(end - 1, start + match.start * 4 // 3), placement="base64")


_SIGN = re.compile(
    rb"[\"'`][ \t]{0,20}(?:\\?\r?\n\s{0,20})?(?:\+|\.{1,2}|&|\|\||<>)[ \t\\]{0,4}\s{0,20}[\"'`]"
)


def _goes_on(data: bytes, raw: Match | None, value: str) -> bool:
    """Whether a string that was found goes on behind a sign that joins two: ``"abc" + "def"``."""
    if raw is None or not value.startswith(raw.secret.reveal()):
        return False
    return _SIGN.match(data, raw.start + len(raw.secret.reveal().encode())) is not None


def _cut_by_runs(data: bytes, raw: Match, value: str) -> bool:
    """Whether a value that was found is a piece of a longer one, cut by the runs a document parts its text into."""
    found = raw.secret.reveal()
    return value.startswith(found) and _RUN_ENDS.match(data, raw.start + len(found.encode())) is not None


_RUN_ENDS = re.compile(rb"</(?:w|a|text):[a-z]{1,10}>")
_KEY_NAME = re.compile(r"(?i)mailgun|(?:^|[._-])mg[._-]|api[._-]?key|secret|token|passw|smtp|signing")
_ALONE = re.compile(rb"(api:)?((?:pub)?key-[0-9a-z]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})\s{0,2}")
# Base64 with its wrapped continuation lines (MIME, PEM, YAML folding) and padding.
_WRAPPED = re.compile(
    rb"[A-Za-z0-9+/]{44,}(?:\\?\r?\n[ \t]{0,20}[A-Za-z0-9+/]{16,}(?=[=\s\"'\\]|$)){0,20000}"
    # The last line may be short: padding, a blank line or a boundary behind it says that it is one.
    rb"(?:\r?\n[ \t]{0,20}(?:[A-Za-z0-9+/]{2,15}(?==)|[A-Za-z0-9+/]{4,15}(?=\r?\n(?:\r?\n|--|\Z))))?={0,2}"
)


def _offsets(text: bytes) -> set[int]:
    """Where decoding may start: the run itself, and each tell-tale beginning inside it (dossier 1.1)."""
    return {0} | {at for mark in (b"YXBpO", b"a2V5L") if (at := text.find(mark)) > 0}


def _decoded(text: bytes) -> bytes:
    whole = text.rstrip(b"=")
    rest = len(whole) % 4
    whole = whole[:-1] if rest == 1 else whole + b"=" * (-len(whole) % 4)
    try:
        decoded = binascii.a2b_base64(whole)
    except binascii.Error:
        return b""
    if decoded.startswith((GZIP, ZIP)):
        return opened(decoded)
    return decoded.translate(None, b"\0") if b"\0" in decoded[:64] else decoded


def _encoded_as(data: bytes, start: int, api: bytes | None) -> str:
    before = data[max(0, start - 12) : start].lower()
    return "basic-header" if api and b"basic" in before else "base64"


def _near_or_named(data: bytes, start: int, end: int) -> bool:
    return context.mailgun_near(data, start, end) or bool(_KEY_NAME.search(context.name_before(data, start)))


def _windows(folded: bytes) -> list[tuple[int, int]]:
    """Return the stretches around the anchor words, merged where they touch."""
    spots: list[int] = []
    for word in _ANCHORS_WORD if b"@" in folded else _ANCHORS_PLAIN:
        at = folded.find(word)
        while at >= 0:
            spots.append(at)
            at = folded.find(word, at + 200)
    if not spots:
        return []
    spots.sort()
    joined = [[max(0, spots[0] - _REACH), spots[0] + _REACH]]
    for spot in spots[1:]:
        if spot - _REACH <= joined[-1][1]:
            joined[-1][1] = spot + _REACH
        else:
            joined.append([spot - _REACH, spot + _REACH])
    return [(start, min(end, len(folded))) for start, end in joined]


def _ends(value: str) -> tuple[str, ...]:
    body = value.removeprefix("pub").removeprefix("key-")
    return (body[:6], body[-6:]) if len(body) >= 12 else ()
