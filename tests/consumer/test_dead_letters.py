import hashlib
import json

import numpy as np
import pytest

from consumer.dead_letters import dead_letter
from consumer.lots import Fetched, Outgoing
from schemas.lot import Raw, Refusal
from schemas.verdicts import Reason

LIMIT = 100_000


class Message:
    def headers(self) -> list[tuple[str, bytes | None]]:
        return [("traceparent", b"00-1"), ("app", None), ("app", b"\xff")]


def refuse(
    value: bytes | None, reason: Reason = Reason.TRUNCATED, *, key: bytes | None = b"card", detail: str = ""
) -> Outgoing:
    raw = Raw(
        np.array([3], np.int32), np.array([42], np.int64), np.array([1_700_000_000_000], np.int64), [key], [value]
    )
    fetched = Fetched("transactions", raw, [Message()], {})
    return dead_letter(fetched, Refusal(0, reason, detail), topic="dlq", version="1.2.3", limit=LIMIT)


def test_key_value_and_headers_are_untouched() -> None:
    """What came in stands in the dead letters byte for byte; our headers come after the original ones."""
    letter = refuse(b"\x00\xff bytes", detail="3 bytes are missing")
    assert (letter.key, letter.value, letter.partition, letter.topic) == (b"card", b"\x00\xff bytes", 3, "dlq")
    assert letter.headers[:3] == Message().headers()
    assert dict(letter.headers[3:]) == {
        "dlq.reason": b"truncated",
        "dlq.detail": b"3 bytes are missing",
        "dlq.topic": b"transactions",
        "dlq.partition": b"3",
        "dlq.offset": b"42",
        "dlq.timestamp": b"1700000000000",
        "dlq.version": b"1.2.3",
    }


@pytest.mark.parametrize(("key", "value"), [(None, b"x"), (b"card", None), (None, None), (b"", b"")])
def test_nothing_is_invented_for_what_is_missing(key: bytes | None, value: bytes | None) -> None:
    """A null stays null and an empty value stays empty."""
    letter = refuse(value, Reason.EMPTY, key=key)
    assert (letter.key, letter.value) == (key, value)


def test_a_detail_is_cut_at_a_whole_character() -> None:
    """Details are at most 256 bytes and stay valid text."""
    said = dict(refuse(b"x", detail="é" * 300).headers)["dlq.detail"]
    assert said == ("é" * 128).encode()


def test_a_record_too_large_is_stood_for_by_an_envelope() -> None:
    """Where original and our headers would not fit, hash, size and coordinates do."""
    value = b"v" * LIMIT
    letter = refuse(value)
    assert letter.value is not None
    assert json.loads(letter.value) == {
        "sha256": hashlib.sha256(value).hexdigest(),
        "size": LIMIT,
        "topic": "transactions",
        "partition": 3,
        "offset": 42,
        "timestamp": 1_700_000_000_000,
    }
    assert letter.key == b"card"
    assert dict(letter.headers)["dlq.envelope"] == b"1"
    assert dict(letter.headers)["traceparent"] == b"00-1"


def test_an_enormous_key_goes_too() -> None:
    """Nothing refused by the broker may hold a lot up, so that even the key is left out where it does not fit."""
    letter = refuse(b"", key=b"k" * LIMIT)
    assert letter.key is None


def test_a_card_number_is_not_copied() -> None:
    """Neither value nor key of a record with a card number reaches the dead letters, but their hashes do."""
    number = b"4111111111111111"
    letter = refuse(b'{"card_id":"' + number + b'"}', Reason.CARD_NUMBER, key=number)
    assert letter.value is not None
    assert letter.key == hashlib.sha256(number).hexdigest().encode()
    assert number not in letter.value + letter.key


def test_headers_that_cannot_be_read_are_left_out_and_said() -> None:
    """Kafka takes header names that are not text; the record must still find its way."""

    class Strange(Message):
        def headers(self) -> list[tuple[str, bytes | None]]:
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    raw = Raw(np.array([0], np.int32), np.array([1], np.int64), np.array([0], np.int64), [b"k"], [b"v"])
    fetched = Fetched("transactions", raw, [Strange()], {})
    letter = dead_letter(fetched, Refusal(0, Reason.TRUNCATED, ""), topic="dlq", version="1", limit=LIMIT)
    assert (letter.key, letter.value) == (b"k", b"v")
    assert dict(letter.headers)["dlq.headers"] == b"unreadable"
