"""The numbers in code are the numbers that the published contracts promise in words."""

import datetime as dt
import re

import pytest

from schemas.contracts import LABEL, TRANSACTION, Contract
from schemas.lot.limits import CAPITALS, LENGTHS, RANGES, Capitals, Length, Range

CONTRACTS = {"transaction": TRANSACTION, "label": LABEL}


def said(contract: Contract, column: str) -> str:
    return next((each.get("doc", "") for each in contract.schema["fields"] if each["name"] == column), "")


def docs(column: str) -> list[str]:
    return [doc for contract in (TRANSACTION, LABEL) if (doc := said(contract, column))]


@pytest.mark.parametrize("limit", LENGTHS, ids=lambda limit: limit.column)
def test_lengths_are_as_documented(limit: Length) -> None:
    """Every string's doc names its limit, and optional empty text is up to, not 1 to."""
    words = f"{limit.least} to {limit.most} bytes" if limit.least else f"up to {limit.most} bytes"
    assert docs(limit.column)
    assert all(words in doc for doc in docs(limit.column))


@pytest.mark.parametrize(
    "limit", [each for each in RANGES if each.column != "event_time"], ids=lambda each: each.column
)
def test_ranges_are_as_documented(limit: Range) -> None:
    """Every number's doc names both ends."""
    doc = said(TRANSACTION, limit.column)
    numbers = [float(each.replace(",", "")) for each in re.findall(r"-?\d[\d,]*", doc.replace("18245", ""))]
    assert numbers == [limit.low, limit.high]


def test_times_are_as_documented() -> None:
    """The first millisecond of the first day is in, the first of the last day is not."""
    first, last = re.findall(r"\d{4}-\d\d-\d\d", said(TRANSACTION, "event_time"))
    limit = next(each for each in RANGES if each.column == "event_time")
    assert limit.low == dt.datetime.fromisoformat(f"{first}T00:00Z").timestamp() * 1000
    assert limit.high == dt.datetime.fromisoformat(f"{last}T00:00Z").timestamp() * 1000 - 1


@pytest.mark.parametrize("limit", CAPITALS, ids=lambda limit: limit.column)
def test_codes_are_as_documented(limit: Capitals) -> None:
    """Every code's doc names its length."""
    assert {2: "two", 3: "three"}[limit.letters] + " capital letters" in docs(limit.column)[0]


def test_every_string_of_a_contract_has_a_limit() -> None:
    """No text column is unbounded."""
    limited = {each.column for each in (*LENGTHS, *CAPITALS)}
    for contract in CONTRACTS.values():
        strings = {each["name"] for each in contract.schema["fields"] if each["type"] in ("string", ["null", "string"])}
        assert strings <= limited
