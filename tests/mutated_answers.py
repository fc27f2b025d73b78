"""Every endpoint against answers that were spoiled: types changed, fields dropped, nulls, extras, nested, huge.

::

    python -m tests.mutated_answers [COUNT] [SEED]     (make mutated-answers: 20,000)

Nothing outside the tree of errors may come of an answer, no row may vanish unless it is named, and a list that is
missing or shorter than announced is never the whole one.
"""

from __future__ import annotations

import asyncio
import copy
import json
import random
import sys
from collections import Counter
from typing import Any

import httpx

from tests.support.answers import SHAPES, Shape
from tests.unit.mailgun.fakes import fake_client
from workbench.core.errors import ApiError, Incomplete
from workbench.core.json_text import read_json

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 7.5, 1e308, 10**40, "", "x", "\u202ehid", "a" * 5000, [], {}, [None], ["x", 3], {"a": {"b": []}},
    "27/11/2026 11:44", "0001-01-01T00:00:00Z", [[[[]]]], {"t": 1},
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a document."""
    found = [path] if path else []
    if isinstance(value, dict):
        found += [p for key, inner in value.items() for p in places(inner, (*path, key))]
    elif isinstance(value, list):
        found += [p for index, inner in enumerate(value) for p in places(inner, (*path, index))]
    return found


def spoil(document: Any, rng: random.Random) -> Any:
    """Return the document with one to three things wrong."""
    made = copy.deepcopy(document)
    for _ in range(rng.randint(1, 3)):
        known = places(made)
        if not known:
            return made
        path = rng.choice(known)
        holder = made
        for step in path[:-1]:
            holder = holder[step]
        kind = rng.randrange(5)
        if kind == 0 and isinstance(holder, dict):
            del holder[path[-1]]
        elif kind == 1 and isinstance(holder, dict):
            holder[f"new_{rng.randrange(9)}"] = copy.deepcopy(rng.choice(ODD))
        elif kind == 2 and isinstance(holder, list):
            holder.insert(path[-1], copy.deepcopy(rng.choice(ODD)))
        else:
            holder[path[-1]] = copy.deepcopy(rng.choice(ODD))
    return made


def whole_bytes(document: Any, rng: random.Random) -> bytes:
    """Return a document as bytes; now and then cut, garbled or nested without end."""
    raw = json.dumps(document).encode()
    match rng.randrange(40):
        case 0:
            return raw[: rng.randrange(len(raw) + 1)]
        case 1:
            spot = rng.randrange(len(raw))
            return raw[:spot] + bytes([rng.randrange(256)]) + raw[spot + 1 :]
        case 2:
            return b"[" * 50_000
        case 3:
            return b"<html><body>sign in</body></html>"
    return raw


class Server:
    """One client whose server gives every call the answer that is set; a client takes longer to make than to ask."""

    def __init__(self) -> None:
        self.raw = b""
        self.client, _ = fake_client(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=self.raw, headers={"content-type": "application/json"})


async def ask(server: Server, shape: Shape, raw: bytes) -> tuple[Any, ApiError | None]:
    """Return what an endpoint makes of an answer: its value, or the error of the tree; anything else is raised."""
    server.raw = raw
    try:
        return await shape.ask(server.client), None
    except ApiError as error:
        return (error.rows if isinstance(error, Incomplete) else None), error


def judged(shape: Shape, raw: bytes, value: Any, error: ApiError | None) -> str:
    """Return what is wrong with how an answer was taken, ``""`` where nothing is; independent of the client's code."""
    try:
        document = read_json(raw)
    except ValueError:
        return "" if error is not None or not raw.strip() else "unreadable bytes were taken for an answer"
    if not shape.rows:
        return "" if isinstance(document, dict) or error is not None else "no object, and no error"
    held = document.get(shape.rows, "absent") if isinstance(document, dict) else "absent"
    if held is None and "templates" in shape.endpoint:
        held = []  # What this family alone answers where there is nothing.
    if not isinstance(held, list):
        return "" if error is not None else "no list, and no error"
    told = [document.get(name) for name in ("total_count", "total") if shape.endpoint.startswith("GET")]
    more = max((n for n in told if isinstance(n, int) and not isinstance(n, bool)), default=0)
    if more > len(held) and error is None and "dynamic_pools" not in shape.endpoint:
        return f"{more} announced, {len(held)} given, and no error"
    if error is None and len(value) < len(distinct(held)) and "analytics" not in shape.endpoint:
        return f"{len(distinct(held))} elements, {len(value)} rows, none named"
    if isinstance(error, Incomplete) and value is not None and not error.short:
        lost = len(distinct(held)) - len(value) - len(error.lost)
        return f"{lost} element(s) neither kept nor named" if lost > 0 else ""
    return ""


def distinct(items: list[Any]) -> set[str]:
    """Return the different elements of a list; keys with one id are one key."""
    return {
        json.dumps(item.get("id", item) if isinstance(item, dict) and "role" in item else item)
        for item in items
    }


async def run(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Return how many answers each endpoint was given, and what went wrong with which."""
    rng = random.Random(seed)
    asked: Counter[str] = Counter()
    wrong: list[str] = []
    server = Server()
    for number in range(count):
        shape = SHAPES[number % len(SHAPES)]
        raw = whole_bytes(spoil(shape.body, rng), rng)
        asked[shape.endpoint] += 1
        try:
            value, error = await ask(server, shape, raw)
            fault = judged(shape, raw, value, error)
        except Exception as crash:
            fault = f"{type(crash).__name__}: {crash}"
        if fault:
            wrong.append(f"{shape.endpoint}: {fault}\n    {raw[:400]!r}")
    return asked, wrong


def main() -> int:
    """Run as many as the command line says and print the counts."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    asked, wrong = asyncio.run(run(count, seed))
    for endpoint, number in sorted(asked.items()):
        print(f"{number:>6}  {endpoint}")
    print(f"{sum(asked.values()):>6}  answers, {len(wrong)} taken wrongly")
    for line in wrong[:20]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
