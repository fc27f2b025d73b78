"""The operator's configuration: ``config.toml`` in the workbench's home. Optional, read once, refused whole.

::

    proxy = "http://proxy.example.com:3128"   # or "direct": none, whatever the environment names
    no_proxy = ["intranet.example.com"]       # reached straight, with all below it
    ca_file = "/etc/ssl/company-ca.pem"       # believed beside the host's own store
    vault = "file"                            # or "keyring": where new secrets go

    [screen]                             # how the full screen looks; the environment goes before it
    theme = "light"                      # dark, light, contrast, ansi
    ascii = true                         # nothing but ASCII is drawn
    mouse = false                        # the mouse stays the terminal's

    [keys]                               # an action's name (README, ctrl+p) and the key it shall have
    "pane.maximise" = "f11"

    [blocklists]
    enable = ["zen.dq.spamhaus.net"]     # zones whose terms you have read
    drop = ["dnsbl.dronebl.org"]         # zones you do not want asked
    rank = { "psbl.surriel.com" = 3 }    # your own tier, 1 (matters most) to 4 (ignore)

    [blocklists.keys]                    # only where the vault entry has another name than the catalogue's
    "blocklists/spamhaus-dqs" = "our dqs key"

    [[blocklists.add]]                   # a list of your own; the fields are those of catalogue.toml
    zone = "bl.internal.example"

    [logs]
    format = '$remote_addr [$time_local] "$request" $status $body_bytes_sent'   # of access logs; or Apache's
    proxies = ["203.0.113.0/24"]         # your own: never taken for a client

Keys never stand here: ``workbench secrets put NAME`` stores them in the vault.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from workbench.core.atomic_files import read_plain
from workbench.core.errors import UsageError
from workbench.core.redact import visible

VAULTS = ("file", "keyring")
SCREEN_THEMES = ("dark", "light", "contrast", "ansi")
_LARGEST = 1_000_000  # bytes; a configuration is a page


@dataclass(frozen=True, slots=True)
class BlocklistConfig:
    """What the operator changes about the blocklists; ``keys`` maps the catalogue's key names to vault entries."""

    enable: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    rank: Mapping[str, int] = field(default_factory=dict)
    add: tuple[Mapping[str, Any], ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogConfig:
    """How access logs are to be read: a declared ``format`` ("" for none) and one's own ``proxies``."""

    format: str = ""
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScreenConfig:
    """How the full screen looks and which keys actions have; ``""`` and None where nothing is said."""

    theme: str = ""
    ascii: bool | None = None
    mouse: bool = True
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be configured."""

    blocklists: BlocklistConfig = BlocklistConfig()
    proxy: str = ""
    no_proxy: tuple[str, ...] = ()
    ca_file: str = ""
    vault: str = ""
    logs: LogConfig = LogConfig()
    screen: ScreenConfig = ScreenConfig()


def load(path: Path) -> Config:
    """Return the configuration of a file, the defaults where there is none; raises UsageError for a mistake."""
    try:
        raw = read_plain(path)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
            raise  # A fault of the host, not of this file: it is said as such where all of them are.
        raise UsageError(
            f"The configuration {visible(str(path), 200)} cannot be read ({error.strerror}).",
            "What it says would be ignored.",
            "Make it readable for you, or move it away.",
        ) from error
    return parse(raw, str(path))


def parse(raw: bytes, name: str = "config.toml") -> Config:
    """Return the configuration that a TOML text holds; raises UsageError naming the mistake."""
    import tomllib  # most hosts have no such file

    if len(raw) > _LARGEST:
        _wrong(name, f"it is larger than {_LARGEST:,} bytes")
    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        _wrong(name, f"it is not valid TOML: {visible(str(error), 120)}")
    _only(
        document,
        {"blocklists", "ca_file", "keys", "logs", "no_proxy", "proxy", "screen", "vault"},
        name,
        "the file",
    )
    vault = _text(document, "vault", name)
    if vault not in ("", *VAULTS):
        _wrong(name, f"vault must be one of {', '.join(VAULTS)}")
    return Config(
        _blocklists(document.get("blocklists", {}), name),
        proxy=_text(document, "proxy", name),
        no_proxy=_texts(document, "no_proxy", name, "no_proxy must be a list of host names"),
        ca_file=_text(document, "ca_file", name),
        vault=vault,
        logs=_logs(document.get("logs", {}), name),
        screen=_screen(document.get("screen", {}), document.get("keys", {}), name),
    )


def _screen(table: Any, keys: Any, name: str) -> ScreenConfig:
    if not isinstance(table, dict):
        _wrong(name, "screen must be a table")
    _only(table, {"theme", "ascii", "mouse"}, name, "[screen]")
    theme = _text(table, "theme", name)
    if theme not in ("", *SCREEN_THEMES):
        _wrong(name, f"screen.theme must be one of {', '.join(SCREEN_THEMES)}")
    for switch in ("ascii", "mouse"):
        if not isinstance(table.get(switch, True), bool):
            _wrong(name, f"screen.{switch} must be true or false")
    if not isinstance(keys, dict) or not all(isinstance(key, str) and key.strip() for key in keys.values()):
        _wrong(name, 'keys must give a key to each action: "pane.maximise" = "f11"')
    return ScreenConfig(theme, table.get("ascii"), table.get("mouse", True), dict(keys))


def _logs(table: Any, name: str) -> LogConfig:
    if not isinstance(table, dict):
        _wrong(name, "logs must be a table")
    _only(table, {"format", "proxies"}, name, "[logs]")
    proxies = _texts(table, "proxies", name, "logs.proxies must be a list of addresses or ranges")
    return LogConfig(_text(table, "format", name), proxies)


def _text(table: Mapping[str, Any], field_name: str, name: str) -> str:
    value = table.get(field_name, "")
    if not isinstance(value, str):
        _wrong(name, f"{field_name} must be a text")
    return value


def _blocklists(table: Any, name: str) -> BlocklistConfig:
    if not isinstance(table, dict):
        _wrong(name, "blocklists must be a table")
    _only(table, {"enable", "drop", "rank", "add", "keys"}, name, "[blocklists]")
    rank, keys, add = table.get("rank", {}), table.get("keys", {}), table.get("add", [])
    if not isinstance(rank, dict) or any(type(tier) is not int for tier in rank.values()):
        _wrong(name, "blocklists.rank must give a number from 1 to 4 to each zone")
    if not isinstance(keys, dict) or not all(isinstance(entry, str) and entry for entry in keys.values()):
        _wrong(name, "blocklists.keys must give the name of a vault entry to each key, never the key itself")
    if not isinstance(add, list) or not all(isinstance(zone, dict) for zone in add):
        _wrong(name, "blocklists.add must be tables: [[blocklists.add]]")
    return BlocklistConfig(
        _texts(table, "enable", name), _texts(table, "drop", name), dict(rank), tuple(add), dict(keys)
    )


def _texts(table: Mapping[str, Any], field_name: str, name: str, rule: str = "") -> tuple[str, ...]:
    value = table.get(field_name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        _wrong(name, rule or f"blocklists.{field_name} must be a list of zone names")
    return tuple(value)


def _only(table: Mapping[str, Any], known: set[str], name: str, where: str) -> None:
    """Refuse what nobody reads: a misspelt setting must not be ignored."""
    strange = sorted(set(table) - known)
    if strange:
        _wrong(name, f"{where} has no setting {visible(strange[0], 60)}, only {', '.join(sorted(known))}")


def _wrong(name: str, why: str) -> NoReturn:
    raise UsageError(
        f"The configuration {visible(name, 200)} cannot be used: {why}.",
        "Nothing of it was taken: half a configuration would mislead.",
        "Correct it, or move it away.",
    )
