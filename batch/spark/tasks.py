"""What tasks do. Each is a pure function of its part, but for `writing`, which may be done again: it writes the same.

Rows travel packed, a lot or a range in one cell, so that Spark moves them without looking into them.

    scoring   part        -> rows of customers, rejects, what was seen
    cutting   rows        -> rows by range
    settling  a range     -> customers each once, which of them came again, the packed form
    writing   a range     -> which buckets hold how many
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from redis import Redis

from batch.generation import answering
from batch.nightly.buckets import Commands, bucket_numbers, commands
from batch.nightly.content import Written
from batch.nightly.line import packed
from batch.nightly.prepare import Seen
from batch.nightly.scored import LINE_BITS, SCHEMA, Scored
from batch.nightly.settled import settled
from batch.nightly.spill import by_bucket
from batch.spark.reader import Part, Reader
from models.churn.packed import Packed
from schemas import errors
from schemas.churn import Keys, Meta
from schemas.errors import FraudstreamError, Misconfigured, Usage

COLUMNS: Final = "kind string, number long, data binary"
OUT: Final = pa.schema([("kind", pa.string()), ("number", pa.int64()), ("data", pa.binary())])
ROWS, REJECTS, SEEN, KEPT, AGAIN, ENTRIES, WRITTEN, FAILED = (
    "rows",
    "rejects",
    "seen",
    "kept",
    "again",
    "entries",
    "written",
    "failed",
)
AT_ONCE: Final = 20_000
"""Customers that are written in one transaction: Redis does nothing else for some milliseconds."""
MARK: Final = "fraudstream says "

Batches = Iterator[pa.RecordBatch]
Task = Callable[[Batches], Batches]


class Away(Exception):
    """Spark tries the task again; what was wrong is found again in the text of its error."""


@dataclass(frozen=True, slots=True)
class Score:
    """`work` gives reader and parts: a broadcast."""

    work: Any
    done: Any

    def __call__(self, batches: Batches) -> Batches:
        for number in _numbers(batches):
            yield from guarded(self._part(number))

    def _part(self, number: int) -> Batches:
        reader, parts = self.work.value
        yield from score(reader, parts[number], number, self.done.add)


def score(reader: Reader, part: Part, number: int, done: Callable[[int], None]) -> Batches:
    seen = Seen()
    for lot in reader.source([part.file]).lots():
        seen.add(lot)
        if lot.rejected:
            yield cell(REJECTS, number, json.dumps([asdict(each) for each in lot.rejected]).encode())
        if len(lot.rows):
            yield cell(ROWS, len(lot.rows), packed_rows(_placed(lot.rows, part.number)))
        done(lot.read)
    yield cell(SEEN, number, json.dumps(asdict(seen)).encode())


@dataclass(frozen=True, slots=True)
class Cut:
    """`ranges` is 1 where all rows are one range."""

    ranges: int
    dense: bool

    def __call__(self, batches: Batches) -> Batches:
        for content in _contents(batches):
            rows = unpacked_rows([content])
            if self.ranges == 1:
                yield cell(ROWS, 0, content)
                continue
            ranges = by_bucket(rows, self.ranges, dense=self.dense)
            for number in np.unique(ranges):
                yield cell(ROWS, int(number), packed_rows(rows.take(np.flatnonzero(ranges == number))))


@dataclass(frozen=True, slots=True)
class Settle:
    done: Any

    def __call__(self, batches: Batches) -> Batches:
        yield from guarded(self._range(batches))

    def _range(self, batches: Batches) -> Batches:
        contents = list(_contents(batches))
        if not contents:
            return
        found = settled(unpacked_rows(contents))
        rows = len(found.kept)
        yield cell(AGAIN, len(found.again), packed_rows(found.again))
        yield cell(ENTRIES, rows, Packed(found.kept.numbers, found.kept.scores).chunk())
        yield cell(KEPT, rows, packed_rows(found.kept))
        self.done.add(rows)


@dataclass(frozen=True, slots=True)
class Write:
    """Nothing is written once somebody else has claimed the generation, or it is live."""

    connect: Callable[[], Redis]
    keys: Keys
    meta: Meta
    fence: int
    done: Any

    def __call__(self, batches: Batches) -> Batches:
        yield from guarded(self._ranges(batches))

    def _ranges(self, batches: Batches) -> Batches:
        with answering(), self.connect() as redis:
            for content in _contents(batches):
                for some in _some(unpacked_rows([content]), self.meta):
                    found = write(some, redis, self.keys, self.meta, self.fence)
                    self.done.add(len(some))
                    yield cell(WRITTEN, found.size, np.stack([found.buckets, found.counts]).tobytes())


def write(rows: Scored, redis: Redis, keys: Keys, meta: Meta, fence: int) -> Written:
    """In one transaction, which does not happen where the meta of the generation changed since it was looked at."""
    made = commands(rows, meta.rule, keys, meta.generation)
    pool: Any = redis.connection_pool
    connection = pool.get_connection()
    try:
        answers = _exchanged(connection, made, keys.meta(meta.generation), fence)
    except BaseException:
        connection.disconnect()  # there may be answers that nobody waits for
        raise
    finally:
        pool.release(connection)
    if answers is None:
        said = f"generation {meta.generation!r} is not this run's any more: another publisher took it over"
        raise Misconfigured(said, fix="let one publisher run at a time")
    if refused := [each for each in answers if isinstance(each, Exception)]:
        raise refused[0]
    return Written(made.buckets, made.counts, len(made.packed))


def _exchanged(connection: Any, made: Commands, meta: str, fence: int) -> list[Any] | None:  # noqa: ANN401 - half typed
    connection.send_packed_command([packed("WATCH", meta), packed("HMGET", meta, "status", "fence")])
    connection.read_response()
    held = [bytes(each or b"").decode() for each in connection.read_response(disable_decoding=True)]
    if held != ["writing", str(fence)]:
        connection.disconnect()  # it watches
        return None
    connection.send_packed_command([packed("MULTI"), made.packed, packed("EXEC")], check_health=False)
    for _ in range(1 + len(made.buckets)):
        connection.read_response()
    answers: list[Any] | None = connection.read_response()
    return answers


def written(size: int, data: bytes) -> Written:
    buckets, counts = np.frombuffer(data, np.int64).reshape(2, -1)
    return Written(buckets, counts, size)


def guarded(cells: Batches) -> Batches:
    """What will be wrong every time is told as a cell; what may pass is raised, so that Spark tries again."""
    try:
        yield from cells
    except (Usage, Misconfigured) as error:
        yield cell(FAILED, 0, told(error).encode())
    except FraudstreamError as error:
        raise Away(MARK + told(error)) from None


def told(error: FraudstreamError) -> str:
    kind = next(each.__name__ for each in type(error).__mro__ if hasattr(errors, each.__name__))
    return json.dumps([kind, error.message, error.fix])


def failure(text: str) -> FraudstreamError:
    kind, message, fix = json.JSONDecoder().raw_decode(text)[0]
    made: FraudstreamError = getattr(errors, kind)(message, fix=fix)
    return made


def cell(kind: str, number: int, data: bytes) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([kind]), pa.array([number]), pa.array([data], pa.binary())], schema=OUT)


def packed_rows(rows: Scored) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, SCHEMA) as stream:
        stream.write_batch(rows.batch())
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpacked_rows(contents: Iterable[bytes]) -> Scored:
    tables = [pa.ipc.open_stream(content).read_all() for content in contents]
    whole = pa.concat_tables([*tables, SCHEMA.empty_table()]).combine_chunks().to_batches()
    return Scored.read(whole[0] if whole else pa.RecordBatch.from_pylist([], SCHEMA))


def _placed(rows: Scored, file: int) -> Scored:
    """A task reads one file, as if it were the first."""
    return replace(rows, places=rows.places + (np.int64(file) << LINE_BITS))


def _some(rows: Scored, meta: Meta) -> Iterator[Scored]:
    """All customers of a bucket together."""
    found, each = np.unique(bucket_numbers(rows.ids, meta.rule), return_inverse=True)
    ways = -(-len(rows) // AT_ONCE)
    chosen = each * ways // max(len(found), 1)
    for way in range(ways):
        if len(places := np.flatnonzero(chosen == way)):
            yield rows.take(places)


def _numbers(batches: Batches) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()


def _contents(batches: Batches) -> Iterator[bytes]:
    for batch in batches:
        yield from batch.column(2).to_pylist()
