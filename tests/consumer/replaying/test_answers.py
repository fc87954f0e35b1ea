"""Answers are matched with what they answer, however they lie about on their topic."""

from collections.abc import Iterator, Sequence
from typing import Any

from consumer.replaying.answers import Answer, Answers
from consumer.replaying.stretch import Stretch
from schemas.errors import DeadLetter

FAR = 10**6


class Message:
    def __init__(self, place: int, offset: int | None, partition: int) -> None:
        self._place, self.source = place, {"partition": partition, "offset": offset}

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._place

    def value(self) -> Any:
        return self.source


class Log:
    """A topic of one partition that holds answers to these offsets; None is no answer."""

    topic = "flags"

    def __init__(self, *offsets: int | None, partition: int = 0) -> None:
        self._messages = [Message(place, each, partition) for place, each in enumerate(offsets)]
        self.ends, self.read = {0: len(offsets)}, 0

    def offset_at(self, _partition: int, time_ms: int) -> int:
        return time_ms

    def messages(self, _partition: int, start: int, end: int) -> Iterator[Sequence[Message]]:
        for each in self._messages[start:end]:
            self.read += 1
            yield [each]


class Records:
    def read(self, value: dict[str, Any]) -> dict[str, Any]:
        if value["offset"] is None:
            raise DeadLetter("unknown_framing")
        return {"source": value}


def answers(log: Log, *, since: int = 0, ahead: int = 3) -> Answers:
    return Answers(log, Records(), Stretch(0, 10, 100), since, ahead)  # type: ignore[arg-type]


def places(found: dict[int, list[Answer]]) -> dict[int, list[str]]:
    return {offset: [each.place.rpartition("/")[2] for each in those] for offset, those in found.items()}


def test_those_of_a_lot_come_with_it() -> None:
    """Each once, in the order of what they answer; what is outside the stretch is left out."""
    found = answers(Log(5, 10, 11, 30, 99, 100))
    assert places(found.below(20)) == {10: ["1"], 11: ["2"]}
    assert places(found.below(99)) == {30: ["3"]}
    assert places(found.below(100)) == {99: ["4"]}
    assert list(found.rest()) == []


def test_few_are_held() -> None:
    """No more is read than a lot and those just ahead of it."""
    log = Log(*range(10, 90))
    found = answers(log)
    assert len(found.below(12)) == 2
    assert log.read <= 5


def test_one_far_ahead_hides_nothing() -> None:
    """It waits; those behind it are found."""
    found = answers(Log(98, 10, 11, 12, 13), ahead=4)
    assert places(found.below(13)) == {10: ["1"], 11: ["2"], 12: ["3"]}
    assert places(found.below(100)) == {13: ["4"], 98: ["0"]}


def test_what_comes_too_late_comes_at_the_end() -> None:
    """Also second answers to what was answered long ago."""
    found = answers(Log(10, 11, 40, 41, 42, 43, 10), ahead=2)
    assert places(found.below(20)) == {10: ["0"], 11: ["1"]}
    assert [each.place for each in found.rest()] == [f"flags/0/{place}" for place in (2, 3, 4, 5, 6)]


def test_both_of_two_on_one_record_are_told() -> None:
    """In the order of the topic."""
    assert places(answers(Log(10, 10)).below(20)) == {10: ["0", "1"]}


def test_what_cannot_be_read_is_no_answer() -> None:
    """It is told all the same, with the reason; so is one that stands in another partition than it should."""
    (first,) = answers(Log(None)).below(20)[10]
    assert (first.fields, first.why) == (None, "unknown_framing")
    (strange,) = answers(Log(50, partition=3)).below(20)[10]
    assert "partition 3" in strange.why


def test_nothing_is_read_from_before_it_can_have_been_written() -> None:
    """The time of the epoch is where the search begins."""
    log = Log(10, 11, 12)
    assert places(answers(log, since=2).below(50)) == {12: ["2"]}
    assert log.read == 1
