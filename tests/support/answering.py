"""A drill that answers some calls otherwise: refusals, documents of another shape, answers that get lost on the way."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from tests.support.drills import LITTLE_MAIL, short_history
from tests.support.worlds import World, world
from workbench.cli import assess, contain, lost, mail, status, sweep
from workbench.cli.parser import build_parser
from workbench.core.errors import WorkbenchError
from workbench.domain.runbook.containment_state import Containment, containment
from workbench.session.session import Session

# What stands for the account's own answer: None leaves it, a tuple replaces it.
Otherwise = tuple[int, str, Any]
Change = Callable[[dict[str, Any]], Otherwise | None]
Rule = Callable[[str, Request], Otherwise | Change | None]
JSON = "application/json"
_COMMANDS = {
    "status": status.status,
    "contain": contain.contain,
    "assess": assess.assess,
    "sweep": sweep.sweep,
    "lost": lost.count,
    "mail fetch": mail.fetch,
    "mail links": mail.links,
}


def answers(call: str, status_: int, body: Any, media: str = JSON, *, region: str = "") -> Rule:
    """Answer the calls that ``call`` is found in (``METHOD /path``) with this, before the account is asked."""
    about = re.compile(call)

    def rule(place: str, request: Request) -> Otherwise | None:
        meant = not region or region == place
        return (
            (status_, media, body) if meant and about.search(f"{request.method} {request.url.path}") else None
        )

    return rule


def changes(call: str, change: Change) -> Rule:
    """Carry out the calls that ``call`` is found in, and answer what ``change`` makes of the account's own answer."""
    about = re.compile(call)
    return lambda _, request: change if about.search(f"{request.method} {request.url.path}") else None


def answer_by(place: World, rule: Rule) -> None:
    """Let every host of a world answer by a rule from now on."""
    for host in place.drill.hosts.values():
        _answer(place, host.app, rule)


def _answer(place: World, app: Any, rule: Rule) -> None:
    own: Callable[[Request, Any], Awaitable[Response]] = type(app).serve.__get__(app)

    async def serve(request: Request, methods: Any) -> Response:
        found = rule(app.settings.region, request)
        if callable(found):
            real = await own(request, methods)
            found = found(json.loads(bytes(real.body))) if real.status_code == 200 else None
            if found is None:
                return real
        if found is None:
            return await own(request, methods)
        code, media, body = found
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        named = {"X-Mailgun-Key-Id": place.drill.api_key[-17:]} if code == 200 else {}
        return Response(content, code, {**app._date(), **named}, media)

    app.serve = serve


class Told(NamedTuple):
    """What a command left: its exit code, its document (None without one), what it said, and how far it is."""

    code: int
    document: dict[str, Any] | None
    said: str
    over: Containment
    steps: dict[str, str]

    @property
    def lines(self) -> list[str]:
        return self.said.splitlines()


async def command(place: World, *words: str) -> Told:
    """Run a command on a world as another start of the program would; an error of the tree gives its exit code."""
    out, err = io.StringIO(), io.StringIO()
    async with place.session() as session:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                work = _COMMANDS.get(" ".join(words[:2])) or _COMMANDS[words[0]]
                code = await work(session, build_parser().parse_args([*words, "--json"]))
            except WorkbenchError as error:
                code = error.exit_code
                err.write(str(error))
        return _told(session, code, out.getvalue(), err.getvalue())


def _told(session: Session, code: int, out: str, err: str) -> Told:
    steps = {str(step.id): step.verdict.value for step in session.steps()}
    return Told(code, json.loads(out) if out.strip() else None, err, containment(session.situation()), steps)


@asynccontextmanager
async def answering(folder: Path, rule: Rule | None = None, **options: Any) -> AsyncIterator[World]:
    """Yield a small drill in this thread that answers by ``rule``."""
    scenario, seed = options.pop("scenario", "stolen-env"), options.pop("seed", 5)
    with short_history():
        async with world(folder, scenario, seed, traffic=LITTLE_MAIL, **options) as place:
            if rule is not None:
                answer_by(place, rule)
            yield place
