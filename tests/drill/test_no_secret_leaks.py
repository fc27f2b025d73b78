"""One whole containment with every output kept: no secret value in any of it, in any disguise."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.breaking import quiet
from tests.support.commands import Commands, threaded_drill
from tests.support.drills import file_vault
from tests.support.ground import ground
from tests.support.kills import everything, ready, resumed
from workbench.core.errors import WorkbenchError
from workbench.core.state_dir import Home
from workbench.drill.servers.serve import RunningDrill

CONTAIN = ("contain", "--yes", "--purge", "all", "--limit", "5000")
FAULTS = "status-503:0.05,reset-after:0.03,html:0.02"


def disguises(value: str) -> Iterator[bytes]:
    """Yield the forms in which a value could stand in a file, each found by plain search.

    Written apart from the product's own scanner, so that one cannot hide the other's mistakes.
    """
    raw = value.encode()
    yield raw
    yield raw[::-1]
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield quote(value, safe="").encode()
    yield json.dumps(value)[1:-1].encode()
    yield "".join(f"\\u{ord(char):04x}" for char in value).encode()
    for shift in range(3):
        # Inside longer base64 the value begins at any of three alignments; its edges mix with what is beside it.
        encoded = base64.b64encode(b"\0" * shift + raw)
        yield encoded[4 if shift else 0 : -4]
        yield base64.urlsafe_b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4]


def leaks(values: set[str], places: dict[str, bytes]) -> list[str]:
    """Return where which kind of form of any value stands; never the value itself."""
    return [
        f"{place}: value {number} in form {form}"
        for number, value in enumerate(sorted(values))
        for form, pattern in enumerate(disguises(value))
        for place, content in places.items()
        if pattern in content
    ]


def _account(drill: RunningDrill) -> set[str]:
    """Return every secret that lives in the account now."""
    tenants = drill.world.tenants.values()
    areas = [area for tenant in tenants for area in tenant.regions.values()]
    logins = [login for area in areas for d in area.domains.values() for login in d.credentials.values()]
    return {key.secret for tenant in tenants for key in tenant.keys.values()} | {
        one.password for one in logins
    }


async def _held(home: Home) -> set[str]:
    """Return every secret that the vault of a home holds."""
    vault = await file_vault(home)
    try:
        found = [await vault.fetch(name) for name in await vault.names() or []]
    finally:
        vault.close()
    held = {secret.reveal() for secret in found if secret is not None}
    assert len(held) >= 8
    return held


def _guarded(*values: set[str]) -> set[str]:
    """Return the values that are long enough to be told from ordinary text."""
    return {value for value in set().union(*values) if len(value) >= 8}


def _files(folder: Path) -> dict[str, bytes]:
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert any(name.endswith("journal.sqlite") for name in found)
    assert any("evidence" in name for name in found), "no snapshot was stored"
    return found


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("faults", ["", FAULTS], ids=["calm", "faults"])
def test_a_containment_on_the_command_line_shows_and_keeps_no_secret(
    faults: str, commands: Commands, tmp_path: Path
) -> None:
    quiet()
    with threaded_drill(
        tmp_path, scenario="stolen-key", domains=3, credentials=9, users=2, faults=faults
    ) as served:
        commands.use(served.document)
        before = served.call(lambda: _account(served.drill))
        said: dict[str, bytes] = {}
        for number, words in enumerate(
            [
                ("status",),
                (*CONTAIN, "--dry-run"),
                CONTAIN,
                (*CONTAIN, "--json"),
                ("status", "--json"),
                ("secrets", "list"),
                ("doctor", "--json"),
            ]
        ):
            ran = commands(*words)
            assert "Traceback" not in ran.err, ran.err
            said[f"{number} {words[0]} out"] = ran.out.encode()
            said[f"{number} {words[0]} err"] = ran.err.encode()
        assert any(b"verified" in text for text in said.values())
        after = served.call(lambda: _account(served.drill))
    values = _guarded(before, after, asyncio.run(_held(commands.home)))
    assert leaks(values, said) == []
    assert leaks(values, _files(commands.home.path)) == []


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_logs_at_their_loudest_and_tracebacks_hold_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    errors: list[str] = []
    async with ground(tmp_path, faults="status-403:0.1,status-500:0.1,truncate:0.05") as place:
        for _ in range(3):
            async with place.session() as session:
                session.recorder.subscribe(lambda event: errors.append(repr(event)))
                try:
                    await ready(session)
                    await session.run(everything(session))
                except WorkbenchError as error:
                    errors.append(
                        "".join(
                            traceback.TracebackException.from_exception(error, capture_locals=True).format()
                        )
                    )
                errors.extend(f"{r.failure} {r.evidence} {r!r}" for r in session.state.effects.values())
                errors.extend(line.text for line in session.recorder.log_lines())
        for proxy in place.drill.proxies.values():
            proxy.rules.clear()
        # Where no run got as far as making a secret, there would be nothing to look for.
        place.faults = True
        assert await resumed(place, everything) == []
        old = {key.secret for key in place.old_keys.values()} | set(place.old_passwords.values())
        values = _guarded(old, _account(place.drill), await _held(Home(tmp_path / "home")))
        # The drill's own servers live in this process too; what they log is not the product's.
        ours = [
            r.getMessage() for r in caplog.records if not r.name.startswith(("aiosmtpd", "mail", "uvicorn"))
        ]
        assert errors
        assert leaks(values, {"logs": "\n".join(ours).encode(), "errors": "\n".join(errors).encode()}) == []


def test_the_search_itself_finds_every_disguise() -> None:
    value = "Vq3kL9wZr5TnB8/+c2MdP7sGf4HjA6eu"
    forms = [
        value,
        value.encode().hex(),
        quote(value, safe=""),
        json.dumps({"a": value}),
        *(base64.b64encode(f"{'x' * n}{value} tail".encode()).decode() for n in range(4)),
        base64.urlsafe_b64encode(f"api:{value}".encode()).decode(),
    ]
    for form in forms:
        assert leaks({value}, {"file": f"before {form} after".encode()}), form
    assert leaks({value}, {"file": b"nothing of the kind " * 100}) == []
