"""The outside of model.skops: a zip file, taken apart within bounds before anything looks at what it means.

What comes out is a new archive, written here, with nothing compressed: whoever reads that cannot be surprised.
"""

import io
import struct
import zipfile
from collections.abc import Mapping
from typing import Final

import numpy as np

from models.artefact.folder import MIB
from models.artefact.refusal import refused

END: Final = struct.Struct("<4s4H2LH")
"""The last bytes of a zip file: signature, disks, entries, size and place of the directory, length of the comment."""
END_MARK: Final = b"PK\x05\x06"
WIDE_MARK: Final = b"PK\x06\x07"
WIDE_SIZE: Final = 20
PICKLE_MARKS: Final = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
MOST_ENTRIES: Final = 20_000
MOST_DIRECTORY: Final = 4 * MIB
MOST_UNPACKED: Final = 256 * MIB
MOST_SCHEMA: Final = 32 * MIB
MOST_HEADER: Final = 4_096
CHUNK: Final = 1 << 16
SCHEMA: Final = "schema.json"
KINDS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

Entries = Mapping[str, bytes]


def unpack(content: bytes, where: str) -> Entries:
    """Every entry whole, with its sum checked; all of them together within the bounds."""
    _check_end(content, where)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = _entries(archive, where)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise refused(where, f"is a damaged zip file: {error}") from None
    if SCHEMA not in entries:
        raise refused(where, f"has no {SCHEMA}: it is not a skops file")
    for name in entries:
        _check_entry(name, entries[name], where)
    return entries


def pack(entries: Entries) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _check_end(content: bytes, where: str) -> None:
    if content.startswith(PICKLE_MARKS):
        raise refused(where, "is a pickle, whatever it is called; pickles run code and are never read")
    if len(content) < END.size or content[-END.size :][:4] != END_MARK:
        raise refused(where, "is not a zip file, so not a skops file")
    _, _, _, _, entries, directory, _, _ = END.unpack(content[-END.size :])
    if content[-END.size - WIDE_SIZE :][:4] == WIDE_MARK or entries > MOST_ENTRIES or directory > MOST_DIRECTORY:
        raise refused(where, f"has more than {MOST_ENTRIES} entries: no model has")


def _entries(archive: zipfile.ZipFile, where: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = MOST_UNPACKED
    for entry in archive.infolist():
        if entry.compress_type not in KINDS or entry.flag_bits & 1:
            raise refused(where, f"{entry.filename!r} is packed in a way that is not accepted")
        if entry.filename in found:
            raise refused(where, f"{entry.filename!r} is there twice")
        found[entry.filename] = _one(archive, entry, left, where)
        left -= len(found[entry.filename])
    return found


def _one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, where: str) -> bytes:
    """In small pieces: asked for all at once, the library unpacks as much as the data says before it counts."""
    most = min(left, MOST_SCHEMA) if entry.filename == SCHEMA else left
    parts = []
    with archive.open(entry) as stream:
        while part := stream.read(CHUNK):
            parts.append(part)
            most -= len(part)
            if most < 0:
                raise refused(
                    where, f"{entry.filename!r} unpacks to too much: a model has no more than {MOST_UNPACKED >> 20} MiB"
                )
    return b"".join(parts)


def _check_entry(name: str, content: bytes, where: str) -> None:
    if name == SCHEMA:
        return
    if not name.endswith(".npy"):
        raise refused(where, f"holds {name!r}; only arrays belong into it")
    try:
        shape, item = _header(content)
    except (
        ValueError,
        SyntaxError,
        TypeError,
        KeyError,
        RecursionError,
        MemoryError,
        OverflowError,
        UnicodeError,
    ) as error:
        raise refused(where, f"{name!r} is no array: {type(error).__name__}") from None
    stream_left = len(content) - item[1]
    count = 1
    for length in shape:
        count *= length
    if min(shape, default=0) < 0 or count * item[0] != stream_left:
        raise refused(where, f"{name!r} says {count} items of {item[0]} bytes, and {stream_left} bytes follow")


def _header(content: bytes) -> tuple[tuple[int, ...], tuple[int, int]]:
    """Shape, bytes of an item, and where the items begin."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, _, dtype = read(stream, max_header_size=MOST_HEADER)
    if dtype.hasobject:
        raise ValueError("objects")
    return shape, (dtype.itemsize, stream.tell())
