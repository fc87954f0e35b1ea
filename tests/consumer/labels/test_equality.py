"""The same labels, from files at night and from the topic by day, make the same book."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from support.label_topic import DAY, reading

from batch.history.assignment import LABELS, TRANSACTIONS, TRUTHS, assignment
from batch.history.file_history import FileHistory, Origin
from batch.history.files import found
from batch.history.rejects import Rejects
from batch.history.sheet import Reading
from fraudstream.commands.labels import Known, import_labels
from fraudstream.commands.simulate import simulate
from models.bank import Bank
from models.hashing import hash_strings
from models.labels import LabelBook
from models.money import Money
from schemas.settings import Settings


def from_files(settings: Settings, made: Path, labels: Path) -> LabelBook:
    origin = Origin(
        found([str(made)]),
        assignment(TRANSACTIONS, (), ()),
        assignment(LABELS, ()),
        assignment(TRUTHS, ()),
        found([str(labels)]),
        [],
        Reading(),
        None,
        money=Money(),
    )
    book = LabelBook(Bank.of(settings).labels)
    for columns in FileHistory(origin, Rejects(0.0), lambda _: None).labels():
        book.learn(columns)
    return book


def test_a_simulated_history(settings: Settings, tmp_path: Path) -> None:
    """To the bit, for every card and terminal, on the days on which their labels come to count."""
    made, labels = tmp_path / "made.parquet", tmp_path / "labels.parquet"
    simulate(count=8_000, seed=11, customers=300, out=str(made), labels_out=str(labels))
    import_labels(
        str(labels),
        known=Known.COLUMN,
        bootstrap=settings.kafka.bootstrap,
        sets=[f"topics.labels={settings.topics.labels}"],
    )
    rows = pq.read_table(made).combine_chunks()
    card, terminal = (hash_strings(rows[name].combine_chunks()) for name in ("card_id", "terminal_id"))
    start = int(rows["event_time"].cast("int64").to_numpy().min())
    whole = from_files(settings, made, labels)
    with reading(settings, since_ms=start) as bench:
        bench.settle()
        assert bench.learned == pq.read_metadata(labels).num_rows
        told = 0.0
        for day in (3, 8, 9, 12, 20, 45, 70, 99):
            at = np.full(len(card), start + day * DAY)
            streamed, stored = (book.answers(card, terminal, at) for book in (bench.book, whole))
            for name in streamed.__slots__:
                assert getattr(streamed, name).tobytes() == getattr(stored, name).tobytes(), (day, name)
            told += float(stored.terminal_fraud_30d.sum())
        assert told > 0
