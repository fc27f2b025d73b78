"""Answers that make no sense, contradict each other or get lost: nothing of it is believed, and nothing is left behind.

The shapes are those of the recorded API; names and ids are made up.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.support.answering import JSON, Change, Told, answer_by, answering, answers, changes, command
from tests.support.worlds import World
from workbench.core.errors import JournalError
from workbench.domain.runbook.containment_state import Over
from workbench.journal.storage import SqliteStorage

FORBIDDEN = {"message": "Forbidden"}


def keys_of(place: World) -> set[str]:
    return {key.secret for tenant in place.drill.world.tenants.values() for key in tenant.keys.values()}


def new_keys(place: World) -> list[str]:
    return sorted(
        key.id
        for tenant in place.drill.world.tenants.values()
        for key in tenant.keys.values()
        if key.secret not in place.old_keys
    )


def logins_left(place: World) -> int:
    return sum(name.startswith("login ") for name in place.truth().old)


def with_rows(rows: list[dict[str, Any]], name: str = "items") -> Change:
    def add(body: dict[str, Any]) -> tuple[int, str, Any]:
        held = copy.deepcopy(body)
        held[name] = [*(held.get(name) or []), *rows]
        for count in ("total", "total_count"):
            if count in held:
                held[count] = len(held[name])
        return 200, JSON, held

    return add


# ── lists that cannot be so ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("call", "body", "step"),
    [
        (r"^GET /v4/domains$", {"total_count": 0, "items": []}, "2"),
        (r"^GET /v4/domains$", {"total_count": 0, "items": None}, "2"),
        (r"^GET /v1/keys$", {"total_count": 0, "items": []}, "1"),
        (r"^GET /v5/users$", {"users": [], "total": 0}, "1b"),
    ],
)
async def test_an_impossible_list_was_not_read(call: str, body: Any, step: str, tmp_path: Path) -> None:
    async with answering(tmp_path, answers(call, 200, body)) as place:
        ran = await command(place, "contain", "--yes")
    assert ran.code == 1
    assert ran.over.over is Over.OPEN
    assert any("could not be read" in way.words for way in ran.over.ways)
    assert ran.steps[step] not in ("done", "not applicable", "attested")
    assert ran.document is not None and not ran.document["complete"]


@pytest.mark.parametrize(
    ("call", "step", "cut"),
    [(r"^GET /v1/keys$", "1", "2"), (r"^GET /v4/domains$", "2", "1")],
)
async def test_one_list_that_is_none_keeps_nothing_else_from_being_cut(
    call: str, step: str, cut: str, tmp_path: Path
) -> None:
    rule = answers(call, 200, {"message": "Temporarily unavailable"})
    async with answering(tmp_path, rule) as place:
        before = len(place.truth().old)
        told = await command(place, "contain", "--yes")
        assert told.code == 1 and told.document is not None
        assert not told.document["complete"]
        assert told.steps[step] == "blocked"
        assert told.steps[cut] in ("done", "in progress")
        assert len(place.truth().old) < before


async def test_domains_that_nobody_lists_and_that_send_are_named(tmp_path: Path) -> None:
    rule = answers(r"^GET /v4/domains$", 200, {"total_count": 0, "items": []})
    async with answering(tmp_path, rule) as place:
        ran = await command(place, "contain", "--yes")
        assert logins_left(place) > 0
    [gap] = [line for line in ran.lines if line.startswith("Not read, so not cut: domains")]
    assert "the list is empty" in gap
    assert "juniper.example" in gap


async def test_a_login_that_sends_and_is_in_no_list_is_a_gap(tmp_path: Path) -> None:
    rule = answers(r"^GET /v3/domains/[^/]+/credentials$", 200, {"total_count": 0, "items": []})
    async with answering(tmp_path, rule, scenario="stolen-login") as place:
        ran = await command(place, "contain", "--yes")
        assert logins_left(place) > 0
    assert ran.code == 1
    assert ran.steps["2"] == "blocked"
    assert any(line.startswith("Not read, so not cut: logins") for line in ran.lines)


async def test_an_element_without_an_id_keeps_nothing_from_being_proven(tmp_path: Path) -> None:
    rule = changes(r"^GET /v1/keys$", with_rows([{"id": None, "description": "no id"}]))
    async with answering(tmp_path, rule) as place:
        ran = await command(place, "contain", "--yes")
        assert not keys_of(place) & place.old_keys
    assert ran.code == 1, "what has no id was not cut"
    assert not any(way.kind == "key" for way in ran.over.ways)
    assert ran.document is not None
    assert {row["state"] for row in ran.document["effects"]} == {"verified"}


# ── refusals for one reason and another ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body", [{"Error": "Business Verification"}, {"message": "Account is disabled"}, {"message": "phone"}]
)
async def test_an_account_that_was_never_cut_is_not_called_cut(body: Any, tmp_path: Path) -> None:
    async with answering(tmp_path, answers(".", 403, body)) as place:
        looked, ran = await command(place, "status"), await command(place, "contain", "--yes")
    for told in (looked, ran):
        assert told.code == 1
        assert told.over.over is Over.NOT_CONTAINED
        assert "make an admin key" not in told.said.lower()
        assert "Keep the key" in told.said


@pytest.mark.parametrize(
    ("status", "body", "taken_as_none"),
    [
        (403, FORBIDDEN, True),
        (402, {"Reason": "upgrade your account"}, True),
        (404, {"message": "not found"}, True),
        (403, {"Error": "Business Verification"}, False),
        (403, {"message": "limit reached"}, False),
        (403, {"message": "ip not allowed"}, False),
    ],
)
async def test_only_reasons_that_mean_so_are_a_plan_without_subaccounts(
    status: int, body: Any, taken_as_none: bool, tmp_path: Path
) -> None:
    rule = answers(r"/v5/accounts/subaccounts$", status, body)
    async with answering(tmp_path, rule, scenario="small-plan") as place:
        assert not any(tenant.parent for tenant in place.drill.world.tenants.values())
        ran = await command(place, "status")
    assert ran.document is not None
    unread = [row for row in ran.document["not_read"] if "subaccounts" in row["what"]]
    assert (not unread) is taken_as_none


async def test_subaccounts_whose_domains_are_seen_are_there_whatever_the_refusal_says(tmp_path: Path) -> None:
    rule = answers(r"/v5/accounts/subaccounts$", 403, FORBIDDEN)
    async with answering(tmp_path, rule) as place:
        assert any(tenant.parent for tenant in place.drill.world.tenants.values())
        ran = await command(place, "contain", "--yes")
    assert ran.code == 1
    assert any(line.startswith("Not read, so not cut: subaccounts") for line in ran.lines)


@pytest.mark.parametrize(
    ("call", "status", "body"),
    [
        (r"^POST /v1/analytics/", 403, FORBIDDEN),
        (r"^POST /v1/analytics/", 402, {"message": "Payment Required"}),
        (r"^POST /v1/analytics/", 404, "404 page not found\n"),
    ],
)
async def test_figures_and_log_refused_say_nothing_of_abuse(
    call: str, status: int, body: Any, tmp_path: Path
) -> None:
    rule = answers(call, status, body, JSON if isinstance(body, dict) else "text/plain")
    async with answering(tmp_path, rule) as place:
        ran = await command(place, "assess")
    assert ran.code == 1
    assert ran.document is not None
    first, second, *_ = ran.document["summary"]
    assert first.startswith("CANNOT TELL whether there was abuse: neither metrics nor log could be read")
    assert "0 accepted" not in second
    assert not ran.document["complete"]
    assert ran.steps["8"] not in ("done", "not applicable")
    assert ran.steps["10"] not in ("done", "not applicable")


@pytest.mark.parametrize("words", ["lost", "mail fetch", "mail links"])
async def test_mail_that_nobody_could_read_is_never_told_as_none(words: str, tmp_path: Path) -> None:
    async with answering(tmp_path, answers(r"^POST /v1/analytics/", 403, FORBIDDEN)) as place:
        ran = await command(place, *words.split())
    assert ran.code == 1
    # Links are told of what was fetched, and nothing was.
    said = "No landing address is known yet" if words == "mail links" else "Not read: "
    assert any(line.startswith(said) for line in ran.lines)


# ── new keys ─────────────────────────────────────────────────────────────────────────────────────────────


def _spoiled(kind: str) -> Change:
    def change(body: dict[str, Any]) -> tuple[int, str, Any]:
        held = copy.deepcopy(body)
        match kind:
            case "no secret":
                del held["key"]["secret"]
            case "empty":
                held = {}
            case "a page":
                return 200, "text/html", "<html>ok</html>"
            case "flat":
                held = held["key"]
            case "another id":
                held["key"]["id"] = "k6-12345678"
            case "created":
                return 201, JSON, held
            case "lost":
                return 502, "text/html", "<html>bad gateway</html>"
        return 200, JSON, held

    return change


@pytest.mark.parametrize("kind", ["flat", "another id", "created"])
async def test_a_creation_in_another_form_is_understood(kind: str, tmp_path: Path) -> None:
    async with answering(tmp_path, changes(r"^POST /v1/keys$", _spoiled(kind))) as place:
        ran = await command(place, "contain", "--yes")
        assert not place.truth().old
    assert ran.document is not None
    assert {row["state"] for row in ran.document["effects"]} == {"verified"}


@pytest.mark.parametrize("kind", ["no secret", "empty", "a page", "lost"])
async def test_a_creation_nobody_has_the_secret_of_leaves_nothing_and_production_as_it_was(
    kind: str, tmp_path: Path
) -> None:
    async with answering(tmp_path, changes(r"^POST /v1/keys$", _spoiled(kind))) as place:
        before = logins_left(place)
        ran = await command(place, "contain", "--yes")
        assert new_keys(place) == [], "a key whose secret nobody holds is an open door"
        assert "No new key could be made" in ran.said
        # The one login that sends the abuse right now is cut all the same.
        assert logins_left(place) >= before - 1 > 0
        _says_not_cut(ran)
        _honest_again(place)
        again = await command(place, "contain", "--yes")
        assert not place.truth().old, "the same command finishes once the answers make sense"
    assert again.code == 1
    assert ran.code in (1, 4)


async def test_a_key_that_may_make_no_keys_leaves_logins_alone(tmp_path: Path) -> None:
    async with answering(tmp_path, answers(r"^POST /v1/keys$", 403, FORBIDDEN)) as place:
        before = logins_left(place)
        ran = await command(place, "contain", "--yes")
        assert logins_left(place) >= before - 1
    _says_not_cut(ran)


async def test_a_plan_that_has_no_keys_is_gone_around_and_logins_are_cut(tmp_path: Path) -> None:
    rule = answers(r"^POST /v1/keys$", 402, {"Reason": "upgrade your account"})
    async with answering(tmp_path, rule) as place:
        ran = await command(place, "contain", "--yes")
        assert logins_left(place) == 0
    _says_not_cut(ran)
    assert "--without-replacement" in ran.said


@pytest.mark.parametrize(
    "words",
    [
        "account-requests-per-sec limit exceeded, try again after 120 seconds",
        "Domain mg.juniper.example is not allowed to send: recipient limit exceeded, try again after "
        "Sat, 29 Nov 2036 00:00:00 GMT",
    ],
)
async def test_a_limit_of_the_account_proves_a_new_sending_key(words: str, tmp_path: Path) -> None:
    async with answering(tmp_path, answers(r"^POST /v3/[^/]+/messages$", 429, {"message": words})) as place:
        began = place.drill.clock.monotonic()
        ran = await command(place, "contain", "--yes")
        assert not place.truth().old
        assert place.drill.clock.monotonic() - began < 60
    assert ran.document is not None
    assert {row["state"] for row in ran.document["effects"]} == {"verified"}


async def test_a_replacement_that_is_refused_names_the_old_key_that_lives(tmp_path: Path) -> None:
    rule = answers(r"^POST /v3/[^/]+/messages$", 401, "Forbidden", "text/plain")
    async with answering(tmp_path, rule) as place:
        ran = await command(place, "contain", "--yes")
        assert place.truth().old
    _says_not_cut(ran)


@pytest.mark.parametrize("role", [None, "", "analyst", "support", "billing", "Admin", "root"])
async def test_rights_that_are_not_known_are_never_made_up(role: str | None, tmp_path: Path) -> None:
    def blank(body: dict[str, Any]) -> tuple[int, str, Any]:
        held = copy.deepcopy(body)
        for row in held["items"]:
            if row["description"] == "reporting":
                row["role"] = role
        return 200, JSON, held

    async with answering(tmp_path, changes(r"^GET /v1/keys$", blank)) as place:
        ran = await command(place, "contain", "--dry-run")
    assert ran.document is not None
    made = [
        row for row in ran.document["effects"] if row["kind"] == "key.create" and "reporting" in row["what"]
    ]
    assert made
    assert {row["grant"]["role"] for row in made} <= {"basic", "sending"}
    assert any("rights that are not known" in note for note in ran.document["notes"])


async def test_what_a_subaccount_lists_too_belongs_to_the_parent_once(tmp_path: Path) -> None:
    """A server that ignores on whose behalf it is asked answers the parent's list for both."""
    async with answering(tmp_path) as place:
        for host in place.drill.hosts.values():
            authenticate = host.app._answer

            def ignoring(request: Any, endpoint: Any, raw: bytes, real: Any = authenticate) -> Any:
                if endpoint.path in ("/v1/keys", "/v5/users", "/v4/domains"):
                    headers = [(n, v) for n, v in request.scope["headers"] if n != b"x-mailgun-on-behalf-of"]
                    request = type(request)({**request.scope, "headers": headers})
                return real(request, endpoint, raw)

            host.app._answer = ignoring  # type: ignore[method-assign]
        ran = await command(place, "contain", "--dry-run")
    assert ran.document is not None
    deletes = [row["target"] for row in ran.document["effects"] if row["kind"] == "key.delete"]
    assert len(deletes) == len(set(deletes))
    assert {row["subaccount"] for row in ran.document["effects"] if row["kind"].startswith("key.")} == {None}


def _says_not_cut(ran: Told) -> None:
    assert any(line.startswith("NOT CUT: ") and "still work" in line for line in ran.lines), ran.said
    assert not ran.over.contained
    assert ran.steps["1"] not in ("done", "not applicable")


def _honest_again(place: World) -> None:
    for host in place.drill.hosts.values():
        host.app.__dict__.pop("serve", None)


async def test_a_key_list_that_is_disbelieved_takes_nothing_away_and_rings_for_nothing(
    tmp_path: Path,
) -> None:
    async with answering(tmp_path) as place:
        await command(place, "contain", "--yes")
        answer_by(place, answers(r"^GET /v1/keys$", 200, {"total_count": 0, "items": []}))
        place.drill.clock.advance(600.0)
        await command(place, "status")
        _honest_again(place)
        ran = await command(place, "status")
    assert ran.document is not None
    assert not [alarm for alarm in ran.document["alarms"] if "is gone" in alarm["text"]]


async def test_a_host_that_gives_out_in_the_middle_ends_half_way_with_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 0
    append = SqliteStorage.append

    def filling(self: SqliteStorage, batch: Any) -> None:
        nonlocal rows
        held = list(batch)
        rows += sum(row.kind == "effect.done" for row in held)
        if rows > 3:
            raise JournalError(
                "The disk is full.", "Nothing further is written.", "Free space, run it again."
            )
        append(self, held)

    async with answering(tmp_path) as place:
        with monkeypatch.context() as patched:
            patched.setattr(SqliteStorage, "append", filling)
            ran = await command(place, "contain", "--yes")
        assert ran.code == 4
        assert "The disk is full." in ran.said
        again = await command(place, "contain", "--yes")
        assert not place.truth().old, "the same command goes on once there is room"
    assert again.code == 1


@pytest.mark.parametrize("code", [404, 418, 429, 503])
async def test_an_account_that_answers_nothing_at_all_could_not_be_asked(tmp_path: Path, code: int) -> None:
    async with answering(tmp_path, answers("", code, {"message": "no"})) as place:
        ran = [await command(place, *words) for words in (("contain", "--yes"), ("status",))]
    assert [told.code for told in ran] == [3, 3], [told.said for told in ran]


async def test_a_key_list_that_lags_behind_its_writes_raises_no_alarm(tmp_path: Path) -> None:
    async with answering(tmp_path, scenario="stolen-key") as place:
        account = place.drill.account

        def late(body: dict[str, Any]) -> Any:
            young = {key.id for key in account.main.keys.values() if account.now() - key.created < 10.0}
            body["items"] = [row for row in body["items"] if row["id"] not in young]
            body["total_count"] = len(body["items"])
            return 200, JSON, body

        answer_by(place, changes(r"^GET /v1/keys$", late))
        await command(place, "contain", "--yes")
        made = [key for key in account.main.keys.values() if account.now() - key.created < 10.0]
        assert made, "nothing was minted within the lag"
        for seconds in (2.0, 20.0):
            account.clock.advance(seconds)
            async with place.session() as session:
                await session.account.watch(whole=True)
                gone = [alarm.text for alarm in session.state.alarms.values() if alarm.id.startswith("gone:")]
                assert gone == []
        # What was minted stands.
        assert {key.id for key in made} <= set(account.main.keys)
