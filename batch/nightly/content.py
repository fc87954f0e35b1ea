"""What a generation consists of, before anybody is told: customers by bucket, and the same ones packed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final, Literal, Protocol

import numpy as np

from batch.nightly.buckets import Integers, bucket_numbers, commands
from batch.nightly.line import Line
from batch.nightly.scored import Scored
from batch.nightly.spill import Spill
from models.churn.packed import NUMBER, SCORE, Packed, digest, packed
from models.churn.tally import Tally
from models.churn.volume import head, parts
from schemas.churn import BucketRule, Keys, Meta

Still = Callable[[], None]

CHUNK_ROWS: Final = 120_000
"""1.4 MB: no single command or answer is long."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the content by itself."""

    rows: int
    mean: int
    quantiles: tuple[int, ...]
    deciles: tuple[int, ...]
    digest: str
    rule: BucketRule
    last_bucket: int

    @classmethod
    def of(cls, tally: Tally, digest: str, rule: BucketRule, last_bucket: int) -> "Facts":
        quantiles = tally.quantiles()
        return cls(tally.rows, tally.mean, quantiles, tally.deciles(quantiles), digest, rule, last_bucket)

    @property
    def chunks(self) -> int:
        return -(-self.rows // CHUNK_ROWS)

    def meta(self, generation: str, *, as_of: datetime, published_at: datetime, model: str, model_digest: str) -> Meta:
        return Meta(
            generation=generation,
            as_of=as_of,
            published_at=published_at,
            rows=self.rows,
            mean=self.mean,
            rule=self.rule,
            chunks=self.chunks,
            digest=self.digest,
            quantiles=self.quantiles,
            deciles=self.deciles,
            model=model,
            model_digest=model_digest,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """`buckets` with as many customers as `counts` says; `size` is what was sent, in bytes."""

    buckets: Integers
    counts: Integers
    size: int


def write(rows: Scored, line: Line, keys: Keys, meta: Meta) -> Written:
    """All customers of a bucket must be among these."""
    made = commands(rows, meta.rule, keys, meta.generation)
    line.send(made.packed, len(made.buckets))
    return Written(made.buckets, made.counts, len(made.packed))


class Content(Protocol):
    @property
    def facts(self) -> Facts: ...

    def write(self, line: Line, keys: Keys, meta: Meta, fence: int, still: Still) -> Iterator[Written]:
        """Every bucket, once; `still` raises where this process may not go on, and is asked often."""
        ...

    def chunks(self) -> Iterator[Packed]:
        """Consecutive ones, each but the last of CHUNK_ROWS customers."""
        ...


class Grouped:
    def groups(self) -> Iterator[Scored]:
        """All customers of a bucket are in one group."""
        raise NotImplementedError

    def write(self, line: Line, keys: Keys, meta: Meta, _fence: int, still: Still) -> Iterator[Written]:
        for group in self.groups():
            still()
            yield write(group, line, keys, meta)


class InMemory(Grouped):
    """Of customers who are each there once."""

    def __init__(self, rows: Scored, rule: BucketRule) -> None:
        self._rows = rows
        self._packed = packed(rows.numbers, rows.scores)
        tally = Tally()
        tally.add(rows.scores)
        last = int(bucket_numbers(rows.ids, rule).max())
        self.facts = Facts.of(tally, digest([self._packed]), rule, last)

    def groups(self) -> Iterator[Scored]:
        yield self._rows

    def chunks(self) -> Iterator[Packed]:
        yield from parts(self._packed, CHUNK_ROWS)


class OnDisk(Grouped):
    """In a work folder: groups as they were spilled, and the two columns of the packed form."""

    def __init__(self, folder: Path, kept: Spill, groups: Sequence[int], facts: Facts) -> None:
        self._folder = folder
        self._kept = kept
        self._groups = groups
        self.facts = facts

    def groups(self) -> Iterator[Scored]:
        for number in self._groups:
            yield self._kept.read(number)

    def chunks(self) -> Iterator[Packed]:
        yield from read_columns(self._folder, self.facts.rows)


@contextmanager
def columns(folder: Path, mode: Literal["rb", "wb"]) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The two files of the packed form."""
    with (folder / "numbers").open(mode) as numbers, (folder / "scores").open(mode) as scores:
        yield numbers, scores


def read_columns(folder: Path, rows: int) -> Iterator[Packed]:
    """In chunks."""
    with columns(folder, "rb") as (numbers, scores):
        for at in range(0, rows, CHUNK_ROWS):
            some = min(CHUNK_ROWS, rows - at)
            yield Packed(np.fromfile(numbers, NUMBER, some), np.fromfile(scores, SCORE, some))


def write_columns(folder: Path, parts: Iterable[Packed]) -> str:
    """The digest. Raises SameNumber where two neighbours have one number."""
    with columns(folder, "wb") as (numbers, scores):

        def written() -> Iterator[Packed]:
            for part in parts:
                numbers.write(part.numbers.astype(NUMBER).tobytes())
                scores.write(part.scores.astype(SCORE).tobytes())
                yield part

        return digest(written())


def volume_pieces(meta: Meta, content: Content) -> Iterator[bytes]:
    """The file of a generation, a piece at a time: what comes first, every number, every score."""
    yield head(meta)
    for part in content.chunks():
        yield part.numbers.astype(NUMBER).tobytes()
    for part in content.chunks():
        yield part.scores.astype(SCORE).tobytes()
