"""SMTP credentials over the API, and what they open."""

from __future__ import annotations

from typing import Any


def _path(b: Any) -> tuple[str, Any]:
    login = next(
        login for login in b.drill.story.logins if login.login.startswith("app@") and login.region == "us"
    )
    return f"/v3/domains/{login.domain}/credentials", login


async def test_pages_and_their_limits(bench: Any) -> None:
    b = await bench(domains=1, credentials=2300)
    path = f"/v3/domains/{b.drill.story.domains[0].name}/credentials"
    sizes = [len((await b.get(f"{path}?limit=1000&skip={skip}"))["items"]) for skip in (0, 1000, 2000)]
    assert sizes == [1000, 1000, 300]
    first = await b.get(f"{path}?limit=2")
    # The count is that of the page, not of the domain.
    assert first["total_count"] == 2
    assert first["items"][0]["created_at"].endswith(" +0000")
    refused = await b.call("GET", path + "?limit=1001")
    assert refused.json() == {"message": "Limit parameter can't be larger than 1000"}


async def test_a_reset_changes_what_smtp_accepts_at_once(bench: Any) -> None:
    b = await bench()
    path, login = _path(b)
    account = b.drill.account
    for spec in (login.login, login.login.partition("@")[0]):
        password = f"chosen-{len(spec)}"
        answer = await b.call("PUT", f"{path}/{spec}", data={"password": password})
        assert answer.json() == {"message": "Password changed"}
        assert account.authenticate_smtp("us", login.login, password, "127.0.0.1")
    assert not account.authenticate_smtp("us", login.login, login.password, "127.0.0.1")
    assert not account.authenticate_smtp("eu", login.login, password, "127.0.0.1")
    same = await b.call("PUT", f"{path}/{login.login}", data={"password": password})
    assert same.json() == {"message": "New password cannot be the same as old password."}
    unknown = await b.call("PUT", f"{path}/nobody", data={"password": "longenough"})
    assert (unknown.status_code, unknown.json()) == (404, {"message": "Credentials not found"})


async def test_a_generated_password_is_shown_once_in_the_form_of_a_key(bench: Any) -> None:
    b = await bench()
    path, login = _path(b)
    answer = (await b.call("PUT", f"{path}/{login.login}")).json()
    (password,) = answer["credentials"].values()
    assert len(password) == 50
    assert "note" in answer
    assert b.drill.account.authenticate_smtp("us", login.login, password, "127.0.0.1")


async def test_a_chosen_password_has_5_to_32_characters(bench: Any) -> None:
    b = await bench()
    path, login = _path(b)
    for password in ("four", "x" * 33):
        assert (await b.call("PUT", f"{path}/{login.login}", data={"password": password})).status_code == 400
    assert b.drill.account.authenticate_smtp("us", login.login, login.password, "127.0.0.1")


async def test_postmaster_can_be_reset_but_not_deleted(bench: Any) -> None:
    b = await bench()
    path, login = _path(b)
    postmaster = f"postmaster@{login.domain}"
    refused = await b.call("DELETE", f"{path}/{postmaster}")
    assert (refused.status_code, refused.json()) == (
        400,
        {"message": f"Cannot delete system mailbox: {postmaster}"},
    )
    assert (await b.call("PUT", f"{path}/postmaster", data={"password": "another-one"})).status_code == 200


async def test_logins_are_made_and_deleted_one_by_one_and_all_at_once(bench: Any) -> None:
    b = await bench()
    path, login = _path(b)
    made = await b.call("POST", path, data={"login": ["one", "two"], "password": "long-enough"})
    assert made.json()["message"] == "Created 2 credentials pair(s)"
    assert b.drill.account.authenticate_smtp("us", f"two@{login.domain}", "long-enough", "127.0.0.1")
    gone = await b.call("DELETE", f"{path}/one")
    assert gone.json() == {"message": "Credentials have been deleted", "spec": f"one@{login.domain}"}
    everything = (await b.call("DELETE", path)).json()
    assert everything["count"] >= 2
    assert [item["login"] for item in (await b.get(path))["items"]] == [f"postmaster@{login.domain}"]


async def test_a_domain_of_the_other_region_is_not_found(bench: Any) -> None:
    b = await bench()
    path, _ = _path(b)
    answer = await b.call("GET", path, region="eu")
    assert (answer.status_code, answer.json()) == (404, {"message": "Domain not found"})


async def test_a_disabled_account_authenticates_and_is_refused_at_data(bench: Any) -> None:
    b = await bench(scenario="disabled")
    login = b.drill.story.logins[0]
    account = b.drill.account
    assert account.authenticate_smtp(login.region, login.login, login.password, "127.0.0.1")
    code, text = account.accept_smtp(
        login.region, login.login, "127.0.0.1", login.login, ["a@inbox.example"], b"Subject: hi\r\n\r\nx"
    )
    assert (code, text) == (421, f"Domain {login.domain} is not allowed to send: Account disabled")
    probe = {"from": login.login, "to": "a@inbox.example", "o:testmode": "yes"}
    answer = await b.call("POST", f"/v3/{login.domain}/messages", data=probe)
    assert (answer.status_code, answer.json()["message"]) == (403, text)
    (domain,) = (await b.get("/v4/domains?limit=1"))["items"]
    assert domain["is_disabled"]
    assert domain["disabled"]["until"].endswith(" GMT")


async def test_mail_submitted_over_smtp_is_in_the_log(bench: Any) -> None:
    b = await bench(scenario="no-domains", domains=1, credentials=1)
    login = b.drill.story.logins[0]
    code, _ = b.drill.account.accept_smtp(
        "us",
        login.login,
        "192.0.2.7",
        login.login,
        ["a@inbox.example"],
        b"To: a\r\nSubject: Hi there\r\n\r\nx",
    )
    assert code == 250
    b.drill.clock.advance(0.5)
    page = (await b.call("POST", "/v1/analytics/logs", json={"events": ["accepted"]})).json()
    newest = page["items"][0]
    assert (newest["method"], newest["originating-ip"]) == ("smtp", "192.0.2.7")
    assert newest["message"]["headers"]["subject"] == "Hi there"
    assert "api-key-id" not in newest
