"""A login reset twice: two passwords, two entries, and only the present one counts."""

from __future__ import annotations

from pathlib import Path

from tests.support.ground import ground
from tests.support.kills import ready


async def test_a_second_reset_sets_another_password_and_proves_only_that(tmp_path: Path) -> None:
    async with ground(tmp_path) as place, place.session() as session:
        await ready(session)
        login = sorted(place.old_passwords)[0]
        set_here = []
        for again in (False, True):
            summary = await session.run(session.plan("logins.reset", [login], again=again))
            assert (summary.total, summary.verified) == (1, 1), summary.line()
            set_here.append(next(c.password for c in place.credentials() if c.login == login))
        assert len({place.old_passwords[login], *set_here}) == 3
        first, second = session.state.effects.values()
        assert first.entry != second.entry
        # What was handed over before stays readable; what is in force is under the newer entry.
        assert [(await session.recorder.secret(r.entry)).reveal() for r in (first, second)] == set_here
        found = await session.prove_again()
        assert (found.checked, found.sure, found.against) == (1, 1, [])
