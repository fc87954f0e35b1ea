"""What a strict encoding is, checked by walking one payload along its writer's schema, in plain Python.

fastavro is forgiving where a stream must not be: it reads past the end of a field it skips, wraps numbers of more than
64 bits, takes negative indices from the end, and any byte for true. So, on top of what fastavro refuses:

* a number has at most ten bytes and 64 bits, an int 32 (more bytes than needed are allowed, as in every reader);
* a union branch and an enum symbol exist, a length is not negative, a boolean is 0 or 1;
* every string is valid UTF-8 as Unicode defines it, also where the reader drops it; `bytes` only where read as string;
* a block of an array or map does not promise more items than bytes are left, and its size in bytes, if told, is true;
* nothing nests deeper than 64;
* the record ends where the payload ends.

Refusals are TRUNCATED, TRAILING_BYTES, INVALID_UTF8 or INVALID_ENCODING, by the first fault in byte order.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.errors import DeadLetter
from schemas.lot.table import AvroType
from schemas.verdicts import Reason

VARINT_BYTES: Final = 10
DEEPEST: Final = 64
INT_RANGE: Final = range(-(2**31), 2**31)


def check(payload: bytes, writer: AvroType, named: Mapping[str, AvroType]) -> None:
    """Returns where the payload is a strict encoding of the writer's schema, else raises DeadLetter."""
    walk = _Walk(payload, named)
    walk.value(writer, "the record", 0)
    if walk.at < len(payload):
        raise DeadLetter(Reason.TRAILING_BYTES, f"the record ends at byte {walk.at} of {len(payload)}")


class _Walk:
    """Where in the payload we are. The path in a detail is the innermost field's name."""

    def __init__(self, payload: bytes, named: Mapping[str, AvroType]) -> None:
        self.payload = payload
        self.named = named
        self.at = 0

    def value(self, schema: AvroType, path: str, depth: int) -> None:
        if depth > DEEPEST:
            raise self._invalid(path, f"nested deeper than {DEEPEST}")
        if isinstance(schema, list):
            self.value(schema[self._index(len(schema), "union branch", path)], path, depth + 1)
        elif isinstance(schema, dict):
            self._complex(schema, path, depth)
        elif schema in self.named:
            self.value(self.named[schema], path, depth + 1)
        else:
            _PRIMITIVES[schema](self, path)

    def _complex(self, schema: dict[str, Any], path: str, depth: int) -> None:
        if schema["type"] in {"record", "error"}:
            for field in schema["fields"]:
                self.value(field["type"], field["name"], depth + 1)
        elif schema["type"] == "array":
            self._blocks(path, lambda: self.value(schema["items"], path, depth + 1))
        elif schema["type"] == "map":
            self._blocks(path, lambda: self._entry(schema["values"], path, depth + 1))
        elif schema["type"] == "enum":
            self._index(len(schema["symbols"]), "enum symbol", path)
        elif schema["type"] == "fixed":
            self._take(schema["size"], path)
        else:
            _PRIMITIVES[schema["type"]](self, path)

    def nothing(self, path: str) -> None:
        pass

    def boolean(self, path: str) -> None:
        if self._take(1, path)[0] > 1:
            raise self._invalid(path, "a boolean is 0 or 1")

    def int32(self, path: str) -> int:
        number = self.int64(path)
        if number not in INT_RANGE:
            raise self._invalid(path, "an int of more than 32 bits")
        return number

    def int64(self, path: str) -> int:
        number = 0
        for place in range(VARINT_BYTES):
            byte = self._take(1, path)[0]
            if place == VARINT_BYTES - 1 and byte > 1:
                break
            number |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:  # noqa: PLR2004 - no continuation bit
                return (number >> 1) ^ -(number & 1)
        raise self._invalid(path, "a number of more than 64 bits")

    def float32(self, path: str) -> None:
        self._take(4, path)

    def float64(self, path: str) -> None:
        self._take(8, path)

    def opaque(self, path: str) -> bytes:
        return self._take(self._length(path), path)

    def text(self, path: str) -> None:
        start = self.at
        try:
            self.opaque(path).decode()
        except UnicodeDecodeError as error:
            raise DeadLetter(Reason.INVALID_UTF8, f"{path} from byte {start}: {error.reason}") from None

    def _entry(self, values: AvroType, path: str, depth: int) -> None:
        self.text(path)
        self.value(values, path, depth)

    def _blocks(self, path: str, item: Callable[[], object]) -> None:
        while (count := self.int64(path)) != 0:
            size = self._length(path) if count < 0 else None
            start, left = self.at, len(self.payload) - self.at
            if abs(count) > left:
                raise self._truncated(path, f"{abs(count)} items")
            for _ in range(abs(count)):
                item()
            if size not in {None, self.at - start}:
                raise self._invalid(path, "a block is not as long as it says")

    def _index(self, size: int, what: str, path: str) -> int:
        index = self.int32(path)
        if not 0 <= index < size:
            raise self._invalid(path, f"{what} {index} of {size}")
        return index

    def _length(self, path: str) -> int:
        length = self.int64(path)
        if length < 0:
            raise self._invalid(path, "a negative length")
        return length

    def _take(self, size: int, path: str) -> bytes:
        taken = self.payload[self.at : self.at + size]
        if len(taken) < size:
            raise self._truncated(path, f"{size} bytes")
        self.at += size
        return taken

    def _truncated(self, path: str, wanted: str) -> DeadLetter:
        left = len(self.payload) - self.at
        return DeadLetter(Reason.TRUNCATED, f"{path} at byte {self.at}: wants {wanted}, {left} are left")

    def _invalid(self, path: str, what: str) -> DeadLetter:
        return DeadLetter(Reason.INVALID_ENCODING, f"{path} before byte {self.at}: {what}")


_PRIMITIVES: Final[Mapping[str, Callable[[_Walk, str], object]]] = {
    "null": _Walk.nothing,
    "boolean": _Walk.boolean,
    "int": _Walk.int32,
    "long": _Walk.int64,
    "float": _Walk.float32,
    "double": _Walk.float64,
    "bytes": _Walk.opaque,
    "string": _Walk.text,
}
