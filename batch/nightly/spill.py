"""Rows set aside in files by range, so that a range is in memory at a time, whatever the number of rows."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch.nightly.buckets import NONE, checksums, decimals
from batch.nightly.scored import SCHEMA, Scored
from models.churn.packed import ENTRY, Packed, packed
from models.hashing import Hashes
from schemas.churn import IDS_PER_BUCKET
from schemas.errors import DependencyAway

RANGES: Final = 64
"""A power of two: of each kind at first; files that are open at a time."""
RANGE_ROWS: Final = 1 << 18
"""What one range may have: some 30 MB. More rows than RANGES such ranges are cut into more."""
MOST_RANGES: Final = 256
"""Two files for each are open at a time, and a process may usually open 1,024. With more than 67 million rows a range
has more of them."""


def by_bucket(rows: Scored, ranges: int, *, dense: bool) -> NDArray[np.int64]:
    """The range of each row: all customers of a bucket are in one, under a rule with a multiple of `ranges` buckets.

    Where `dense` is hoped for, ids that are no canonical decimals are in ranges of their own accord.
    """
    if not dense:
        return checksums(rows.ids) % ranges
    found = decimals(rows.ids)
    sparse = found == NONE
    ways = found // IDS_PER_BUCKET % ranges
    return np.where(sparse, checksums(rows.ids) % ranges, ways) if sparse.any() else ways


class Spill:
    """Files of one folder, one for each range that has rows; within a range rows stay in order."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._open: dict[int, tuple[IO[bytes], Any]] = {}

    def add(self, rows: Scored, ranges: NDArray[np.int64]) -> None:
        order = np.argsort(ranges, kind="stable")
        ordered = rows.take(order).batch()
        found, starts = np.unique(ranges[order], return_index=True)
        for number, begin, end in zip(found, starts, [*starts, len(rows)][1:], strict=True):
            self._writer(int(number)).write_batch(ordered.slice(begin, end - begin))

    def add_all(self, rows: Scored, number: int) -> None:
        self._writer(number).write_batch(rows.batch())

    def done(self) -> None:
        """Everything is in the files; they can be read."""
        while self._open:
            file, writer = self._open.popitem()[1]
            writer.close()
            file.close()

    @property
    def ranges(self) -> list[int]:
        return sorted(int(path.suffix[1:]) for path in self._folder.glob(f"{self._name}.*"))

    def batches(self, number: int) -> Iterator[Scored]:
        with self._path(number).open("rb") as file, pa.ipc.open_stream(file) as reader:
            for batch in reader:
                yield Scored.read(batch)

    def read(self, *numbers: int) -> Scored:
        """In the order of these ranges."""
        tables = []
        for number in numbers:
            with self._path(number).open("rb") as file, pa.ipc.open_stream(file) as reader:
                tables.append(reader.read_all())
        whole = pa.concat_tables(tables or [SCHEMA.empty_table()]).combine_chunks().to_batches()
        return Scored.read(whole[0] if whole else pa.RecordBatch.from_pylist([], SCHEMA))

    def remove(self) -> None:
        for number in self.ranges:
            self._path(number).unlink()

    def _writer(self, number: int) -> Any:  # noqa: ANN401 - Arrow has no types
        if number not in self._open:
            file = self._path(number).open("wb")
            self._open[number] = file, pa.ipc.new_stream(file, SCHEMA)
        return self._open[number][1]

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._name}.{number}"


class Entries:
    """Numbers and scores alone, in ranges that ascend by number."""

    def __init__(self, folder: Path, ranges: int) -> None:
        self._folder = folder
        self._shift = np.uint64(64 - (ranges.bit_length() - 1))
        self._open: dict[int, IO[bytes]] = {}

    def add(self, numbers: Hashes, scores: NDArray[np.uint32]) -> None:
        rows = np.empty(len(numbers), ENTRY)
        order = np.argsort(numbers, kind="stable")
        rows["number"], rows["score"] = numbers[order], scores[order]
        ranges = rows["number"] >> self._shift
        found, starts = np.unique(ranges, return_index=True)
        for number, begin, end in zip(found, starts, [*starts, len(rows)][1:], strict=True):
            rows[begin:end].tofile(self._file(int(number)))

    def packed(self) -> Iterator[Packed]:
        """Consecutive parts. Raises SameNumber."""
        for number in sorted(self._open):
            self._open[number].close()
            path = self._path(number)
            rows = np.fromfile(path, ENTRY)
            path.unlink()
            yield packed(rows["number"], rows["score"])

    def _file(self, number: int) -> IO[bytes]:
        if number not in self._open:
            self._open[number] = self._path(number).open("wb")
        return self._open[number]

    def _path(self, number: int) -> Path:
        return self._folder / f"entries.{number}"


@contextmanager
def room_in(folder: Path, what: str) -> Iterator[None]:
    """A disk that is full, or a folder that may not be written, said with its name."""
    try:
        yield
    except OSError as error:
        said = "there is no room left" if error.errno in {errno.ENOSPC, errno.EDQUOT} else error.strerror or str(error)
        raise DependencyAway(
            f"{folder}: {said} for {what}", fix="make room or name another folder; what was live stays live"
        ) from error
