"""A partition that is ours: where the group stands in it, and from where on it is read."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Place:
    """`position` is the committed offset, `text` what was committed with it. `cursor` is the next record's place, which
    may be below: then those in between were answered already. It is None until it is known what is remembered.
    """

    position: int
    text: str = ""
    cursor: int | None = None
    ended: int = 0
    """An end of the log that was reached."""
    recorded: bool = True
    """Whether the position is committed. It is not where the group has just begun."""

    def has(self, offset: int) -> bool:
        """Whether a record was handed out, or is not to be."""
        return self.cursor is None or offset < self.cursor

    @property
    def behind(self) -> int:
        """So many offsets are to be read again before there is something to answer."""
        return 0 if self.cursor is None else max(self.position - self.cursor, 0)

    def lag(self, end: int) -> int:
        """Up to an end of the log. Behind the last record may be offsets that nobody sees: markers, aborted ones."""
        read = self.ended if self.cursor == self.position else 0
        return max(end - max(self.position, read), 0)


Places = Mapping[int, Place]


def cursors(places: Places) -> dict[int, int]:
    """Of the partitions that can be read."""
    return {each: place.cursor for each, place in places.items() if place.cursor is not None}
