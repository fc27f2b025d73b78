"""Links of hostile mail as plain values: found, shown so that nobody follows them by accident, counted. Pure.

A link is never followed. What is kept and counted is its *shape*: what varies from reader to reader (queries,
tokens, addresses) is replaced, for it may name a person and would fill the memory.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from workbench.core.redact import masked, visible

# A link of mail is no longer than this; what is longer is cut, and said.
LONGEST = 2000
MOST_LINKS = 200
_SCHEMES = ["https?", "ftps?", "javascript", "vbscript", "data", "file", "mailto", "tel", "intent", "blob"]
_SCHEME = f"(?:{'|'.join(_SCHEMES)})"
# How a link may begin: a text that holds none of these holds no link, which costs a fraction of the search.
_HINTS = ("www.", *(f"{scheme.removesuffix('s?')}:" for scheme in _SCHEMES), "https:", "ftps:")
# The first letter is looked at before what stands in front of it: most letters of a text begin no scheme.
_FOUND = re.compile(rf"(?i)(?=[hfjvdmtibw])(?<![a-z0-9+.-])(?:{_SCHEME}:|www\.)[^\s<>\"'`]{{1,{LONGEST}}}")
_WEB = re.compile(r"(?i)^\s*(https?):[/\\]{2,}([^/\\?#\s]{1,600})([^?#\s]{0,2000})(\?[^#\s]*)?")
_NAMES_VALUE = re.compile(r"([?&;][^=&;]{1,40}=)[^&;]*")
_INSIDE = re.compile(r"(?i)(?:https?|ftps?|javascript|vbscript|data|file|mailto):|www\.")
# A web link as it stands in a text, defanged or not yet.
_SHOWN = re.compile(r"(?i)\bh(?:tt|xx)ps?(?:\[:\]|:)//[^\s<>\"'`]{1,2000}")
_CONTROL = re.compile(r"[\x00-\x20\x7f]+")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'@]{1,80}@[^\s<>()\[\],;:\"'@]{1,190}")
# Letters of other scripts that look like Latin ones: the Cyrillic and Greek ones seen in phishing.
_CYRILLIC = dict(
    zip("\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u04cf\u051b\u051d\u043a\u043c\u0442\u0433",
        "aeopcyxijsdhlqwkmtr", strict=True)
)  # fmt: skip
_GREEK = dict(zip("\u03b1\u03bf\u03c1\u03b9\u03bd\u03c4\u03ba\u03c5\u03c7\u03f2", "aopivtkuxc", strict=True))
_ALIKE = str.maketrans({**_CYRILLIC, **_GREEK})


def links_in(text: str) -> list[str]:
    """Return the links a text holds, whatever their scheme, each once in its order, at most 200."""
    if not _may_hold_links(text):
        return []
    found = (match[0].rstrip(".,;:!?)]}»") for match in _FOUND.finditer(text))
    return list(dict.fromkeys(found))[:MOST_LINKS]


def _may_hold_links(text: str) -> bool:
    lower = text.lower()
    return any(hint in lower for hint in _HINTS)


def cleaned(link: str) -> str:
    """Return a link as a browser would read it: what draws nothing inside it is taken out (``java\\tscript:``)."""
    plain = "".join(c for c in link[: LONGEST * 2] if unicodedata.category(c) not in ("Cf", "Cc"))
    return _CONTROL.sub("", plain)[:LONGEST]


def scheme_of(link: str) -> str:
    """Return the scheme of a link in small letters, ``http`` for one that begins with ``www.``, ``""`` for none."""
    plain = cleaned(link)
    if plain[:4].lower() == "www.":
        return "http"
    found = re.match(r"(?i)([a-z][a-z0-9+.-]{0,20}):", plain)
    return found[1].lower() if found else ""


def host_of(link: str) -> str:
    """Return the host of a web link in its ASCII form (``xn--…``), ``""`` for anything else."""
    plain = cleaned(link)
    found = _WEB.match(f"http://{plain}" if plain[:4].lower() == "www." else plain)
    return _host(found[2]) if found else ""


def _host(authority: str) -> str:
    """Return the host of ``user@host:port``: what stands before the last ``@`` only looks like one."""
    name = authority.rpartition("@")[2]
    if name.startswith("["):
        return f"{name.partition(']')[0].lower()}]"
    return ascii_name(name.partition(":")[0].rstrip("."))


def ascii_name(name: str) -> str:
    """Return a host name in its ASCII form; one that has none stands with its characters escaped."""
    try:
        return name.encode("idna").decode("ascii").lower() if not name.isascii() else name.lower()
    except UnicodeError:
        return name.encode("ascii", "backslashreplace").decode("ascii").lower()


def unicode_name(host: str) -> str:
    """Return how a browser may show a host name; the name itself where it is plain ASCII."""
    if "xn--" not in host:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def looks_like(host: str, own: Iterable[str]) -> str:
    """Return which of our own names a host is made to look like, ``""`` for none; our own host is no look-alike."""
    names = {name.lower() for name in own if name}
    if any(host == name or host.endswith(f".{name}") for name in names):
        return ""
    shown = _skeleton(unicode_name(host))
    for name in sorted(names, key=len, reverse=True):
        if name in shown or name in host:
            return name
    return ""


def _skeleton(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).translate(_ALIKE)
    return "".join(c for c in plain if not unicodedata.combining(c))


def shape_of_link(link: str) -> str:
    """Return what of a web link is the same for every reader, ``""`` where it is no web link.

    ``https://host/path/#?u=#``: values of the query, tokens and addresses become ``#``; user names and fragments go.
    """
    found = _WEB.match(link)
    if found is None:
        plain = cleaned(link)
        found = _WEB.match(f"http://{plain}" if plain[:4].lower() == "www." else plain)
        if found is None:
            return ""
    scheme, authority, path, query = found[1].lower(), found[2], found[3], found[4] or ""
    host = authority.lower() if authority.isascii() and "@" not in authority else _host(authority)
    shaped = "/".join("#" if _varies(part) else part for part in path[:300].split("/"))
    asked = _NAMES_VALUE.sub(r"\1#", query[:300])
    if "=" not in asked and asked:
        asked = "?#"
    made = f"{scheme}://{host}{shaped}{asked}"
    return impersonal(masked(made)) if len(made) >= 36 or "@" in made or "%40" in made else made


def _varies(part: str) -> bool:
    """Return whether a part of a path names a reader: an address, a number, or a token of letters and digits."""
    if "@" in part or "%40" in part:
        return True
    if len(part) < 4 or part.isalpha():
        return False
    return part.isdigit() or (len(part) >= 12 and any(char.isdigit() for char in part))


def defanged(link: str) -> str:
    """Return a link so that no program and no reader follows it: ``hxxps://evil[.]example/a``, ``javascript[:]…``."""
    shown = _defanged(link)
    # A link may hold another one (a redirect): that leads nowhere either.
    return _INSIDE.sub(lambda found: f"{found[0][:-1]}[{found[0][-1]}]", shown)


def defanged_shape(shape: str) -> str:
    """Return the shape of a link defanged, every ``#`` that stands for what varies kept."""
    # A browser would take what stands behind the first # for a fragment; here it is a part like any other.
    return defanged(shape.replace("#", "*")).replace("*", "#")


def _defanged(link: str) -> str:
    plain = cleaned(link)
    if plain[:4].lower() == "www.":
        plain = f"http://{plain}"
    found = _WEB.match(plain)
    if found is not None:
        host = _host(found[2])
        named = unicode_name(host)
        before = f"{visible(found[2].rpartition('@')[0], 80)}[@]" if "@" in found[2] else ""
        shown = f" (shown as {visible(named.replace('.', '[.]'), 80)})" if named != host else ""
        rest = visible(found[3] + (found[4] or ""), 300).replace("://", "[:]//")
        port = re.search(r":(\d{1,5})$", found[2])
        ported = f":{port[1]}" if port else ""
        return f"hxxp{found[1].lower()[4:]}://{before}{host.replace('.', '[.]')}{ported}{rest}{shown}"
    scheme, colon, rest = plain.partition(":")
    if not colon:
        return visible(plain, 200).replace(".", "[.]")
    if scheme.lower() in ("data", "blob"):
        return f"{visible(scheme, 20)}[:]{visible(rest[:40], 60)}… ({len(rest)} characters)"
    return f"{visible(scheme, 20)}[:]{visible(rest, 200)}".replace(".", "[.]").replace("://", "[:]//")


def defanged_text(text: str) -> str:
    """Return a text with every link in it defanged."""
    return _FOUND.sub(lambda found: defanged(found[0]), text)


def shaped_text(text: str) -> str:
    """Return a text with every web link in it by its shape: what names a reader is ``#``. It stays defanged."""
    return _SHOWN.sub(lambda found: _reshaped(found[0]), text)


def _reshaped(shown: str) -> str:
    link = shown.replace("[.]", ".").replace("[:]", ":")
    return defanged_shape(shape_of_link(f"http{link[4:]}")) or shown


def impersonal(text: str) -> str:
    """Return a text without e-mail addresses: each becomes ``#``."""
    plain = text.replace("%40", "@") if "%40" in text else text
    return _ADDRESS.sub("#", plain) if "@" in plain else plain
