"""Whether a partition stopped when too many of its records were refused, and stood still until it was let go."""

import math
import re
from collections.abc import Mapping, Sequence

from support.memory_kafka.group import Stood
from support.simulation.whole_oracle import Record

STOP = re.compile(r" s=(\d+)")


def stops_wrong(
    asked: Sequence[Record], most: int, written: Sequence[tuple[float, Stood]], resumed: Mapping[int, float]
) -> list[str]:
    """`written` is all that was committed, `resumed` when which stop was ended.

    A partition stops when, and only when, more than `most` are refused in a row; then it stays there until an order.
    """
    longest = _longest(asked)
    stops = [(at, stood, int(found[1])) for at, stood in written if (found := STOP.search(stood.text))]
    wrong = [] if bool(stops) == (longest > most) else [f"{longest} refused in a row, and stops at {stops}"]
    for at, stood, place in stops:
        later = [when for when, after in written if when > at and after.offset > stood.offset]
        if later and later[0] < resumed.get(place, math.inf):
            wrong.append(f"stopped at {place}, went on without an order at {later[0]:.1f} s")
    return wrong


def _longest(asked: Sequence[Record]) -> int:
    """How many were refused in a row; what was skipped by order is not looked at."""
    row, longest = 0, 0
    for each in asked:
        if not each.skipped:
            row = 0 if each.event else row + 1
            longest = max(longest, row)
    return longest
