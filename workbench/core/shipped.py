"""Files that are shipped inside the package, also where it is a single archive."""

from __future__ import annotations

import pkgutil


def shipped_text(package: str, name: str) -> str:
    """Return the text of a file beside a package's modules; FileNotFoundError where it is not shipped.

    ``importlib.resources`` would bring zipfile and ten modules more, 0.5 MB that stay.
    """
    data = pkgutil.get_data(package, name)
    if data is None:
        raise FileNotFoundError(f"{package}: {name}")
    return data.decode("utf-8")
