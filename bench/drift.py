"""Microseconds per row of counting for drift, milliseconds of judging, and how large counts and histograms are.

python bench/drift.py [--rows 1 1000] [--days 90]

Rows are made up: as many columns as there are features, most of them numbers of their own. Time is that of the
processor; the figure is the median of many lots. Ratios carry over to other machines, microseconds do not: one core's
pass over an array is measured beside them.
"""  # noqa: INP001 - run, never imported

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Final

import numpy as np

from models.drift import Reference, Tally, judge
from models.drift.stored import section
from models.features import FEATURES

PER_DAY: Final = 3_000
REFERENCE_DAYS: Final = 30
LOTS: Final = 200


def made(first: int, days: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(first)
    rows = days * PER_DAY
    matrix = np.exp(chance.normal(0, 1, (rows, len(FEATURES))))
    for column, feature in enumerate(FEATURES):
        if feature.kind == "boolean":
            matrix[:, column] = chance.random(rows) < 0.1  # noqa: PLR2004
        elif feature.kind == "integer":
            matrix[:, column] = np.floor(10 * matrix[:, column])
        if feature.group in {"habits", "card_labels", "terminal_labels"}:
            matrix[chance.random(rows) < 0.2, column] = np.nan  # noqa: PLR2004
    return matrix, chance.random(rows), first + np.repeat(np.arange(days), PER_DAY)


def spent(call: Callable[[], object]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start


def counting(reference: Reference, size: int) -> float:
    """Seconds per row."""
    matrix, score, day = made(0, 1)
    tally = Tally(reference.edges)
    return median(spent(lambda: tally.add(matrix[:size], score[:size], day[:size])) for _ in range(LOTS)) / size


def yardstick() -> float:
    """Seconds per element of a running sum: what this machine is worth today."""
    numbers = np.arange(1_000_000)
    return min(spent(lambda: np.cumsum(numbers)) for _ in range(20)) / numbers.size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 1_000])
    parser.add_argument("--days", type=int, default=90)
    options = parser.parse_args()
    say = sys.stdout.write
    say(f"Python {platform.python_version()}, {os.cpu_count()} cores, {yardstick() * 1e9:.2f} ns per step of a sum\n")
    matrix, score, day = made(20_000, REFERENCE_DAYS)
    names = [feature.name for feature in FEATURES]
    reference = Reference.of(names, matrix, score, day)
    taken = spent(lambda: Reference.of(names, matrix, score, day))
    say(f"a reference of {len(score):,} rows and {len(reference.names)} columns: {taken:.2f} s")
    say(f", {len(json.dumps(section(reference))):,} bytes of JSON\n")
    for size in options.rows:
        say(f"counting, lots of {size:,}:  {counting(reference, size) * 1e6:8.3f} µs per row\n")
    tally = Tally(reference.edges)
    tally.add(*made(20_000 + REFERENCE_DAYS, options.days))
    taken = median(spent(lambda: judge(reference, tally)) for _ in range(5))
    say(f"judging {options.days} days: {taken * 1e3:.1f} ms, ")
    say(f"{tally.on(tally.days()[0]).nbytes:,} bytes for the counts of a day\n")


if __name__ == "__main__":
    main()
