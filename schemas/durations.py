"""Lengths of time as people write them: 7d, 36h, 15m, 60s, 500ms."""

import re
from typing import Final

DURATION: Final = re.compile(r"(?P<number>[0-9]{1,12})(?P<unit>ms|s|m|h|d)")
UNITS_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
WORDS: Final = "a whole number with its unit, such as 7d, 36h, 15m, 60s or 500ms"


def milliseconds(text: str) -> int:
    """Raises ValueError where it is none."""
    found = DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"should be {WORDS}")
    return int(found["number"]) * UNITS_MS[found["unit"]]


def duration(text: str) -> str:
    """The text itself, known to be one: what a setting keeps."""
    milliseconds(text)
    return text
