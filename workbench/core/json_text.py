"""JSON from outside, where a document may be nested without end."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from typing import Any


def read_json(raw: Any, decode: Callable[[Any], Any] = json.loads) -> Any:
    """Return what ``decode`` makes of a text, bytes or str; raise ValueError where it is no JSON or nested too deep.

    Nothing is collected meanwhile: a finalizer that ran at the bottom of such a document would find no room on the
    stack, and Python would write its failure over the screen.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return decode(raw)
    except RecursionError:
        raise ValueError("nested too deep") from None
    finally:
        if collecting:
            gc.enable()


_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    type(None): "nothing (null)",
}


def kind_of(value: object) -> str:
    """Return what a decoded value is, in JSON's words and with its article."""
    return _KINDS.get(type(value), "a number")
