"""Pages of names in the order of the alphabet, each named by an address on it (dossier B4)."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.drill.api.wire import WireCall


def by_address(
    call: WireCall, names: Sequence[str], limit: int, *, back: str, first: str | None = None
) -> tuple[list[str], dict[str, str]]:
    """Return the names of one page and its links; past the end a page is empty and its links stay.

    ``back`` is the word for the page before, ``first`` the one for the first where its address names it.
    """
    pivot, turn = call.arg("address"), call.arg("page")
    start = 0
    if turn == "next":
        start = next((i for i, name in enumerate(names) if name > pivot), len(names))
    elif turn == back:
        start = max(0, next((i for i, name in enumerate(names) if name >= pivot), len(names)) - limit)
    elif turn == "last":
        start = max(0, len(names) - limit)
    page = [*names[start : start + limit]]
    edges = (page[0], page[-1]) if page else (pivot, pivot)
    named = {"page": first} if first else {}
    return page, {
        "first": call.url(call.path, **named, limit=limit),
        "last": call.url(call.path, page="last", limit=limit),
        "next": call.url(call.path, page="next", address=edges[1], limit=limit),
        "previous": call.url(call.path, page=back, address=edges[0], limit=limit),
    }
