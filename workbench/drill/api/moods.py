"""Ways in which the real API was seen, or must be feared, to answer otherwise: capped pages, odd rows, refusals.

A mood changes answers and never what the account holds, so the drill's truth stays the truth. ``--faults`` takes
them by name beside the faults of the line, each for all it is made for or, as ``NAME@REGEX``, for some paths.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core.errors import UsageError
from workbench.drill.api.wire import WireAnswer

# What each mood is about when no path is named.
NAMES = {
    "short-pages": r"^GET (/v4/domains|/v5/users|/v5/accounts/subaccounts|/v3/domains/[^/]+/credentials|/v3/routes)$",
    "free-plan": r"^POST /v1/keys$|^\w+ (/v5/accounts/subaccounts|/v3/ip_pools|/v1/thresholds)",
    "sub-key": r"^\w+ (/v5/accounts/subaccounts|/v5/users|/v2/ip_whitelist)",
    "odd-elements": r"^GET (/v1/keys|/v4/domains|/v5/users|/v3/routes|/v2/ip_whitelist)$",
    "eu-only-401": r".",
    "business-verification": r".",
    "contradictions": r"^GET (/v1/keys|/v5/users|/v3/domains/[^/]+/credentials)$",
}
_LISTS = ("items", "users", "subaccounts", "addresses", "webhooks")
# A server's own cap on pages, whatever limit was asked for.
CAP = 2


@dataclass(frozen=True)
class Mood:
    """One mood and the calls it is about: a regular expression searched in ``METHOD /path``."""

    name: str
    about: re.Pattern[str]


def split(faults: str) -> tuple[tuple[Mood, ...], str]:
    """Return the moods among the terms of ``--faults``, and the other terms; raises UsageError for a bad expression."""
    moods, rest = [], []
    for term in (piece.strip() for piece in faults.split(",")):
        name, _, path = term.partition("@")
        if name not in NAMES:
            rest.append(term)
            continue
        try:
            moods.append(Mood(name, re.compile(path or NAMES[name])))
        except re.error as error:
            raise UsageError(
                f"--faults names no paths with {path!r}: {error}.",
                "After the @ stands a regular expression, searched in METHOD and path.",
                f"Example: --faults {name}@/v1/keys",
            ) from None
    return tuple(moods), ",".join(term for term in rest if term)


def instead(moods: Sequence[Mood], region: str, method: str, path: str) -> WireAnswer | None:
    """Return what a mood answers before the account is asked, None where it is asked."""
    for mood in moods:
        if not mood.about.search(f"{method} {path}"):
            continue
        if mood.name == "eu-only-401" and region == "us":
            return WireAnswer("Forbidden", 401, {"WWW-Authenticate": 'Basic realm="MG API"'}, "text/html")
        if mood.name == "business-verification":
            return WireAnswer({"Error": "Business Verification"}, 403)
        if mood.name == "free-plan":
            return WireAnswer({"Reason": "upgrade your account"}, 402)
        if mood.name == "sub-key":
            return WireAnswer({"message": "Forbidden"}, 403)
    return None


def changed(
    moods: Sequence[Mood], method: str, path: str, query: dict[str, str], answer: WireAnswer
) -> WireAnswer:
    """Return an answer as the moods make it; a refusal stays what it is."""
    if answer.status != 200 or not isinstance(answer.body, dict):
        return answer
    for mood in moods:
        if mood.about.search(f"{method} {path}"):
            body = copy.deepcopy(answer.body)
            name = next((n for n in _LISTS if isinstance(body.get(n), list)), "")
            if name:
                _change(mood.name, body, name, query)
                answer = WireAnswer(body, answer.status, answer.headers, answer.media)
    return answer


def _change(mood: str, body: dict[str, Any], name: str, query: dict[str, str]) -> None:
    rows: list[Any] = body[name]
    if mood == "short-pages" and len(rows) > CAP:
        count = "total" if name in {"users", "subaccounts"} else "total_count"
        skip = int(query.get("skip") or 0)
        body[count] = max(skip + len(rows), int(body.get(count) or 0))
        body[name] = rows[:CAP]
    elif mood == "odd-elements" and rows and int(query.get("skip") or 0) == 0:
        # Every row stays; one more is there of which nobody can tell what it is, and one has an odd field.
        if isinstance(rows[0], dict):
            rows[0]["created_at"] = "27/11/2026 11:44"
        rows.append({"id": None, "name": None, "description": "no id"})
        for count in ("total_count", "total"):
            if isinstance(body.get(count), int):
                body[count] += 1
    elif mood == "contradictions":
        body[name] = []
