"""State of a small log, and what a snapshot of it is called, for whoever needs one."""

import hashlib
from typing import Any

from support.card_oracle import MINUTE, Row, lots, stream

from consumer.snapshots.file import MAGIC, START, made
from consumer.snapshots.header import Header, Origin, Taken
from consumer.snapshots.names import Name
from consumer.snapshots.restore import Expected
from consumer.snapshots.store import Store
from models.artefact.durable import Buffer
from models.cards import CardBook, Terms
from models.cards.extract import Arrays

TERMS = Terms(entries=9)
NOW_MS = 1_800_000_000_000
ORIGIN = Origin(
    cluster_id="cluster-a",
    topic_id="topic-1",
    topic="transactions",
    partitions=3,
    group="fraudstream",
    fold_digest="ab" * 32,
)


def log(events: int = 6_000, seed: int = 3, cards: int = 40) -> list[Row]:
    """Three partitions with devices, countries and places, cards that are hot and cards that are gone."""
    rows = stream(seed, events, cards, 30 * MINUTE)
    for row in rows:
        card = int(row["card_id"][5:])
        row |= {"partition": card % 3, "device_id": f"d{card % 5}{row['offset'] % 7 == 0}", "country": "DE"}
        row |= {"latitude": card % 90 + 0.5, "longitude": row["offset"] % 180 + 0.25}
    return rows


def book(rows: list[Row], terms: Terms = TERMS) -> CardBook:
    made_of = CardBook(terms)
    for piece in lots(rows, 500):
        made_of.fold(piece)
    return made_of


def taken(partition: int = 1, offset: int = 100, *, log_ms: int = NOW_MS, **changes: Any) -> Taken:
    origin = Origin(
        **ORIGIN.model_dump() | {key: changes.pop(key) for key in list(changes) if key in ORIGIN.model_dump()}
    )
    return Taken(origin=origin, partition=partition, offset=offset, log_ms=log_ms, **changes)


def expected(partition: int = 1, committed: int = 1_000, **changes: Any) -> Expected:
    return Expected(ORIGIN, partition, committed, **changes)


def put(store: Store, of: Taken, arrays: Arrays) -> Name:
    name = Name.of(of)
    store.write(name, made(of, arrays, NOW_MS)[1])
    return name


def joined(pieces: list[Buffer]) -> bytes:
    return b"".join(bytes(piece) for piece in pieces)


def sealed(header: Header, payload: bytes) -> bytes:
    """What somebody writes who knows how snapshots are made: every length and digest fits."""
    right = {"length": len(payload), "sha256": hashlib.sha256(payload).hexdigest()}
    text = header.model_copy(update=right).to_bytes()
    return START.pack(MAGIC, len(text), hashlib.sha256(text).digest()) + text + payload
