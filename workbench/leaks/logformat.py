"""A log format the operator declares, in the words of the server that writes it (nginx's or Apache's)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.leaks.logclient import Network, networks

_QUOTED = r'(?:[^"\\\\]|\\\\.)*?'
# What each variable stands for: a group of the record, or something to step over.
_NGINX = {
    "remote_addr": r"(?P<addr>\S+?)",
    "http_x_forwarded_for": r"(?P<forwarded>[^\"\[\]]*?)",
    "proxy_add_x_forwarded_for": r"(?P<forwarded>[^\"\[\]]*?)",
    "http_x_real_ip": r"(?P<forwarded>\S+?)",
    "http_cf_connecting_ip": r"(?P<forwarded>\S+?)",
    "time_local": r"(?P<time>[^\]\"]+?)",
    "time_iso8601": r"(?P<time>\S+?)",
    "request": r"(?P<method>[A-Z]{1,16}) (?P<target>\S+?)(?: HTTP/[\d.]+)?",
    "request_uri": r"(?P<target>\S+?)",
    "uri": r"(?P<target>\S+?)",
    "request_method": r"(?P<method>[A-Z]{1,16})",
    "status": r"(?P<status>\d{3})",
    "body_bytes_sent": r"(?P<size>\d+|-)",
    "bytes_sent": r"(?P<size>\d+|-)",
    "http_user_agent": rf"(?P<agent>{_QUOTED})",
}
_APACHE = {
    "h": _NGINX["remote_addr"],
    "a": _NGINX["remote_addr"],
    "t": r"\[(?P<time>[^\]]+)\]",
    "r": _NGINX["request"],
    "U": _NGINX["uri"],
    "m": _NGINX["request_method"],
    "s": _NGINX["status"],
    "b": _NGINX["body_bytes_sent"],
    "B": _NGINX["body_bytes_sent"],
    "O": _NGINX["body_bytes_sent"],
    "{X-Forwarded-For}i": _NGINX["http_x_forwarded_for"],
    "{User-Agent}i": _NGINX["http_user_agent"],
    "{User-agent}i": _NGINX["http_user_agent"],
}
_VARIABLE = re.compile(r"\$(?P<nginx>\w+)|\$\{(?P<braced>\w+)\}|%[<>]?(?P<apache>\{[^}]+\}\w|[A-Za-z])")


def declared(text: str) -> re.Pattern[bytes]:
    """Return the pattern of a declared format. Raises UsageError where it names no target or no status."""
    parts: list[str] = []
    last = 0
    taken: set[str] = set()
    for found in _VARIABLE.finditer(text):
        parts.append(_literal(text[last : found.start()]))
        last = found.end()
        name = found.group("nginx") or found.group("braced")
        rule = _NGINX.get(name, "") if name else _APACHE.get(found.group("apache"), "")
        groups = set(re.findall(r"\(\?P<(\w+)>", rule))
        # A variable nobody needs, or one whose group is taken already: anything without a blank or within quotes.
        quoted = text[found.start() - 1 : found.start()] == '"'
        parts.append(rule if rule and not groups & taken else (_QUOTED if quoted else r"\S*?"))
        taken |= groups if not groups & taken else set()
    parts.append(_literal(text[last:]))
    if not {"target", "status"} <= taken:
        raise UsageError(
            f"The log format {visible(text, 120)} names no request or no status.",
            "Without both nobody can say what was handed out.",
            'Give it as the server has it, such as $remote_addr [$time_local] "$request" $status $body_bytes_sent.',
        )
    return re.compile("".join(parts).encode())


def _literal(text: str) -> str:
    return re.sub(r"(?:\\ )+", r"\\s+", re.escape(text))


def named_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the operator's own proxies as networks. Raises UsageError for a text that is none."""
    try:
        return networks(texts)
    except ValueError as error:
        raise UsageError(
            f"{visible(error, 120)}.", "A proxy is named by its address or range.", "Such as 203.0.113.0/24."
        ) from error
