"""A long plan in groups: nothing is lost by folding, and what is left out is left out whatever is folded."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effects import an_effect
from workbench.core.rows import text_of
from workbench.domain.model.plan import Effect, EffectKind, Place
from workbench.mailgun.endpoints import Region
from workbench.tui.screens.plan_groups import FOLD_FROM, Folded, PlanGroup, group_row

US = Place(Region.US)


def effects(keys: int = 10, logins: int = 37, strangers: int = 2) -> list[Effect]:
    made = []
    for n in range(keys):
        for kind in (EffectKind.KEY_CREATE, EffectKind.KEY_DELETE):
            made.append(an_effect(kind, f"k{n}", US, credential=f"key:k{n}", what="key"))
    made += [
        an_effect(EffectKind.LOGIN_RESET, f"l{n}", US, credential=f"smtp:l{n}", what="login")
        for n in range(logins)
    ]
    made += [
        an_effect(EffectKind.KEY_DELETE, f"s{n}", US, credential=f"key:s{n}", what="stranger")
        for n in range(strangers)
    ]
    return made


def test_rows_are_counted_as_people_count() -> None:
    folded = Folded(effects())
    titles = [one.title for one in folded.rows() if isinstance(one, PlanGroup)]
    assert titles == [
        "10 keys replaced",
        "37 SMTP logins reset",
        "2 keys deleted for good",
    ]
    assert len(folded.rows()) == 3
    second = an_effect(EffectKind.LOGIN_CREATE, "l0-2", US, credential="smtp:l0", what="second login")
    assert "37 SMTP logins renewed" in [g.title for g in Folded([*effects(), second]).groups]
    one = Folded(effects(1, 30, 1))
    assert next(g.title for g in one.groups) == "1 key replaced"


def test_a_short_plan_is_not_folded() -> None:
    few = effects(2, 3, 0)
    assert len(few) < FOLD_FROM and Folded(few).rows() == few


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 70)), max_size=12))
def test_what_is_left_out_stays_so_through_folding(presses: list[tuple[int, int]]) -> None:
    """An oracle of its own: a set of effects, changed by rows and by whole groups as a person would think of them."""
    folded = Folded(effects())
    out: set[str] = set()
    for what, number in presses:
        group = folded.groups[number % len(folded.groups)]
        ids = {effect.id for effect in group.effects}
        key = f"group:{group.key}"
        if what == 0:
            group.unfolded = not group.unfolded
        elif what == 1:
            marked = folded.marks() ^ {key}
            out = out | ids if ids - out else out - ids
            folded.take(marked)
        elif group.unfolded:
            one = group.effects[number % len(group.effects)].id
            marked = folded.marks() ^ {one}
            out ^= {one}
            folded.take(marked)
        assert folded.out == out
        assert set(folded.kept()) == {effect.id for effect in folded.effects} - out


def test_a_group_says_in_one_short_word_whether_it_can_be_undone_and_counts_what_cannot() -> None:
    def words(*undos: str) -> tuple[str, int]:
        login = effects(0, 1, 0)[0]
        group = PlanGroup("logins", [replace(login, undo=undo) for undo in undos])
        cell = group_row(group, 5, ascii_mode=False, left=0).cells[3]
        return text_of(cell), group.never

    gone = "cannot be undone: the login can be made again, its password is gone"
    assert words("set it back", "delete it again") == ("yes", 0)
    assert words(*["set it back"] * 22, *[gone] * 150) == ("part", 150)
    assert words(gone, gone) == ("never", 2)
