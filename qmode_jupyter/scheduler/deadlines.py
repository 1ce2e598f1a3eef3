"""What falls due by itself, and when: a heap whose entries may be taken back."""

from __future__ import annotations

from enum import StrEnum
from heapq import heappop, heappush
from math import inf


class Deadline(StrEnum):
    """What can fall due."""

    UNUSED = "unused"
    IDLE = "interactive timeout"
    EXPIRES = "maximum timeout"
    JOB_CAP = "maximum execution time"
    CALIBRATED = "calibration over"
    COST_LIMIT = "cost limit"
    WINDOW = "allowance frees up"
    QUEUED = "least time in the queue"
    RESERVATION_BEGINS = "reservation begins"
    RESERVATION_ENDS = "reservation ends"


class Deadlines:
    """At most one time for each kind and owner; arming again replaces it."""

    def __init__(self) -> None:
        #: The time of the next one; infinite if there is none.
        self.first_at = inf
        self._heap: list[tuple[float, int, Deadline, str]] = []
        self._armed: dict[tuple[Deadline, str], float] = {}
        self._number = 0

    def arm(self, kind: Deadline, owner: str, at: float) -> None:
        """Make `kind` fall due for `owner` at `at`."""
        self._number += 1
        self._armed[kind, owner] = at
        heappush(self._heap, (at, self._number, kind, owner))
        self._find_first()

    def disarm(self, kind: Deadline, owner: str) -> None:
        """Take a deadline back, if it is armed."""
        if self._armed.pop((kind, owner), None) == self.first_at:
            self._find_first()

    def pop_due(self, now: float) -> tuple[Deadline, str] | None:
        """Take out and return the next one that is due at `now`."""
        if self.first_at > now:
            return None
        _, _, kind, owner = heappop(self._heap)
        del self._armed[kind, owner]
        self._find_first()
        return kind, owner

    def _find_first(self) -> None:
        heap, armed = self._heap, self._armed
        while heap and armed.get(heap[0][2:]) != heap[0][0]:
            heappop(heap)  # it was taken back, or armed anew for another time
        self.first_at = heap[0][0] if heap else inf
