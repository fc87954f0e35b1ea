"""Arrays as bytes, one block for each: its name, form and length, then its numbers, little-endian.

Hashes and amounts do not shrink and stand as they are; what is told per card does, and is packed with LZ4, which takes
a tenth of a second where Zstandard takes two. Reading trusts no number further than the bytes that are there.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consumer.snapshots.reasons import damaged
from models.artefact.durable import Buffer
from models.cards.extract import Arrays
from models.cards.sound import PER_CARD, WIDTHS

HEAD: Final = struct.Struct("<16sHHqq")
"""Name, codec, columns, rows, bytes that follow."""

RAW, PACKED = 0, 1
PACKED_ARRAYS: Final = frozenset({"newest", "counts", "lengths", "sides"})
ITEM: Final = np.dtype("<i8")


class Source(Protocol):
    def readinto(self, into: Any, /) -> int | None: ...  # noqa: ANN401 - any buffer


@dataclass(frozen=True, slots=True)
class Block:
    name: str
    rows: int
    content: NDArray[Any]
    """The array itself, or its packed bytes."""


def codec() -> pa.Codec:
    return pa.Codec("lz4")


def as_bytes(array: NDArray[Any]) -> memoryview:
    """The array's own, not a copy."""
    return memoryview(array.reshape(-1).view(np.uint8).data)


def blocks(arrays: Arrays) -> Iterator[Buffer]:
    """In the order of WIDTHS; nothing that stands as it is is copied."""
    for name, width in WIDTHS.items():
        array = np.ascontiguousarray(arrays[name], ITEM)
        form = _form(name, len(array))
        body = codec().compress(array, asbytes=True) if form == PACKED else as_bytes(array)
        yield HEAD.pack(name.encode(), form, width, len(array), len(body))
        yield body


def _form(name: str, rows: int) -> int:
    """Never a choice of the file: as the keys stand as they are, a file of any size unpacks to twenty times that."""
    return PACKED if name in PACKED_ARRAYS and rows else RAW


def read_blocks(source: Source, length: int) -> tuple[list[Block], str]:
    """Takes exactly `length` bytes, none of them believed yet, and says their digest."""
    digest, found = hashlib.sha256(), list[Block]()
    for name, width in WIDTHS.items():
        head = filled(source, np.empty(min(HEAD.size, length), np.uint8), digest)
        length -= head.size
        if head.size < HEAD.size:
            raise damaged(f"it ends before {name}")
        cards = found[0].rows if found else None
        block = _block(name, width, HEAD.unpack(head.tobytes()), length, cards)
        length -= filled(source, block.content, digest).nbytes
        found.append(block)
    if length:
        raise damaged(f"{length} bytes follow the last array")
    return found, digest.hexdigest()


def _block(name: str, width: int, head: tuple[Any, ...], left: int, cards: int | None) -> Block:
    told, form, columns, rows, stored = head
    if told.rstrip(b"\0") != name.encode() or columns != width or form != _form(name, rows):
        raise damaged(f"{name} is not where it should be")
    if name in PER_CARD and cards is not None and rows != cards:
        raise damaged(f"{name} has {rows} rows for {cards} cards")
    if not 0 <= stored <= left or (form == RAW and stored != rows * max(width, 1) * ITEM.itemsize):
        raise damaged(f"{name} of {rows} rows cannot be in {stored} bytes of {left}")
    shape = (rows, width) if width else (rows,)
    return Block(name, rows, np.empty(shape, ITEM) if form == RAW else np.empty(stored, np.uint8))


def unpacked(found: list[Block]) -> dict[str, NDArray[np.int64]]:
    """Of bytes whose digest was right."""
    return {block.name: _array(block, WIDTHS[block.name]).astype(np.int64, copy=False) for block in found}


def _array(block: Block, width: int) -> NDArray[Any]:
    if block.content.dtype == ITEM:
        return block.content
    try:
        whole = codec().decompress(block.content, decompressed_size=block.rows * max(width, 1) * ITEM.itemsize)
    except (OSError, ValueError) as error:
        raise damaged(f"{block.name} cannot be unpacked: {error}") from error
    flat = np.frombuffer(whole, ITEM)
    return flat.reshape(-1, width) if width else flat


def filled(source: Source, into: NDArray[Any], digest: Any = None) -> NDArray[Any]:  # noqa: ANN401 - of hashlib
    """The array, full of what the source has next."""
    view = as_bytes(into)
    done = 0
    while done < view.nbytes:
        count = source.readinto(view[done:])
        if not count:
            raise damaged(f"it ends {view.nbytes - done} bytes too early")
        done += count
    if digest is not None:
        digest.update(view)
    return into
