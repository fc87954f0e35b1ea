"""What numbers count that stand for times."""

from enum import StrEnum
from typing import Final


class Unit(StrEnum):
    S = "s"
    MS = "ms"
    US = "us"
    NS = "ns"


PER_SECOND: Final = {Unit.S: 1, Unit.MS: 1_000, Unit.US: 1_000_000, Unit.NS: 1_000_000_000}
