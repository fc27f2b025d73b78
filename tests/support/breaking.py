"""What tests have in common that break connections and kill processes on purpose."""

from __future__ import annotations

import logging

import pytest

# A killed process closes no sockets; what its kill leaves open here is collected, which pytest would report. The
# fixture silences what the drill's servers print about the connections that broke.
BREAKING = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("quiet_servers"),
]


def quiet() -> None:
    """Silence what the drill's servers print about connections that broke: breaking them is the point."""
    for name in ("asyncio", "mail.log", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
