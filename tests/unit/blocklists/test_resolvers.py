"""Which server is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.blocklists.resolvers import ResolverAddress, system_resolvers
from workbench.core.errors import HostError, UsageError


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("192.0.2.53", "192.0.2.53", 53, "192.0.2.53"),
        ("192.0.2.53:5353", "192.0.2.53", 5353, "192.0.2.53:5353"),
        ("[2001:db8::53]:5353", "2001:db8::53", 5353, "[2001:db8::53]:5353"),
        ("2001:db8::53", "2001:db8::53", 53, "[2001:db8::53]"),
        (" [::1] ", "::1", 53, "[::1]"),
    ],
)
def test_servers_are_read_and_shown(text: str, host: str, port: int, shown: str) -> None:
    server = ResolverAddress.parse(text)
    assert (server.host, server.port, str(server)) == (host, port, shown)


@pytest.mark.parametrize(
    "text", ["", "dns.example", "192.0.2.53:0", "192.0.2.53:70000", "192.0.2.53:x", "1.2.3"]
)
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--resolver"):
        ResolverAddress.parse(text)


def test_the_hosts_servers_come_from_resolv_conf(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text(
        "# c\nsearch x\nnameserver 192.0.2.1\nnameserver nonsense\nnameserver ::1\nnameserver 192.0.2.3\n"
    )
    assert [server.host for server in system_resolvers(conf)] == ["192.0.2.1", "::1", "192.0.2.3"]
    conf.write_text("".join(f"nameserver 192.0.2.{n}\n" for n in range(1, 9)))
    assert len(system_resolvers(conf)) == 3


def test_without_a_word_the_local_machine_is_asked_and_an_unreadable_file_is_said(tmp_path: Path) -> None:
    assert system_resolvers(tmp_path / "none") == (ResolverAddress("127.0.0.1"),)
    with pytest.raises(HostError, match="--resolver"):
        system_resolvers(tmp_path)
