"""How large, how early, how long: the invariants of the contracts beyond their types, each number once."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from schemas.verdicts import Reason


def _milliseconds(year: int) -> int:
    return int(dt.datetime(year, 1, 1, tzinfo=dt.UTC).timestamp()) * 1000


@dataclass(frozen=True, slots=True)
class Length:
    """Of a string in UTF-8 bytes, both ends included."""

    column: str
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Range:
    """Of a number, both ends included; NaN is never within."""

    column: str
    low: float
    high: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class Capitals:
    """Exactly so many letters A to Z."""

    column: str
    letters: int
    reason: Reason


LENGTHS: Final = (
    Length("event_id", 1, 128),
    Length("card_id", 1, 64),
    Length("customer_id", 1, 64),
    Length("terminal_id", 1, 64),
    Length("device_id", 1, 64),
    Length("memo", 0, 512),
    Length("source", 1, 64),
)
RANGES: Final = (
    Range("amount_minor", 0, 100_000_000_000, Reason.AMOUNT_OUT_OF_RANGE),
    Range("event_time", _milliseconds(2000), _milliseconds(2100) - 1, Reason.TIME_OUT_OF_RANGE),
    Range("merchant_category", 0, 9999, Reason.FIELD_OUT_OF_RANGE),
    Range("latitude", -90, 90, Reason.FIELD_OUT_OF_RANGE),
    Range("longitude", -180, 180, Reason.FIELD_OUT_OF_RANGE),
)
CAPITALS: Final = (
    Capitals("currency", 3, Reason.CURRENCY_INVALID),
    Capitals("country", 2, Reason.FIELD_OUT_OF_RANGE),
)
