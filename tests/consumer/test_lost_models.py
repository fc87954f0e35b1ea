"""What is noted of who decided, in the text beside an offset."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.dead_letter_limits import Counters, decode, encode
from consumer.lost_models import by_model, noted, refuse_rules
from consumer.lots import Span
from models.bank import Bank
from models.decide import by_rules
from models.policies.wording import Registered
from models.policy import Policy
from schemas.errors import Misconfigured

RULES = by_rules(Bank(), Policy(0.5, 0.9))
MODEL = replace(RULES, named=Registered("fraud", 1, "0" * 64))


def span(text: str = "") -> Span:
    return Span(0, 0, 9, text)


@given(st.integers(0, 99), st.integers(0, 9), st.none() | st.integers(0, 99))
def test_counters_are_what_they_were(in_a_row: int, seen: int, stop: int | None) -> None:
    """The note stands behind them, and they are read as before."""
    counters = Counters(in_a_row, 10, seen, (3,), stop)
    text = noted({0: span(encode(counters))}, MODEL)[0].text
    assert (decode(text), by_model(text)) == (counters, True)
    assert not by_model(encode(counters))


def test_a_model_is_noted_where_nothing_else_is() -> None:
    """Most partitions have nothing to count; after rules nothing is noted."""
    text = noted({0: span()}, MODEL)[0].text
    assert (text, by_model(text), decode(text)) == ("1 m=1", True, Counters())
    assert noted({0: span()}, RULES) == {0: span()}


@pytest.mark.parametrize("text", ["", "1 c=4 n=5/10 r=2", "m=1", "by hand m=1", " m=1"])
def test_what_is_not_noted_is_refused_to_nobody(text: str) -> None:
    """Nor is a text of somebody else believed."""
    refuse_rules({0: span(text)}, RULES)


def test_rules_after_a_model_are_refused() -> None:
    """The partition is named, and how to say that rules are wanted; another model is none of this."""
    spans = {2: span(), 3: span("1 m=1")}
    with pytest.raises(Misconfigured, match="partition 3") as told:
        refuse_rules(spans, RULES)
    assert "models.live" in str(told.value.fix)
    refuse_rules(spans, MODEL)
