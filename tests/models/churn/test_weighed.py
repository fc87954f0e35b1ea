"""What is weighed of each customer, by status: row by row, from the generation alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.churn.packed import UNKNOWN
from models.churn.weighed import Basis, as_told, nothing, weighed
from schemas.churn import SCALE

BASIS = Basis("g1", as_of_ms=1_000, mean=300_000)
MAX_AGE_MS = 500


def test_each_status_has_its_effect() -> None:
    """Fresh is the customer's own score; stale and unknown are the mean; the limit itself is fresh."""
    own = np.array([200_000, 900_000, 900_000, UNKNOWN, UNKNOWN], np.int32)
    churn = weighed(BASIS, own, np.array([1_000, 1_500, 1_501, 1_000, 9_999]), MAX_AGE_MS)
    assert [churn.fields(row) for row in range(5)] == [
        {"score": 0.2, "status": "fresh", "generation": "g1"},
        {"score": 0.9, "status": "fresh", "generation": "g1"},
        {"score": 0.3, "status": "stale", "generation": "g1"},
        {"score": 0.3, "status": "unknown_customer", "generation": "g1"},
        {"score": 0.3, "status": "unknown_customer", "generation": "g1"},
    ]
    assert churn.available
    assert churn.counts() == {"fresh": 2, "stale": 1, "unknown_customer": 2, "unavailable": 0}


def test_a_transaction_before_its_generation_is_fresh() -> None:
    """A late record is judged by a younger score than it could have had: it is not too old."""
    assert weighed(BASIS, np.array([1], np.int32), np.array([-5]), MAX_AGE_MS).fields(0)["status"] == "fresh"


def test_without_answers_it_is_the_mean_and_without_a_generation_nothing() -> None:
    """Both are unavailable, and the lot says so even where it has no rows."""
    cut = weighed(BASIS, None, np.zeros(2, np.int64), MAX_AGE_MS)
    assert (cut.available, cut.fields(1)) == (False, {"score": 0.3, "status": "unavailable", "generation": "g1"})
    none = weighed(None, None, np.zeros(2, np.int64), MAX_AGE_MS)
    assert (none.available, none.fields(1)) == (False, {"score": None, "status": "unavailable", "generation": None})
    assert (nothing(0).available, weighed(BASIS, np.empty(0, np.int32), np.empty(0, np.int64), 1).available) == (
        False,
        True,
    )


@given(
    st.lists(st.tuples(st.integers(UNKNOWN, SCALE), st.integers(0, 3_000)), max_size=20), st.integers(0, 20), st.data()
)
def test_how_lots_are_cut_cannot_be_seen(rows: list[tuple[int, int]], cut: int, data: st.DataObject) -> None:
    """Each row's answer is its own; and it comes back out of its decision, to the last bit."""
    own, at = np.array([row[0] for row in rows], np.int32), np.array([row[1] for row in rows], np.int64)
    whole = weighed(BASIS, own, at, MAX_AGE_MS)
    parts = [weighed(BASIS, own[part], at[part], MAX_AGE_MS) for part in (slice(0, cut), slice(cut, None))]
    assert np.concatenate([part.weighed for part in parts]).tolist() == whole.weighed.tolist()
    assert np.concatenate([part.codes for part in parts]).tolist() == whole.codes.tolist()
    if rows:
        fields = whole.fields(row := data.draw(st.integers(0, len(rows) - 1)))
        again = as_told(fields["score"], fields["status"], fields["generation"])
        assert (again.weighed[0], again.codes[0], again.generation) == (whole.weighed[row], whole.codes[row], "g1")


@pytest.mark.parametrize("status", ["fresh", "stale", "unknown_customer", "unavailable"])
def test_what_a_decision_tells_is_understood(status: str) -> None:
    """Every status, with a score and without one."""
    assert as_told(0.123456, status, "g").weighed.tolist() == [123_456]
    assert as_told(None, status, None).weighed.tolist() == [UNKNOWN]
    assert as_told(None, status, None).available == (status != "unavailable")
