"""When one effect's trouble is an outage: a page where the API should answer is, the API's own no is not."""

from __future__ import annotations

import pytest

from workbench.core.errors import ApiError, NotFound, Unreachable, UnreadableAnswer, VaultError
from workbench.execution.circuit_breaker import IN_A_ROW, Outages
from workbench.mailgun.answers import Answer, check, unreachable
from workbench.mailgun.endpoints import Region


def _refused(status: int, content_type: str, body: bytes) -> ApiError:
    """Return the error that the client makes of an answer."""
    with pytest.raises(ApiError) as caught:
        check(Answer(status, [(b"content-type", content_type.encode())], body, "DELETE /v1/keys/x"), (), None)
    return caught.value


PAGE = _refused(404, "text/html", b"<!doctype html><title>Sign in</title>")
GONE = _refused(404, "application/json", b'{"message": "Key not found"}')


def test_a_web_page_instead_of_the_api_is_no_answer_of_the_api() -> None:
    assert isinstance(PAGE, UnreadableAnswer)
    assert isinstance(GONE, NotFound)


def test_five_pages_in_a_row_set_their_region_aside_and_no_other() -> None:
    outages = Outages()
    assert [outages.met(Region.US, PAGE) for _ in range(IN_A_ROW)] == [False] * (IN_A_ROW - 1) + [True]
    assert Region.US in outages and Region.EU not in outages
    assert outages.reason is PAGE
    assert not outages.met(Region.US, PAGE), "said twice"
    outages.well()
    assert outages.reason is PAGE, (
        "a region that is down stops the run half-way, whatever goes well elsewhere"
    )


def test_without_trouble_nothing_stopped_the_run() -> None:
    outages = Outages()
    assert outages.reason is None
    outages.met(Region.US, PAGE)
    outages.well()
    assert outages.reason is None
    outages.met(Region.US, PAGE)
    outages.met(Region.US, GONE)
    assert outages.reason is None


def test_not_found_by_the_api_s_own_word_is_an_answer_however_often() -> None:
    outages = Outages()
    assert not any(outages.met(Region.US, GONE) for _ in range(3 * IN_A_ROW))
    # And it shows that the API is there: what came before it does not count any more.
    for _ in range(IN_A_ROW - 1):
        outages.met(Region.US, PAGE)
    outages.met(Region.US, GONE)
    assert not any(outages.met(Region.US, PAGE) for _ in range(IN_A_ROW - 1))
    assert Region.US not in outages


def test_trouble_of_two_regions_is_counted_apart_and_one_success_ends_it() -> None:
    outages = Outages()
    down = unreachable("PUT /x", "connection refused", sent=False)
    assert isinstance(down, Unreachable)
    for _ in range(IN_A_ROW - 1):
        assert not outages.met(Region.US, down) and not outages.met(Region.EU, down)
    outages.well()
    assert not outages.met(Region.US, down) and outages.reason is down


def test_a_keyring_that_is_down_ends_the_run_with_its_own_words() -> None:
    outages = Outages()
    locked = VaultError("The keyring is locked.")
    for _ in range(IN_A_ROW - 1):
        outages.met(Region.US, locked)
    with pytest.raises(VaultError) as caught:
        outages.met(Region.EU, locked)
    assert caught.value is locked
