"""Seconds to take, write, read and insert the state of a partition, and its bytes.

python bench/state.py [--cards 1000000] [--entries 15] [--bare] [--folder DIR]

Cards have as many entries as chance says, 15 on average, each a device, a country and a place, unless `--bare`. The
book that is restored into is a new one. Reading is from the page cache. Ratios carry over to other machines, seconds
do not: a copy of the arrays and their SHA-256 are measured beside them.
"""  # noqa: INP001 - run, never imported

import argparse
import hashlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import numpy as np

from consumer.snapshots.file import made
from consumer.snapshots.header import Origin, Taken
from consumer.snapshots.names import Name
from consumer.snapshots.restore import Expected, Restored, newest
from consumer.snapshots.store import Store
from models.cards import CardBook, Terms
from models.cards.extract import Arrays
from models.cards.habits import LATITUDE_MIDDLE, LONGITUDE_BITS, LONGITUDE_MIDDLE, LOW_NAME, PLACES, REMEMBERED
from models.cards.layout import ALWAYS, AMOUNT_MIDDLE, AMOUNT_SHIFT, LOW_ID, SIDE_WORDS, TIME_MIDDLE, TIME_SHIFT
from models.cards.sound import PER_CARD

START: Final = 1_767_571_200_000
DAY: Final = 86_400_000
MEGA: Final = 1e6
PAUSE_CARDS: Final = 100_000
ORIGIN: Final = Origin(
    cluster_id="bench", topic_id="1", topic="transactions", partitions=6, group="bench", fold_digest="0" * 64
)
TAKEN: Final = Taken(origin=ORIGIN, partition=1, offset=1_000, log_ms=START)
T = TypeVar("T")


def past(cards: int, entries: int, *, bare: bool) -> Arrays:
    """Of cards that have spent at random moments of the last 37 days."""
    chance = np.random.default_rng(1)
    counts = np.minimum(chance.poisson(entries - 1, cards) + 1, Terms().entries)
    rows, last = int(counts.sum()), np.cumsum(counts) - 1
    times = START + chance.integers(1, Terms().kept_ms, rows)
    times = times[np.lexsort((times, np.repeat(np.arange(cards), counts)))]
    ids, amounts = chance.integers(0, 1 << 49, rows), np.exp(chance.normal(8, 1, rows)).astype(np.int64)
    packed = (
        ((times - TIME_MIDDLE) << TIME_SHIFT) | (ids >> AMOUNT_SHIFT),
        ((amounts - AMOUNT_MIDDLE) << AMOUNT_SHIFT) | (ids & LOW_ID),
    )
    return {
        "keys": np.sort(chance.integers(0, 2**64, cards, dtype=np.uint64)).view(np.int64),
        "newest": times[last],
        "counts": counts,
        "entries": np.stack(packed, axis=1),
        "lengths": np.zeros(cards, np.int64),
        "hours": np.empty((0, 3), np.int64),
        "sides": sides(chance, times[last - counts + 1], times[last], bare=bare),
        "clock": np.array([times.max(), ALWAYS, 0]),
    }


def sides(chance: np.random.Generator, first: np.ndarray, last: np.ndarray, *, bare: bool) -> np.ndarray:
    found = np.zeros((len(first), SIDE_WORDS), np.int64)
    if not bare:
        for at in (0, 2 * REMEMBERED):
            names = chance.integers(1, 1 << 2 * TIME_SHIFT, len(first))
            found[:, at] = ((first - TIME_MIDDLE) << TIME_SHIFT) | (names >> TIME_SHIFT)
            found[:, at + 1] = ((last - TIME_MIDDLE) << TIME_SHIFT) | (names & LOW_NAME)
        north = chance.integers(0, 2 * LATITUDE_MIDDLE, len(first)) << LONGITUDE_BITS
        found[:, PLACES] = last
        found[:, PLACES + 1] = north | chance.integers(0, 2 * LONGITUDE_MIDDLE, len(first))
    return found


def timed(name: str, call: Callable[[], T]) -> T:
    start = time.perf_counter()
    found = call()
    sys.stdout.write(f"  {name:36}{time.perf_counter() - start:8.3f} s\n")
    return found


def shuffled(arrays: Arrays) -> Arrays:
    """Cards in no order, as a log brings them: none of their hours is used here."""
    order = np.random.default_rng(2).permutation(len(arrays["keys"]))
    starts, counts = np.cumsum(arrays["counts"]) - arrays["counts"], arrays["counts"][order]
    rows = np.repeat(starts[order] - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))
    per_card = {name: arrays[name][order] for name in PER_CARD}
    return {**arrays, **per_card, "entries": arrays["entries"][rows]}


def book_of(arrays: Arrays) -> CardBook:
    book = CardBook()
    book.from_arrays(1, arrays)
    return book


def restored(store: Store) -> Restored:
    found = newest(store, Expected(ORIGIN, 1, committed=1_000), Terms())
    if found is None:
        raise RuntimeError("the snapshot was not read back")
    return found


def measure(store: Store, arrays: Arrays) -> None:
    book = book_of(shuffled(arrays))
    taken = timed("to arrays: the pause of the loop", partial(book.to_arrays, 1))
    pieces = timed("packed and sealed", partial(made, TAKEN, taken, START))[1]
    timed("written and synced", partial(store.write, Name.of(TAKEN), pieces))
    size, plain = sum(map(len, pieces)), sum(array.nbytes for array in arrays.values())
    del book, taken, pieces
    found = timed("found, read, checked", partial(restored, store))
    again = timed("inserted into a new book", partial(book_of, found.arrays)).to_arrays(1)
    same = all(np.array_equal(again[name], arrays[name]) for name in arrays)
    say = f"  {size / MEGA:,.1f} MB of {plain / MEGA:,.1f}, {size / len(arrays['keys']):,.0f} bytes per card"
    sys.stdout.write(f"{say}; {'equal to the last bit' if same else 'NOT EQUAL'}\n")
    timed("yardstick: a copy", lambda: [array.copy() for array in arrays.values()])
    timed("yardstick: SHA-256", lambda: [hashlib.sha256(array.tobytes()).digest() for array in arrays.values()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cards", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=15)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--folder", help="where to write [a temporary folder]")
    options = parser.parse_args()
    sys.stdout.write(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
    small = past(100, 3, bare=options.bare)
    book_of(small).to_arrays(1)
    for cards in (PAUSE_CARDS, options.cards):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            store = Store(folder, "bench", "transactions")
            store.write(Name.of(TAKEN), made(TAKEN, small, START)[1])
            restored(store)
            sys.stdout.write(f"{cards:,} cards of {options.entries} entries\n")
            measure(store, past(cards, options.entries, bare=options.bare))


if __name__ == "__main__":
    main()
