"""What is typed where the admin key belongs is named for what it is; only a key that is the one passes."""

from __future__ import annotations

import pytest

from workbench.core.errors import Forbidden, NotAuthorised, Unreachable
from workbench.core.redact import Secret
from workbench.domain.detection.key_kinds import by_answers, by_form
from workbench.mailgun.endpoints import Region
from workbench.mailgun.probe import Ability, Capabilities, RegionProbe, RegionState

CURRENT = Secret("0123456789abcdef0123456789abcdef-01234567-89abcdef")
REFUSED = NotAuthorised("No.", "", "", status=401)
ONLY_ADMINS = ("see the API keys", "see who can sign in", "see the IP allowlist")


def probed(states: dict[Region, RegionState], admin: bool = True, logins: bool = True) -> Capabilities:
    errors = {RegionState.REFUSED: REFUSED, RegionState.UNREACHABLE: Unreachable("Nothing answered.", "", "")}
    no = Forbidden("No.", "", "", status=403)
    abilities = [Ability(name, admin, None if admin else no) for name in ONLY_ADMINS]
    abilities.append(Ability("see the SMTP logins", logins, None if logins else no))
    regions = {region: RegionProbe(region, state, errors.get(state)) for region, state in states.items()}
    return Capabilities(regions, tuple(abilities), "01234567-89abcdef", None, 0.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pubkey-0123456789abcdef0123456789abcdef", "public validation key"),
        ("01234567-89abcdef", "the id of a key"),
        ("postmaster@mg.acme.example", "an address"),
        ("https://app.mailgun.com/settings", "an address"),
        ("short", "no Mailgun key (5 characters)"),
        ("0123456789abcdef\u00e90123456789", "no Mailgun key"),
    ],
)
def test_what_shows_by_its_form_is_never_sent(text: str, said: str) -> None:
    doubt = by_form(Secret(text))
    assert doubt is not None and said in doubt.words() and not doubt.lesser


def test_what_may_be_a_key_is_asked_about() -> None:
    assert by_form(CURRENT) is None
    assert by_form(Secret("key-0123456789abcdef0123456789abcdef")) is None


def test_an_accepted_admin_key_passes_also_where_one_region_refuses_it() -> None:
    assert by_answers(CURRENT, probed({Region.US: RegionState.OPEN, Region.EU: RegionState.OPEN})) is None
    assert by_answers(CURRENT, probed({Region.US: RegionState.OPEN, Region.EU: RegionState.REFUSED})) is None


@pytest.mark.parametrize(("logins", "said"), [(True, "a developer's key"), (False, "analyst's or Support's")])
def test_a_lesser_role_is_named_and_may_be_insisted_on(logins: bool, said: str) -> None:
    doubt = by_answers(CURRENT, probed({Region.US: RegionState.OPEN}, admin=False, logins=logins))
    assert doubt is not None and doubt.lesser and said in doubt.words() and "API Security" in doubt.words()


def test_a_refused_key_says_what_it_may_be_and_how_to_get_the_right_one() -> None:
    both = {Region.US: RegionState.REFUSED, Region.EU: RegionState.REFUSED}
    doubt = by_answers(CURRENT, probed(both))
    assert doubt is not None and not doubt.lesser
    for part in ("US and EU", "a sending key", "SMTP password", "IP allowlist", "role Admin"):
        assert part in doubt.words()
    assert "other region" not in doubt.words()
    old = by_answers(Secret("key-0123456789abcdef0123456789abcdef"), probed(both))
    assert old is not None and "signing key" in old.words() and "sending key" not in old.words()


def test_where_one_region_was_asked_the_other_ones_key_is_named() -> None:
    doubt = by_answers(CURRENT, probed({Region.EU: RegionState.REFUSED}))
    assert doubt is not None and "other region" in doubt.words() and "only EU" in doubt.words()


def test_no_answer_says_nothing_about_the_key() -> None:
    doubt = by_answers(CURRENT, probed({Region.US: RegionState.UNREACHABLE}))
    assert doubt is not None and "nothing about the key" in doubt.words()
