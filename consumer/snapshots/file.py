"""A snapshot as bytes: what it is, its header under a digest, then the arrays under another.

    8 bytes    magic, with the number of the form
    4          length of the header, little-endian
    32         SHA-256 of the header
    …          the header: canonical JSON
    …          the arrays, as `consumer.snapshots.framing` has them: as many bytes as the header says, and no more

Reading believes nothing: not the lengths before they fit into what is there, not the header before its digest is
right, not the arrays before theirs is, and not what they hold before it is found sound.
"""

import hashlib
import struct
from typing import Final

import numpy as np

from consumer.snapshots.framing import Block, Source, blocks, filled, read_blocks, unpacked
from consumer.snapshots.header import Header, Taken, parse
from consumer.snapshots.reasons import damaged
from models.artefact.durable import Buffer
from models.cards.extract import Arrays
from models.cards.sound import unsound
from models.cards.terms import Terms

MAGIC: Final = b"fs-card\x01"
START: Final = struct.Struct("<8sI32s")
MOST_HEADER: Final = 1 << 20
LEAST: Final = START.size + 2


def made(taken: Taken, arrays: Arrays, made_at_ms: int) -> tuple[Header, list[Buffer]]:
    """The pieces of the file, one after the other."""
    payload, digest = list(blocks(arrays)), hashlib.sha256()
    for piece in payload:
        digest.update(piece)
    header = Header(
        **dict(taken),
        made_at_ms=made_at_ms,
        cards=len(arrays["keys"]),
        entries=len(arrays["entries"]),
        length=sum(len(piece) for piece in payload),
        sha256=digest.hexdigest(),
    )
    text = header.to_bytes()
    return header, [START.pack(MAGIC, len(text), hashlib.sha256(text).digest()), text, *payload]


def read_header(source: Source, size: int) -> Header:
    """`size` is that of the whole file."""
    if size < LEAST:
        raise damaged(f"it has {size} bytes")
    magic, length, digest = START.unpack(filled(source, np.empty(START.size, np.uint8)).tobytes())
    if magic != MAGIC:
        raise damaged("it is no snapshot, or one of another form")
    if length > min(MOST_HEADER, size - START.size):
        raise damaged(f"its header would have {length} bytes")
    text = filled(source, np.empty(length, np.uint8)).tobytes()
    if hashlib.sha256(text).digest() != digest:
        raise damaged("its header is not what was written")
    header = parse(text)
    if header is None:
        raise damaged("its header says what no header of this form can")
    if START.size + length + header.length != size:
        raise damaged(f"it has {size} bytes, not {START.size + length + header.length}")
    return header


def read_arrays(source: Source, header: Header, terms: Terms) -> Arrays:
    """What can be put into a book of these terms, from a source that stands behind the header."""
    arrays = unpacked(_sealed(source, header))
    if wrong := unsound(arrays, terms):
        raise damaged(wrong)
    return arrays


def check(source: Source, header: Header) -> None:
    """Whether the bytes are those that were written."""
    _sealed(source, header)


def _sealed(source: Source, header: Header) -> list[Block]:
    found, digest = read_blocks(source, header.length)
    if digest != header.sha256:
        raise damaged("its arrays are not what was written")
    rows = {block.name: block.rows for block in found}
    if (rows["keys"], rows["entries"]) != (header.cards, header.entries):
        raise damaged("its arrays are not as many as the header says")
    return found
