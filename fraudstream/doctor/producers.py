"""What the producers of the input do, seen in its latest records: partitioner, keys, contents, clock."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from confluent_kafka import KafkaException

from fraudstream.doctor.finding import Finding, away, info, ok, warning, wrong
from fraudstream.doctor.offsets import Offsets
from fraudstream.doctor.sample import Record, sample
from schemas.errors import Retry
from schemas.lot import Checks, Decoder, Raw
from schemas.partitioner import Partitioner, partition
from schemas.registry import Registry
from schemas.settings import Settings
from schemas.verdicts import Mark, Reason

AHEAD_MS: Final = 60_000
STRAY: Final = 20
"""One key in so many that fits neither partitioner is a stray; more of them are somebody's way of placing records."""
HOW: Final[tuple[Partitioner, Partitioner]] = ("murmur2", "crc32")
KEYS: Final = "let the producers use the card id as the key: without it the records of a card have no order"
CARDS: Final = "let the producers send tokens instead; checks.reject_pans keeps such records out"
CONTRACT: Final = (
    "let the producers write the Transaction contract: Avro in single-object or Confluent framing, or JSON"
)
CLOCK: Final = "let NTP keep the clocks of this machine and of the producers"
FACTS: Final = (
    (Mark.KEY_MISSING, "have no key", "strict_keys", KEYS),
    (Mark.KEY_MISMATCH, "have a key that is not the card id", "strict_keys", KEYS),
    (Mark.CARD_NUMBER, "hold what looks like a card number", "reject_pans", CARDS),
)
"""What is true of some records, the setting that refuses those, and what to do."""


@dataclass(frozen=True, slots=True)
class Fits:
    """Keys by which partitioner puts them where they are."""

    murmur2: int
    crc32: int
    both: int
    neither: int

    @property
    def all(self) -> int:
        return self.murmur2 + self.crc32 + self.both + self.neither


def check(settings: Settings) -> Iterator[Finding]:
    topic = settings.topics.transactions
    try:
        spans = Offsets(settings).spans()
    except KafkaException as exception:
        yield info(topic, f"not sampled: {exception.args[0].str()}")
        return
    records = sample(settings, spans)
    if not records:
        yield info(topic, "there is no record to learn from: partitioner, keys and contents are not known yet")
        return
    yield from partitioner(settings, records, len(spans))
    yield from contents(settings, records)
    yield from clock(topic, records, int(time.time() * 1000))


def partitioner(settings: Settings, records: Sequence[Record], partitions: int) -> Iterator[Finding]:
    topic, told = settings.topics.transactions, settings.kafka.partitioner
    fits = _fits(records, partitions)
    if fits.all == 0:
        return
    other = "crc32" if told == "murmur2" else "murmur2"
    seen = {"murmur2": fits.murmur2, "crc32": fits.crc32}
    few = fits.neither * STRAY <= fits.all
    if partitions == 1 or fits.both == fits.all:
        yield ok(topic, f"{fits.all} keys fit every partitioner")
    elif not seen[other] and not fits.neither:
        yield ok(topic, f"producers use {told}: all of {fits.all} keys fit it")
    elif not few or not seen[other]:
        what = f"{_counts(fits)}: records are placed by hand, by another partitioner, or before partitions were added"
        yield warning(topic, what, "give all producers the partitioner that kafka.partitioner names")
    elif not seen[told]:
        what = f"producers use {other}, kafka.partitioner says {told}: {_counts(fits)}"
        yield wrong(topic, what, f'set kafka.partitioner = "{other}" (FRAUDSTREAM_KAFKA_PARTITIONER={other})')
    else:
        what = f"producers are mixed, so a card's records are in two partitions: {_counts(fits)}"
        name = settings.kafka.producer_partitioner
        yield wrong(topic, what, f"give all producers the partitioner {told} (librdkafka: partitioner={name})")


def contents(settings: Settings, records: Sequence[Record]) -> Iterator[Finding]:
    topic, size = settings.topics.transactions, len(records)
    try:
        lot = Decoder(Registry.of(settings), Checks()).decode(_raw(records))
    except Retry as error:
        yield away(topic, f"the sampled records could not be decoded: {error.message}", error.fix)
        return
    marks = lot.rows["marks"].to_numpy()
    for mark, said, setting, fix in FACTS:
        if count := int(np.count_nonzero(marks & mark)):
            refused = f" and are refused: checks.{setting}" if getattr(settings.checks, setting) else ""
            yield warning(topic, f"{count} of {size} sampled records {said}{refused}", fix)
    if lot.refusals:
        yield _refused(settings, [each.reason for each in lot.refusals], size)
    else:
        yield ok(topic, f"the contents of {size} sampled records are in order")


def clock(topic: str, records: Sequence[Record], now_ms: int) -> Iterator[Finding]:
    """A topic may be idle, so only records from the future tell something."""
    ahead = max(each.timestamp for each in records) - now_ms
    if ahead > AHEAD_MS:
        yield warning(topic, f"its newest record is {ahead // 1000} s in the future by this machine's clock", CLOCK)


def _refused(settings: Settings, reasons: Sequence[Reason], size: int) -> Finding:
    counts = ", ".join(f"{reason} {count}" for reason, count in Counter(reasons).most_common())
    what = f"{len(reasons)} of {size} sampled records would become dead letters: {counts}"
    unknown = Reason.UNKNOWN_SCHEMA in reasons and settings.registry.url is None
    fix = "set registry.url, if these records have ids of a schema registry" if unknown else CONTRACT
    return (wrong if len(reasons) == size else warning)(settings.topics.transactions, what, fix)


def _fits(records: Sequence[Record], partitions: int) -> Fits:
    keyed = [each for each in records if each.key]
    pairs = Counter(
        tuple(partition(each.key or b"", partitions, how) == each.partition for how in HOW) for each in keyed
    )
    return Fits(pairs[True, False], pairs[False, True], pairs[True, True], pairs[False, False])


def _counts(fits: Fits) -> str:
    return (
        f"of {fits.all} sampled keys {fits.murmur2} fit murmur2 alone, {fits.crc32} crc32 alone, "
        f"{fits.both} both, {fits.neither} neither"
    )


def _raw(records: Sequence[Record]) -> Raw:
    return Raw(
        partition=np.array([each.partition for each in records], np.int32),
        offset=np.array([each.offset for each in records], np.int64),
        timestamp=np.array([each.timestamp for each in records], np.int64),
        keys=[each.key for each in records],
        values=[each.value for each in records],
    )
