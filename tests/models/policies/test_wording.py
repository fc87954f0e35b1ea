"""What a decision says of its policy is enough to find it again, with every bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policies.wording import Registered, Shelved, Wording
from models.policy import Policy

SHARES = st.floats(0, 1)
DIGESTS = st.text("0123456789abcdef", min_size=12, max_size=12)
NUMBERS = st.integers(1, 999_999_999)
NAMES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@given(
    st.builds(Policy, SHARES, SHARES) | st.builds(Registered, NAMES, NUMBERS, DIGESTS),
    st.just(Shelved()) | st.builds(Shelved, NUMBERS, DIGESTS),
    SHARES,
)
def test_it_is_read_back(by: Policy | Registered, lists: Shelved, exploration: float) -> None:
    """Whatever it says."""
    wording = Wording(by, lists, exploration)
    assert Wording.parse(str(wording)) == wording


@pytest.mark.parametrize(
    "text",
    [
        "",
        "thresholds-1",
        "thresholds-2 review_at=0.5 block_at=0.9",
        "thresholds-1 review_at=0.50 block_at=0.9",
        "thresholds-1 review_at=0.5 block_at=0.9 ",
        "thresholds-1 review_at=0.5 block_at=0.9 lists:/0",
        "thresholds-1 review_at=0.5 block_at=0.9 exploration=0.0",
        "thresholds-1 review_at=0.5 block_at=0.9 exploration=0.1 lists:/3 abababababab",
        "thresholds-1 review_at=1.2.3 block_at=0.9",
        "fraud/2 0123",
        "fraud/0 0123456789ab",
        "fraud/2 0123456789AB",
        "../2 0123456789ab\n",
    ],
)
def test_nothing_else_is_taken_for_one(text: str) -> None:
    """Only what is written in the same letters."""
    with pytest.raises(ValueError, match=r"."):
        Wording.parse(text)


def test_what_it_looks_like() -> None:
    """Stable: it stands in topics that are kept for ever."""
    lists = Shelved(3, "ab" * 6)
    assert str(Wording(Policy(0.5, 0.9), Shelved(), 0.0)) == "thresholds-1 review_at=0.5 block_at=0.9"
    registered = Registered("fraud", 2, "0123456789ab")
    assert str(Wording(registered, lists, 0.02)) == "fraud/2 0123456789ab lists:/3 abababababab exploration=0.02"
    assert registered.reference == "policies:/fraud/2"
