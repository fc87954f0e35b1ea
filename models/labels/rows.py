"""Labels of the contract, from files or from Kafka, as the columns that a label book learns."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.hashing import Hashes, hash_strings
from models.labels.columns import LabelColumns
from models.money import Money
from schemas.lot.buffers import numbers

NO_TERMINAL: Final = "unknown"
"""The terminal of a transaction that has none."""
NOWHERE: Final = np.uint64(0)
"""What such labels are learned under, so that nothing is ever known of `NO_TERMINAL`: it is no place, and what all of
them have in common says nothing about one."""


def label_columns(rows: pa.RecordBatch, money: Money, own: NDArray[np.bool_] | None = None) -> LabelColumns:
    """`rows` are a lot of labels: their timestamp is when they were known. Without `own` every card's is kept."""
    amounts, _ = money.amounts(rows)
    return LabelColumns(
        event=hash_strings(rows["event_id"]),
        card=hash_strings(rows["card_id"]),
        terminal=terminals(rows["terminal_id"]),
        amount=amounts,
        event_time=numbers(rows["event_time"]).copy(),
        is_fraud=np.asarray(rows["is_fraud"].to_numpy(zero_copy_only=False), np.bool_),
        known_at=numbers(rows["timestamp"]).copy(),
        partition=numbers(rows["partition"]).astype(np.int64),
        offset=numbers(rows["offset"]).copy(),
        own=np.ones(rows.num_rows, np.bool_) if own is None else own,
    )


def terminals(ids: pa.Array) -> Hashes:
    nowhere = pc.equal(ids, NO_TERMINAL).to_numpy(zero_copy_only=False)
    return np.where(nowhere, NOWHERE, hash_strings(ids))
