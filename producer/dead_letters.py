"""The topic of dead letters as records of their own: where each came from, why it is there, what it was.

Whatever stands there is read: a record without our headers, or with headers that are no text, is a letter as well, one
that cannot be sent back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

from producer.topic_log import PATIENCE_SECONDS, Offsets, TopicLog
from schemas import headers
from schemas.settings import Settings

OURS: Final = "dlq."
TEXT: Final = "replace"
ENVELOPE: Final = "an envelope stands for it: the original is only where it came from"
NO_ORIGIN: Final = "its headers do not say where it came from"


class Place(NamedTuple):
    """Among the dead letters."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}/{self.offset}"


class Origin(NamedTuple):
    """In the input."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """`headers` are the original ones; None: they could not be read. `at_ms` is when it was refused."""

    place: Place
    at_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None
    reason: str
    detail: str
    origin: Origin | None
    version: str
    envelope: bool
    replayed_from: str | None
    """Where it was replayed from, if it was refused before."""

    @classmethod
    def of(cls, message: Any) -> Self:  # noqa: ANN401 - the client's message
        found = _headers(message)
        said = {name: (value or b"").decode(errors=TEXT) for name, value in found or () if name.startswith(OURS)}
        original = tuple(each for each in found or () if not each[0].startswith(OURS))
        again = dict(original).get(headers.REPLAYED_FROM)
        lost = found is None or headers.DLQ_HEADERS in said
        return cls(
            Place(message.partition(), message.offset()),
            message.timestamp()[1],
            message.key(),
            message.value(),
            None if lost else original,
            said.get(headers.DLQ_REASON, ""),
            said.get(headers.DLQ_DETAIL, ""),
            _origin(said),
            said.get(headers.DLQ_VERSION, ""),
            headers.DLQ_ENVELOPE in said,
            None if again is None else again.decode(errors=TEXT),
        )

    def obstacle(self, topic: str) -> str | None:
        """Why it cannot be sent back to that topic."""
        if self.origin is None:
            return NO_ORIGIN
        if self.origin.topic != topic:
            return f"it came from {self.origin.topic}, the input is {topic}"
        return ENVELOPE if self.envelope else None


class Letters:
    """Those that there are when they are asked for."""

    def __init__(self, settings: Settings, patience: float = PATIENCE_SECONDS) -> None:
        self._log = TopicLog(settings, settings.topics.dlq, patience)

    def close(self) -> None:
        self._log.close()

    def between(self, from_ms: int | None, to_ms: int | None, partition: int | None = None) -> Iterator[Letter]:
        """In the order of each partition; of that time, `to_ms` left out."""
        ends = self._log.ends()
        upper = ends if to_ms is None else self._log.at(to_ms, ends)
        lower = self._log.begins() if from_ms is None else self._log.at(from_ms, upper)
        if partition is not None:
            upper = {each: end for each, end in upper.items() if each == partition}
        yield from self._read(lower, upper)

    def at(self, place: Place) -> Letter | None:
        """None: nothing stands there that could be read."""
        low, high = self._log.begins().get(place.partition, 0), self._log.ends().get(place.partition, 0)
        if not low <= place.offset < high:
            return None
        found = self._read({place.partition: place.offset}, {place.partition: place.offset + 1})
        return next((each for each in found if each.place == place), None)

    def _read(self, lower: Offsets, upper: Offsets) -> Iterator[Letter]:
        for messages in self._log.messages(lower, upper):
            yield from map(Letter.of, messages)


def _headers(message: Any) -> Headers | None:  # noqa: ANN401 - the client's message
    """Kafka takes names that are not text and the client does not."""
    try:
        return tuple(message.headers() or ())
    except (UnicodeError, SystemError, ValueError):
        return None


def _origin(said: dict[str, str]) -> Origin | None:
    names = (headers.DLQ_PARTITION, headers.DLQ_OFFSET, headers.DLQ_TIMESTAMP)
    try:
        return Origin(said[headers.DLQ_TOPIC], *(int(said[name]) for name in names))
    except (KeyError, ValueError):
        return None
