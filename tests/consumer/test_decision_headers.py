"""Headers of decisions, beside those that Python's own dates and texts make; and the trace that is carried along."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.answered import Said

from consumer.decision_headers import headers_for, ids, times
from schemas.headers import TRACE_BYTES

FIRST = -62_135_596_800_000
"""The first millisecond of the year 1."""
LAST = 253_402_300_799_999
OFFSETS = st.integers(0, 2**63 - 1) | st.sampled_from([0, 9, 10, 99, 100, 2**63 - 1])


@given(st.lists(st.integers(FIRST, LAST) | st.integers(946_684_800_000, 4_102_444_800_000), max_size=20))
def test_times_are_those_of_the_calendar(moments: list[int]) -> None:
    """To the millisecond, in any year that has four digits."""
    wanted = [datetime.fromtimestamp(each // 1000, UTC).replace(microsecond=each % 1000 * 1000) for each in moments]
    found = times(np.array(moments, np.int64))
    assert [each.decode() for each in found] == [each.isoformat(timespec="milliseconds") for each in wanted]


def test_leap_days_are_there() -> None:
    """Of years that can be divided by four, and of hundreds only by four hundred."""
    edges = ((2, 28), (3, 1), (12, 31), (1, 1))
    years = (1900, 2000, 2023, 2024, 2100)
    days = [datetime(year, *edge, 23, 59, 59, tzinfo=UTC) for year in years for edge in edges]
    days += [datetime(year, 2, 29, tzinfo=UTC) for year in (2000, 2024)]
    found = times(np.array([round(each.timestamp() * 1000) for each in days]))
    assert [each.decode() for each in found] == [each.isoformat(timespec="milliseconds") for each in days]


@given(st.text(min_size=1, max_size=5), st.lists(st.tuples(st.integers(0, 2**31 - 1), OFFSETS), max_size=10))
def test_ids_say_where_the_input_stands(topic: str, places: list[tuple[int, int]]) -> None:
    """Topic, partition and offset, in as many digits as they have."""
    partitions, offsets = (np.array([each[at] for each in places], np.int64) for at in (0, 1))
    assert ids(topic, partitions, offsets) == [f"{topic}/{one}/{other}".encode() for one, other in places]


def said(*carried: object) -> list[list[tuple[str, bytes | None]]]:
    count = len(carried)
    places = np.arange(count)
    moments = np.full(count, 1_767_225_600_000)
    messages = [Said(each) for each in carried]
    return headers_for("in", places, places, moments, content_type=b"application/avro", messages=messages)


def test_a_decision_says_what_it_is() -> None:
    """The six that every decision has, in their order."""
    assert said(None) == [
        [
            ("ce_specversion", b"1.0"),
            ("ce_id", b"in/0/0"),
            ("ce_source", b"/in"),
            ("ce_type", b"fraudstream.decision.v1"),
            ("ce_time", b"2026-01-01T00:00:00.000+00:00"),
            ("content-type", b"application/avro"),
        ]
    ]


@pytest.mark.parametrize("unreadable", [UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), SystemError(), ValueError()])
def test_the_trace_goes_along_and_nothing_else(unreadable: Exception) -> None:
    """Not what is too long, and not what cannot be read, which costs its neighbours nothing."""
    long = b"x" * (TRACE_BYTES + 1)
    trace = [("traceparent", b"00-1"), ("other", b"no"), ("tracestate", None), ("traceparent", long)]
    found = [each[6:] for each in said(None, trace, unreadable, [], [("tracestate", b"a=b")])]
    assert found == [[], [("traceparent", b"00-1"), ("tracestate", None)], [], [], [("tracestate", b"a=b")]]
