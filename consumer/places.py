"""A partition that is ours: where the group stands in it, and from where on it is read."""

from collections.abc import Mapping
from dataclasses import dataclass

from consumer.lots import Span
from consumer.point import Point


@dataclass(slots=True)
class Place:
    """`position` is the committed offset, or one whose commit is owed; `text` is what goes with it. `cursor` is the
    next record's place, which may be below: then those in between were answered already. It is None until it is known
    what is remembered. With each goes the leader epoch of the record before it.
    """

    position: int
    text: str = ""
    cursor: int | None = None
    epoch: int | None = None
    cursor_epoch: int | None = None
    ended: int = 0
    """An end of the log that was reached."""
    proven: bool = True
    """Whether the record before the cursor was seen again since the partition came."""
    recorded: bool = True
    """Whether the position is committed. It is not where the group has just begun."""

    def has(self, offset: int) -> bool:
        """Whether a record was handed out, or is not to be."""
        return self.cursor is None or offset < self.cursor

    def go_to(self, point: Point) -> None:
        self.cursor, self.cursor_epoch = point
        self.proven = point.epoch is None or point.offset == 0

    @property
    def reads_from(self) -> Point:
        """One record back, until it is known that it still is the one that was read."""
        return Point((self.cursor or 0) - (not self.proven), self.cursor_epoch)

    def prove(self, offset: int, epoch: int | None) -> str:
        """What the first record says against this being the log that was read: an offset and an epoch name a record.

        Where the record before the cursor was deleted meanwhile, a later one at least has no earlier epoch.
        """
        cursor, wanted = self.cursor or 0, self.cursor_epoch
        if offset < cursor - 1:
            return ""
        self.proven = True
        if epoch is None or wanted is None or epoch == wanted or (offset >= cursor and epoch > wanted):
            return ""
        return f"the record at {offset} is of leader epoch {epoch}, the one that was read before {cursor} of {wanted}"

    def go_back(self, offset: int) -> None:
        """What was handed out is to be handed out again."""
        if self.cursor is not None and offset < self.cursor:
            self.cursor, self.cursor_epoch = offset, None

    def span(self, first: int) -> Span:
        """Of what was handed out up to the cursor; `first` is where that began."""
        return Span(self.position, first, self.cursor or 0, self.text, self.cursor_epoch)

    @property
    def committed(self) -> Point:
        return Point(self.position, self.epoch)

    @property
    def believed(self) -> bool:
        """Whether reading stands where somebody remembers it, not where the group is known to have stood."""
        return self.behind > 0 or self.epoch is None

    @property
    def behind(self) -> int:
        """So many offsets are to be read again before there is something to answer."""
        return 0 if self.cursor is None else max(self.position - self.cursor, 0)

    def lag(self, end: int) -> int:
        """Up to an end of the log. Behind the last record may be offsets that nobody sees: markers, aborted ones."""
        read = self.ended if self.cursor == self.position else 0
        return max(end - max(self.position, read), 0)


Places = Mapping[int, Place]


def readable(places: Places) -> dict[int, Place]:
    """Of which it is known from where on."""
    return {each: place for each, place in places.items() if place.cursor is not None}
