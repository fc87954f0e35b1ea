from decimal import Decimal, getcontext

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from models.numbers import logistic

DIGITS = 50


def exact(margin: float) -> Decimal:
    getcontext().prec = DIGITS
    return 1 / (1 + (-Decimal(margin)).exp())


@given(st.floats(-700, 700))
@example(0.0)
@example(-0.0)
@example(1e-300)
@example(-36.04365338911715)
def test_logistic_is_within_one_ulp(margin: float) -> None:
    """The probability is the true one to within one unit in the last place."""
    found = float(logistic(np.array([margin]))[0])
    assert abs(Decimal(found) - exact(margin)) <= Decimal(float(np.spacing(found)))


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=50))
def test_a_row_does_not_depend_on_its_neighbours(margins: list[float]) -> None:
    """One at a time or all at once: the same bits."""
    together = logistic(np.array(margins))
    alone = np.array([logistic(np.array([margin]))[0] for margin in margins])
    assert together.tobytes() == alone.tobytes()


def test_bits_are_pinned() -> None:
    """The bits are those of exact arithmetic, rounded once, on every machine."""
    found = logistic(np.array([-5.0, -2.0, 0.0, 0.5, 3.0]))
    assert [value.hex() for value in found.tolist()] == [
        "0x1.b69f67d638f8ep-8",
        "0x1.e84152bac31afp-4",
        "0x1.0000000000000p-1",
        "0x1.3eb2fd4d34391p-1",
        "0x1.e7b7cbc36fabcp-1",
    ]


def test_beyond_the_range_it_stands_still() -> None:
    """Infinite margins are as good as the largest ones."""
    low, high = logistic(np.array([-np.inf, np.inf]))
    assert low == logistic(np.array([-700.0]))[0] > 0.0
    assert high == 1.0
