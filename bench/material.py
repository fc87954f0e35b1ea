"""What every peer of the benchmark is given: transactions of the product's simulator, the model, the scores expected.

Two weeks of simulated transactions in order of event time, each once, with cards that are used 1.4 times a day. A topic
of any length repeats them under new event ids, two weeks later each time; so nothing in it is ever out of order.
bench/making.py writes it.
"""  # noqa: INP001

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

DAY_MS: Final = 86_400_000
DAYS: Final = 14
ID_DIGITS: Final = 10
ID_BYTES: Final = bytes([2 * (1 + ID_DIGITS)])
"""How Avro counts the bytes of an event id: `e` and its digits."""
TIME_BYTES: Final = 6
ARRAYS, MODEL, TREES_FILE, ABOUT = "events.npz", "model.pickle", "trees.json", "about.json"


def event_id(number: int) -> bytes:
    return b"e%010d" % number


def zigzag(at: int) -> bytes:
    """A time of these decades as Avro writes it: always six bytes."""
    left = at << 1
    return bytes(
        (
            left & 127 | 128,
            left >> 7 & 127 | 128,
            left >> 14 & 127 | 128,
            left >> 21 & 127 | 128,
            left >> 28 & 127 | 128,
            left >> 35,
        )
    )


@dataclass(frozen=True, slots=True)
class Material:
    folder: Path
    keys: list[bytes]
    tails: list[bytes]
    times: list[int]
    expected: list[float]
    header: bytes

    def records(self, first: int, count: int) -> Iterator[tuple[bytes, bytes, int]]:
        """Key, value and event time of the events from number `first` on."""
        head, size = self.header + ID_BYTES, len(self.keys)
        for number in range(first, first + count):
            later, place = divmod(number, size)
            at = self.times[place] + later * DAYS * DAY_MS
            yield self.keys[place], b"%be%010d%b%b" % (head, number, zigzag(at), self.tails[place]), at

    def now(self, number: int, at: int) -> tuple[bytes, bytes]:
        """Key and value of an event that happens at that moment."""
        place = number % len(self.keys)
        return self.keys[place], b"%b%be%010d%b%b" % (self.header, ID_BYTES, number, zigzag(at), self.tails[place])


def material(folder: Path) -> Material:
    """As it was written."""
    found = np.load(folder / ARRAYS)
    return Material(
        folder,
        cut(found["keys"], found["key_ends"]),
        cut(found["tails"], found["tail_ends"]),
        found["times"].tolist(),
        found["expected"].tolist(),
        found["header"].tobytes(),
    )


def cut(together: Any, ends: Any) -> list[bytes]:  # noqa: ANN401 - arrays
    whole, places = together.tobytes(), [0, *ends.tolist()]
    return [whole[start:end] for start, end in pairwise(places)]
