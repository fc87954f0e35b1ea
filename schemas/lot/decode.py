"""Kafka messages in, a lot out: every message is either a row or a refusal, and none disturbs its neighbours.

framing → writer schema, once per distinct key → kernel, fastavro or JSON → one batch in input order → checks.
A registry that does not answer stops the whole lot with `RegistryAway`, before anything is refused; it names the
partitions that need an answer, so that they can wait while others are read.
"""

import numpy as np

from schemas.contracts import TRANSACTION, Contract, Schema
from schemas.errors import DeadLetter, RegistryAway
from schemas.framing import Framing, split
from schemas.lot.assemble import Coordinates, assembled
from schemas.lot.avro import Avro
from schemas.lot.checks import Checks
from schemas.lot.columns import Columns
from schemas.lot.events import Events
from schemas.lot.frames import Frames, Group, frames
from schemas.lot.part import Part, merged, one_by_one, refused
from schemas.lot.reference import Record
from schemas.lot.table import Lot, Raw
from schemas.registry import SchemaSource
from schemas.verdicts import Reason


class Decoder:
    """Reads one contract. Schemas are kept once known, an unknown one is asked for again with the next lot."""

    def __init__(self, registry: SchemaSource, checks: Checks, contract: Contract = TRANSACTION) -> None:
        self._registry = registry
        self._checks = checks
        self._contract = contract
        self._columns = Columns(contract.schema)
        self._events = Events(contract.schema)
        self._readers: dict[bytes, Avro] = {}

    def decode(self, raw: Raw) -> Lot:
        framed = frames(raw.values, raw.keys)
        readers = self._all_readers(raw, framed)
        parts = [self._part(raw, framed, group, readers).at(group.rows) for group in framed.groups]
        coordinates = Coordinates(raw.partition, raw.offset, raw.timestamp, framed.keys)
        return assembled(merged(self._columns, parts), coordinates, self._columns.lot, self._checks)

    def _all_readers(self, raw: Raw, framed: Frames) -> dict[bytes, Avro | DeadLetter]:
        readers: dict[bytes, Avro | DeadLetter] = {}
        unanswered: list[Group] = []
        for group in framed.groups:
            try:
                if group.key:
                    readers[group.key] = self._reader(group.key)
            except RegistryAway as error:
                away = error
                unanswered.append(group)
        if unanswered:
            partitions = np.unique(np.concatenate([raw.partition[group.rows] for group in unanswered]))
            raise RegistryAway(away.message, fix=away.fix, partitions=frozenset(partitions.tolist()))
        return readers

    def _reader(self, key: bytes) -> Avro | DeadLetter:
        if key not in self._readers:
            try:
                self._readers[key] = self._made(self._registry.writer(key))
            except DeadLetter as letter:
                return letter
        return self._readers[key]

    def _made(self, writer: Schema) -> Avro:
        try:
            return Avro(writer, self._contract.schema, self._columns)
        except Exception as error:
            found = type(error).__name__
            raise DeadLetter(Reason.UNKNOWN_SCHEMA, f"the writer's schema cannot be worked with: {found}") from error

    def _part(self, raw: Raw, framed: Frames, group: Group, readers: dict[bytes, Avro | DeadLetter]) -> Part:
        if group.framing in {None, Framing.JSON}:
            read = self._events.from_json if group.framing else _explain
            return one_by_one(self._columns, (raw.values[row] or b"" for row in group.rows), read)
        reader = readers[group.key]
        if isinstance(reader, DeadLetter):
            return refused(self._columns, group.rows.size, reader)
        return reader.read(framed.data, group.starts, group.ends)


def _explain(value: bytes) -> Record:
    split(value)
    raise AssertionError("split and frame disagree")
