"""Where a simulation's records go besides the topic of transactions: files, and the topic of labels."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from producer.files import STDIN, SUFFIXES, Format, format_of
from schemas.errors import Usage
from schemas.framing import Framing

if TYPE_CHECKING:
    import pyarrow as pa

    from producer.publish import Event, Publisher
    from producer.simulate import Simulation, Step
    from producer.write import Writing
    from schemas.encoding import Encode
    from schemas.settings import Settings


class Outlet(Protocol):
    rows: int
    what: str

    def add(self, step: "Step") -> None: ...

    def settle(self) -> None:
        """What was added has arrived."""


class File(Enum):
    """What a file holds, and the option that names it."""

    TRANSACTIONS = ("transactions", "--out")
    LABELS = ("labels", "--labels-out")
    TRUTHS = ("truths", "--truth-out")

    @property
    def what(self) -> str:
        return self.value[0]

    @property
    def option(self) -> str:
        return self.value[1]


def is_file(name: str) -> bool:
    """A topic is a name without folder and without the suffix of a format."""
    return name == STDIN or "/" in name or Path(name).suffix.lower() in SUFFIXES


@contextmanager
def file_outlet(path: str, kind: File, simulation: "Simulation", told: Format | None = None) -> Iterator[Outlet]:
    from producer.records import LABELS, TRANSACTIONS, TRUTHS
    from producer.write import writing

    columns = {File.TRANSACTIONS: TRANSACTIONS, File.LABELS: LABELS, File.TRUTHS: TRUTHS}[kind]
    style = format_of(path, told)
    with _created(path, kind.option) as stream:
        file = writing(stream, style, columns, kind.name.title().removesuffix("s"))
        try:
            yield _File(simulation, kind, file)
        finally:
            file.close()


@contextmanager
def label_topic(
    settings: "Settings", topic: str, framing: Framing, simulation: "Simulation", *, stamped: bool
) -> Iterator[Outlet]:
    """What became of the labels is known when the block ends: raises when one was not taken."""
    from fraudstream.commands.sending import publisher_for
    from schemas.contracts import LABEL
    from schemas.encoding import encoder
    from schemas.registry import Registry

    publisher = publisher_for(settings, topic, None)
    encode = encoder(LABEL, framing, lambda contract: Registry.of(settings).register(contract, f"{topic}-value"))
    yield _Topic(simulation, publisher, encode, stamped=stamped)
    publisher.close()
    if verdict := publisher.verdict():
        raise verdict


class _File:
    def __init__(self, simulation: "Simulation", kind: File, file: "Writing") -> None:
        self.rows = 0
        self.what = kind.what
        self._simulation = simulation
        self._kind = kind
        self._file = file

    def add(self, step: "Step") -> None:
        batch = self._batch(step)
        self.rows += len(batch)
        self._file.add(batch)

    def settle(self) -> None:
        """A file is complete when it is closed."""

    def _batch(self, step: "Step") -> "pa.RecordBatch":
        from producer.records import labels, transactions, truths

        if self._kind is File.LABELS:
            return labels(self._simulation, step.verdicts)
        return (transactions if self._kind is File.TRANSACTIONS else truths)(self._simulation, step.deliveries)


class _Topic:
    def __init__(self, simulation: "Simulation", publisher: "Publisher", encode: "Encode", *, stamped: bool) -> None:
        self.rows = 0
        self.what = "labels"
        self._simulation = simulation
        self._publisher = publisher
        self._encode = encode
        self._stamped = stamped

    def add(self, step: "Step") -> None:
        self._publisher.send(self._events(step))

    def settle(self) -> None:
        self._publisher.close()

    def _events(self, step: "Step") -> "Iterator[Event]":
        from producer.publish import Event
        from producer.records import labels
        from producer.write import rows_of

        for row in rows_of(labels(self._simulation, step.verdicts)):
            stamp = row.pop("timestamp")
            self.rows += 1
            yield Event(row["card_id"].encode(), self._encode(row), stamp if self._stamped else 0)


@contextmanager
def _created(path: str, option: str) -> Iterator[IO[bytes]]:
    if path == STDIN:
        yield sys.stdout.buffer
        return
    try:
        stream = Path(path).open("wb")  # noqa: SIM115 closed below
    except OSError as error:
        raise Usage(f"{option} {path}: {error.strerror}", fix="name a file that can be written") from error
    with stream:
        yield stream
