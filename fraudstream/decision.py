"""Decisions as they come from a topic, in any framing, and as a line for people."""

import json
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

from models.policies.reasons import told
from schemas.contracts import DECISION
from schemas.reading import Records
from schemas.registry import SchemaSource

Decision = dict[str, Any]

MINOR_DIGITS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""ISO 4217: how many digits of an amount are minor units, where it is not two."""


class Decisions(Records):
    def __init__(self, source: SchemaSource) -> None:
        super().__init__(DECISION, source)


def to_json(decision: Decision) -> str:
    """One line with every field. JSON has no NaN: a number that is none is null."""
    return json.dumps(_finite(decision), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:  # noqa: ANN401 as deep as JSON goes
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def to_line(decision: Decision) -> str:
    """When, which card, how much, what was decided, how sure, and why in words."""
    return printable("  ".join((*_facts(decision), " ".join(told(decision["reasons"])))))


def to_lines(decision: Decision) -> str:
    """The same, with a line for each reason: what a person who is asked about one card reads out."""
    head = "  ".join((*_facts(decision), f"event {decision['event_id']}"))
    return "\n".join(map(printable, [head, *(f"    {sentence}" for sentence in told(decision["reasons"]))]))


def _facts(decision: Decision) -> tuple[str, ...]:
    return (
        moment(decision["event_time"]),
        f"{decision['card_id']:<12}",
        f"{amount(decision['amount_minor'], decision['currency']):>16}",
        f"{decision['outcome']:<6}",
        f"{decision['score']:.3f}",
    )


def moment(milliseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"


def amount(minor: int, currency: str) -> str:
    """In the currency's own unit: 1,234.50 EUR, 1,234 JPY."""
    digits = MINOR_DIGITS.get(currency, 2)
    whole, rest = divmod(minor, 10**digits)
    return f"{whole:,}{f'.{rest:0{digits}d}' if digits else ''} {currency}"


def printable(text: str) -> str:
    """Nothing that a record holds can move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
