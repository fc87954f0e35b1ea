"""Avro payloads of one writer schema, as rows of a contract: by the kernel where there is a plan, else by fastavro."""

import numpy as np

from schemas.contracts import Schema
from schemas.errors import DeadLetter
from schemas.lot.columns import Columns
from schemas.lot.filled import Filled
from schemas.lot.kernel import GOOD, REASONS, Bytes, Ints
from schemas.lot.part import Part, one_by_one, refusal
from schemas.lot.plan import compile_plan
from schemas.lot.reference import Reference
from schemas.lot.suspects import Looked, Watch
from schemas.lot.table import Refusal


class Avro:
    def __init__(self, writer: Schema, reader: Schema, columns: Columns) -> None:
        self.columns = columns
        plan = compile_plan(writer, reader)
        self.layout = columns.layout(plan) if plan else None
        self.watch = Watch.of(plan) if plan else None
        self.reference = Reference(writer, reader)

    def read(self, data: Bytes, starts: Ints, ends: Ints) -> Part:
        """One payload per start and end in `data`."""
        if self.layout is None:
            payloads = (data[start:end].tobytes() for start, end in zip(starts, ends, strict=True))
            return one_by_one(self.columns, payloads, self.reference.read)
        filled = Filled(self.layout, data, starts, ends)
        looked = Looked(self.watch, filled) if self.watch else None
        if filled.rows == starts.size:
            return Part(filled, np.arange(filled.rows), [], looked)
        verdicts = filled.verdicts
        bad = np.flatnonzero(verdicts != GOOD)
        refusals = [self._refusal(int(row), int(verdicts[row]), data[starts[row] : ends[row]].tobytes()) for row in bad]
        return Part(filled, np.flatnonzero(verdicts == GOOD), refusals, looked)

    def _refusal(self, row: int, verdict: int, payload: bytes) -> Refusal:
        """The kernel's reason; the reference says where and why."""
        letter = DeadLetter(REASONS[verdict] or "")
        try:
            self.reference.read(payload)
        except DeadLetter as explained:
            letter = DeadLetter(letter.reason, explained.detail)
        return refusal(row, letter)
