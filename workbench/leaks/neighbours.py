"""What else a leaked file gave away: the other secrets in it, by name and vendor, never by value.

Whoever read the file has them all; each is somebody's to replace.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Iterable, Iterator

from workbench.leaks import context
from workbench.leaks.gate import masked_name
from workbench.leaks.model import Match, Neighbour, UnpackError
from workbench.leaks.patterns import Scanner
from workbench.leaks.stream import BLOCK, scan_blocks

_MOST = 60
# Drawn anew by each process: a mark of a value is worth nothing anywhere else.
_CHANCE = secrets.token_bytes(16)
_ASSIGNED = re.compile(
    rb"(?P<name>[A-Za-z_][\w.-]{2,60})[\"'\])]{0,3}[ \t]{0,8}(?:=>|:=|[=:,])[ "
    rb"\t]{0,8}[\"'`]?(?P<value>[^\s\"'`<>]{6,300})"
)
_SECRET_NAME = re.compile(
    r"(?i)pass(?!ive|age|enger)|pwd|secret|token|api_?-?key|apikey|(?:^|[._-])key$|_key$|private"
    r"|credential|dsn|salt$"
)
_URL = re.compile(r"(?i)^([a-z][a-z0-9+]{2,20})://[^\s:/@]*:[^\s@]+@")
_BY_VALUE = (
    ("Stripe", r"[sr]k_(?:live|test)_"),
    ("AWS", r"AKIA[0-9A-Z]{12}"),
    ("GitHub", r"gh[pousr]_"),
    ("Slack", r"xox[abprs]-"),
    ("SendGrid", r"SG\."),
    ("GitLab", r"glpat-"),
    ("Brevo", r"xkeysib-"),
    ("Google", r"AIza[\w-]{20}"),
    ("private key", r"-----BEGIN"),
    ("a token of one's own", r"eyJ[\w-]{10,}\."),
)
# How a word of the name begins; short ones are whole words: a session is no SES.
_BY_NAME = (
    ("database", r"db|database|mysql|maria|postgres|pgsql|mongo"),
    ("Redis", "redis"),
    ("AWS", r"(?:aws|s3|ses)$"),
    ("Stripe", "stripe"),
    ("PayPal", "paypal"),
    ("Twilio", "twilio"),
    ("SendGrid", "sendgrid"),
    ("Mailjet", "mailjet"),
    ("Mandrill", "mandrill"),
    ("Postmark", "postmark"),
    ("Pusher", "pusher"),
    ("GitHub", "github"),
    ("GitLab", "gitlab"),
    ("Google", "google|gcp$|firebase|recaptcha"),
    ("Facebook", "facebook|fb$"),
    ("Slack", "slack"),
    ("Sentry", "sentry"),
    ("OpenAI", "openai"),
    ("Cloudflare", "cloudflare|cf$"),
    ("message queue", "rabbit|amqp|kafka"),
    ("directory", "ldap"),
    ("application", r"(?:app|application|logged)$|jwt|session|cookie|salt|nonce|auth"),
)
_NAME_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*")
_SCHEMES = {
    "postgres": "database",
    "postgresql": "database",
    "mysql": "database",
    "mongodb": "database",
    "redis": "Redis",
    "rediss": "Redis",
    "amqp": "message queue",
    "amqps": "message queue",
    "ldap": "directory",
}


def neighbours(data: bytes, own: Collection[str]) -> tuple[Neighbour, ...]:
    """Return the other secrets of a file that holds one of ours; ``own`` are the values that were found."""
    found: dict[str, Neighbour] = {}
    for one in _ASSIGNED.finditer(data):
        name = one.group("name").decode("ascii").strip(".-")
        value = one.group("value").decode("utf-8", "replace").rstrip(",;)}]")
        url = _URL.match(value)
        if not (url or _SECRET_NAME.search(name)) or any(value in mine or mine in value for mine in own):
            continue
        if context.is_placeholder(value) or (
            re.fullmatch(r"[A-Za-z_.$>-]+\(?.*", value) and not url and not _shaped(value)
        ):
            continue
        if (shown := masked_name(name, own)) and shown not in found:
            vendor = _vendor(name, value, url.group(1).lower() if url else "")
            found[shown] = Neighbour(shown, vendor, _mark(value))
            if len(found) >= _MOST:
                break
    return tuple(found.values())


def _mark(value: str) -> str:
    return hashlib.blake2s(value.encode(), key=_CHANCE, digest_size=8).hexdigest()


def scan_packed(blocks: Iterable[bytes], scanner: Scanner) -> Iterator[tuple[Match, tuple[Neighbour, ...]]]:
    """Yield every match in a file that comes out of an archive, with what stands beside it in its first block.

    An error of ``blocks`` is raised after what came before it was given.
    """
    held = bytearray()

    def kept() -> Iterator[bytes]:
        for block in blocks:
            held.extend(block[: BLOCK - len(held)])
            yield block

    matches: list[Match] = []
    failure: UnpackError | OSError | None = None
    try:
        for match in scan_blocks(kept(), scanner):
            matches.append(match)
    except (UnpackError, OSError) as error:
        failure = error
    beside = neighbours(bytes(held), [match.secret.reveal() for match in matches]) if matches else ()
    for match in matches:
        yield match, beside
    if failure is not None:
        raise failure


def _shaped(value: str) -> bool:
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and "(" not in value


def _vendor(name: str, value: str, scheme: str) -> str:
    for vendor, rule in _BY_VALUE:
        if re.match(rule, value):
            return vendor
    if scheme in _SCHEMES:
        return _SCHEMES[scheme]
    words = [word.lower() for word in _NAME_WORD.findall(name)]
    named = (vendor for vendor, rule in _BY_NAME if any(re.match(rule, word) for word in words))
    return next(named, "application" if words[:2] == ["secret", "key"] else "")


def search_strings(key_ids: Iterable[str], logins: Iterable[str]) -> tuple[str, ...]:
    """Return what to look for on public code hosts, gists, registries and paste sites: never a secret, nothing is sent.

    The tail of a current key is its id and no secret; a login, and a host beside a domain, betray a copy of the file.
    """
    logins = sorted(set(logins))
    domains = sorted({login.partition("@")[2] for login in logins} - {""})
    return (
        *(f'"{key_id}"' for key_id in sorted(set(key_ids) - {""})),
        *(f'"{login}"' for login in logins),
        *(f'"smtp.mailgun.org" "{domain}"' for domain in domains),
        *(f'"api.mailgun.net" "{domain}"' for domain in domains),
    )
