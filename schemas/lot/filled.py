"""What the kernel wrote for one set of payloads, in one block of memory, which then becomes the columns of a lot.

message     what Arrow reads about the rest
numbers     a row of 64-bit patterns for each slot
offsets     a row for each slot of text
texts       a row for each slot of text, long enough for all payloads
bits        a row for each slot: which values are there
spares      a row for each column whose values are not as the kernel writes them: narrower, or not from payloads
zeros       for the columns that the writer did not have
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.compiled import compiled
from schemas.lot.buffers import DTYPES
from schemas.lot.kernel import Bytes, Ints, pack, parse
from schemas.lot.message import BODY, BUFFERS, NODES, ROWS, WORD, Message
from schemas.lot.plan import DOUBLE, FLOAT, Plan
from schemas.lot.table import COORDINATES, SYMBOL

MOST_BYTES: Final = 2**31 - 1
"""What the 32-bit offsets of an Arrow string column can reach."""

TEXT, NUMBER, SPARE, GIVEN, MISSING, MISSING_TEXT = range(6)
KIND, SLOT, ROOM, BITS = range(4)
"""Of a column: what it is, its slot and its spare, and how many bits a value has."""
NUMBERS, OFFSETS, TEXTS, VALID, SPARES, ZEROS, END = range(7)
"""Where the parts of the block begin."""
GIVEN_AS: Final = tuple(DTYPES[kind.id] for kind in COORDINATES.types)
Numbers = tuple[int, ...]


@compiled
def describe(  # noqa: PLR0917
    block: Ints,
    columns: Ints,
    places: Numbers,
    parts: Numbers,
    offsets: NDArray[np.int32],
    texts: Bytes,
    present: Bytes,
    rows: int,
) -> None:
    """Puts what is of these rows into the message: how many they are, how many of them null, and where they lie."""
    slots, size = present.shape
    wide, long, flags = offsets.shape[1] // 2, texts.shape[1] // WORD, (size + 63) // 64
    nulls = np.empty(slots, np.int64)
    pack(present, rows, block[parts[VALID] : parts[SPARES]].view(np.uint8).reshape((slots, WORD * flags)), nulls)
    first, node, buffer = parts[NUMBERS], places[NODES], places[BUFFERS]
    block[places[ROWS]], block[places[BODY]] = rows, WORD * (block.size - first)
    for column in range(columns.shape[0]):
        kind, slot = columns[column, KIND], columns[column, SLOT]
        null, valid, at = 0, parts[ZEROS], parts[ZEROS]
        if kind <= SPARE:
            there = slot if kind == TEXT else offsets.shape[0] + slot
            null, valid = nulls[there], parts[VALID] + there * flags
        elif kind >= MISSING:
            null = rows
        if kind == NUMBER:
            at = parts[NUMBERS] + slot * size
        elif kind in (SPARE, GIVEN):
            at = parts[SPARES] + columns[column, ROOM] * size
        block[node], block[node + 1] = rows, null
        block[buffer], block[buffer + 1] = WORD * (valid - first), (rows + 7) // 8 if null else 0
        block[buffer + 2], block[buffer + 3] = WORD * (at - first), (rows * columns[column, BITS] + 7) // 8
        if kind in (TEXT, MISSING_TEXT):
            begin, letters, length = parts[ZEROS], parts[ZEROS], np.int64(0)
            if kind == TEXT:
                begin, letters = parts[OFFSETS] + slot * wide, parts[TEXTS] + slot * long
                length = np.int64(offsets[slot, rows])
            block[buffer + 2], block[buffer + 3] = WORD * (begin - first), 4 * (rows + 1)
            block[buffer + 4], block[buffer + 5] = WORD * (letters - first), length
            buffer += 2
        node, buffer = node + 2, buffer + 4


class Layout:
    """How payloads of a plan become lots of a schema."""

    def __init__(self, plan: Plan, message: Message, array: Callable[[pa.Field, list[object]], pa.Array]) -> None:
        self.plan, self.message, self.array = plan, message, array
        told = {name: value for name, value in plan.defaults.items() if value is not None}
        self.told = [(place, each, told[each.name]) for place, each in enumerate(message.schema) if each.name in told]
        """Columns that the writer did not have, and what they hold instead; other than null."""
        self.cast: list[tuple[int, pa.DataType]] = []
        """Of each spare that is from payloads, the slot of its numbers and what they are to be."""
        contract = [self._column(field) for field in list(message.schema)[: -len(COORDINATES)]]
        self.spares = len(self.cast) + len(COORDINATES)
        given = [[GIVEN, 0, len(self.cast) + place, kind.bit_width] for place, kind in enumerate(COORDINATES.types)]
        self.columns: Ints = np.array([*contract, *given], np.int64)

    def parts(self, size: int, space: int) -> Numbers:
        """Where the parts of a block begin, for so many payloads of so many bytes together."""
        texts, numbers = len(self.plan.texts), len(self.plan.numbers)
        at = len(self.message.words)
        offsets = at + numbers * size
        letters = offsets + texts * ((size + 2) // 2)
        valid = letters + texts * -(-space // WORD)
        spares = valid + (texts + numbers) * ((size + 63) // 64)
        zeros = spares + self.spares * size
        return at, offsets, letters, valid, spares, zeros, zeros + (size + 1 if self.plan.defaults else 0)

    def _column(self, field: pa.Field) -> list[int]:
        plan, name = self.plan, field.name
        if name in plan.texts:
            return [TEXT, plan.texts.index(name), 0, 0]
        kind = SYMBOL.index_type if field.type == SYMBOL else field.type
        if name not in plan.numbers:
            return [MISSING_TEXT, 0, 0, 0] if kind == pa.string() else [MISSING, 0, 0, kind.bit_width]
        slot = plan.numbers.index(name)
        if kind.bit_width == 8 * WORD and (plan.wires[slot] == DOUBLE) == pa.types.is_floating(kind):
            return [NUMBER, slot, 0, kind.bit_width]
        self.cast.append((slot, kind))
        return [SPARE, slot, len(self.cast) - 1, kind.bit_width]


class Filled:
    """What the kernel wrote for one set of payloads. `rows` are accepted."""

    def __init__(self, layout: Layout, data: Bytes, starts: Ints, ends: Ints) -> None:
        plan, size, space = layout.plan, starts.size, int((ends - starts).sum())
        if space > MOST_BYTES:
            raise ValueError("a lot has at most 2 GiB of payloads")
        texts, numbers = len(plan.texts), len(plan.numbers)
        self._layout, self._size, self._parts = layout, size, layout.parts(size, space)
        at, offsets, letters, valid, _, _, end = self._parts
        self._block = block = np.empty(end, np.int64)
        self.numbers = block[at:offsets].reshape(numbers, size)
        self.offsets = block[offsets:letters].view(np.int32).reshape(texts, 2 * ((size + 2) // 2))
        self.texts = block[letters:valid].view(np.uint8).reshape(texts, WORD * -(-space // WORD))
        self.present = np.empty((texts + numbers, size), np.uint8)
        self.verdicts = np.empty(size, np.uint8)
        outputs = (self.numbers, self.offsets, self.texts, self.present, self.verdicts)
        self.rows = int(parse(data, starts, ends, plan.ops, plan.translation, *outputs))

    @property
    def columns(self) -> list[pa.Array]:
        """Those of the contract alone."""
        nothing = np.zeros(self.rows, np.int32)
        found: list[pa.Array] = self.lot(*[nothing] * len(COORDINATES)).columns[: -len(COORDINATES)]
        return found

    def lot(self, *given: NDArray[Any]) -> pa.RecordBatch:
        """The accepted rows, with the coordinates that are given. Columns are parts of the block."""
        layout, rows, parts, block = self._layout, self.rows, self._parts, self._block
        place = parts[SPARES]
        for slot, kind in layout.cast:
            values = _values(self.numbers[slot, :rows], layout.plan.wires[slot], kind)
            block[place : place + self._size].view(values.dtype)[: len(values)] = values
            place += self._size
        for values, dtype in zip(given, GIVEN_AS, strict=True):
            block[place : place + self._size].view(dtype)[:rows] = values
            place += self._size
        block[place:] = 0
        message = layout.message
        block[: len(message.words)] = message.words
        describe(block, layout.columns, message.places, parts, self.offsets, self.texts, self.present, rows)
        found = message.read(block)
        for column, field, value in layout.told:
            found = found.set_column(column, field, layout.array(field, [value] * rows))
        return found


def _values(bits: Ints, wire: int, to: pa.DataType) -> NDArray[Any]:
    """The kernel's 64-bit patterns as the column stores them."""
    if wire == FLOAT:
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN like any other
            return bits.astype(np.int32).view(np.float32).astype(np.float64)
    if to == pa.bool_():
        return np.packbits(bits.astype(np.uint8), bitorder="little")
    return bits.astype(to.to_pandas_dtype(), copy=False)
