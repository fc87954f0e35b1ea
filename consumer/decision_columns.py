"""Decisions as columns: every field of the contract, of all rows at once."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from consumer.judged import Answered
from models.churn.packed import UNKNOWN
from models.churn.weighed import Churn
from models.decide import Decisions
from models.rules import RULES
from schemas.churn import SCALE
from schemas.lot.cells import place
from schemas.verdicts import Mark
from schemas.writing import Cells, Column, Doubles, DoublesOrNull, Longs, Named, Picked, Same, Text, Vectors, Writer

TEXTS: Final = {each: place(each) for each in ("event_id", "card_id", "customer_id", "terminal_id", "currency")}
TIME, AMOUNT, PARTITION, OFFSET = map(place, ("event_time", "amount_minor", "partition", "offset"))
MARKS: Final = [mark.symbol for mark in Mark]
CODES: Final = [rule.code for rule in RULES]
BITS: Final = 1 << np.arange(len(CODES))


@dataclass(frozen=True, slots=True)
class InColumns:
    writer: Writer

    def __call__(self, of: Answered) -> list[bytes]:
        return self.writer.values(cells(of), of.rows)


def cells(of: Answered) -> dict[str, Cells]:
    """By the path of the field; the words are those of `consumer.decision_rows`."""
    judged, now, rows = of.judged, of.now, of.judged.lot.rows
    return {
        **{name: Text(rows.column(each)) for name, each in TEXTS.items()},
        "event_time": Column(rows.column(TIME)),
        "amount_minor": Column(rows.column(AMOUNT)),
        **_decided(judged.decided),
        **_churn(judged.churn),
        "model.name": Same(now.model.name),
        "model.version": Same(now.model.version),
        "model.digest": Same(now.model.digest),
        "policy": Same(now.policy),
        "feature_version": Same(now.feature_version),
        "marks": Named(judged.marks, MARKS),
        "degraded": Same(now.degraded),
        "epoch": Longs(of.epochs),
        **_source(judged.fetched.topic, rows),
        "scored_at": Longs(np.full(len(of.epochs), of.now_ms)),  # it changes with every lot, the form does not
    }


def _decided(decided: Decisions) -> dict[str, Cells]:
    which, lists = np.zeros(len(decided.outcome), np.int64), dict[tuple[str, ...], int]({(): 0})
    for row, codes in decided.codes.items():
        which[row] = lists.setdefault(tuple(codes), len(lists))
    return {
        "score": Doubles(decided.score),
        "raw_margin": Doubles(decided.raw_margin),
        "outcome": Longs(decided.outcome),
        "reasons": Picked(which, list(lists)),
        "rules": Named(decided.hits @ BITS, CODES),
        "features": Vectors(decided.features),
    }


def _churn(churn: Churn) -> dict[str, Cells]:
    return {
        "churn.score": DoublesOrNull(churn.weighed / SCALE, churn.weighed != UNKNOWN),
        "churn.status": Longs(churn.codes),
        "churn.generation": Same(churn.generation),
    }


def _source(topic: str, rows: pa.RecordBatch) -> dict[str, Cells]:
    return {
        "source.topic": Same(topic),
        "source.partition": Column(rows.column(PARTITION)),
        "source.offset": Column(rows.column(OFFSET)),
    }
