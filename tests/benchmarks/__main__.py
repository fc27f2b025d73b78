"""Every benchmark, one after the other, and one table: ``python -m tests.benchmarks [--quick] [--only NAME …]``.

What counts are the ratios to a peer, to an ideal or to a target in the same run; seconds drift with the
machine. Exit 1 where a target is missed, 2 where a benchmark did not run.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from tests.benchmarks.bench_bytes import budget_of

ROOT = Path(__file__).parents[2]
LIMIT = 1800.0  # seconds one benchmark may take


@dataclass(frozen=True)
class Line:
    """One figure: what, the target in words, what was measured, whether it holds (None: no target)."""

    what: str
    target: str
    measured: str
    held: bool | None = None


@dataclass(frozen=True)
class Bench:
    """One benchmark: its module, its arguments (quick and whole), and how its document is read."""

    name: str
    module: str
    quick: tuple[str, ...]
    whole: tuple[str, ...]
    read: Callable[[Any], list[Line]]


def _startup(d: Any) -> list[Line]:
    return [Line("first full frame / bare Textual", "≤ 1.2", f"{d['ratio']:.2f}", d["ratio"] <= 1.2)]


def _contain(d: Any) -> list[Line]:
    return [
        Line("resets, vault and journal / ideal", "≤ 1.5", f"{d['x_ideal']:.2f}", d["x_ideal"] <= 1.5),
        Line("resets, vault and journal / raw client", "≤ 1.12", f"{d['x_raw']:.2f}", d["x_raw"] <= 1.12),
        Line(
            "resets / vendor SDK loop",
            "≥ 14 × faster",
            f"{d['faster_than_sdk']} ×",
            d["faster_than_sdk"] >= 14,
        ),
        Line(
            "SMTP proofs after the last reset",
            "",
            f"{d['proofs_after_s']} s, {d['verified']} of {d['resets']}",
        ),
    ]


def _wide(d: Any) -> list[Line]:
    measured = f"{d['x_ideal']:.2f} (load {d['load']})"
    name = f"{d['domains']} domains × {d['resets'] // d['domains']} logins / ideal"
    return [Line(name, "≤ 1.5", measured, d["x_ideal"] <= 1.5)]


def _vault(d: Any) -> list[Line]:
    return [Line(f"vault, journal: {name}", "", str(value)) for name, value in d.items()]


def _blocklists(d: Any) -> list[Line]:
    ours, peer, ideal = (float(str(d[name]).split()[0]) for name in ("ours_s", "pydnsbl_s", "ideal_s"))
    return [
        Line("blocklists / ideal", "≤ 1.2", f"{ours / ideal:.2f}", ours <= 1.2 * ideal),
        Line("blocklists: pydnsbl / ours", "> 1", f"{peer / ours:.2f}", ours < peer),
        Line("blocklists: runs that found all", "all", str(d["all_found"]), _all_of(str(d["all_found"]))),
    ]


def _all_of(words: str) -> bool:
    found, _, runs = words.partition(" of ")
    return found == runs


def _leaks(d: Any) -> list[Line]:
    lines = []
    for table, ours in (("tree", "workbench"), ("history", "workbench (tree too)")):
        for name, seconds in d[table].items():
            if name != ours:
                lines.append(Line(f"leaks, {table}: {name} / ours", "", f"{seconds / d[table][ours]:.2f}"))
    other = d["other"]
    found = f"{other['in the tree']:.0f} in the tree, {other['only in the history']:.0f} in the history"
    lines.append(Line("leaks: planted secrets found", "all", found))
    lines.append(Line("leaks: access log, a core", "", f"{other['access log MB/s']:.0f} MB/s"))
    return lines


def _rate(d: Any) -> list[Line]:
    return [
        Line("share of a limit of 300/min", "≥ 0.95", f"{d['of_the_limit']:.3f}", d["of_the_limit"] >= 0.95),
        Line("calls answered 429", "< 1 %", f"{d['refused_share']:.2%}", d["refused_share"] < 0.01),
        Line("reads before the last write", "few", str(d["reads_before_the_last_write"])),
    ]


def _late_key(d: Any) -> list[Line]:
    times = ", ".join(f"{run['after_ms']:g} ms" for run in d["runs"])
    what = f"first new key, valid {times} late: mint to switch / that and a look"
    return [Line(what, "≤ 1.1", f"{d['worst']:.2f} (load {d['load']})", d["worst"] <= 1.1)]


def _table(d: Any) -> list[Line]:
    ours, stock = d["keyed"], d["stock"]
    return [
        Line("table: key painted, p50", "< 25 ms", f"{ours['key_p50_ms']} ms", ours["key_p50_ms"] < 25),
        Line("table: key painted, p99", "< 120 ms", f"{ours['key_p99_ms']} ms", ours["key_p99_ms"] < 120),
        Line(
            "table: rows stand, p99",
            "< 0.3 s",
            f"{ours['rows_stand_p99_s']} s",
            ours["rows_stand_p99_s"] < 0.3,
        ),
        Line("table: idle writes", "0 bytes", str(ours["idle_bytes"]), ours["idle_bytes"] == 0),
        Line("DataTable: key painted, p50", "", f"{stock['key_p50_ms']} ms"),
    ]


def _screen(d: Any) -> list[Line]:
    ours, better = d["keyed"], d["times_better"]
    beside = f"{better}" if better is not None else f"no figure: {d['stock_gave']}"
    return [
        Line("screen in a cut: key p50", "< 50 ms", f"{ours['key_p50_ms']} ms", ours["key_p50_ms"] < 50),
        Line("screen in a cut: key p99", "≤ 100 ms", f"{ours['key_p99_ms']} ms", ours["key_p99_ms"] <= 100),
        Line(
            "screen in a cut: output", "≤ 60 kB/s", f"{ours['kb_a_second']} kB/s", ours["kb_a_second"] <= 60
        ),
        Line("the same on DataTable, p50 / ours", "≥ 4", beside, better is not None and better >= 4),
    ]


def _memory(d: Any) -> list[Line]:
    resident = d["resident_mb"]
    return [Line("resident memory, 10,000 credentials", "≤ 80 MB", f"{resident} MB", resident <= 80)]


def _watch(d: Any) -> list[Line]:
    grown = d["grown_mb"]
    return [Line(f"{d['hours']} simulated hours of watching: memory", "< 10 MB", f"{grown} MB", grown < 10)]


def _client(d: Any) -> list[Line]:
    mine, plain = d["clients"]["workbench"], d["clients"]["httpx"]
    return [
        Line("client alone / ideal", "", f"{mine['x_ideal']}"),
        Line("httpx alone / ideal", "", f"{plain['x_ideal']}"),
        Line("client / vendor SDK loop", "", f"{d['faster_than_sdk']:.1f} × faster"),
    ]


def _raw(d: Any) -> list[Line]:
    flat = {k: v for k, v in d.items() if isinstance(v, int | float | str)}
    return [Line(name, "", str(value)) for name, value in list(flat.items())[:6]]


def _mail(d: Any) -> list[Line]:
    seconds, peak = d["messages_seconds"], d["messages_peak_mb"]
    return [
        Line("landing addresses of 10,000 messages", "< 10 s", f"{seconds:.1f} s", seconds < 10),
        Line("the same, peak memory", "< 100 MB", f"{peak} MB", peak < 100),
        Line(f"clicks, {d['entries']:,} entries: memory beyond half", "< 20 MB",
             f"{d['clicks_grown_mb']} MB", d["clicks_grown_mb"] < 20),
    ]  # fmt: skip


def _bytes(d: Any) -> list[Line]:
    budgets = {name: budget_of(name) for name in d["figures"]}
    return [
        Line(
            f"screen: {name}",
            f"≤ {budget:,g}" if budget < math.inf else "",
            f"{d['figures'][name]:,.1f}",
            held,
        )
        for name, budget in budgets.items()
        for held in [d["figures"][name] <= budget if budget < math.inf else None]
    ]


BENCHES = (
    Bench("startup", "bench_startup", ("--quick",), (), _startup),
    Bench("contain", "bench_contain", ("--quick",), (), _contain),
    Bench("wide", "bench_contain", ("--quick", "--domains=40"), ("--domains=200",), _wide),
    Bench("late-key", "bench_late_key", ("--quick",), (), _late_key),
    Bench("limit", "bench_limit", ("--count=500", "--reads=10"), (), _rate),
    Bench("table", "bench_table", ("--quick",), (), _table),
    Bench("screen", "bench_screen", ("--quick",), (), _screen),
    Bench("bytes", "bench_bytes", ("--quick",), (), _bytes),
    Bench("memory", "bench_memory", (), (), _memory),
    Bench("watch", "bench_watch", ("--quick",), (), _watch),
    Bench("client", "bench_client", ("--count=400", "--rounds=1", "--sdk=20"), (), _client),
    Bench("smtp", "bench_smtp", ("--count=300",), (), _raw),
    Bench("vault", "bench_vault", ("400",), (), _vault),
    Bench("blocklists", "bench_blocklists", ("--quick",), (), _blocklists),
    Bench("leaks", "bench_leaks", ("--quick",), (), _leaks),
    Bench("mail", "bench_mail", ("--quick",), (), _mail),
)


def run(bench: Bench, quick: bool) -> list[Line]:
    """Run one benchmark in a process of its own; a line says so where it did not run."""
    words = bench.quick if quick else bench.whole
    command = [sys.executable, "-m", f"tests.benchmarks.{bench.module}", "--json", *words]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
        return bench.read(json.loads(done.stdout))
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        said = "" if isinstance(error, subprocess.TimeoutExpired) else done.stderr.strip().splitlines()[-1:]
        return [Line(bench.name, "runs", f"{type(error).__name__} {said}", None)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for, print one table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter runs: minutes, with rougher figures")
    parser.add_argument("--only", nargs="+", choices=[b.name for b in BENCHES], help="these alone")
    options = parser.parse_args(arguments)
    lines: list[Line] = []
    for bench in BENCHES:
        if options.only is None or bench.name in options.only:
            print(f"{bench.name} …", file=sys.stderr, flush=True)
            lines += run(bench, options.quick)
    words = {True: "pass", False: "FAIL", None: ""}
    rows = [(line.what, line.target, line.measured, words[line.held]) for line in lines]
    print(tabulate(rows, ("figure", "target", "measured", ""), tablefmt="simple", disable_numparse=True))
    if any(line.target == "runs" for line in lines):
        return 2
    return int(any(line.held is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
