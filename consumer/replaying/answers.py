"""What was published: the decisions on one topic that answer a stretch of one partition, in the order of that topic.

They come nearly in the order of what they answer, so a lot is matched with those around it; what turns up later, since
it was written out of order, is handed out at the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from consumer.replaying.log import Log
from consumer.replaying.stretch import Stretch
from schemas.errors import DeadLetter
from schemas.reading import Fields, Records

AHEAD: Final = 20_000
"""How many decisions on later records are held: so many may stand before those that are looked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`place` is where it stands: topic/partition/offset. `fields` None: nobody can read it, and `why`."""

    place: str
    offset: int
    fields: Fields | None
    why: str = ""


class Answers:
    """`since_ms`: none of them was written before that time."""

    def __init__(self, log: Log, records: Records, stretch: Stretch, since_ms: int, ahead: int = AHEAD) -> None:
        self._topic, self._records, self._stretch, self._most = log.topic, records, stretch, ahead
        self._left = self._read(log, since_ms)
        self._ahead: dict[int, list[Answer]] = {}
        self._held, self._over = 0, stretch.partition not in log.ends or not len(stretch)

    def below(self, offset: int) -> dict[int, list[Answer]]:
        """Those on records below that offset which were not handed out yet, as far as can be seen from here."""
        while not self._over and self._held < self._most:
            self._take()
        due = sorted(each for each in self._ahead if each < offset)
        found = {each: self._ahead.pop(each) for each in due}
        self._held -= sum(map(len, found.values()))
        return found

    def rest(self) -> Iterator[Answer]:
        """All that were not handed out, to the end of the topic."""
        for each in sorted(self._ahead):
            yield from self._ahead.pop(each)
        self._held, self._over = 0, True
        yield from self._left

    def _take(self) -> None:
        answer = next(self._left, None)
        if answer is None:
            self._over = True
            return
        self._ahead.setdefault(answer.offset, []).append(answer)
        self._held += 1

    def _read(self, log: Log, since_ms: int) -> Iterator[Answer]:
        partition = self._stretch.partition
        start = log.offset_at(partition, since_ms)
        for messages in log.messages(partition, start, log.ends[partition]):
            for each in messages:
                if (answer := self._answer(each)) is not None:
                    yield answer

    def _answer(self, message: Any) -> Answer | None:  # noqa: ANN401 the client's type
        place = f"{self._topic}/{message.partition()}/{message.offset()}"
        try:
            fields = self._records.read(message.value())
        except DeadLetter as error:
            return Answer(place, self._stretch.start, None, str(error))
        source = fields["source"]
        if source["partition"] != self._stretch.partition:
            why = f"it answers partition {source['partition']}, whose answers stand elsewhere"
            return Answer(place, self._stretch.start, None, why)
        return Answer(place, source["offset"], fields) if source["offset"] in self._stretch else None
