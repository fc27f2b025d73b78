"""One whole containment with every output kept: no secret value in any of it, in any disguise."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.cli import Command
from tests.support.ground import Ground, ground, quiet
from tests.support.kills import everything, ready, resumed
from workbench.core.errors import WorkbenchError

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


async def _secrets(place: Ground) -> set[str]:
    """Return every secret that was or is: the account's own before and now, and what the vault holds."""
    old = {key.secret for key in place.old_keys.values()} | set(place.old_passwords.values())
    new = {key.secret for key in place.living_keys().values()} | {c.password for c in place.credentials()}
    async with place.session() as session:
        held = await place.stored(session)
    assert len(held) >= 8
    return {value for value in old | new | held if len(value) >= 8}


def _files(folder: Path) -> dict[str, bytes]:
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert any(name.endswith("journal.sqlite") for name in found)
    assert any("evidence" in name for name in found), "no snapshot was stored"
    return found


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("faults", ["", FAULTS], ids=["calm", "faults"])
async def test_a_containment_on_the_command_line_shows_and_keeps_no_secret(
    faults: str, tmp_path: Path
) -> None:
    quiet()
    async with ground(tmp_path, domains=3, credentials=9, faults=faults) as place:
        command = Command(place.drill, tmp_path)
        await command.prepare()
        said: dict[str, bytes] = {}
        for number, arguments in enumerate(
            [
                ("status",),
                (*CONTAIN, "--dry-run"),
                CONTAIN,
                (*CONTAIN, "--json"),
                ("status", "--json"),
                ("secrets", "list"),
            ]
        ):
            _, out, err = await command.run(*arguments)
            assert "Traceback" not in err, err
            said[f"{number} {arguments[0]} out"] = out.encode()
            said[f"{number} {arguments[0]} err"] = err.encode()
        assert any(b"verified" in text for text in said.values())
        values = await _secrets(place)
        assert leaks(values, said) == []
        assert leaks(values, _files(command.home.path)) == []


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
        values = await _secrets(place)
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
