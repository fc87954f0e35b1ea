import re

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.card_numbers import look_alikes
from schemas.lot.buffers import texts

REAL = [
    "4111111111111111",
    "5500005555555559",
    "378282246310005",
    "6011000990139424",
    "4222222222222",
    "6304000000000000018",
]


def look(values: list[str | None], *, whole: bool) -> list[bool]:
    column = texts(pa.array(values, pa.string()))
    return [bool(each) for each in look_alikes(column.data, column.offsets, whole=whole)]


def luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


def is_card_number(digits: str) -> bool:
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn(digits)


def plainly(text: str | None, *, whole: bool) -> bool:
    """The rule, said once more with regular expressions."""
    if text is None:
        return False
    if whole:
        return bool(re.fullmatch(r"[0-9]+([ -][0-9]+)*", text)) and is_card_number(re.sub("[ -]", "", text))
    runs = re.findall(r"[0-9]+", text)
    joined = [re.sub("[ -]", "", each) for each in re.findall(r"[0-9]+(?:[ -][0-9]+)*", text)]
    return any(is_card_number(each) for each in [*runs, *joined])


@pytest.mark.parametrize("number", REAL)
def test_test_numbers_of_the_card_schemes_are_found(number: str) -> None:
    """Of 13 to 19 digits, bare, grouped or within text."""
    grouped = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
    assert look([number, grouped, grouped.replace(" ", "-")], whole=True) == [True] * 3
    assert look([number, f"paid with {grouped}.", f"no {number}x", f"2 {number}"], whole=False) == [True] * 4


def test_a_card_id_is_looked_at_as_a_whole() -> None:
    """A token that merely has such digits in it is a token."""
    number = REAL[0]
    for token in (f"tok-{number}", f"{number}a", f" {number}", f"{number} ", f"{number[:8]}  {number[8:]}", "card-7"):
        assert look([token], whole=True) == [False], token


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "4111111111111112",
        "0000000000000000",
        "411111111111",
        "41111111111111111111",
        "4111.1111.1111.1111",
        "4111--1111--1111--1111",
        "2024-01-31",
        "٤١١١١١١١١١١١١١١١",
    ],
)
def test_what_is_no_card_number(text: str | None) -> None:
    """Wrong check digit, one digit throughout, too short, too long, other separators, other digits."""
    assert look([text], whole=False) == [False]
    assert look([text], whole=True) == [False]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.text(alphabet="014789 -x", max_size=60), st.from_regex(r"[0-9]{12,20}", fullmatch=True))
    )
)
@example(["4111 1111 1111 1111", "1 4111111111111111", "0000000000000000"])
def test_the_loop_says_what_the_rule_says(values: list[str | None]) -> None:
    """Any text, any mixture of runs and separators, row by row."""
    for whole in (False, True):
        assert look(values, whole=whole) == [plainly(each, whole=whole) for each in values]


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789", min_size=12, max_size=18), st.sampled_from(["", " ", "-"]), st.text("ab ", max_size=5))
def test_a_completed_number_is_found(digits: str, separator: str, around: str) -> None:
    """Digits with the right check digit behind them, whole or in text."""
    number = next(digits + str(last) for last in range(10) if luhn(digits + str(last)))
    written = separator.join([number[:4], number[4:9], number[9:]])
    found = len(set(number)) > 1
    assert look([written], whole=True) == [found]
    assert look([f"{around}x{written}x{around}"], whole=False) == [found]
