"""``workbench blocklists`` as a command: the document, exit codes, notices, keys, a watch that is stopped."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

from tests.support.cli import Command
from tests.support.commands import Commands, threaded_drill
from tests.support.drills import AFTERNOON, file_vault, running_drill
from tests.support.patience import HANGS
from workbench.drill.servers.dns_server import DnsServer
from workbench.drill.servers.dns_zones import DnsZone
from workbench.drill.servers.serve import RunningDrill
from workbench.vault.entries import WORKBENCH_SERVICE, EntryName

# Lists are asked 20 questions a second: fewer domains, a shorter test.
SMALL = {"domains": 3, "credentials": 8, "users": 3}
REFUSED = (
    "host mx.example said: 554 5.7.1 Service unavailable; Client host [198.51.100.9] blocked using "
    "zen.spamhaus.org; https://www.spamhaus.org/query/ip/198.51.100.9"
)
THEIRS = "550 5.7.1 blocked using zen.spamhaus.org, see https://www.spamhaus.org/returnc/pub/192.0.2.1"


def dns_of(drill: RunningDrill) -> DnsServer:
    """Return the drill's own blocklist server."""
    assert drill.side.names is not None
    return drill.side.names


def test_the_document_and_the_table(tmp_path: Path, commands: Commands) -> None:
    with threaded_drill(tmp_path, start=AFTERNOON, **SMALL) as served:
        commands.use(served.document)
        names = dns_of(served.drill)
        names.add(DnsZone("dnsbl.dronebl.org", frozenset({"ip4", "ip6"}), behaviour="wildcard"))
        ran = commands("blocklists", "--json")
        assert ran.code == 1, ran.err
        document = ran.document
        assert document["schema"] == "workbench.blocklists/1" and document["incident"]
        listed = [one for one in document["listings"] if one["verdict"] == "listed"]
        ip = served.drill.story.sending_ips["us"][0]
        assert {(one["subject"], one["zone"]) for one in listed} >= {(ip, "bl.spamcop.net")}
        assert all({"subject", "zone", "verdict", "tier", "reason"} <= set(one) for one in listed)
        wild = [one for one in document["listings"] if one["zone"] == "dnsbl.dronebl.org"]
        assert wild and {one["verdict"] for one in wild} == {"cannot tell"}
        assert any(not one["believed"] for one in document["health"])
        off = {one["zone"]: one["reason"] for one in document["switched_off"]}
        assert off.get("zen.spamhaus.org")
        assert not any("zen.spamhaus.org" in name for name, _ in names.asked)
        # Ours waits for containment; Mailgun is told of its shared addresses at once.
        by_whose = {(one["whose"], one["ready"]) for one in document["removals"]}
        assert ("you", True) not in by_whose and ("Mailgun", False) not in by_whose
        assert document["refusals"]["providers"] and document["rates"]
        ran = commands("blocklists", "--ip", ip)
        assert ran.code == 1, ran.err
        assert "NOT ASKED" in ran.out and "Spamhaus ZEN" in ran.out
        ran = commands("blocklists")
        assert ran.code == 1 and "NOT ASKED" in ran.out and "containment is open" in ran.out, ran.err
        ran = commands("blocklists", "--requested", ip, "bl.spamcop.net")
        assert ran.code == 2 and "cannot be asked for yet" in ran.err


def test_a_notice_asks_nobody(tmp_path: Path, commands: Commands) -> None:
    with threaded_drill(tmp_path, **SMALL) as served:
        commands.use(served.document)
        commands.home.vault_file.unlink()  # What a notice says needs no vault, and makes none.
        for text, code_wanted, kind in ((REFUSED, 1, "list"), (THEIRS, 0, "receiver")):
            path = tmp_path / "notice.txt"
            path.write_text(text)
            ran = commands("blocklists", "--json", "--notice", str(path))
            assert ran.code == code_wanted, ran.err
            assert ran.document["notice"]["kind"] == kind
        assert not dns_of(served.drill).asked
        ran = commands("blocklists", "--notice", str(tmp_path / "absent"))
        assert ran.code == 2 and "cannot be read" in ran.err


async def test_a_key_is_stored_from_a_pipe_and_used(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        command = Command(drill, tmp_path)
        await command.prepare()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "workbench",
            "secrets",
            "put",
            "blocklists/spamhaus-dqs",
            env=command.environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(b"abcdefghij0123456789abcdef\n")
        assert process.returncode == 0, err
        assert b"abcdefghij" not in out + err
        vault = await file_vault(command.home)
        stored = await vault.fetch(EntryName(WORKBENCH_SERVICE, "blocklists/spamhaus-dqs"))
        vault.close()
        assert stored is not None and stored.reveal() == "abcdefghij0123456789abcdef"
        command.home.config_file.write_text('[blocklists]\nenable = ["zen.dq.spamhaus.net"]\n')
        code, text, _ = await command.run("blocklists", "--json")
        assert code == 1
        assert "zen.dq.spamhaus.net" in {one["zone"] for one in json.loads(text)["listings"]}
        assert "abcdefghij0123456789" not in text
        assert any(name.startswith("abcdefghij") or ".abcdefghij" in name for name, _ in dns_of(drill).asked)


async def test_a_watch_tells_what_the_days_bring_and_stops_on_a_signal(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        command = Command(drill, tmp_path)
        await command.prepare()
        process = await command.start("blocklists", "--watch", "--json")
        assert process.stdout is not None
        async with asyncio.timeout(HANGS):
            first = json.loads(await process.stdout.readline())
            assert {change["change"] for change in first["changes"]} == {"newly listed"}
            drill.account.clock.advance(86_400 + 600)
            second = json.loads(await process.stdout.readline())
            assert "multi.surbl.org" in {change["zone"] for change in second["changes"]}
            process.send_signal(signal.SIGTERM)
            _, err = await process.communicate()
        assert process.returncode == 128 + signal.SIGTERM, err
