"""Abuse contacts by RDAP: named from the answer, redirects followed within bounds, a bad answer said and no error."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from workbench.core.network import Network
from workbench.leaks.web_contacts import abuse_contact

ABUSE = {
    "roles": ["abuse"],
    "vcardArray": ["vcard", [["fn", {}, "text", "Abuse desk"], ["email", {}, "text", "abuse@r.example"]]],
}
DOCUMENT = {
    "entities": [
        {"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "Registrar Ltd"]]], "entities": [ABUSE]}
    ]
}  # fmt: skip


def _answering(answers: dict[str, Any]) -> tuple[httpx.MockTransport, list[str]]:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        found = answers[request.url.path]
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    return httpx.MockTransport(answer), asked


async def test_the_registrar_of_the_registered_name_is_named() -> None:
    moved = httpx.Response(302, headers={"location": "https://registry.example/x/parcel.example"})
    transport, asked = _answering({"/domain/parcel.example": moved, "/x/parcel.example": DOCUMENT})
    found = await abuse_contact("login.parcel.example", Network(), transport=transport)
    assert (found.name, found.mails, found.who) == ("parcel.example", ("abuse@r.example",), "Registrar Ltd")
    assert len(asked) == 2


async def test_an_address_is_asked_as_one() -> None:
    transport, asked = _answering({"/ip/203.0.113.9": {"entities": [ABUSE]}})
    assert (await abuse_contact("203.0.113.9", Network(), transport=transport)).mails == ("abuse@r.example",)
    assert asked == ["https://rdap.org/ip/203.0.113.9"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, content=b"[1]"),
        httpx.Response(
            200, content=b'{"entities": [5, {"roles": 7, "vcardArray": [1]}, {"vcardArray": "x"}]}'
        ),
        httpx.Response(200, content=b" " * 600_000),
        httpx.Response(302, headers={"location": "http://plain.example/"}),
        httpx.Response(302, headers={"location": "/domain/parcel.example"}),
    ],
    ids=range(7),
)
async def test_an_answer_that_names_nobody_says_why(answer: httpx.Response) -> None:
    transport, asked = _answering({"/domain/parcel.example": answer})
    found = await abuse_contact("parcel.example", Network(), transport=transport)
    assert found.mails == () and found.why_not and len(asked) <= 4
