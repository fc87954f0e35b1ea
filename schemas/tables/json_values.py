"""JSON as it is defined and no wider: every name once, no NaN and no infinity, nothing after the end.

Whole numbers stay exact whatever their size; other numbers are doubles, and infinite where they are beyond them, or
nearer to zero than any of them without being zero.
"""

import json
import re
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final

from schemas.tables.table import BadTable, TooSmall

NOT_UTF8: Final = "is not UTF-8 text"
DEEP: Final = "is nested too deep"
TINY: Final = {"e-": re.compile("e-[0-9]{3}"), "E-": re.compile("E-[0-9]{3}")}
ZEROS: Final = "0" * 200
"""Without an exponent of three digits a number needs more of them to be too small."""
NOT_ZERO: Final = re.compile("-?[0.]*[1-9]")
BOM: Final = b"\xef\xbb\xbf"


class _NotOurs(ValueError):
    """What the library would let pass."""


def decoded(content: bytes | str, *, streamed: bool = False) -> Any:  # noqa: ANN401 - anything JSON can say
    """Raises BadTable saying where, never what.

    `streamed`: a number too small for doubles is zero, as the stream has it.
    """
    text = content if isinstance(content, str) else as_text(content)
    try:
        return (DECODER if streamed else decoder(text)).decode(text)
    except (ValueError, RecursionError) as error:
        raise BadTable(f"the JSON {why(error)}") from None


def as_text(content: bytes) -> str:
    try:
        return content.removeprefix(BOM).decode()
    except UnicodeDecodeError as error:
        raise BadTable(f"the JSON {NOT_UTF8}, at byte {error.start + 1}") from None


def why(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return DEEP
    if isinstance(error, _NotOurs):
        return str(error)
    if isinstance(error, JSONDecodeError):
        return f"cannot be read at line {error.lineno}, column {error.colno}: {_short(error.msg)}"
    return "has a number of too many digits"


def _short(message: str) -> str:
    """What the library found, without the character that it quotes."""
    return message.partition(":")[0][:1].lower() + message.partition(":")[0][1:]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotOurs("has an object with the same name twice")
    return found


def _no_constant(_: str) -> None:
    raise _NotOurs("has NaN or Infinity, which are no JSON; write null for a missing value")


def _number(text: str) -> float:
    found = float(text)
    return TooSmall(text) if found == 0.0 and NOT_ZERO.match(text) else found


DECODER: Final = JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
CAREFUL: Final = JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_number)


def decoder(text: str) -> JSONDecoder:
    """The quick one, unless there may be a number in it that a double would make nothing of."""
    tiny = any(sign in text and each.search(text) for sign, each in TINY.items())
    return CAREFUL if tiny or ZEROS in text else DECODER


def is_scalar(value: object) -> bool:
    return not isinstance(value, dict | list)


def encoded(value: object) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
