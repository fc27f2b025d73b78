"""The lines of single servers that share no form with others, and what a quoted request looks like in all of them."""

from __future__ import annotations

import re

QUOTED = rb'(?:[^"\\]|\\.)*'
REQUEST = (
    rb'\\?"(?P<method>[A-Z]{1,16}) (?P<target>' + rb'(?:[^"\\]|\\[^"])*?' + rb')(?: (?:HTTP/)?[\d.]+)?\\?"'
)
_BARE = re.compile(
    rb"(?P<addr>(?:\d{1,3}\.){3}\d{1,3}|\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]+?\]?)(?::\d{2,5})?\s-\s(?:\"-\"\s)?"
    + REQUEST
    + rb"\s(?P<status>\d{3})(?:\s(?P<size>\d+)\b)?"
)
_PHP = re.compile(
    rb"\[(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} "
    rb"\d{4})\]\s(?P<addr>\S+?):\d+\s\[(?P<status>\d{3})\]:\s"
    rb"(?:(?P<method>[A-Z]{3,8})\s)?(?P<target>/\S*)"
)
# Nginx Proxy Manager: what the server behind it answered stands before its own status.
_PROXY_MANAGER = re.compile(
    rb"^\[(?P<time>\d{1,2}/[A-Z][a-z]{2}/\d{4}:[^\]]{8,24})\]\s(?:\S+\s){0,2}(?P<status>\d{3})\s-\s"
    rb"(?P<method>[A-Z]{3,16})\s\w+\s\S+\s\"(?P<target>[^\"]*)\"\s\[Client\s(?P<addr>[0-9A-Fa-f.:]+)\]"
    rb"(?:\s\[Length\s(?P<size>\d+)\])?"
)
# uWSGI tells what it generated, and the status at the end.
_UWSGI = re.compile(
    rb"\]\s(?P<addr>\S{1,60}) \([^)]{0,80}\) \{[^}]{0,60}\} "
    rb"\[(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})\] (?P<method>[A-Z]{3,16}) (?P<target>\S+)"
    rb" => generated (?P<size>\d+) bytes in .{1,40}?\(HTTP/[\d.]+ (?P<status>\d{3})\)"
)
SERVERS = (_BARE, _PHP, _PROXY_MANAGER, _UWSGI)
