"""One partition: offsets that markers take too, and what a reader of committed records may see of it."""

from dataclasses import dataclass

Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Record:
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int


@dataclass(frozen=True, slots=True)
class Entry:
    """`record` None is the marker that ends a transaction; `producer` None is a record outside of any."""

    offset: int
    record: Record | None
    producer: int | None
    timestamp: int
    epoch: int = 0


class Partition:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.low = 0
        self.epoch = 0
        self._open: dict[int, int] = {}
        self._aborted: set[int] = set()

    def append(self, record: Record, producer: int | None = None) -> int:
        offset = self.high
        if producer is not None:
            self._open.setdefault(producer, offset)
        self.entries.append(Entry(offset, record, producer, record.timestamp, self.epoch))
        return offset

    def end(self, producer: int, commit: bool, now_ms: int) -> None:
        """Writes the marker of a transaction that has records here."""
        first = self._open.pop(producer)
        if not commit:
            self._aborted.update(each.offset for each in self.entries[first:] if each.producer == producer)
        self.entries.append(Entry(self.high, None, producer, now_ms, self.epoch))

    @property
    def high(self) -> int:
        return len(self.entries)

    @property
    def stable(self) -> int:
        """The last stable offset: the first record of the oldest transaction that is open."""
        return min(self._open.values(), default=self.high)

    def cut(self, offset: int) -> None:
        """All from there on is lost, and another leader goes on."""
        del self.entries[offset:]
        self.epoch += 1

    def delete_before(self, offset: int) -> None:
        self.low = offset

    def end_for(self, committed: bool) -> int:
        return self.stable if committed else self.high

    def read(self, offset: int, committed: bool) -> tuple[Entry | None, int]:
        """The first record from there on that this reader may see, and where it goes on reading."""
        end = self.end_for(committed)
        while offset < end:
            entry = self.entries[offset]
            offset += 1
            if entry.record is not None and not (committed and entry.offset in self._aborted):
                return entry, offset
        return None, offset

    def visible(self) -> list[Entry]:
        """All that a reader of committed records sees."""
        found: list[Entry] = []
        offset = self.low
        while True:
            entry, offset = self.read(offset, committed=True)
            if entry is None:
                return found
            found.append(entry)
