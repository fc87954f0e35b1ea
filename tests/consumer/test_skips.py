"""What an operator ordered to be passed over, with the real decoder."""

from datetime import UTC, datetime

import numpy as np

from consumer.skips import as_skipped, skipped_rows, without
from schemas.lot import Checks, Decoder, Raw
from schemas.orders import Order, Verb
from schemas.registry import Registry
from schemas.settings import Settings
from schemas.standing import Standing
from schemas.verdicts import Reason

GOOD = (
    b'{"event_id":"e","event_time":1767571200000,"card_id":"c","customer_id":"u","terminal_id":"t","amount_minor":1,'
    b'"currency":"EUR"}'
)


def raw(values: list[bytes | None]) -> Raw:
    rows = len(values)
    return Raw(
        partition=np.array([3] * rows, np.int32),
        offset=np.arange(10, 10 + rows, dtype=np.int64),
        timestamp=np.full(rows, 1_767_571_200_000, np.int64),
        keys=[b"c"] * rows,
        values=values,
    )


def standing(*places: tuple[int, int]) -> Standing:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    return Standing("g").after(
        Order(verb=Verb.SKIP, group="g", who="ann", why="it ends us", at=now, partition=partition, offset=offset)
        for partition, offset in places
    )


def test_a_skipped_record_is_refused_and_its_neighbours_are_not() -> None:
    """With its own reason, whatever was in it, and nothing of it is handed to the decoder."""
    came = raw([GOOD, GOOD, b"garbage", GOOD])
    skipped = skipped_rows(came, standing((3, 11), (3, 99), (4, 12)))
    assert skipped == {1: "by order of ann"}
    bare = without(came, skipped)
    assert (bare.values[1], bare.keys[1]) == (None, None)
    assert came.values[1] == GOOD, "the dead letter needs it"
    lot = Decoder(Registry.of(Settings()), Checks(strict_keys=True)).decode(bare)
    refused = as_skipped(lot.refusals, skipped)
    assert [(each.row, each.reason) for each in refused] == [(1, Reason.SKIPPED), (2, Reason.UNKNOWN_FRAMING)]
    assert lot.index.tolist() == [0, 3]


def test_without_orders_nothing_is_touched() -> None:
    """The hot path hands on what came."""
    came = raw([GOOD])
    assert skipped_rows(came, standing()) == {}
    assert without(came, {}) is came
