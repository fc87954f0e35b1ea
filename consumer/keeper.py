"""What the input side asks of whoever remembers."""

from typing import Protocol

from consumer.point import Point


class Keeper(Protocol):
    """Who remembers what was read of each partition."""

    def begins(self, partition: int) -> None:
        """The group has no offset there. Raises Misconfigured where it cannot be a new one."""

    def restore(self, partition: int, committed: Point) -> Point | None:
        """Where reading begins, at `committed` or below it; all of the partition below is remembered by then.

        None: it is being looked for, and to be asked again.
        """

    def disown(self, partition: int) -> None:
        """What `restore` said is of a log that was cut and written anew since."""

    def leave(self, partition: int) -> None:
        """It went to somebody else, and may come back."""
