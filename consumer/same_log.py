"""Whether a partition is still the log that was read, and that was answered.

A broker that comes back with less than it had writes other records at offsets that were read before. An offset and a
leader epoch name a record for ever, so it is enough to look at the last one that was read: once when a partition
comes, and once where reading again reaches what was answered. While it is read, the client notices by itself.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from confluent_kafka import KafkaError

from consumer.faults import CUT, ending, was_cut
from consumer.keeper import Keeper
from consumer.places import Place
from schemas.errors import Misconfigured, RestartMe

log = structlog.get_logger(__name__)


class SameLog:
    """`places` are those of the source, which moves them."""

    def __init__(self, places: Mapping[int, Place], keeper: Keeper) -> None:
        self._places, self._keeper = places, keeper

    def records(self, records: list[Any]) -> list[Any]:
        """Without those of another log than the one that was read, and without those that were only looked at."""
        if all(place.proven for place in self._places.values()):
            return records
        for each in records:
            place = self._places.get(each.partition())
            if place and not place.proven and (why := place.prove(each.offset(), each.leader_epoch())):
                self.cut(each.partition(), why)
        ours = self._places
        return [each for each in records if each.partition() in ours and not ours[each.partition()].has(each.offset())]

    def ends(self, partition: int, offset: int) -> None:
        """Whoever leads anew may not know yet how far its log is committed: an end before the cursor says nothing."""
        if place := self._places.get(partition):
            place.ended = offset
            place.proven = place.proven or not place.has(offset)

    def answered(self, last: Any) -> None:  # noqa: ANN401 - the client's message
        """What is read again has to end with the record that was answered last."""
        wanted, found = self._places[last.partition()].epoch, last.leader_epoch()
        if None not in {wanted, found} and wanted != found:
            self.cut(last.partition(), f"the record before it is of leader epoch {found}, not {wanted}")

    def lost(self, partition: int, error: KafkaError) -> bool:
        """What was to be read is not there. Whether to try again, without the record before it: that was deleted."""
        place = self._places.get(partition)
        if place is None or place.cursor is None:
            return False
        if was_cut(error):
            self.cut(partition, error.str())
        elif not place.proven:
            place.proven = True
            return True
        elif place.behind:
            raise RestartMe(f"what is remembered of partition {partition} ends before its log begins by now")
        elif end := ending(error):
            raise end
        return False

    def cut(self, partition: int, why: str) -> None:
        """What is remembered may be remembered from before that; where the group stood, only somebody can decide."""
        place = self._places[partition]
        if place.cursor is not None and place.cursor > place.position:
            raise RestartMe(f"the log of partition {partition} was cut while it was read: {why}")
        if not place.believed:
            said = f"the log of partition {partition} is not the one that was answered up to {place.position}: {why}"
            raise Misconfigured(said, fix=CUT)
        log.warning("source.log_was_cut", partition=partition, offset=place.cursor, detail=why)
        self._keeper.disown(partition)
        place.cursor, place.proven = None, True
