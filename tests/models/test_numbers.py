import os
import subprocess
import sys
from decimal import Decimal, getcontext

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from models.numbers import logistic, warm

DIGITS = 50

warm()


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


def test_no_margin_has_no_probability() -> None:
    """What is not a number stays so, and its neighbours do not mind."""
    found = logistic(np.array([np.nan, 0.0]))
    assert np.isnan(found[0])
    assert found[1] == 0.5


def test_the_layout_in_memory_does_not_matter() -> None:
    """Every second of a read-only row of margins: the same bits, in the same shape."""
    margins = np.linspace(-9.0, 9.0, 24)
    margins.flags.writeable = False
    assert logistic(margins[::2]).tobytes() == logistic(margins)[::2].tobytes()
    assert logistic(margins.reshape(4, 6)).tobytes() == logistic(margins).tobytes()
    assert logistic(margins.reshape(4, 6)).shape == (4, 6)


PLAIN = """
import numpy as np
from models.numbers import logistic
print(logistic(np.random.default_rng(1).normal(0.0, 9.0, 2_000)).tobytes().hex())
"""


def test_plain_python_gives_the_same_bits() -> None:
    """Without a compiler it is slower, not different."""
    plain = subprocess.run(
        [sys.executable, "-W", "error", "-c", PLAIN],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    compiled = logistic(np.random.default_rng(1).normal(0.0, 9.0, 2_000)).tobytes().hex()
    assert plain.stdout.strip() == compiled
