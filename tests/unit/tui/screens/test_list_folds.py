"""What is fine folds into a row of its own; what waits, is selected, or is one of few stands for itself."""

from __future__ import annotations

from workbench.tui.screens.list_folds import FOLD_FROM, Folds, ListLine, is_head

WAITS = ListLine("w", "key prod: not handed over yet")
FINE = [ListLine(f"f{n}", f"key {n}: in use", fold="in use") for n in range(FOLD_FROM)]


def keys(folds: Folds, lines: list[ListLine]) -> list[str]:
    return [line.key for line in folds.shown(lines)]


def test_what_is_fine_is_one_row_that_unfolds_and_folds_again() -> None:
    lines = [WAITS, *FINE]
    folds = Folds(lines)
    head = folds.shown(lines)[1]
    assert keys(folds, lines) == ["w", head.key] and is_head(head.key)
    assert head.words == f"{FOLD_FROM} rows: in use (Enter unfolds them)"
    assert head.more == tuple(line.words for line in FINE), "the whole stands below the list"
    folds.turn(head.key)
    assert keys(folds, lines) == ["w", head.key, *(line.key for line in FINE)]
    assert folds.shown(lines)[1].words.endswith("(Enter folds them)")
    folds.turn(head.key)
    assert keys(folds, lines) == ["w", head.key]


def test_few_rows_stand_as_they_are() -> None:
    assert keys(Folds(FINE[1:]), FINE[1:]) == [line.key for line in FINE[1:]]


def test_what_is_selected_from_the_start_is_never_folded_away() -> None:
    lines = [*FINE, ListLine("more", "key 9: in use", fold="in use")]
    shown = keys(Folds(lines, ["f0"]), lines)
    assert shown[0] == "f0" and is_head(shown[1]) and len(shown) == 2
    assert not is_head("f0") and not is_head(None)
