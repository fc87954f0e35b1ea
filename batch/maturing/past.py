"""What was bought and what was said of it: from topics, from files, or both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import pyarrow as pa

from batch.history.assignment import IS_FRAUD, LABELS, Assignment
from batch.history.files import File
from batch.history.log import Log
from batch.history.rejects import Reject, Rejects
from batch.history.sheet import Reading, Sheet
from batch.history.tables import pieces
from batch.history.transactions import Labelling, Transactions
from models.hashing import Hashes, hash_strings
from schemas.contracts import LABEL, TRANSACTION, Contract
from schemas.errors import Usage
from schemas.lot import Checks, Decoder
from schemas.registry import Registry, SchemaSource
from schemas.settings import Settings

HELD_ROWS: Final = 65_536


class Bought(Protocol):
    """Transactions; the same every time they are asked for."""

    def transactions(self) -> Iterator[pa.RecordBatch]: ...

    def judged(self) -> Iterator[Hashes]:
        """Events of which the same source says what they were."""

    @property
    def share(self) -> float | None:
        """How much of the transactions was handed out."""


class Topic:
    """The records of a topic as lots, as the scorer reads them; what it would refuse is a reject."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        contract: Contract = TRANSACTION,
        rejects: Rejects | None = None,
        registry: SchemaSource | None = None,
    ) -> None:
        self.log, self._rejects = Log(settings, name), rejects or Rejects()
        checks = partial(Checks, settings.checks.strict_keys, settings.checks.reject_pans, settings.kafka.partitioner)
        self._decoder = Decoder(registry or Registry.of(settings), checks(len(self.log.ends)), contract)
        self._reached: dict[int, int] = {}
        self._given = 0

    def close(self) -> None:
        self.log.close()

    def transactions(self) -> Iterator[pa.RecordBatch]:
        self._given = 0
        yield from self._from(self.log.begins)

    def judged(self) -> Iterator[Hashes]:
        return iter(())

    @property
    def share(self) -> float | None:
        in_all = sum(self.log.ends[each] - begin for each, begin in self.log.begins.items())
        return min(self._given / in_all, 1.0) if in_all else None

    def all(self) -> Iterator[pa.RecordBatch]:
        """Up to the ends that there are now."""
        self.log.look_again()
        yield from self._from(self.log.begins)

    def since(self) -> Iterator[pa.RecordBatch]:
        """What was written after that which was read."""
        self.log.look_again()
        yield from self._from({each: self._reached.get(each, begin) for each, begin in self.log.begins.items()})

    def _from(self, begins: dict[int, int]) -> Iterator[pa.RecordBatch]:
        for partition, begin in begins.items():
            offset = begin
            while offset < self.log.ends[partition]:
                chunk = self.log.chunk(partition, offset, HELD_ROWS)
                self._given += chunk.next - offset
                offset, lot = chunk.next, self._decoder.decode(chunk.raw)
                if offset > self._reached.get(partition, 0):
                    self._reached[partition] = offset
                    place = f"{self.log.topic}/{partition}/"
                    where = chunk.raw.offset
                    self._rejects.add(
                        [Reject(f"{place}{where[each.row]}", each.reason, each.detail) for each in lot.refusals]
                    )
                yield lot.rows


@dataclass(slots=True)
class Files:
    """Tables of transactions, and of verdicts on them, where those are not columns of the same tables."""

    bought: Sequence[File]
    told: Assignment
    verdicts: Sequence[File]
    verdicts_told: Assignment
    reading: Reading
    checks: Checks
    rejects: Rejects
    _read: int = 0
    _counted: bool = False
    _of_verdicts: bool = field(default=False)

    def __post_init__(self) -> None:
        has = self._fields()
        if "event_id" not in has:
            raise Usage(
                "nothing says which event a row is, so that no verdict can be told to be on it",
                fix="--map event_id=COLUMN",
            )
        self._of_verdicts = IS_FRAUD in has and not self.verdicts

    def transactions(self) -> Iterator[pa.RecordBatch]:
        table = Transactions(self.bought, self.told, self.reading, Labelling(), self.checks)
        read = 0
        for some in table:
            if not self._counted:
                self.rejects.add(some.rejects)
            read += some.read
            yield some.rows
        if not self._counted:
            self.rejects.settle(read, "transactions")
        self._counted = True

    def judged(self) -> Iterator[Hashes]:
        if self._of_verdicts:
            table = Transactions(self.bought, self.told, self.reading, Labelling(wanted=True, delay_ms=0), self.checks)
            for some in table:
                yield hash_strings(some.rows["event_id"].filter(some.fraud.is_valid()))
        for piece in pieces(self.verdicts, self.verdicts_told.of):
            sheet = Sheet(piece, self.verdicts_told, self.reading)
            yield hash_strings(sheet.ids("event_id").take(pa.array(sheet.good)))

    @property
    def share(self) -> float | None:
        return None

    def _fields(self) -> set[str]:
        """Those that the first of the files has."""
        found: set[str] = set(self.told.fills)

        def choose(file: File, names: Sequence[str]) -> dict[str, str]:
            columns = self.told.of(file, names)
            found.update(columns)
            return columns

        next(pieces(self.bought, choose), None)
        return found


def label_topic(settings: Settings, rejects: Rejects) -> Topic:
    return Topic(settings, settings.topics.labels, LABEL, rejects)


NO_LABELS: Final = Assignment(LABELS)
