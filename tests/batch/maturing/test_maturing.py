"""What matures: everything old that nobody judged, each once, whatever memory there is."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.maturing.held import TOP, Held, places
from batch.maturing.maturing import Maturing
from models.hashing import Hashes, hash_strings

CUTOFF = 1_000


class Logs:
    """Transactions and labels as they are in both logs; `later` is said once the first of them were read."""

    def __init__(self, bought: Sequence[tuple[str, int]], judged: Sequence[str], later: Sequence[str] = ()) -> None:
        self._bought, self._judged, self.later = bought, judged, later

    def transactions(self) -> Iterator[pa.RecordBatch]:
        for begin in range(0, len(self._bought), 7):
            part = self._bought[begin : begin + 7]
            ids = [each for each, _ in part]
            yield pa.record_batch(
                {
                    "event_id": ids,
                    "card_id": ["card"] * len(part),
                    "terminal_id": ["term"] * len(part),
                    "amount_minor": [1] * len(part),
                    "currency": ["EUR"] * len(part),
                    "event_time": pa.array([at for _, at in part], pa.int64()),
                }
            )

    def judged(self) -> Iterator[Hashes]:
        return iter(())

    share = None

    def all(self) -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"event_id": pa.array(self._judged, pa.string())})

    def since(self) -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"event_id": pa.array(self.later, pa.string())})


def matured(logs: Logs, most: int) -> tuple[list[str], Maturing]:
    maturing = Maturing(logs, logs, CUTOFF, most=most)  # type: ignore[arg-type]
    found = [
        event
        for due in maturing.due()
        for some in maturing.labels(due, lambda: 5)
        for event in some.rows["event_id"].to_pylist()
    ]
    return found, maturing


events = st.integers(0, 40).map(lambda number: f"event-{number}")


@settings(max_examples=60)
@given(st.lists(st.tuples(events, st.sampled_from([0, CUTOFF, CUTOFF + 1]))), st.lists(events), st.integers(2, 50))
def test_whatever_memory_there_is(bought: list[tuple[str, int]], judged: list[str], most: int) -> None:
    """Each that is old and was not judged, once; the counts add up."""
    found, maturing = matured(Logs(bought, judged), most)
    wanted = {event for event, at in bought if at <= CUTOFF} - set(judged)
    assert sorted(found) == sorted(wanted)
    assert maturing.found.due == len(wanted)
    assert maturing.found.young == sum(at > CUTOFF for _, at in bought)


def test_what_is_said_meanwhile_counts() -> None:
    """A dispute that came after the verdicts were read, and before the label is sent."""
    found, maturing = matured(Logs([("a", 0), ("b", 0)], [], later=["a"]), 100)
    assert found == ["b"]
    assert maturing.found.due == 2


def test_a_range_shrinks_to_what_memory_holds() -> None:
    """What is beyond it is there for the next one."""
    numbers = hash_strings(pa.array([str(number) for number in range(1_000)]))
    seen: list[int] = []
    low = 0
    while low <= TOP:
        held = Held(low, TOP, 64)
        for begin in range(0, 1_000, 10):
            held.add(numbers[begin : begin + 10])
        assert len(held.sorted()) <= 64
        seen += held.sorted().tolist()
        low = held.top + 1
    assert seen == np.sort(numbers).tolist()


@pytest.mark.parametrize("known", [[], [3, 7]])
def test_places(known: list[int]) -> None:
    """Of those that are not there -1."""
    found = places(np.array(known, np.uint64), np.array([7, 1, 9], np.uint64))
    assert found.tolist() == ([1, -1, -1] if known else [-1, -1, -1])
