"""One file through one model, some rows at a time: memory does not grow with the file, and the order stays.

read a piece · answer it · write the answers, and the rows that got none        again, to the end of the input
the rejects are there whole, then the output is: until then whatever was there before stays
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Protocol, cast

from batch.predicting.places import is_plain
from batch.predicting.rejects import Rejects
from batch.predicting.ways import Way
from batch.predicting.writing import Writing, writing
from batch.whole import whole
from schemas.errors import DependencyAway, Usage
from schemas.table_formats import Format
from schemas.tables import Lying, pieces
from schemas.tables.table import BadTable, Table

Say = Callable[[str, int], None]

OUTPUT: Final = "the output"
ROOM: Final = "make room, give the right to, or name another file; what was there before is untouched"


class Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...
    def flush(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Job:
    """`output` is a path, or a stream that is already open; `rejects` a path, or None for nowhere."""

    source: Lying
    form: Format
    output: Path | IO[bytes]
    output_form: Format
    rejects: Path | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """`read` is `written` and the rejects together."""

    read: int
    written: int
    rejects: Rejects
    sha256: str


def run(job: Job, way: Way, say: Say) -> Done:
    """Raises what reading and writing raise, and then leaves nothing behind."""
    rejects = Rejects()
    with ExitStack() as opened:
        name = str(job.output) if isinstance(job.output, Path) else OUTPUT
        sink = _Hashed(opened.enter_context(_output(job.output)), name)
        if job.rejects is not None:
            rejects.file = opened.enter_context(_beside(job.rejects, rejects))
        written = read = 0
        with writing(cast("IO[bytes]", sink), job.output_form) as file:
            for table in pieces(job.source, job.form):
                written += _one(job, way, table, file, rejects)
                read += table.read
                say("rows", read)
    return Done(read, written, rejects, sink.digest)


def _one(job: Job, way: Way, table: Table, file: Writing, rejects: Rejects) -> int:
    try:
        beside = {_name(table, place): place for place in way.beside(table)}
        found = way.answer(table)
    except BadTable as error:
        fix = error.fix or "look at the file; -t says which format it has"
        raise Usage(f"{job.source}: {error.message}", fix=fix) from error
    if taken := sorted(set(beside) & set(way.names)):
        raise Usage(
            f"{job.source} has a column {', '.join(taken)} of its own", fix="rename it: the answer is called so"
        )
    kept = None if len(found.kept) == table.rows else found.kept
    cells = {name: table.columns[place].arrow() for name, place in beside.items()}
    file.add({name: each if kept is None else each.take(kept) for name, each in cells.items()} | dict(found.columns))
    rejects.add(found.refused, table.bad)
    return len(found.kept)


def _name(table: Table, place: int) -> str:
    return table.names[place] if table.names is not None else str(place)


@contextmanager
def _output(output: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if isinstance(output, Path):
        with whole(output) as stream:
            yield stream
        return
    try:
        yield output
        output.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DependencyAway(f"{OUTPUT} could not be written: {error.strerror or error}", fix=ROOM) from error


@contextmanager
def _beside(path: Path, rejects: Rejects) -> Iterator[IO[bytes]]:
    """There are no rejects without a row in it: what an earlier run left is taken away."""
    if not is_plain(path):
        with _output(path.open("wb")) as stream:
            yield stream
        return
    with ExitStack() as opened:
        stream = opened.enter_context(whole(path))
        yield stream
    if not rejects.total:
        path.unlink(missing_ok=True)


class _Hashed:
    """What goes through is summed up; what does not is told by its own name, whatever else is open."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self._sha = hashlib.sha256()
        self.closed = False

    @property
    def digest(self) -> str:
        return self._sha.hexdigest()

    def write(self, data: Any) -> int:  # noqa: ANN401 - a buffer of any kind
        self._sha.update(data)
        try:
            return self._stream.write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            said = f"{self._name} could not be written: {error.strerror or error}"
            raise DependencyAway(said, fix=ROOM) from error

    def flush(self) -> None:
        self._stream.flush()

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """Whoever opened the stream closes it."""
