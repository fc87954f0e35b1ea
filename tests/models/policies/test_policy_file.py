"""A policy as a file: what it may say, and that it comes back to the last bit."""

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policies.policy_file import PolicyFile

Content = dict[str, Any]


def parsed(content: Content) -> PolicyFile:
    return PolicyFile.parse(json.dumps(content).encode())


@given(st.floats(0, 1), st.floats(0, 1))
def test_thresholds_come_back_to_the_last_bit(one: float, other: float) -> None:
    """Written and read, written again: the same doubles, the same bytes."""
    review, block = sorted((one, other))
    least = {
        "format": 1,
        "kind": "cost",
        "target": None,
        "review_at": review,
        "block_at": block,
        "model": "ab" * 32,
        "costs": {"review_minor": 1, "wrong_block_minor": 2},
        "limits": {"amount_high_minor": 1, "amount_extreme_minor": 2},
    }
    written = parsed(least).to_bytes()
    again = PolicyFile.parse_registered(written)
    assert struct.pack("<dd", again.review_at, again.block_at) == struct.pack("<dd", review, block)
    assert again.to_bytes() == written


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"costs": {"review_minor": 1, "wrong_block_minor": 2, "tea": 3}}, "costs.tea: Extra"),
        ({"format": 2}, "format"),
        ({"kind": "vibes"}, "kind"),
        ({"review_at": 0.95}, "review_at 0.95 is above block_at 0.9"),
        ({"review_at": float("nan")}, "review_at"),
        ({"block_at": float("inf")}, "block_at"),
        ({"block_at": 1.5}, "block_at"),
        ({"review_at": "0.5"}, "review_at"),
        ({"review_at": True}, "review_at"),
        ({"exploration": -0.1}, "exploration"),
        ({"target": None}, "the target of kind recall"),
        ({"target": 1.2}, "the target of kind recall"),
        ({"kind": "cost"}, "the target of kind cost is null"),
        ({"kind": "budget", "target": 0}, "the target of kind budget"),
        ({"model": "AB" * 32}, "model"),
        ({"costs": {"review_minor": 1.5, "wrong_block_minor": 2}}, "costs.review_minor"),
        ({"lists": 0}, "lists"),
        ({"timezone": "Europe/Atlantis"}, "time zone"),
        ({"home_countries": ["de"]}, "home_countries.0"),
        ({"risky_categories": [10_000]}, "risky_categories.0"),
        ({"limits": {"amount_high_minor": 2, "amount_extreme_minor": 1}}, "extreme amount is below"),
        ({"rates": {"version": 1, "reference": "EUR", "millionths": {"EUR": 1}}}, "needs no rate"),
        ({"rates": {"version": 1, "reference": "EUR", "millionths": {"USD": 0.9}}}, "rates.millionths.USD"),
        ({"rates": {"version": 1, "reference": "EUR", "millionths": {"usd": 9}}}, "rates.millionths.usd"),
    ],
)
def test_what_no_policy_says_is_refused(content: Content, change: Content, said: str) -> None:
    """With the place and the reason."""
    with pytest.raises(ValueError, match="(?i)" + said.replace(".", r"\.")):
        parsed(content | change)


@pytest.mark.parametrize("name", ["kind", "target", "review_at", "block_at", "model", "costs", "limits", "format"])
def test_what_decides_has_no_default(content: Content, name: str) -> None:
    """A threshold that was forgotten is not made up."""
    del content[name]
    with pytest.raises(ValueError, match=name):
        parsed(content)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    """Whatever it is, by the same kind of error."""
    with pytest.raises(ValueError, match=r"\w"):
        PolicyFile.parse(text)


def test_a_name_that_is_there_twice_is_refused(content: Content) -> None:
    """The last one would win silently."""
    text = json.dumps(content).replace('"review_at"', '"block_at": 0.2, "review_at"')
    with pytest.raises(ValueError, match="block_at is there twice"):
        PolicyFile.parse(text.encode())


def test_only_one_layout_is_registered(content: Content) -> None:
    """The same words with other blanks are another file."""
    written = parsed(content).to_bytes()
    assert PolicyFile.parse(written.replace(b",", b", ")).to_bytes() == written
    with pytest.raises(ValueError, match="one form"):
        PolicyFile.parse_registered(written.replace(b",", b", "))


def test_it_says_what_deciding_needs(content: Content) -> None:
    """Thresholds, places, limits and money are those of the file."""
    found = parsed(
        content
        | {
            "timezone": "Europe/Paris",
            "home_countries": ["DE", "FR"],
            "risky_categories": [7995],
            "rates": {"version": 3, "reference": "EUR", "millionths": {"USD": 920_000}},
        }
    )
    assert (found.thresholds.review_at, found.thresholds.block_at) == (0.1, 0.9)
    assert (found.places.timezone, found.places.home_countries) == ("Europe/Paris", ("DE", "FR"))
    assert found.rule_limits.amount_extreme_minor == 500_000
    assert (found.money.reference, found.money.rates) == ("EUR", {"USD": 920_000})
