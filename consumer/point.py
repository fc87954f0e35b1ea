"""A place in a log that says which log it is of: whoever reads on from there is told when others were written since."""

from typing import Final, NamedTuple, Self

from confluent_kafka import TopicPartition

UNKNOWN: Final = -1


class Point(NamedTuple):
    """The next offset, and the leader epoch under which the record before it was written, where that is known.

    A broker that lost the end of a log leads it anew, so what it writes in its place has another epoch.
    """

    offset: int
    epoch: int | None = None

    @classmethod
    def of(cls, partition: TopicPartition) -> Self:
        epoch = partition.leader_epoch
        return cls(int(partition.offset), epoch if epoch is not None and epoch >= 0 else None)

    def at(self, topic: str, partition: int, text: str = "") -> TopicPartition:
        return TopicPartition(topic, partition, self.offset, text, UNKNOWN if self.epoch is None else self.epoch)

    def leads_to(self, later: "Point") -> bool:
        """Whether a log that is this one up to here may be that one up to there: epochs never sink along a log."""
        if self.offset > later.offset:
            return False
        if self.epoch is None or later.epoch is None:
            return True
        return self.epoch == later.epoch if self.offset == later.offset else self.epoch <= later.epoch
