"""Microseconds per label learned and per question answered by the label book, at several lot sizes.

python bench/labels.py [--labels 1000000] [--lots 1000 20000] [--days 60] [--cards 50000] [--terminals 10000]

Labels come in the order in which they are known, each to a card of its own habits; questions follow seven days later.
Every figure is one pass over the whole, in time of the processor. Ratios carry over to other machines, microseconds
do not.
"""  # noqa: INP001 - run, never imported

import argparse
import os
import platform
import sys
import time
from typing import Final

import numpy as np

from models.labels import LabelBook, LabelColumns

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
START_MS: Final = 1_700_000_000_000
FRAUD_SHARE: Final = 0.008
CHARGEBACK_SHARE: Final = 0.3
CORRECTED_SHARE: Final = 0.002


def hashes(numbers: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    mixed = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(31))


def labels(options: argparse.Namespace) -> LabelColumns:
    """Most verdicts come within a day, chargebacks after weeks, a few are corrected."""
    chance, count = np.random.default_rng(1), options.labels
    times = START_MS + np.sort(chance.integers(0, options.days * DAY_MS, count))
    is_fraud = chance.random(count) < FRAUD_SHARE
    wait = np.where(
        is_fraud & (chance.random(count) < CHARGEBACK_SHARE),
        chance.integers(14 * DAY_MS, 45 * DAY_MS, count),
        chance.integers(HOUR_MS, DAY_MS, count),
    )
    rows = np.concatenate([np.arange(count), chance.integers(0, count, int(count * CORRECTED_SHARE))])
    again = np.arange(len(rows)) >= count
    known = times[rows] + wait[rows] + again * chance.integers(DAY_MS, 30 * DAY_MS, len(rows))
    order = np.argsort(known, kind="stable")
    rows, again = rows[order], again[order]
    card = chance.integers(0, options.cards, count)
    terminal = (chance.random(count) ** 2 * options.terminals).astype(np.int64)
    return LabelColumns(
        event=hashes(rows.astype(np.uint64)),
        card=hashes(card[rows].astype(np.uint64)),
        terminal=hashes(terminal[rows].astype(np.uint64) + np.uint64(1 << 40)),
        amount=chance.integers(100, 50_000, count)[rows],
        event_time=times[rows],
        is_fraud=is_fraud[rows] ^ again,
        known_at=known[order],
        partition=np.zeros(len(rows), np.int64),
        offset=np.arange(len(rows)),
        own=np.ones(len(rows), np.bool_),
    )


def learned(given: LabelColumns, lot: int) -> tuple[LabelBook, float]:
    book, start = LabelBook(), time.thread_time()
    for first in range(0, len(given), lot):
        book.learn(given.take(slice(first, first + lot)))
    return book, (time.thread_time() - start) / len(given)


def asked(book: LabelBook, given: LabelColumns, lot: int) -> float:
    """Every event's card and terminal, seven days later."""
    start = time.thread_time()
    for first in range(0, len(given), lot):
        rows = slice(first, first + lot)
        book.answers(given.card[rows], given.terminal[rows], given.event_time[rows] + 7 * DAY_MS)
    return (time.thread_time() - start) / len(given)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--lots", type=int, nargs="+", default=[1_000, 20_000])
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--cards", type=int, default=50_000)
    parser.add_argument("--terminals", type=int, default=10_000)
    options = parser.parse_args()
    say = sys.stdout.write
    say(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
    given = labels(options)
    asked(learned(given.take(slice(0, 1000)), 1000)[0], given.take(slice(0, 1000)), 1000)
    for lot in options.lots:
        book, spent = learned(given, lot)
        questions = given.take(np.argsort(given.event_time, kind="stable"))
        say(f"{len(given):,} labels in lots of {lot:,}\n")
        say(f"  {'learn':12}{spent * 1e6:8.3f} µs a label\n")
        say(f"  {'answer':12}{asked(book, questions, lot) * 1e6:8.3f} µs a question\n")
        start = time.thread_time()
        LabelBook.from_arrays(book.to_arrays())
        say(f"  {'restore':12}{(time.thread_time() - start) / len(given) * 1e6:8.3f} µs a label\n")


if __name__ == "__main__":
    main()
