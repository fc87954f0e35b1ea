"""Decisions as they come from a topic, in any framing, and as a line for people."""

import json
from datetime import UTC, datetime
from io import BytesIO
from math import isfinite
from typing import Any, Final, cast

from fastavro import parse_schema, schemaless_reader
from fastavro.validation import validate

from models.policies.reasons import told
from schemas.contracts import DECISION
from schemas.errors import DeadLetter
from schemas.framing import Framing, split
from schemas.lot.logical import without_plain
from schemas.registry import SchemaSource
from schemas.verdicts import Reason

Decision = dict[str, Any]

CONTRACT: Final = parse_schema(without_plain(DECISION.schema))
DEFAULTS: Final = {each["name"]: each["default"] for each in DECISION.schema["fields"] if "default" in each}
MINOR_DIGITS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""ISO 4217: how many digits of an amount are minor units, where it is not two."""


class Decisions:
    """Writers' schemas are asked for once. Times stay milliseconds."""

    def __init__(self, source: SchemaSource) -> None:
        self._source = source
        self._writers: dict[bytes, Any] = {}

    def read(self, value: bytes | None) -> Decision:
        """Raises DeadLetter for what is no decision."""
        style, key, start = split(value or b"")
        if style is Framing.JSON:
            return _from_json(value or b"")
        payload = BytesIO(value or b"")
        payload.seek(start)
        try:
            found = schemaless_reader(payload, self._writer(key), CONTRACT)
        except DeadLetter:
            raise
        except Exception as error:
            raise DeadLetter(Reason.INVALID_ENCODING, type(error).__name__) from error
        if payload.read(1):
            raise DeadLetter(Reason.TRAILING_BYTES, "more follows the decision")
        return cast("Decision", found)

    def _writer(self, key: bytes) -> Any:  # noqa: ANN401 a schema is JSON
        if key not in self._writers:
            self._writers[key] = parse_schema(without_plain(self._source.writer(key)))
        return self._writers[key]


def _from_json(value: bytes) -> Decision:
    try:
        found = json.loads(value.decode())
    except (ValueError, RecursionError) as error:
        raise DeadLetter(Reason.INVALID_JSON, type(error).__name__) from error
    if not validate(found, CONTRACT, raise_errors=False):
        raise DeadLetter(Reason.WRONG_TYPE, "the object is not a decision")
    return DEFAULTS | cast("Decision", found)


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
