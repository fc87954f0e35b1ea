"""A JSON document walked through value by value, so that no more of it is held than one value and one read."""

from collections.abc import Iterator
from io import TextIOWrapper
from json import JSONDecodeError
from typing import IO, Any, Final, NoReturn

from schemas.tables.json_values import DECODER, decoder, why
from schemas.tables.table import BadTable

READ: Final = 1 << 18
MOST: Final = 1 << 26
"""Characters of one value: a row is never so long."""
BLANK: Final = " \t\n\r"


class Walk:
    """Each method begins where the one before ended. Raises BadTable where the document is not as it must be."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._text = TextIOWrapper(stream, "utf-8-sig", newline="")
        self._held = ""
        self._at = 0
        self._ended = False
        self._decoder = DECODER

    def peek(self) -> str:
        """The next character that counts; nothing at the end."""
        while True:
            while self._at < len(self._held):
                if self._held[self._at] not in BLANK:
                    return self._held[self._at]
                self._at += 1
            if not self._more():
                return ""

    def value(self) -> Any:  # noqa: ANN401 - anything JSON can say
        self.peek()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._held, self._at)
            except JSONDecodeError as error:
                if self._more():
                    continue
                raise BadTable(f"the JSON {why(error)}") from None
            except (ValueError, RecursionError) as error:
                raise BadTable(f"the JSON {why(error)}") from None
            if end == len(self._held) and self._more():  # a number may go on
                continue
            self._at = end
            return found

    def array(self) -> Iterator[Any]:
        self._take("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield self.value()
            if self._take(",]") == "]":
                return

    def names(self) -> Iterator[str]:
        """Of an object; whoever hears one takes its value before the next."""
        self._take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise BadTable("the JSON has a name that is no text")
            self._take(":")
            yield name
            if self._take(",}") == "}":
                return

    def pass_over(self) -> None:
        """A value that is not looked at; lists are not held."""
        if self.peek() == "[":
            for _ in self.array():
                pass
        else:
            self.value()

    def first_name(self) -> tuple[str, str]:
        """Of an object that begins here, and the character its value begins with; the walk stays where it is."""
        self.peek()
        while True:
            name, rest = _named(self._held[self._at + 1 :].lstrip(BLANK))
            if rest or not self._more():
                return name, rest[:1]

    def nothing(self) -> NoReturn:
        raise BadTable("there is nothing in it")

    def end(self) -> None:
        if self.peek():
            raise BadTable("the JSON goes on after its end")

    def lines(self) -> Iterator[str]:
        while True:
            *whole, self._held = self._held[self._at :].split("\n")
            self._at = 0
            yield from whole
            if not self._more():
                break
        if self._held:
            yield self._held

    def _take(self, wanted: str) -> str:
        found = self.peek()
        if not found or found not in wanted:
            raise BadTable(f"the JSON has no {' or '.join(wanted)} where one must be")
        self._at += 1
        return found

    def _more(self) -> bool:
        """Reads as much again as is held, so that a long value is not looked at over and over."""
        if self._ended:
            return False
        left = self._held[self._at :]
        if len(left) > MOST:
            raise BadTable(f"the JSON has a value of more than {MOST:,} characters, or is not closed")
        data = self._text.read(max(READ, len(left)))
        self._ended = not data
        self._held, self._at = left + data, 0
        self._decoder = decoder(self._held)
        return bool(data)


def _named(text: str) -> tuple[str, str]:
    """A name, and what stands behind its colon; nothing while they are not all there."""
    try:
        name, end = DECODER.raw_decode(text)
    except ValueError:
        return "", ""
    return (name if isinstance(name, str) else ""), text[end:].lstrip(BLANK)[1:].lstrip(BLANK)
