"""Every log that decisions follow from or stand on, opened for reading, with what reads them as the scorer does."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self

from consumer.replaying.cards import Cards, from_nothing, from_store, topic_id
from consumer.replaying.epochs import Epochs, read_epochs
from consumer.replaying.generations import Generations
from consumer.replaying.log import Log
from consumer.replaying.ordered import Ordered, read_orders
from consumer.replaying.verdicts import Verdicts
from models.bank import Bank
from schemas.contracts import DECISION, EPOCH, LABEL
from schemas.errors import Misconfigured
from schemas.lot import Checks, Decoder
from schemas.reading import Records
from schemas.registry import Registry
from schemas.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Archive:
    """`scores` None: that topic is not there. Each log is read in one place at a time."""

    settings: Settings
    bank: Bank
    transactions: Log
    flags: Log
    scores: Log | None
    epoch_log: Log
    cards: Cards
    verdicts: Verdicts
    decisions: Records
    epoch_records: Records
    decoder: Decoder
    ordered: Ordered
    generations: Generations

    @classmethod
    @contextmanager
    def of(cls, settings: Settings, *, snapshots: bool = True) -> Iterator[Self]:
        """Without snapshots all state is folded from where the log begins, so that it is the log alone that speaks."""
        with ExitStack() as stack:
            yield cls._opened(settings, stack, snapshots)

    @classmethod
    def _opened(cls, settings: Settings, stack: ExitStack, snapshots: bool) -> Self:
        def log(topic: str) -> Log:
            return stack.enter_context(closing(Log(settings, topic)))

        def log_if_there(topic: str) -> Log | None:
            return log(topic) if topic in there else None

        topics, bank, registry = settings.topics, Bank.of(settings), Registry.of(settings)
        transactions = log(topics.transactions)
        there = transactions.topics
        labels = log_if_there(topics.labels)
        ordered = Ordered.of(
            settings.score.group, read_orders(log_if_there(topics.orders)), topic_id(settings, transactions)
        )
        checks = partial(Checks, settings.checks.strict_keys, settings.checks.reject_pans, settings.kafka.partitioner)
        decoder, label_decoder = Decoder(registry, checks(len(transactions.ends))), Decoder(registry, checks(0), LABEL)
        restore = from_store(settings, transactions) if snapshots else from_nothing
        return cls(
            settings,
            bank,
            transactions,
            log(topics.flags),
            log_if_there(topics.scores),
            log(topics.epochs),
            Cards(transactions, decoder, bank, restore, ordered.standing),
            Verdicts(labels, label_decoder, bank.labels, bank.money),
            Records(DECISION, registry),
            Records(EPOCH, registry),
            decoder,
            ordered,
            Generations.of(settings),
        )

    @property
    def published(self) -> dict[str, Log]:
        """Where decisions stand, by topic; first where every flag does."""
        return {log.topic: log for log in (self.flags, self.scores) if log is not None}

    def epochs(self, partition: int) -> Epochs:
        if partition not in self.epoch_log.ends:
            raise Misconfigured(
                f"{self.epoch_log.topic} has no partition {partition}, so nothing says what decided there",
                fix="give it as many partitions as the input has: `fraudstream topics check`",
            )
        return read_epochs(self.epoch_log, self.epoch_records, partition)
