"""When a partition stops, and what is kept of it with an offset."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.dead_letter_limits import BLOCKS, Counters, Limits, carried, decode, encode, stop_of
from schemas.orders import Order, Verb
from schemas.settings.dead_letters import DeadLetters
from schemas.standing import Standing

NO_ORDERS = Standing("fraudstream")
ROWS = st.lists(st.booleans(), min_size=1, max_size=300)


def resumed(stop: str, partition: int) -> Standing:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    order = Order(
        verb=Verb.RESUME_DEAD_LETTERS,
        group="fraudstream",
        who="ann",
        why="mended",
        at=now,
        partition=partition,
        stop=stop,
    )
    return NO_ORDERS.after([order])


def fold(limits: Limits, rows: list[bool], lots: list[int]) -> Counters:
    """In lots of those sizes, over and over, as one process after the other would: each knows what was committed."""
    text, at, turn = "", 0, 0
    while at < len(rows):
        lot = rows[at : at + lots[turn % len(lots)]]
        at, turn = at + len(lot), turn + 1
        text = encode(limits.after(decode(text), np.array(lot), at))
    return decode(text)


def brute(limits: Limits, rows: list[bool]) -> bool:
    """Whether a limit is passed, row by row, with lists."""
    for end in range(1, len(rows) + 1):
        run = 0
        while run < end and rows[end - 1 - run]:
            run += 1
        if 0 < limits.max_consecutive < run:
            return True
        window = limits.block * BLOCKS
        if end >= window and end % limits.block == 0:
            share = sum(rows[end - window : end]) / window
            if 0 < limits.max_ratio < share:
                return True
    return False


@given(rows=ROWS, lots=st.lists(st.integers(1, 90), min_size=1, max_size=4), most=st.integers(0, 12))
def test_lots_and_restarts_do_not_change_whether_it_stops(rows: list[bool], lots: list[int], most: int) -> None:
    """A partition stops if the rows by themselves pass a limit; the text of the offset is all that is carried on."""
    limits = Limits(most, 0.6, 50)
    assert (fold(limits, rows, lots).stop is not None) == brute(limits, rows)


def test_it_stops_after_the_lot_with_one_too_many() -> None:
    """As many as the limit are allowed; the stop is where the partition would have gone on, and stays there."""
    limits = Limits(3, 0.0, 100)
    allowed = limits.after(Counters(), np.array([True, True, True]), 30)
    assert allowed.stop is None
    stopped = limits.after(allowed, np.array([True, False, False]), 36)
    assert (stopped.stop, stopped.consecutive) == (36, 0)
    assert limits.after(stopped, np.array([False]), 37).stop == 36


def test_a_share_is_looked_at_once_the_window_is_full() -> None:
    """The first records of a new group are no reason to stop, and what left the window does not count."""
    limits = Limits(0, 0.5, 100)
    early = limits.after(Counters(), np.array([True] * 60 + [False] * 39), 99)
    assert early.stop is None
    assert limits.after(early, np.array([False]), 100).stop == 100
    healed = limits.after(Counters(), np.array([True] * 50 + [False] * 50), 100)
    assert healed.stop is None
    assert limits.after(healed, np.array([True] * 50), 150).stop is None
    assert limits.after(healed, np.array([True] * 60), 160).stop == 160


def test_no_limit_stops_nothing() -> None:
    """0 turns each of them off."""
    assert Limits(0, 0.0, 100).after(Counters(), np.ones(5_000, bool), 5_000).stop is None


def test_the_defaults_stop_a_release_that_writes_garbage() -> None:
    """One bad record in three goes through, a thousand and one in a row do not."""
    limits = Limits.of(DeadLetters())
    assert limits.after(Counters(), np.arange(60_000) % 3 == 0, 60_000).stop is None
    assert limits.after(Counters(), np.ones(1_001, bool), 1_001).stop == 1_001


def test_a_resumed_stop_begins_anew() -> None:
    """With empty counters: the next stop is at a later offset and has another name."""
    text = encode(Counters(7, 10, 3, (3,), 36))
    assert stop_of(text, 2, NO_ORDERS) == "2@36"
    assert stop_of(text, 2, resumed("2@36", 2)) is None
    assert carried(text, 2, resumed("2@36", 2)) == Counters()
    assert carried(text, 2, resumed("2@35", 2)).stop == 36
    assert stop_of(text, 3, resumed("2@36", 2)) == "3@36"


@given(
    st.builds(
        Counters,
        st.integers(0, 2**62),
        st.just(1000),
        st.integers(0, 999),
        st.lists(st.integers(0, 1000), max_size=BLOCKS + 1).map(tuple),
        st.none() | st.integers(0, 2**62),
    )
)
def test_counters_survive_their_text(counters: Counters) -> None:
    """Whatever they are; and a broker keeps so short a text."""
    assert decode(encode(counters)) == counters
    assert len(encode(counters)) < 200


@pytest.mark.parametrize(
    "text", [None, "", "OffsetFetch", "1 c=x", "1 c=1 n=5/0 r=9 ", "c=1", "1 c=" + "9" * 40, "\x00" * 9]
)
def test_a_text_of_somebody_else_is_no_count(text: str | None) -> None:
    """Whoever resets a group by hand leaves none, or another; that stops nothing."""
    assert decode(text) == Counters()


def test_a_text_of_a_newer_release_is_read_as_far_as_it_goes() -> None:
    """Above all its stop: going on would drain the topic."""
    assert decode("2 c=4 n=5/10 r=2 s=36 z=1/2") == Counters(4, 10, 5, (2,), 36)
    assert decode("1 c=4 s=36") == Counters(4, 0, 0, (), 36)


def test_another_window_begins_to_count_anew() -> None:
    """Blocks of another size cannot be added up; what stood in a row still does."""
    found = Limits(9, 0.5, 200).after(Counters(4, 10, 3, (3,)), np.array([True]), 8)
    assert found == Counters(5, 20, 1, (1,))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(0, 40))
def test_quiet_lots_are_counted_as_any_other(sizes: list[int], trouble: int) -> None:
    """The short way through a lot without refusals leaves what the long one leaves."""
    limits, counters, seen = Limits(5, 0.5, 100), Counters(), 0
    for size in sizes:
        counters = limits.after(counters, np.zeros(size, np.bool_), 1)
        seen += size
    whole, rest = divmod(seen, 10)
    assert counters == Counters(0, 10, rest, (0,) * (min(whole, BLOCKS) + (rest > 0)))
    after = limits.after(counters, np.arange(trouble) < 3, 2)
    assert (sum(after.refused), after.seen) == (min(trouble, 3), (seen + trouble) % 10)
