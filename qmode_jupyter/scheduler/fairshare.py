"""Who is next on a QPU that is free: the tenant with the smallest used share, first come inside.

What queues here is an entry: one job in job mode, or one session or batch that wants to become
active (SEMANTICS Q1, Q3, A8, A13). The order is worked out anew at every pick.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Entry:
    """A job (`is_workload` false) or a workload that waits its turn."""

    id: str
    is_workload: bool
    tenant: str
    number: int
    live: bool = True


class FairShare:
    """One QPU's queue of all tenants.

    Parameters
    ----------
    share
        Returns a tenant's used part of its allocation now, or None while it may not run at all.
    """

    def __init__(self, share: Callable[[str], float | None]) -> None:
        self._share = share
        #: The lines of the tenants who have somebody in line; the first in each is live.
        self._lines: dict[str, deque[Entry]] = {}
        #: Everybody in line, by id.
        self.entries: dict[str, Entry] = {}
        self._number = 0

    def __contains__(self, entry_id: str) -> bool:
        return entry_id in self.entries

    def add(self, entry_id: str, tenant: str, *, is_workload: bool) -> None:
        """Put an entry at the end of its tenant's line."""
        self._number += 1
        entry = Entry(entry_id, is_workload, tenant, self._number)
        self.entries[entry_id] = entry
        line = self._lines.get(tenant)
        if line is None:
            self._lines[tenant] = deque((entry,))
        else:
            line.append(entry)

    def remove(self, entry_id: str) -> None:
        """Take an entry out, if it is there."""
        entry = self.entries.pop(entry_id, None)
        if entry is None:
            return
        entry.live = False  # inside its line it stays until it comes to the front
        line = self._lines[entry.tenant]
        while line and not line[0].live:
            line.popleft()
        if not line:
            del self._lines[entry.tenant]

    def head(self, only: str | None = None) -> Entry | None:
        """Return who would be picked now, of all tenants or of one; it stays in the queue."""
        best: tuple[float, int] | None = None
        chosen: Entry | None = None
        for tenant, line in self._lines.items():
            if only is not None and tenant != only:
                continue
            share = self._share(tenant)
            if share is not None and (best is None or (share, line[0].number) < best):
                best, chosen = (share, line[0].number), line[0]
        return chosen

    def ahead_of(self, entry_id: str) -> int | None:
        """Return how many entries would be picked before this one, if no share changed."""
        entry = self.entries.get(entry_id)
        if entry is None:
            return None
        own = self._share(entry.tenant)
        count = 0
        for tenant, line in self._lines.items():
            share = self._share(tenant)
            if tenant == entry.tenant or (share is not None and share == own):
                count += sum(e.live and e.number < entry.number for e in line)
            elif share is not None and (own is None or share < own):
                count += sum(e.live for e in line)
        return count

    def all_ahead_of(self, tenant: str) -> dict[str, int]:
        """Return what `ahead_of` says of each of a tenant's entries, the next one first, in one pass."""
        own = self._share(tenant)
        before, level = 0, [*self._lines.get(tenant, ())]
        for other, line in self._lines.items():
            share = self._share(other)
            if other == tenant or share is None:
                continue
            if share == own:
                level += line
            elif own is None or share < own:
                before += sum(e.live for e in line)
        level = sorted((e for e in level if e.live), key=lambda e: e.number)
        return {e.id: count for count, e in enumerate(level, before) if e.tenant == tenant}

    def waiting(self, tenant: str) -> list[str]:
        """Return the ids in a tenant's line, the next one first."""
        return [entry.id for entry in self._lines.get(tenant, ()) if entry.live]

    def check(self) -> None:
        """Assert that the lines and the index agree."""
        live = {e.id for line in self._lines.values() for e in line if e.live}
        assert live == set(self.entries), "the fair-share index and its lines differ"
        assert all(line[0].live for line in self._lines.values()), "a line is led by one who has left"
