"""Headers of decisions: CloudEvents in binary mode, all derived from the input, and the trace of the input record."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consumer.lots import Headers, Message, headers_of
from schemas import headers
from schemas.compiled import compiled

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

VERSION: Final = (headers.CE_SPECVERSION, b"1.0")
TYPE: Final = (headers.CE_TYPE, b"fraudstream.decision.v1")
ZERO, SLASH, MINUS = ord("0"), ord("/"), ord("-")
NUMBER: Final = 20
"""Digits of the longest number, with its sign."""
MIDNIGHT: Final = b"0000-00-00T00:00:00.000+00:00"
DAY_MS: Final = 86_400_000
ERA_DAYS: Final = 146_097
"""Of 400 years, after which the calendar repeats."""
ERA_YEARS: Final = 400
BEFORE_1970: Final = 719_468
"""Days from the first of March of the year 0, where counting in eras begins."""
FIELDS: Final = ((0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2), (20, 3))
"""Where year, month, day, hours, minutes, seconds and milliseconds stand, and how wide."""


def headers_for(
    topic: str, partitions: Ints, offsets: Ints, times_ms: Ints, *, content_type: bytes, messages: Sequence[Message]
) -> list[Headers]:
    """One entry per record in every column."""
    source, content = (headers.CE_SOURCE, f"/{topic}".encode()), (headers.CONTENT_TYPE, content_type)
    said: list[Headers] = [
        [VERSION, (headers.CE_ID, each), source, TYPE, (headers.CE_TIME, time), content]
        for each, time in zip(ids(topic, partitions, offsets), times(times_ms), strict=True)
    ]
    for own, carried in zip(said, _carried(messages), strict=True):
        if carried:
            own += [(name, value) for name, value in carried if _is_trace(name, value)]
    return said


def ids(topic: str, partitions: Ints, offsets: Ints) -> list[bytes]:
    """topic/partition/offset."""
    begin = np.frombuffer(f"{topic}/".encode(), np.uint8)
    texts = np.zeros((len(offsets), len(begin) + NUMBER + 1 + NUMBER), np.uint8)
    texts[:, : len(begin)] = begin
    put_places(partitions, offsets, len(begin), texts)
    return _cut(texts)


def times(times_ms: Ints) -> list[bytes]:
    """As ISO 8601, in UTC, for years of four digits."""
    texts = np.empty((len(times_ms), len(MIDNIGHT)), np.uint8)
    texts[:] = np.frombuffer(MIDNIGHT, np.uint8)
    put_times(times_ms, texts)
    return _cut(texts)


def warm() -> None:
    """Compiled, or loaded from disk, before there is a decision."""
    nothing = np.zeros(1, np.int64)
    ids("", nothing, nothing)
    times(nothing)


def _cut(texts: Bytes) -> list[bytes]:
    """Without the zeros at the end."""
    found: list[bytes] = texts.view(f"S{texts.shape[1]}").reshape(-1).tolist()
    return found


def _carried(messages: Sequence[Message]) -> list[Headers | None]:
    try:
        return [each.headers() for each in messages]  # type: ignore[misc]
    except (UnicodeError, SystemError, ValueError):
        return [headers_of(each) for each in messages]


def _is_trace(name: str, value: bytes | None) -> bool:
    return name in headers.TRACE and len(value or b"") <= headers.TRACE_BYTES


@compiled
def put_digits(number: int, at: int, out: Bytes) -> int:
    """Where they end; the number is not negative."""
    digits, rest = 1, number // 10
    while rest:
        digits, rest = digits + 1, rest // 10
    for place in range(at + digits - 1, at - 1, -1):
        out[place] = ZERO + number % 10
        number //= 10
    return at + digits


@compiled
def put_places(partitions: Ints, offsets: Ints, begin: int, texts: Bytes) -> None:
    for row in range(offsets.size):
        at = put_digits(partitions[row], begin, texts[row])
        texts[row, at] = SLASH
        put_digits(offsets[row], at + 1, texts[row])


@compiled
def put_times(times_ms: Ints, texts: Bytes) -> None:
    for row in range(times_ms.size):
        day = times_ms[row] // DAY_MS
        rest = times_ms[row] - day * DAY_MS
        day += BEFORE_1970
        era = day // ERA_DAYS
        day -= era * ERA_DAYS
        year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
        day -= 365 * year + year // 4 - year // 100
        march = (5 * day + 2) // 153
        month = march + 3 if march < 10 else march - 9  # noqa: PLR2004 - counted from March
        values = (
            year + era * ERA_YEARS + (month <= 2),  # noqa: PLR2004
            month,
            day - (153 * march + 2) // 5 + 1,
            rest // 3_600_000,
            rest // 60_000 % 60,
            rest // 1_000 % 60,
            rest % 1_000,
        )
        for place in range(len(FIELDS)):
            at, width, value = FIELDS[place][0], FIELDS[place][1], values[place]
            for digit in range(at + width - 1, at - 1, -1):
                texts[row, digit] = ZERO + value % 10
                value //= 10
