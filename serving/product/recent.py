"""The flags of late, in bounded memory: told by one thread, asked by others."""

from collections import deque
from collections.abc import Mapping
from itertools import islice
from threading import Lock
from typing import Any

from models.policies.reasons import told
from serving.product.ports import Recent

LEFT_OUT = frozenset({"features"})
"""What `GET /v1/decisions/…` tells of a single one."""


class Window:
    """The newest `most` flags. What came back after a break is known by its place, and counts once."""

    def __init__(self, most: int) -> None:
        self._flags: deque[tuple[int, dict[str, Any]]] = deque(maxlen=most)
        self._since_ms: int | None = None
        self._next: dict[int, int] = {}
        self._current = False
        self._lock = Lock()

    def begin(self, since_ms: int) -> None:
        """The topic is read, from flags of that time on; again, from the newest on that was there."""
        with self._lock:
            if self._since_ms is None:
                self._since_ms = since_ms
            self._current = True

    def back(self) -> None:
        """The topic that was read can be read on."""
        with self._lock:
            self._current = True

    def away(self) -> None:
        with self._lock:
            self._current = False

    def add(self, partition: int, offset: int, stamp_ms: int, decision: Mapping[str, Any]) -> None:
        with self._lock:
            self._current = True
            if offset < self._next.get(partition, 0):
                return
            self._next[partition] = offset + 1
            if len(self._flags) == self._flags.maxlen:
                self._since_ms = max(self._since_ms or 0, self._flags[0][0] + 1)
            shown = {name: value for name, value in decision.items() if name not in LEFT_OUT}
            self._flags.append((stamp_ms, shown | {"sentences": told(decision["reasons"])}))

    @property
    def last_ms(self) -> int | None:
        """Of the newest flag."""
        with self._lock:
            return self._flags[-1][0] if self._flags else None

    def place(self, event_id: str) -> tuple[int, int] | None:
        """Partition and offset of the transaction, where its flag is among these."""
        with self._lock:
            sources = (flag["source"] for _, flag in reversed(self._flags) if flag["event_id"] == event_id)
            found = next(sources, None)
        return None if found is None else (found["partition"], found["offset"])

    def recent(self, card: str | None, most: int) -> Recent | None:
        with self._lock:
            if self._since_ms is None:
                return None
            chosen = (flag for _, flag in reversed(self._flags) if card in (None, flag["card_id"]))
            return Recent(self._since_ms, self._current, list(islice(chosen, most)))
