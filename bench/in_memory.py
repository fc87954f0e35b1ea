"""The scorer with everything but Kafka and Redis: the shipped model, a month of cards, labels, a churn generation.

Only what reaches outside is replaced, and nothing that takes time in a worker: churn scores are those of a packed
generation, labels are all learned, cards are never written away.
"""  # noqa: INP001 - imported by benchmarks alone

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from confluent_kafka import Message

from bench.features import DAY, FILLING, log
from consumer import deciding
from consumer.dead_letter_limits import Limits
from consumer.decisions import Desk
from consumer.drifting import Drifting
from consumer.epochs import Epochs
from consumer.lots import Fetched, Span, first_offsets
from consumer.scoring import Scorer
from fraudstream.demo import model
from fraudstream.demo.stage import POLICY_SETTINGS
from models.bank import Bank
from models.churn.packed import packed
from models.churn.weighed import Basis, Churn, Times, weighed
from models.decide import Decider
from models.hashing import hash_strings
from models.labels import LabelColumns
from models.memory import Memory, Sight
from schemas.contracts import EPOCH, TRANSACTION
from schemas.encoding import encoder
from schemas.framing import Framing
from schemas.lot import Checks, Decoder, Raw
from schemas.lot.buffers import texts
from schemas.partitioner import partitions_of
from schemas.registry import Fingerprints
from schemas.settings import Settings, load
from schemas.standing import Standing
from schemas.topics import Role

PARTITIONS: Final = 6
TOPIC: Final = "transactions"
TOPICS: Final = {role: str(role) for role in Role}
FRAUDS: Final = 50
"""One in so many verdicts."""


@dataclass(frozen=True, slots=True)
class Remembering:
    """A state that nobody keeps."""

    memory: Memory

    def see(self, _: Raw, rows: pa.RecordBatch) -> Sight:
        return self.memory.see(rows)


class AllLearned:
    """A reader of labels that is never behind."""

    forgot_ms: None = None

    def stalled(self, _: int) -> bool:
        return False

    def offsets(self) -> dict[int, int]:
        return {}


class Generation:
    """A churn generation at hand, which knows nine customers in ten."""

    trouble = ""

    def __init__(self, customers: pa.Array, as_of_ms: int) -> None:
        numbers = np.unique(hash_strings(customers))
        numbers = numbers[np.arange(len(numbers)) % 10 > 0]
        scores = np.random.default_rng(5).integers(0, 1_000_000, len(numbers)).astype(np.uint32)
        self._packed, self._basis = packed(numbers, scores), Basis("2026-01-01T000000Z", as_of_ms, 200_000)

    def look_up(self, customers: pa.Array, at: Times) -> Churn:
        return weighed(self._basis, self._packed.look_up(hash_strings(customers)), at, 40 * DAY)


@dataclass(frozen=True)
class World:
    """A past that is folded, and rows that are still to come."""

    settings: Settings
    rows: pa.RecordBatch
    future: int
    """How many of the rows are still to come."""
    labelled: bool = True
    _next: list[int] = field(default_factory=list)

    @cached_property
    def bank(self) -> Bank:
        return Bank.of(self.settings)

    @cached_property
    def memory(self) -> Memory:
        memory, past = self.bank.memory(), self.rows.num_rows - self.future
        for at in range(0, past, FILLING):
            memory.remember(self.rows.slice(at, min(FILLING, past - at)))
        if self.labelled:
            memory.learn(_verdicts(self.rows.slice(0, past)))
        return memory

    @cached_property
    def decoder(self) -> Decoder:
        return Decoder(Fingerprints(), Checks(partitions=PARTITIONS))

    @cached_property
    def decider(self) -> Decider:
        return deciding.live(self.settings)

    @cached_property
    def churn(self) -> Generation:
        return Generation(self.rows["customer_id"], self.rows["timestamp"][0].as_py())

    @cached_property
    def drifting(self) -> Drifting:
        return Drifting("UTC", lambda: 2**60)

    def scorer(self, desk: Desk) -> Scorer:
        nobody: Any = Remembering(self.memory)
        return Scorer(
            self.decoder,
            self.churn,  # type: ignore[arg-type]
            nobody,
            AllLearned(),  # type: ignore[arg-type]
            lambda: Standing("group"),
            Limits(100, 0.5, 1_000),
            lambda: self.decider,
            self.drifting,
            desk,
            Epochs(version("fraudstream"), "worker"),
            encoder(EPOCH, Framing.SINGLE_OBJECT),
            TOPICS,
            version("fraudstream"),
            1_000_000,
            lambda: 1_700_000_000_000,
        )

    def lots(self, size: int, most: int) -> Iterator[Fetched]:
        """The next rows, each handed out once, as they come from Kafka."""
        encode = encoder(TRANSACTION, Framing.SINGLE_OBJECT)
        for _ in range(most):
            at = self.rows.num_rows - self.future + sum(self._next)
            if at + size > self.rows.num_rows:
                return
            self._next.append(size)
            yield _fetched(self.rows.slice(at, size), encode)


def _verdicts(rows: pa.RecordBatch) -> LabelColumns:
    """Each a day after its payment."""
    times = rows["timestamp"].to_numpy()
    return LabelColumns(
        event=hash_strings(rows["event_id"]),
        card=hash_strings(rows["card_id"]),
        terminal=hash_strings(rows["terminal_id"]),
        amount=rows["amount_minor"].to_numpy(),
        event_time=times,
        is_fraud=np.arange(len(times)) % FRAUDS == 0,
        known_at=times + DAY,
        partition=rows["partition"].to_numpy().astype(np.int64),
        offset=rows["offset"].to_numpy(),
        own=np.ones(len(times), np.bool_),
    )


def _fetched(rows: pa.RecordBatch, encode: Any) -> Fetched:  # noqa: ANN401
    names = [each["name"] for each in TRANSACTION.schema["fields"]]
    columns = {name: rows[name] for name in names} | {"event_time": rows["timestamp"]}
    records = [
        dict(zip(names, each, strict=True)) for each in zip(*(columns[n].to_pylist() for n in names), strict=True)
    ]
    keys = [each["card_id"].encode() for each in records]
    raw = Raw(
        rows["partition"].to_numpy(),
        rows["offset"].to_numpy(),
        rows["timestamp"].to_numpy(),
        keys,
        [encode(each) for each in records],
    )
    firsts = first_offsets(raw)
    lasts = {each: int(raw.offset[raw.partition == each][-1]) for each in firsts}
    spans = {each: Span(first, first, lasts[each] + 1) for each, first in firsts.items()}
    return Fetched(TOPIC, raw, [Message() for _ in keys], spans)


def world(folder: Path, cards: int, entries: int, future: int) -> World:
    """With the model of the demo live, in a registry of its own."""
    given: Mapping[str, str] = {"models.root": str(folder / "models"), "models.live": "models:/fraud@champion"}
    settings = load({**given, **POLICY_SETTINGS}, env={})
    model.install(settings)
    model.promoted(settings)
    rows = log(cards, entries, bare=False)
    ids = texts(rows["card_id"])
    fitting = pa.array(partitions_of(ids.data, ids.offsets, PARTITIONS, "murmur2"), pa.int32())
    rows = rows.set_column(rows.schema.names.index("partition"), rows.schema.field("partition"), fitting)
    return World(settings, rows, min(future, rows.num_rows // 2))
