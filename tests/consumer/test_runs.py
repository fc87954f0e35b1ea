"""Lots that go on where their partitions were left are handed out as they would be if each record was looked at."""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.answering import Memoryless

from consumer import runs as module
from consumer.places import Place
from consumer.runs import FEW, follow, runs
from consumer.source import KafkaSource
from consumer.trouble import Trouble
from schemas.errors import Misconfigured, RestartMe
from schemas.lot import Raw


@dataclass(frozen=True)
class Message:
    number: int
    at: int

    def partition(self) -> int:
        return self.number

    def offset(self) -> int:
        return self.at

    def leader_epoch(self) -> int:
        return self.at // 10

    def timestamp(self) -> tuple[int, int]:
        return 1, self.at

    def key(self) -> bytes:
        return b"k"

    def value(self) -> bytes:
        return b"v"

    def error(self) -> None:
        """None."""


messages = st.lists(st.builds(Message, st.integers(0, 2), st.integers(0, 30)), max_size=20)
rising = messages.map(lambda some: sorted(set(some), key=lambda each: (each.at, each.number)))
places = st.dictionaries(
    st.integers(0, 2),
    st.builds(Place, st.integers(0, 30), cursor=st.none() | st.integers(0, 20), epoch=st.none() | st.integers(0, 3)),
    max_size=3,
)


def source(known: dict[int, Place], still: frozenset[int]) -> KafkaSource:
    nobody: Any = None
    parts = {"lot_rows": 1, "lot_bytes": 1, "poll_s": 0.0, "partitions": 3, "first_offset": nobody}
    made = KafkaSource(nobody, Trouble("test"), "topic", Memoryless(), **parts)
    made._places.update({each: replace(place) for each, place in known.items()})
    made._still = still
    return made


def told(of: KafkaSource, some: list[Message]) -> Any:
    """What is handed out, and where the partitions stand afterwards."""
    try:
        found = of._fetched(list(some))
    except (Misconfigured, RestartMe) as error:
        return str(error)
    if found is not None:
        columns = [
            (each.partition.tolist(), each.offset.tolist(), each.epochs) for each in (found.raw, found.past) if each
        ]
        found = (found.messages, list(found.spans.items()), columns)  # type: ignore[assignment]
    return found, of._places


@given(messages | rising, places, st.frozensets(st.integers(0, 2), max_size=1))
def test_all_at_once_says_what_one_by_one_does(
    some: list[Message], known: dict[int, Place], still: frozenset[int]
) -> None:
    """Whatever came, wherever its partitions stand: the same records, spans, epochs and cursors."""
    slow = told(source(known, still), some)
    few, module.FEW = module.FEW, 0  # type: ignore[misc]
    try:
        assert told(source(known, still), some) == slow
    finally:
        module.FEW = few  # type: ignore[misc]


def raw(*places: tuple[int, int]) -> Raw:
    return Raw.of([Message(*each) for each in places])


def test_a_usual_lot_goes_on() -> None:
    """All ours, each partition from its cursor on, which is not below what was answered; gaps are no matter."""
    lot = raw(*((number % 2, 10 + 3 * number) for number in range(FEW)))
    known = {0: Place(10, cursor=10), 1: Place(2, cursor=12), 2: Place(0)}
    assert follow(lot, runs(lot), known, frozenset({2})) is False
    assert runs(lot) == {0: (0, FEW - 2), 1: (1, FEW - 1)}
    assert [known[each].cursor for each in (0, 1)] == [8 + 3 * FEW - 3, 8 + 3 * FEW]


def test_a_past_is_read_as_it_is() -> None:
    """Up to the record before the last one that was answered: at that one it shows whether it is the same log."""
    lot = raw(*((0, number) for number in range(FEW)))
    for position, said in ((FEW + 1, True), (FEW, None), (FEW - 1, None), (1, None), (0, False)):
        place = Place(position, cursor=0)
        assert follow(lot, runs(lot), {0: place}, frozenset()) is said
        assert place.cursor == (0 if said is None else FEW)


def test_few_are_looked_at_one_by_one() -> None:
    """A lone record is not held up by what makes many faster."""
    place = Place(0, cursor=0)
    assert follow(raw((0, 1)), {0: (0, 0)}, {0: place}, frozenset()) is None
    assert place.cursor == 0
