"""Bytes and texts of strangers as a terminal may show them: no card numbers, nothing that it would obey."""

import re
from json import dumps, loads
from typing import Any, Final

from schemas.card_numbers import FEWEST, MOST

RUN: Final = re.compile(rb"\d(?:[ -]?\d){%d,}" % (FEWEST - 1))
DIGITS: Final = re.compile(rb"\d{%d,}" % FEWEST)
DIGIT: Final = re.compile(rb"\d")
PER_LINE: Final = 16
FIRST_PRINTED, LAST_PRINTED = 0x20, 0x7E


def masked(content: bytes) -> bytes:
    """Digits of what looks like a card number as asterisks: too many rather than too few of them."""
    return DIGITS.sub(_masked, RUN.sub(_masked, content))


def text(content: bytes | str) -> str:
    """On one line; what cannot be printed as it would be written in a string."""
    found = masked(content.encode() if isinstance(content, str) else content).decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in found)


def value(content: bytes, most: int) -> str:
    """JSON as such, other text as it stands, anything else as bytes and the letters among them; `most` bytes of it."""
    readable = _json(content) or _prose(masked(content))
    if readable is None:
        return _more(_bytes(masked(content)[:most]), len(content) - most)
    return _more(readable.encode()[:most].decode(errors="ignore"), len(readable.encode()) - most)


def _more(body: str, left: int) -> str:
    return f"{body}\n… {left:,} bytes more" if left > 0 else body


def _masked(found: re.Match[bytes]) -> bytes:
    digits = b"".join(DIGIT.findall(found[0]))
    likely = len(digits) > MOST or luhn(digits)
    return DIGIT.sub(b"*", found[0]) if likely else found[0]


def luhn(digits: bytes) -> bool:
    twice = [(digit - 48) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(each // 10 + each % 10 for each in twice) % 10 == 0 and len(set(digits)) > 1


def _json(content: bytes) -> str | None:
    if not content.startswith((b"{", b"[")):
        return None
    try:
        found: Any = loads(content)
    except (ValueError, RecursionError):
        return None
    return masked(dumps(found, indent=2).encode()).decode()


def _prose(content: bytes) -> str | None:
    try:
        found = content.decode()
    except UnicodeDecodeError:
        return None
    return found if all(letter.isprintable() or letter == "\n" for letter in found) else None


def _bytes(content: bytes) -> str:
    lines = (content[at : at + PER_LINE] for at in range(0, len(content), PER_LINE))
    return "\n".join(f"{each.hex(' '):<{3 * PER_LINE}} {_letters(each)}" for each in lines)


def _letters(content: bytes) -> str:
    return "".join(chr(each) if FIRST_PRINTED <= each <= LAST_PRINTED else "." for each in content)
