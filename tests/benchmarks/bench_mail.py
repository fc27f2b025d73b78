"""Landing addresses of 10,000 messages, and a million log entries with clicks: time and memory.

``python -m tests.benchmarks.bench_mail [--quick] [--json]`` from the project's root. The messages are made anew one by
one (multipart, HTML and plain, an attachment), read within bounds, their links shaped. Memory is the peak of a process
of its own beside one that takes half as much: it must not grow. Exit 1 above 10 s or 100 MB for the messages, or where
clicks cost more than 20 MB beyond half of them.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MESSAGES, ENTRIES = 10_000, 1_000_000
PAGE = 100


def message(number: int) -> bytes:
    """Return one phishing message as it was sent."""
    link = f"https://parcel{number % 40}.example/track/{number:010x}ab?to=r{number}%40mailbox.example"
    page = (
        "<html><head><style>p{color:red}</style></head><body>"
        + "".join(f"<p>Line {n} of the message, <b>bold</b> words.</p>" for n in range(20))
        + f"<a href='{link}'>Pay here</a><img src='https://parcel.example/o.gif'></body></html>"
    )
    return (
        f"From: Shop <notice@mg.acme.example>\r\nTo: r{number}@mailbox.example\r\nSubject: Parcel {number}\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        f"Pay here: {link}\r\n--b\r\nContent-Type: text/html\r\n\r\n{page}\r\n--b\r\n"
        "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nxxxx\r\n--b--\r\n"
    ).encode()


def messages(count: int) -> dict[str, Any]:
    """Return the landing addresses of so many messages, and what they cost."""
    from workbench.domain.mail import mime
    from workbench.domain.mail.links import shape_of_link

    shapes: dict[str, int] = {}
    spent = 0.0
    for number in range(count):
        raw = message(number)
        began = time.process_time()
        for link in mime.read(raw).links:
            shape = shape_of_link(link)
            shapes[shape] = shapes.get(shape, 0) + 1
        spent += time.process_time() - began
    return {"seconds": spent, "shapes": len(shapes), "peak_mb": _peak()}


def clicks(count: int) -> dict[str, Any]:
    """Return what taking so many entries costs, every other one a click on an address of its own."""
    import msgspec

    from workbench.domain.forensics.attribution import Attribution
    from workbench.mailgun.log_entries import read_page

    start = datetime(2026, 11, 21, tzinfo=UTC)
    table = Attribution(start, start + timedelta(hours=24))
    spent = 0.0
    for first in range(0, count, PAGE):
        raw = msgspec.json.encode(
            {"items": [_entry(n) for n in range(first, first + PAGE)], "pagination": {}}
        )
        began = time.process_time()
        page = read_page(raw)
        assert page is not None
        table.take(page)
        spent += time.process_time() - began
    links = sum(len(group.links) for group in table.groups.values())
    return {"seconds": spent, "links": links, "peak_mb": _peak()}


def _entry(number: int) -> dict[str, Any]:
    message_id = f"m{number // 2}"
    headers = {"message-id": message_id, "subject": "Parcel", "from": "notice@mg.acme.example"}
    common = {"domain": {"name": "mg.acme.example"}, "envelope": {"sender": "notice@mg.acme.example"},
              "message": {"headers": headers}, "id": f"e{number}", "recipient": f"r{number}@mailbox.example",
              "@timestamp": f"2026-11-21T{number // 41_700 % 24:02d}:00:00.000Z"}  # fmt: skip
    if number % 2 == 0:
        storage = {"key": f"k{number}", "url": ["https://storage.example/v3/domains/x/messages/k"]}
        return {
            **common,
            "event": "accepted",
            "api-key-id": "a-b",
            "originating-ip": "203.0.113.9",
            "storage": storage,
        }
    return {
        **common,
        "event": "clicked",
        "url": f"https://p{number}.example/t/{number:012x}?to=r{number}%40x.example",
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _apart(what: str, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_mail", "--one", what, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "COUNT"))
    options = parser.parse_args()
    if options.one:
        work = {"messages": messages, "clicks": clicks}[options.one[0]]
        print(json.dumps(work(int(options.one[1]))))
        return 0
    entries = ENTRIES // 10 if options.quick else ENTRIES
    mail, half, whole = (
        _apart("messages", MESSAGES),
        _apart("clicks", entries // 2),
        _apart("clicks", entries),
    )
    made = {
        "messages_seconds": round(mail["seconds"], 2),
        "messages_peak_mb": round(mail["peak_mb"]),
        "entries": entries,
        "entries_per_second": round(entries / whole["seconds"]),
        "clicks_peak_mb": round(whole["peak_mb"]),
        "clicks_grown_mb": round(whole["peak_mb"] - half["peak_mb"], 1),
    }
    held = mail["seconds"] < 10 and mail["peak_mb"] < 100 and made["clicks_grown_mb"] < 20
    print(
        json.dumps(made) if options.json else "\n".join(f"{name:>20} {value}" for name, value in made.items())
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
