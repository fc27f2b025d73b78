"""When trouble stops being one effect's own: so many in a row mean that a region, or the keyring, is down."""

from __future__ import annotations

from collections import Counter

from workbench.core.errors import VaultError, WorkbenchError
from workbench.execution.attempt import PASSING
from workbench.mailgun.endpoints import Region

# So many effects in a row ended by passing trouble of one region, or of the keyring, mean an outage.
IN_A_ROW = 5
_KEYRING = "keyring"


class Outages:
    """The passing trouble of one run, by region.

    A region that is down is set aside and the rest goes on: half an account cut is better than none. Without
    a keyring there is nothing to go on with. A web page on an API path, whatever its status, is the work of
    something in between (a captive portal, a filter) and counts; a 404 in the API's own form is an answer.
    """

    def __init__(self) -> None:
        self._in_a_row: Counter[str] = Counter()
        self._down: dict[Region, WorkbenchError] = {}
        self._last: WorkbenchError | None = None

    def __contains__(self, region: object) -> bool:
        return region in self._down

    @property
    def reason(self) -> WorkbenchError | None:
        """Return what stopped the run half-way: a region down, or trouble that nothing good came after."""
        return next(iter(self._down.values()), None) or self._last

    def well(self) -> None:
        """An effect went through."""
        self._in_a_row.clear()
        self._last = None

    def met(self, region: Region, error: WorkbenchError) -> bool:
        """An effect in ``region`` ended with an error; return whether the region is down because of it, now.

        Raises the error itself when it is the keyring that is down.
        """
        where = _KEYRING if isinstance(error, VaultError) else region.value
        if not isinstance(error, PASSING):
            self._in_a_row[where] = 0
            self._last = None
            return False
        self._in_a_row[where] += 1
        self._last = error
        if self._in_a_row[where] < IN_A_ROW:
            return False
        if where == _KEYRING:
            raise error
        fresh = region not in self._down
        self._down.setdefault(region, error)
        return fresh
