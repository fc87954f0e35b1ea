"""Microseconds per event of all features, step by step, and bytes per card.

python bench/features.py [--cards 20000] [--rows 1000] [--entries 45] [--bare]

Cards are used as often as makes so many entries in 30 days, at random moments; everything has a device, a country and
a place, unless `--bare`. Time is that of the processor; every figure is the median of the lots of the last two days.
Ratios carry over to other machines, microseconds do not: one core's pass over an array is measured beside them.
"""  # noqa: INP001 - run, never imported

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any, Final

import numpy as np
import pyarrow as pa

from models.cards import CardBook, CardFacts, Terms
from models.features import FEATURES, Places, features
from models.hashing import hash_strings
from schemas.lot.table import SCHEMA

START: Final = 1_767_571_200_000
DAY: Final = 86_400_000
DAYS: Final = 40
MEASURED_DAYS: Final = 2
FILLING: Final = 20_000
HOME: Final = Places("Europe/Berlin", ("DE",), (7995,))
ENTRY_BYTES: Final = 16


def log(cards: int, entries: int, *, bare: bool) -> pa.RecordBatch:
    chance = np.random.default_rng(1)
    rows = cards * entries * DAYS // 30
    card, times = chance.integers(0, cards, rows), START + np.sort(chance.integers(0, DAYS * DAY, rows))
    columns: dict[str, Any] = {
        "event_id": _ids("evt-{:012d}", np.arange(rows)),
        "event_time": pa.array(times).cast(pa.timestamp("ms", "UTC")),
        "card_id": _ids("card-{:08d}", card),
        "customer_id": _ids("cust-{:07d}", card // 2),
        "terminal_id": _ids("term-{:06d}", chance.integers(0, 1_000, rows)),
        "amount_minor": pa.array(np.exp(chance.normal(8, 1, rows)).astype(np.int64)),
        "currency": pa.repeat("EUR", rows),
        "partition": pa.array((card % 6).astype(np.int32)),
        "offset": pa.array(np.arange(rows)),
        "timestamp": pa.array(times),
        "marks": pa.array(np.zeros(rows, np.uint32)),
    }
    if not bare:
        columns |= {
            "device_id": _ids("dev-{:08x}", card),
            "country": pa.repeat("DE", rows),
            "channel": pa.repeat("CHIP", rows).dictionary_encode().cast(SCHEMA.field("channel").type),
            "latitude": pa.array(chance.uniform(48, 54, rows)),
            "longitude": pa.array(chance.uniform(7, 14, rows)),
        }
    return pa.RecordBatch.from_arrays(
        [columns[field.name] if field.name in columns else pa.nulls(rows, field.type) for field in SCHEMA],
        schema=SCHEMA,
    )


def _ids(form: str, numbers: np.ndarray) -> pa.Array:
    return pa.array([form.format(number) for number in numbers.tolist()])


def spent(call: Callable[[], object]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start


def filled(rows: pa.RecordBatch) -> CardBook:
    book = CardBook()
    for at in range(0, rows.num_rows, FILLING):
        book.fold(rows.slice(at, FILLING))
    return book


def measure(book: CardBook, rows: pa.RecordBatch, size: int) -> dict[str, float]:
    """Seconds per event of each step."""
    steps: dict[str, list[float]] = {"hash three ids": [], "card book": [], "feature matrix": []}
    for at in range(0, rows.num_rows - size + 1, size):
        piece, facts = rows.slice(at, size), list[CardFacts]()
        steps["hash three ids"].append(spent(lambda piece=piece: _hashed(piece)))
        steps["card book"].append(spent(lambda piece=piece, facts=facts: facts.append(book.fold(piece))))
        steps["feature matrix"].append(spent(lambda facts=facts: features(facts[0], None, HOME)))
    return {name: median(times) / size for name, times in steps.items()}


def _hashed(piece: pa.RecordBatch) -> list[np.ndarray]:
    return [hash_strings(piece[name]) for name in ("event_id", "card_id", "terminal_id")]


def yardstick() -> float:
    """Seconds per element of a running sum: what this machine is worth today."""
    numbers = np.arange(1_000_000)
    return min(spent(lambda: np.cumsum(numbers)) for _ in range(20)) / numbers.size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cards", type=int, default=20_000)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 1_000])
    parser.add_argument("--entries", type=int, default=45)
    parser.add_argument("--bare", action="store_true")
    options = parser.parse_args()
    say = sys.stdout.write
    say(f"Python {platform.python_version()}, {os.cpu_count()} cores, {yardstick() * 1e9:.2f} ns per step of a sum\n")
    rows = log(options.cards, options.entries, bare=options.bare)
    measured = rows.num_rows * MEASURED_DAYS // DAYS
    book = filled(rows.slice(0, rows.num_rows - measured))
    for size in options.rows:
        found = measure(book, rows.slice(rows.num_rows - measured, min(measured // 2, 40 * size)), size)
        say(f"lots of {size:,}: {len(FEATURES)} features, those of labels empty\n")
        say("".join(f"  {name:24}{each * 1e6:8.3f} µs\n" for name, each in found.items()))
        measured -= measured // 2
    kept = options.entries * Terms().kept_ms // (30 * DAY)
    say(f"{book.nbytes / len(book):,.0f} bytes per card: {options.entries} events in 30 days, {kept} remembered, ")
    say(f"{ENTRY_BYTES * kept:,} of them the events themselves\n")


if __name__ == "__main__":
    main()
