"""Card transactions of a made-up population, some of them fraud: the same seed gives the same rows, however cut.

A row is drawn with the whole block it stands in, from a generator seeded by the simulation's seed and the block's
number alone. `live` replaces the event times by the clock's; nothing else depends on when it runs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from producer.bursts import Bursts
from producer.population import CASH_CATEGORY, Floats, Integers, Population, pick
from producer.population import COUNTRIES as PLACES

BLOCK: Final = 8192
DAY_MS: Final = 86_400_000
FRAUD_SHARE: Final = 0.015
AWAY_FROM_HABITS: Final = 0.15
TRAVELLING: Final = 0.002
CURRENCY: Final = "EUR"
HOURLY: Final = (1, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 13, 14, 12, 11, 11, 12, 14, 15, 13, 9, 6, 4, 2)
"""How a day's transactions are spread over its hours."""
PASSED: Final = np.concatenate(([0.0], np.cumsum(HOURLY))) / sum(HOURLY)
HOURS_MS: Final = np.linspace(0.0, DAY_MS, len(PASSED))

CHANNELS: Final = pa.array(["CHIP", "CONTACTLESS", "SWIPE", "ONLINE", "CASH"])
CHIP, CONTACTLESS, SWIPE, ONLINE, CASH = range(5)
COUNTRIES: Final = pa.array([each.code for each in PLACES])
MEMOS: Final = pa.array(["subscription", "instalment"])
MEMO_SHARE: Final = 0.02
CONTACTLESS_SHARE: Final = 0.6
SWIPE_SHARE: Final = 0.03


@dataclass(slots=True)
class Simulation:
    """An endless sequence of transactions from `start_ms` on, `per_day` of them in a simulated day."""

    people: Population
    seed: int
    start_ms: int
    per_day: int
    _last: tuple[int, pa.RecordBatch] | None = field(default=None, init=False, repr=False)

    def rows(self, first: int, count: int) -> pa.RecordBatch:
        """Rows `first` … `first + count - 1`."""
        pieces = []
        while count > 0:
            number, skipped = divmod(first, BLOCK)
            piece = self._block(number).slice(skipped, count)
            pieces.append(piece)
            first, count = first + len(piece), count - len(piece)
        return pa.concat_batches(pieces) if pieces else self._block(0).slice(0, 0)

    def chunks(self, count: int | None, size: int) -> Iterator[pa.RecordBatch]:
        """`count` rows (None: without end), at most `size` at a time."""
        first = 0
        while count is None or first < count:
            chunk = self.rows(first, size if count is None else min(size, count - first))
            yield chunk
            first += len(chunk)

    def _block(self, number: int) -> pa.RecordBatch:
        if self._last is None or self._last[0] != number:
            self._last = number, self._draw(number)
        return self._last[1]

    def _draw(self, number: int) -> pa.RecordBatch:
        random = np.random.default_rng([self.seed, number])
        sequence = np.arange(number * BLOCK, (number + 1) * BLOCK)
        time = self._times(sequence + random.random(BLOCK))
        return _columns(self.people, f"sim-{self.seed}-", sequence, time, _uses(self.people, time, random))

    def _times(self, place: Floats) -> Integers:
        """A day's share of the sequence is spread over its hours by HOURLY; never falls as the place rises."""
        midnight, started = self.start_ms // DAY_MS * DAY_MS, self.start_ms % DAY_MS
        days = place / self.per_day + np.interp(started, HOURS_MS, PASSED)
        whole = np.floor(days)
        of_day = np.interp(days - whole, PASSED, HOURS_MS)
        return midnight + whole.astype(np.int64) * DAY_MS + of_day.astype(np.int64)


def live(chunks: Iterator[pa.RecordBatch], now_ms: Callable[[], int]) -> Iterator[pa.RecordBatch]:
    """The same rows, each chunk happening at the moment it is asked for."""
    for chunk in chunks:
        at = chunk.schema.get_field_index("event_time")
        times = pa.array(np.full(len(chunk), now_ms(), np.int64)).cast(chunk.schema.field(at).type)
        yield chunk.set_column(at, chunk.schema.field(at), times)


@dataclass(frozen=True, slots=True, eq=False)
class _Uses:
    """Which card was used where for how much: indices into the population, one row per transaction."""

    customer: Integers
    card: Integers
    terminal: Integers
    device: Integers
    amount: Floats
    contact: Floats
    memo: Floats


def _uses(people: Population, time: Integers, random: np.random.Generator) -> _Uses:
    size = len(time)
    customer = np.minimum(np.searchsorted(people.activity, random.random(size), side="right"), len(people) - 1)
    habit = people.habits[customer, random.integers(0, people.habits.shape[1], size)]
    uses = _Uses(
        customer=customer,
        card=people.first_card[customer] + (people.cards[customer] * random.random(size)).astype(np.int64),
        terminal=np.where(random.random(size) < AWAY_FROM_HABITS, _elsewhere(people, customer, random), habit),
        device=customer.copy(),
        amount=np.exp(people.usual[customer] + people.spread[customer] * random.standard_normal(size)),
        contact=random.random(size),
        memo=random.random(size),
    )
    hours = (time % DAY_MS) // (DAY_MS // 24)
    bursts = Bursts.of(people, hours, FRAUD_SHARE, random)
    for name in ("customer", "card", "terminal", "device", "amount"):
        getattr(uses, name)[bursts.at] = getattr(bursts, name)
    return uses


def _elsewhere(people: Population, customer: Integers, random: np.random.Generator) -> Integers:
    """Any ordinary terminal of the home country, or now and then of another."""
    home = people.home[customer]
    other = random.integers(0, len(PLACES), len(customer))
    country = np.where(random.random(len(customer)) < TRAVELLING / AWAY_FROM_HABITS, other, home)
    return pick(people.terminals.ordinary, people.terminals.end, country, random.random(len(customer)))


def _columns(people: Population, prefix: str, sequence: Integers, time: Integers, uses: _Uses) -> pa.RecordBatch:
    places = people.terminals
    online = places.online[uses.terminal]
    category = places.category[uses.terminal]
    return pa.record_batch(
        {
            "event_id": _event_ids(prefix, sequence),
            "event_time": pa.array(time).cast(pa.timestamp("ms", "UTC")),
            "card_id": people.card_ids.take(uses.card),
            "customer_id": people.customer_ids.take(uses.customer),
            "terminal_id": places.ids.take(uses.terminal),
            "amount_minor": np.maximum(np.rint(uses.amount * 100.0), 1.0).astype(np.int64),
            "currency": pa.repeat(CURRENCY, len(sequence)),
            "merchant_category": category.astype(np.int32),
            "country": COUNTRIES.take(places.country[uses.terminal]),
            "channel": _channels(online, category == CASH_CATEGORY, uses.contact),
            "device_id": _where(online, people.device_ids, uses.device),
            "latitude": pa.array(places.latitude[uses.terminal], mask=online),
            "longitude": pa.array(places.longitude[uses.terminal], mask=online),
            "memo": _where(uses.memo < MEMO_SHARE, MEMOS, uses.customer % len(MEMOS)),
        },
    )


def _event_ids(prefix: str, sequence: Integers) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(pa.array(sequence).cast(pa.string()), 9, "0"), "")


def _channels(online: NDArray[np.bool_], cash: NDArray[np.bool_], contact: Floats) -> pa.DictionaryArray:
    at_counter = np.select([contact < CONTACTLESS_SHARE, contact < 1.0 - SWIPE_SHARE], [CONTACTLESS, CHIP], SWIPE)
    index = np.select([online, cash], [ONLINE, CASH], at_counter)
    return pa.DictionaryArray.from_arrays(pa.array(index, pa.int8()), CHANNELS)


def _where(there: NDArray[np.bool_], texts: pa.Array, index: Integers) -> pa.Array:
    """`texts[index]` where `there`, else null."""
    return texts.take(pa.array(index, mask=~there))
