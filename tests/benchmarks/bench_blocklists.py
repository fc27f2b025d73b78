"""Blocklist look-ups against the ideal and against pydnsbl, on rbldnsd behind a delay.

    python -m tests.benchmarks.bench_blocklists [--quick] [--runs N] [--json]

100 addresses × 60 zones, 30 listings among them, 30 ms of delay, 200 queries in flight, no cap by owner.
The ideal is 6,000 × 30 ms ÷ 200. Runs alternate with pydnsbl's in this process. A second part swallows the
queries of every tenth zone and measures when the last answer of the living zones is in. Exit 1 where a
target is missed: 1.3 × the ideal, faster than pydnsbl, every listing found in every run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import sys
import time
from collections.abc import Sequence

import aiodns
from pydnsbl.checker import DNSBLIpChecker
from pydnsbl.providers import Provider

from tests.unit.blocklists.servers import DelayProxy, Rbldnsd
from workbench.blocklists.catalogue import load
from workbench.blocklists.limits import QueryLimits
from workbench.blocklists.lookup import Lookup
from workbench.blocklists.names import Subject
from workbench.blocklists.resolvers import ResolverAddress
from workbench.blocklists.verdicts import ListingVerdict
from workbench.blocklists.zones import Zone

ADDRESSES = [f"198.18.{number // 50}.{number % 50 + 1}" for number in range(100)]
ZONES = [f"z{number:02}.bl.test" for number in range(60)]
LISTED = {(ADDRESSES[(number * 37) % 100], ZONES[(number * 2) % 60]) for number in range(30)}
DELAY_MS = 30.0
IN_FLIGHT = 200
IDEAL = len(ADDRESSES) * len(ZONES) * DELAY_MS / 1000 / IN_FLIGHT
TIMEOUT = 5.0


def zone_data(zone: str) -> tuple[str, list[str]]:
    """Return a zone for rbldnsd: the test entry and what is listed there."""
    return "ip4set", [":127.0.0.2:listed $", "127.0.0.2", *sorted(a for a, z in LISTED if z == zone)]


def catalogue_zones() -> tuple[Zone, ...]:
    """Return the benchmark's zones as catalogue entries, each with an owner of its own."""
    fields = {
        "lists": ["ip4"], "scope": "address", "tier": 3, "why": "benchmark", "terms": "open", "terms_note": "own",
        "ends": "never", "asked_by": "nobody", "wait_hours": 1, "recheck_minutes": 60,
        "codes": [{"code": "any", "means": "listed"}],
    }  # fmt: skip
    tables = [{"zone": zone, "title": zone, "owner": zone, **fields} for zone in ZONES]
    changed = load().with_overrides(add=tables)
    return tuple(changed.zones[zone] for zone in ZONES)


async def ours(
    port: int, zones: Sequence[Zone], living: Sequence[str] = ZONES
) -> tuple[float, float, set[tuple[str, str]], int]:
    """Return seconds until the last verdict, until the last of a living zone, listings, and *cannot tell*s."""
    lookup = Lookup(
        zones,
        resolvers=[ResolverAddress("127.0.0.1", port)],
        limits=QueryLimits(in_flight=IN_FLIGHT, timeout=TIMEOUT, owner_rate=None),
    )
    subjects = [Subject.parse(address) for address in ADDRESSES]
    alive = set(living)
    found: set[tuple[str, str]] = set()
    doubt = 0
    last_living = 0.0
    start = time.perf_counter()
    async for listing in lookup.run(subjects):
        if listing.zone.name in alive:
            last_living = time.perf_counter() - start
        if listing.verdict is ListingVerdict.LISTED:
            found.add(listing.pair)
        doubt += listing.verdict is ListingVerdict.CANNOT_TELL
    return time.perf_counter() - start, last_living, found, doubt


async def peer(port: int) -> tuple[float, set[tuple[str, str]], int]:
    """Return the same for pydnsbl: seconds, listings found, failed queries."""
    loop = asyncio.get_running_loop()
    providers = [Provider(zone) for zone in ZONES]  # type: ignore[no-untyped-call]
    checker = DNSBLIpChecker(providers, concurrency=IN_FLIGHT, loop=loop)  # type: ignore[no-untyped-call]
    # Its own resolver has no way to name a server and a port.
    checker._resolver = aiodns.DNSResolver(
        loop=loop, nameservers=["127.0.0.1"], udp_port=port, timeout=5, tries=2
    )
    start = time.perf_counter()
    checks = [checker.check_async(address) for address in ADDRESSES]  # type: ignore[no-untyped-call]
    results = await asyncio.gather(*checks)
    seconds = time.perf_counter() - start
    found = {(result.addr, zone) for result in results for zone in result.detected_by}
    failures = sum(len(result.failed_providers) for result in results)
    return seconds, found, failures


def cpu_seconds() -> float:
    """Return this process's CPU time."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def compare(port: int, runs: int, peer_every: int) -> dict[str, object]:
    """Run both in turn, pydnsbl after every ``peer_every``-th of our runs; return the figures."""
    zones = catalogue_zones()
    mine: list[float] = []
    theirs: list[float] = []
    cpu: list[float] = []
    whole = peer_whole = doubts = sooner = 0
    for number in range(runs):
        before = cpu_seconds()
        seconds, _, found, doubt = asyncio.run(ours(port, zones))
        cpu.append(cpu_seconds() - before)
        mine.append(seconds)
        whole += found == LISTED
        doubts += doubt
        if number % peer_every == 0:
            seconds, found, _ = asyncio.run(peer(port))
            theirs.append(seconds)
            sooner += mine[-1] < seconds
            peer_whole += found == LISTED
    return {
        "ideal_s": IDEAL,
        "ours_s": summary(mine),
        "ours_x_ideal": round(statistics.median(mine) / IDEAL, 3),
        "ours_cpu_us_per_query": round(statistics.median(cpu) / 6000 * 1e6),
        "pydnsbl_s": summary(theirs),
        "pydnsbl_x_ideal": round(statistics.median(theirs) / IDEAL, 3),
        "all_found": f"{whole} of {runs}",
        "pydnsbl_all_found": f"{peer_whole} of {len(theirs)}",
        "faster_than_pydnsbl_in_pairs": f"{sooner} of {len(theirs)}",
        "cannot_tell": doubts,
    }


def summary(values: Sequence[float]) -> str:
    """Return median and range."""
    return f"{statistics.median(values):.3f} ({min(values):.3f}-{max(values):.3f})"


def main() -> int:
    """Run the benchmark and print its figures; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="5 runs instead of 50")
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    runs = options.runs or (5 if options.quick else 50)
    silent = ZONES[::10]
    with Rbldnsd({zone: zone_data(zone) for zone in ZONES}) as server:
        with DelayProxy(server.port, DELAY_MS) as proxy:
            figures = compare(proxy.port, runs, 1 if runs <= 10 else 3)
        with DelayProxy(server.port, DELAY_MS, silent=silent) as proxy:
            living = [zone for zone in ZONES if zone not in silent]
            _, last, found, doubt = asyncio.run(ours(proxy.port, catalogue_zones(), living))
        expected = {pair for pair in LISTED if pair[1] not in silent}
        figures["silent_zones_last_living_s"] = round(last, 3)
        figures["silent_zones_all_found"] = found == expected
        figures["silent_zones_cannot_tell"] = doubt
    with Rbldnsd({zone: zone_data(zone) for zone in ZONES}) as server:
        with DelayProxy(server.port, DELAY_MS, lose_every=20) as proxy:
            seconds, _, found, doubt = asyncio.run(ours(proxy.port, catalogue_zones()))
        figures["5_percent_lost_s"] = round(seconds, 3)
        figures["5_percent_lost_found_or_doubted"] = f"{len(found)} found, {doubt} cannot tell"
    figures["ideal_s"] = IDEAL
    for name, value in figures.items():
        if not options.json:
            print(f"{name:32} {value}")
    if options.json:
        print(json.dumps(figures))
    ours_median = float(str(figures["ours_s"]).split()[0])
    fine = (
        ours_median <= 1.3 * IDEAL
        and ours_median < float(str(figures["pydnsbl_s"]).split()[0])
        and figures["all_found"] == f"{runs} of {runs}"
        and bool(figures["silent_zones_all_found"])
        and float(str(figures["silent_zones_last_living_s"])) <= ours_median + TIMEOUT
    )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
