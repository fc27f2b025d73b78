"""The record model: names and values of a stretch of text, however the two are held together.

``NAME=value`` is one of many forms: name and value may be two attributes, two elements, two items of a list, two
cells of a table, an option and its argument, a call and its arguments. Each form is one pattern here; what a value is
worth is judged elsewhere, the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from workbench.leaks.languages import PASSWORD_WORDS, SPOKEN

# A value in quotes runs to the same quote; a bare one to the first blank, bracket or quote.
_VALUE = (
    rb"(?:\"\"(?=\")|''(?='))?"
    rb"(?:\\?\"(?P<dq>(?:[^\"\\\n]|\\(?![\"'][,;\s)\]}:]|[\"']$)[^\n]){1,400})\\?\""
    rb"|\\?'(?P<sq>(?:[^'\\\n]|\\(?!'[,;\s)\]}])[^\n]){1,400})\\?'"
    rb"|`(?P<bq>[^`\n]{1,200})`|\[\[(?P<lq>[^\]\n]{1,200})\]\]|&quot;(?P<eq>[^&\n]{1,200})&quot;|(?P<bare>[^\s\"'`\\<>]{1,300}))"
)
_ASSIGNMENT = re.compile(
    rb"(?P<name>[A-Za-z_][\w.:/-]{0,120})"
    rb"(?P<sep>(?:\\{0,3}[\"'`]|&quot;|[\])]){0,4}(?:\.[Vv]alue|\[\d{0,4}\])?"
    rb"(?:[ \t]{0,2}[:?]{0,2}[ \t]{0,2}(?:&?(?:'static )?str|[Ss]tring\??|SecretStr|Optional\[str\]"
    rb"|[Ss]ecure[Ss]tring)"
    rb"(?=[ \t]{0,4}=)|[ \t](?:TYPE|type|LIKE|PIC|Type)[ \t][\w()]{1,30})?[ \t]{0,20}"
    rb"(?:=>|->|:=|::(?=[ \t])|\r?\n[ \t]{0,40}:[ \t]|(?:[\w:-]{1,30}=[\"'][^\"'<>\n]{0,80}[\"'][ \t]?){1,4}>"
    rb"|\|[ \t]|\|\|(?=[^\s|])|:[*_]{2}[ \t]|:?[ \t]{0,4}[|>][-+]?\d?[ \t]{0,4}\r?\n|[=:(]|,(?:[ \t]?\d{1,3}[ \t]?,)?"
    rb"|VALUE(?: IS)?[ \t]|</t[dh]>\s{0,20}<td[^>]{0,80}>|</(?:[\w:-]{0,20}(?:key|name|Name|Key"
    rb"|option)|dt)>\s{0,40}<[\w:-]{1,30}[^<>]{0,80}>(?:<!\[CDATA\[)?"
    rb"|>\s{0,20}(?:<!\[CDATA\[)?|;s:\d{1,4}:|\s(?:is|ist|=|:|to|->|\.{2,60})\s|[ \t])[ \t]{0,20}"
    rb"(?:\s{0,20}string\(\d{1,4}\) |(?:base64encode|Buffer\.from|urlencode|quote(?:_plus)?|SecretString)\("
    rb"|ConvertTo-SecureString (?:-String )?|<<(?=[\"']))?"
    # What stands in for a variable that is not set: ``os.getenv("X", "value")``, ``process.env.X || "value"``.
    rb"(?:[A-Za-z_]?[\w.:]{0,40}(?i:env|environ)[\w.]{0,20}(?:[(\[][ \t]?[\"'`]?[A-Za-z_][\w.]{0,60}[\"'`]?"
    rb"[ \t]?[)\]]?|\.\w{1,60})[ \t]?(?:\|\||\?\?|\?:|,|or[ \t])[ \t]?)?"
    rb"(?:(?:new|String|SecretStr|str|Secret|env|secret)\(?[ "
    rb"\t]?)?(?:[bruf@N](?=[\"'`])|(?:[\"']|&quot;|&#x27;|&#39;)?<(?:span|pre|samp"
    rb"|code|b)[^>]{0,120}>){0,4}(?:&#x27;|&#39;)?)" + _VALUE
)
_TIGHT = re.compile(rb"(?P<name>[A-Za-z_][\w.-]{0,80})(?P<sep>:)" + _VALUE)
_NAMED = re.compile(
    # ``pass`` alone at a line's end is a statement; at the end of a longer name it is a password's.
    rb"(?i)(?:(?<=[\w-])pass|pass(?![ \t]{0,4}\r?\n(?![ \t]{0,40}:[ \t])))(?!ive|age|enger|ed\b|es\b)"
    rb"|pwd|psw\b|(?<![a-z0-9])pw\b|secret|signing|api_?-?key|apikey"
    rb"|webhook|\bauth\.(?:raw|value|plain|text)\b"
    rb"|(?<=[\s-])-[xa]p\b"
)
_APART = re.compile(
    rb"(?i)(?:name|key|variable|option|setting|param(?:eter)?|field|id|label|designation)[\"']?[ \t]{0,4}[:=]>?[ "
    rb"\t]{0,4}\\?[\"']?"
    rb"(?P<name>(?!(?:true|false|null)\b)[A-Za-z_/][\w./:\[\]-]{1,120})\\?[\"']?"
    rb"(?P<sep>(?:[ \t,;]|\r?\n"
    rb"|(?:scope|type|sync|sensitive|secure|description)[ \t]?:[^\n]{0,60}(?=\n)"
    rb"|\}|\{|\$set[\"']?:|[ \t]type=[\"']?\w+[\"']?"
    rb"|[\"'](?!value)\w{1,24}[\"'][ \t]?:[ \t]?(?:[\"'][^\"'\n]{0,60}[\"']|[\w.]{1,12})(?=[ \t]{0,4},)"
    rb"|[ \t](?!value)[\w-]{1,20}=[\"'][^\"'\n]{0,80}[\"']){1,40}"
    rb"[\"']?[A-Za-z]{0,12}(?:value|val|content|default|setting_value|option_value|config_value|data)[\"']?[ "
    rb"\t]{0,4}[:=]>?[ \t]{0,4})" + _VALUE
)
_ATTRIBUTE = re.compile(
    rb"(?i)(?:name|key|id)[ \t]{0,2}=[ "
    rb"\t]{0,2}[\"'](?P<name>[A-Za-z_][\w./:\[\]-]{1,120})[\"'](?P<sep>[^<>\n]{0,200}>\s{0,20}(?:<(?:value"
    rb"|string)>\s{0,20})?)"
    rb"(?P<bare>[^\s<>\"'&]{5,200})\s{0,20}<"
)
_BACKWARD = re.compile(
    rb"(?i)\bvalue[ \t]{0,2}=[ \t]{0,2}[\"'](?P<dq>[^\"'\n<>]{5,200})[\"'](?P<sep>[^<>\n]{0,160}\b(?:name"
    rb"|id|key)[ \t]{0,2}=[ \t]{0,2}[\"'])"
    rb"(?P<name>[A-Za-z_][\w./:\[\]-]{1,120})[\"']"
)
# The value before its name, as sorted JSON and YAML have it.
_VALUE_FIRST = re.compile(
    rb"(?i)(?:(?<=[{,\s_`])[\"']?value[\"'`]?[ \t]{0,4}[:=][ \t]{0,4}" + _VALUE + rb")"
    rb"(?P<sep>[ \t]{0,4},?[ \t]{0,4}(?:\r?\n[ \t]{0,40})?[\"']?(?:name|key|option_name)[\"']?[ "
    rb"\t]{0,4}:[ \t]{0,4}[\"']?|\s{1,20}WHERE\s[^=;\n]{0,60}?(?:name|key|var|id)[`\"]?[ \t]{0,4}=[ \t]{0,4}')"
    rb"(?P<name>[A-Za-z_][\w./:-]{1,120})"
)
_NAME = rb"(?P<name>[A-Za-z_/][\w./:-]{1,120})"
# The value inside the object of its name, after what describes it.
_NESTED = re.compile(
    rb"(?i)" + _NAME + rb"[\"']?"
    rb"(?P<sep>[ \t]{0,4}[:=]?[ \t]{0,4}(?:\{\s{0,20}|\r?\n[ \t]{1,20})"
    rb"(?:[\"']?(?:type|description|sensitive|noecho|secure|scope|nullable|metadata)[\"']?[ "
    rb"\t]{0,8}[:=][^\n,{}]{0,100}"
    rb"[\n,]\s{0,20}){0,4}[\"']?(?:default(?:value)?|value|plaintext)[\"']?[ \t]{0,16}[:=][ \t]{0,4})"
    + _VALUE
)
_FORM_DATA = re.compile(_NAME + rb"\"(?P<sep>\r?\n\r?\n)(?P<bare>[^\s\"'`<>]{6,100})\r?\n")
# A command that sets what it names: put-parameter --name X --value Y, config:set X --value=Y, secret set X --body Y.
_SETTING = re.compile(
    rb"(?i)" + _NAME + rb"(?P<sep>[\"']?(?:[ \t]+--?[\w-]{1,24}(?:[ =][\w/.:@-]{1,40})?){0,4}"
    rb"(?:[ \t]+--?(?:value|body|val|data|secret-string|plaintext|v|b)[ =]|[ \t]+--data-file=<\(echo(?: -n)? "
    rb"|(?:[ \t]+[a-z]+){0,2}[ \t]{0,4}<<<[ \t]{0,4}))" + _VALUE
)
# A name alone on its line, its value alone on the next, or behind a blank one.
_BELOW = re.compile(
    _NAME + rb"(?P<sep>[ \t]{0,4}:?[ \t]{0,4}\r?\n[ \t]{0,8}(?:\r?\n[ \t]{0,8})?)(?P<bare>[^\s\"'`<>]{6,100})"
    rb"(?=[ \t]{0,4}(?:\r?\n|$))"
)
# A line of a list parted by semicolons: NAME;value
_LISTED = re.compile(
    rb"(?P<name>[A-Z][A-Z0-9_]{2,40})(?P<sep>;)(?P<bare>[^\s;\"']{6,100})(?=[ \t]{0,4}(?:\r?\n|$))"
)
# The last cell of a row names the one before it.
_ROW = re.compile(
    rb"'(?P<sq>[^'\n]{6,100})'(?P<sep>[ \t]{0,4},[ \t]{0,4}')(?P<name>[A-Za-z_][\w.]{1,40})'[ \t]{0,4}\)"
)
_PIPED = re.compile(
    rb"(?P<sep>(?:echo|printf)(?: -n)? )"
    + _VALUE
    + rb"[ \t]{0,4}\|[^\n|]{0,60}?[ \t=](?P<name>[A-Za-z_][\w./-]{0,60}(?i:pass)[\w-]{0,20})"
)
_AT_THE_NAME = (
    (_NESTED, "name-value"),
    (_FORM_DATA, "name-value"),
    (_SETTING, "command-line"),
    (_BELOW, "line below"),
    (_LISTED, "name-value"),
)
_ANYWHERE = (
    (_APART, "name-value"),
    (_ATTRIBUTE, "name-value"),
    (_BACKWARD, "name-value"),
    (_VALUE_FIRST, "name-value"),
    (_ROW, "name-value"),
    (_PIPED, "command-line"),
)
_SPOKEN = re.compile(
    rb"(?i)(?P<word>" + PASSWORD_WORDS + rb"|\b(?:pass(?:word|wd)?|pw) (?:for|of|to) [^\n:=]{2,80}?)"
    rb"(?P<sep>[\w() /*\x80-\xff-]{0,24}[ \t]{0,4}(?::|=|\xef\xbc\x9a|\|)[*_]{0,2}[ \t]{0,4})" + _VALUE
)
_SPOKEN_WORDS = (
    *SPOKEN, b"pass for", b"password for", b"passwd for", b"pw for", b"password of", b"password to",
)  # fmt: skip
LOGIN = re.compile(rb"[A-Za-z0-9._+-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}")
# ``login:password@host``, without a scheme.
_AT_HOST = re.compile(rb"(?i)@(?:smtp|api)\.(?:eu\.)?mailgun\.(?:org|net)(?::\d{1,5})?$")
# What may stand between a login and its password: punctuation of pairs, calls, tables, notes; one line's end.
_BESIDE = re.compile(
    rb"(?:\\?[\"'`]|&quot;)?(?:\.\w{2,16}\(\))?[ \t]{0,20}"
    rb"(?P<sep>,[ \t]{0,20}(?:\r?\n[ \t]{0,40})?(?:\(?[A-Za-z][\w.:-]{2,40}[ (][ (]?(?:-String )?(?=[\"']))?"
    rb"|[ \t](?:is|ist|est|es)(?: now)?:?[ \t]|[ \t]&[ \t]|\^|\|[a-z0-9.-]{4,80}(?::\d{1,5})?:|[ "
    rb"\t]{0,4}(?:->|=>|\xe2\x86\x92)[ \t]{0,4}|:[ \t]{0,4}|\||[ \t]\|{1,2}[ \t]{0,20}|\t{1,4}|[ \t]?/[ "
    rb"\t]|[ "
    rb"\t]-{1,2}[ \t]|;|[ ]{1,20}|\\t|\r?\n[ \t]{0,20}(?:[-*][ \t]{1,4})?"
    rb"|[\"'][ \t]{1,10}(?=[\"'])|(?=[\"'](?:I|P|M|R)[:=]))"
    rb"(?:[bru@](?=[\"']))?(?:\\?[\"'`](?:[IMR][:=][^\"'\n]{1,80}[\"'][ "
    rb"\t]{1,10}[\"'])?(?P<tag>P[:=])?)?(?:--?(?:[xa]p|p(?:ass(?:word|wd)?|w)?)[ =]?)?"
    rb"(?P<value>[^\s\"'`<>|\\]{6,100})(?=[\s\"'`|<\\]|$)"
)


@dataclass(frozen=True, slots=True)
class Field:
    """A name with its value: where the name begins, where the value does, and how the two are held together."""

    name: str
    value: str
    first: int
    start: int
    last: int
    separator: bytes
    quoted: bool
    style: str = ""
    login: str = ""


def named_fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield every value in ``data[start:end]`` whose name speaks of a secret."""
    limit = min(len(data), end + 300)
    at = start
    while found := _NAMED.search(data, at, end):
        at = found.end()
        option = found.group().lower() in (b"-xp", b"-ap")
        head = found.start() + 1 if option else _head(data, found, start)
        assigned = _ASSIGNMENT.match(data, head, limit)
        if assigned is None:
            continue
        field = _field(
            assigned, "command-line" if data[max(0, assigned.start() - 1) : assigned.start()] == b"-" else ""
        )
        if field is not None:
            at = max(at, field.start)
            yield field
        if b":" in data[found.end() : assigned.end("name")].rstrip(b":"):
            # ``host:a port:587 password:b``: what reads as one long name is a name and its value.
            tight = _TIGHT.match(data, head, limit)
            if tight is not None and (field := _field(tight, "")) is not None:
                yield field


def _head(data: bytes, found: re.Match[bytes], start: int) -> int:
    """Return where the identifier around a telling word begins; never further back than its longest form."""
    head = found.start()
    while head > max(start, found.start() - 100) and (
        data[head - 1 : head].isalnum() or data[head - 1] in b"_.-:/"
    ):
        head -= 1
    while head < found.start() and not (data[head : head + 1].isalpha() or data[head] == 0x5F):
        head += 1
    return head


def apart_fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield values that stand in another attribute, element, item, option or line than their name."""
    clusters: list[list[int]] = []
    for word in _NAMED.finditer(data, start, end):
        head = _head(data, word, start)
        for rule, style in _AT_THE_NAME:
            found = rule.match(data, head)
            if found is not None and (field := _field(found, style)) is not None:
                yield field
        first, last = max(start, word.start() - 400), min(len(data), word.end() + 600)
        if clusters and first <= clusters[-1][1]:
            clusters[-1][1] = last
        else:
            clusters.append([first, last])
    for first, last in clusters:
        for rule, style in _ANYWHERE:
            for found in rule.finditer(data, first, last):
                if _NAMED.search(found.group("name")) and (field := _field(found, style)) is not None:
                    yield field


def spoken_fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield values that a note calls a password in another language than English."""
    window = data[start:end].lower()
    if not any(word in window for word in _SPOKEN_WORDS):
        return
    for found in _SPOKEN.finditer(data, start, end):
        field = _field(found, "note", name="password")
        if field is not None:
            yield field


def beside_logins(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield what stands directly after a login: ``user:password``, two arguments of a call, two cells of a row."""
    for login in LOGIN.finditer(data, start, end):
        found = _BESIDE.match(data, login.end(), min(len(data), login.end() + 300))
        if found is None:
            continue
        value = found.group("value")
        if found.group("sep") in (b";", b","):
            # The cells of a row without quotes.
            value = value.partition(found.group("sep"))[0]
        value = _AT_HOST.sub(b"", value.rstrip(b",;)]}."))
        quoted = data[found.start("value") - 1 : found.start("value")] in (b'"', b"'", b"`")
        yield Field(
            "",
            value.decode("utf-8", "replace"),
            login.start(),
            found.start("value"),
            found.start("value") + len(value),
            found.group("sep"),
            quoted,
            "pair",
            login.group().decode("ascii").replace("%40", "@"),
        )


def _field(found: re.Match[bytes], style: str, *, name: str = "") -> Field | None:
    groups = found.groupdict()
    which = next((name for name in ("dq", "sq", "bq", "lq", "eq", "bare") if groups.get(name)), "")
    if not which:
        return None
    value = found.group(which)
    shift = 0
    if which == "bare":
        # Behind a word of a sentence the full stop is the sentence's.
        value = value.rstrip(
            b",;)}]|." if found.group("sep").strip(b" \t") in (b"", b"is", b"ist") else b",;)}]|"
        )
        mark = found.string[max(0, found.start() - 1) : found.start()]
        if (
            mark in (b"/", b"|", b"#")
            and value.endswith(mark)
            and _SUBSTITUTES.search(found.string, max(0, found.start() - 200), found.start())
        ):
            value = value[:-1]
        if _FORM.search(value) or (b"%" in value and found.string[found.start() - 1 : found.start()] == b"&"):
            value = unquote_to_bytes(_FORM.split(value, maxsplit=1)[0].replace(b"+", b" "))
        value = value.removesuffix(b"&#x27").removesuffix(b"&#39")
        if _WORD.fullmatch(value) and found.group("sep").strip(b" \t") in (b"=", b":"):
            # A phrase of words runs to the end of its line.
            rest = _MORE_WORDS.match(found.string, found.start(which) + len(value))
            value += rest.group(1) if rest is not None else b""
    elif value.startswith(b'\\"') and value.endswith(b'\\"'):
        # A string inside a string: what a build file writes into the program's source.
        value = value[2:-2]
        shift = 2
    if not value:
        return None
    written = _WRITTEN.fullmatch(value)
    first = found.start(which) + shift
    if written is not None:
        first, value = first + written.start(1), written.group(1)
    name = name or found.group("name").decode("ascii").replace("[", ".").strip(".-:/]")
    return Field(
        name,
        value.decode("utf-8", "replace"),
        found.start(),
        first,
        first + len(value),
        found.group("sep"),
        which != "bare",
        style,
    )


# A command that puts one text for another: s/^NAME=.*/NAME=value/
_SUBSTITUTES = re.compile(rb"\bs([/|#])[^\n]{0,120}\1$")
_WORD = re.compile(rb"[A-Za-z0-9]{2,14}")
_MORE_WORDS = re.compile(rb"((?: [A-Za-z0-9]{2,14}){3,8})[ \t]*(?:\r?\n|\Z)")
# A command that does nothing but write the value out, as programs take it that ask another for their password.
# The next field of a form that was sent.
_FORM = re.compile(rb"&[A-Za-z_][\w.\[\]%-]{0,60}=")
_WRITTEN = re.compile(rb"(?:echo|printf)(?: -n)? ['\"]?([^\s'\"]{6,100})['\"]?")
_PASSWORD_CELL = re.compile(
    rb"(?i)^\W*(?:smtp|mail(?:gun)?|login)?[ _-]?(?:pass(?:word|wd|phrase)?|passwort|pwd|pw|contrase"
    rb"\xc3\xb1a|mot de passe|secret)\W*$"
)
_EVIDENCE = re.compile(rb"(?i)mailgun|postmaster@mg\.|@mg\.")


def table_fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield the cells under a heading that says password, of rows that name Mailgun."""
    begin = data.rfind(b"\n", 0, start) + 1
    head: tuple[bytes, int, int] | None = None
    for line_at, line in _lines(data, begin, end):
        if head is None or line.count(head[0]) < head[1] - 1:
            head = _heading(line) or (head if head and line.strip(b"\r |-+:\t") == b"" else None)
            continue
        delimiter, count, column = head
        cells = line.split(delimiter)
        if len(cells) < count or not _EVIDENCE.search(line):
            continue
        cell = cells[column]
        value = cell.strip(b" \t\r\"'`*")
        if value:
            at = line_at + sum(len(one) + len(delimiter) for one in cells[:column]) + cell.find(value)
            login = LOGIN.search(line)
            yield Field(
                "",
                value.decode("utf-8", "replace"),
                at,
                at,
                at + len(value),
                delimiter,
                False,
                "table",
                login.group().decode("ascii") if login else "",
            )


def _lines(data: bytes, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    while begin < end:
        stop = data.find(b"\n", begin, begin + 4000)
        stop = min(len(data), begin + 4000) if stop < 0 else stop
        yield begin, data[begin:stop]
        begin = stop + 1


def _heading(line: bytes) -> tuple[bytes, int, int] | None:
    """Return delimiter, number of cells and the password's column of a table's heading."""
    if len(line) > 1000:
        return None
    for delimiter in (b"|", b"\t", b";", b","):
        if (count := line.count(delimiter)) >= 1:
            cells = line.split(delimiter)
            column = next((i for i, cell in enumerate(cells) if _PASSWORD_CELL.match(cell)), -1)
            if column >= 0 and not any(b"=" in cell for cell in cells):
                return delimiter, count + 1, column
    return None
